"""Alarms become orders, each exactly one; whoever takes the order in hand has the alarm in hand."""

from __future__ import annotations

import pytest

from fenhe.access.models import Organ, Person
from fenhe.act import cases, orders
from fenhe.act.conftest import NOW
from fenhe.act.models import Case
from fenhe.alert import alarms
from fenhe.alert.models import Alarm
from fenhe.kernel.text import Text
from fenhe.registry.models import Area, Object
from fenhe.store import outbox
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm(bureau: Organ) -> Alarm:
    area = Area.objects.create(
        adcode="140105", name_zh="小店区", name_en="Xiaodian", level="county"
    )
    city = Object.objects.create(kind="air_city", code="1", name_zh="小店区", area=area)
    return alarms.raise_(
        "air.heavy-pollution:1", "air.heavy-pollution", "orange", city.pk,
        Text("达到橙色条件", "orange"), NOW,
    )  # fmt: skip


def run() -> None:
    told = {
        "alarm.raised": lambda news: orders.alarm_raised(news, NOW),
        "case.changed": lambda news: orders.case_changed(news, NOW),
    }
    while outbox.run(told):
        pass


def test_an_alarm_opens_one_order_however_often_it_is_told(alarm: Alarm, bureau: Organ) -> None:
    run()
    order = Case.objects.get()
    assert (order.procedure, order.state) == ("dispatch.order", "ordered")
    assert order.fields["what"] == "达到橙色条件"
    assert (order.organ, order.area) == (bureau, "140105")
    Outbox.objects.update(done_at=None)
    run()
    orders.alarm_raised({"alarm": alarm.pk}, NOW)
    assert Case.objects.count() == 1


def test_the_branch_of_the_place_acts_where_there_is_one(alarm: Alarm, branch: Organ) -> None:
    run()
    assert Case.objects.get().organ == branch


def test_seen_again_it_is_the_same_alarm_and_the_same_order(alarm: Alarm) -> None:
    alarms.raise_(alarm.key, alarm.kind, "red", alarm.subject_id, Text("更重", "worse"), NOW)
    run()
    assert Case.objects.count() == 1


def test_taking_the_order_acknowledges_the_alarm(alarm: Alarm, staff: dict[str, Person]) -> None:
    run()
    order = Case.objects.get()
    cases.take(order.pk, "accept", staff["grid_worker"], NOW, revision=1)
    run()
    alarm.refresh_from_db()
    assert (alarm.state, alarm.owner) == ("acknowledged", staff["grid_worker"])


def test_kinds_that_no_procedure_names_open_nothing(bureau: Organ) -> None:
    thing = Object.objects.create(kind="air_city", code="1", name_zh="市")
    alarms.raise_("k", "air.heavy-day", "notice", thing.pk, Text("一", "one"), NOW)
    run()
    assert not Case.objects.exists()
