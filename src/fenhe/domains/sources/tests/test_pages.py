"""The pages over an empty platform and over a few simulated outlets; who may not see them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenhe.access.models import Grant, Person
from fenhe.alert import desk, watch
from fenhe.alert.models import Alarm
from fenhe.app import assets, simulated, wiring
from fenhe.app.boot import boot
from fenhe.app.web import domain_pages, home
from fenhe.assess import dirty, engine
from fenhe.assess.models import Verdict
from fenhe.domains.sources.pages import dossier
from fenhe.domains.sources.pages.league import _mean
from fenhe.ingest.hj212.simulate.city import city
from fenhe.kernel.period import HOUR, Period
from fenhe.observe import readings
from fenhe.registry.models import Object
from fenhe.registry.series import ensure_series
from fenhe.store import outbox
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
PAGES = ("", "effectiveness")
NOON = datetime(2026, 3, 3, 4, tzinfo=UTC)
"""Of 3 March in civil time."""
MINUTE = timedelta(minutes=1)
GAS = {"stack_nox": 40.0, "stack_so2": 20.0, "stack_pm": 4.0, "stack_o2": 6.0, "stack_flow": 1e5}
WATER = {"effluent_cod": 30.0, "effluent_nh3n": 1.0, "effluent_ph": 7.2, "effluent_flow": 40.0}


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    return client


@pytest.fixture
def outlets(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> int:
    """Four stacks and three outfalls, thirty hours up to a noon; the first stack runs over."""
    for module in (simulated, domain_pages, home):
        monkeypatch.setattr(module, "utc_now", lambda: NOON + 10 * MINUTE)
    simulated.register(city({"cems": 4, "effluent": 3}, habits=False))
    starts = [NOON - back * HOUR for back in range(30, 0, -1)]
    for thing in Object.objects.filter(kind__in=("source_gas_outlet", "source_water_outlet")):
        level = GAS if thing.kind == "source_gas_outlet" else WATER
        rows = [
            (thing.pk, item, start, 70.0 if _over(thing, item, start) else value)
            for start in starts
            for item, value in level.items()
        ]
        frame = pl.DataFrame(
            rows,
            {"object": pl.Int32, "property": pl.String, "start": pl.Datetime("us", "UTC"),
             "value": pl.Float64},
            orient="row",
        )  # fmt: skip
        known = ensure_series(frame.select("object", "property").unique(), thing.kind)
        whole = frame.join(known, on=["object", "property"])
        readings.append(whole.select("series", "start", "value"), "hour", "import")
    handlers = wiring.handlers(lambda: NOON)
    while outbox.run(handlers) or dirty.count():
        engine.assess()
    return 7


def _over(thing: Object, item: str, start: datetime) -> bool:
    return thing.code == "SIM-cems-1" and item == "stack_nox" and start >= NOON - 2 * HOUR


@pytest.mark.parametrize("page", PAGES)
def test_pages_answer_without_any_outlet(administrator: Client, page: str) -> None:
    answer = administrator.get(f"/sources/{page}")
    assert answer.status_code == 200
    assert "{{" not in answer.content.decode()


@pytest.mark.parametrize("page", ["stack/none", "outfall/none", "enterprise/none"])
def test_what_is_not_there_is_not_found(administrator: Client, page: str) -> None:
    assert administrator.get(f"/sources/{page}").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_shows_the_outlets(administrator: Client, outlets: int, language: str) -> None:
    administrator.cookies["language"] = language
    for page in (
        "?span=7", "?span=31&verdict=exceeded", "effectiveness", "effectiveness?month=2020-01",
        "stack/SIM-cems-1?property=stack_nox&span=24", "outfall/SIM-effluent-2?span=168",
        "enterprise/SIM-cems-enterprise-1",
    ):  # fmt: skip
        answer = administrator.get(f"/sources/{page}")
        body = answer.content.decode()
        assert answer.status_code == 200, page
        assert "{{" not in body
        assert ("模拟数据" if language == "zh" else "Simulated data") in body, page


def test_a_run_over_the_permit_leads_to_its_reading_and_its_alarm(
    administrator: Client, outlets: int
) -> None:
    body = administrator.get("/sources/?span=7").content.decode()
    alarm = Alarm.objects.get(kind="sources.stack-consecutive")
    assert alarm.severity == "orange"
    assert re.search(r'href="/alarms/\d+"', body)
    row = re.search(r"<tbody.*?</tbody>", body, re.S)
    assert row is not None
    assert "许可证" in row[0]
    why = re.search(r'href="(/explain/\d+\?metric=stack_nox_over)"', body)
    assert why is not None
    assert administrator.get(why[1]).status_code == 200
    page = administrator.get("/sources/stack/SIM-cems-1?property=stack_nox").content.decode()
    reading = re.search(r'href="(/explain/reading/\d+/\w+)"', page)
    assert reading is not None
    assert administrator.get(reading[1]).status_code == 200


def test_the_days_after_leave_the_alarm_of_an_exceedance_to_a_person(
    administrator: Client, outlets: int
) -> None:
    alarm = Alarm.objects.get(kind="sources.stack-consecutive")
    stack = Object.objects.get(code="SIM-cems-1")
    day = Period.day(date(2026, 3, 4))
    for later in (day, Period(day.end, day.end + 24 * HOUR)):
        Verdict.objects.create(
            subject=stack, rule="sources.stack-day", start=later.start, end=later.end,
            values={"events": []}, expected=1, observed=1, lake_version=1, computed_at=later.end,
        )  # fmt: skip
        news = {"rule": "sources.stack-day", "variant": "", "subjects": [stack.pk]}
        watch.verdicts_changed(news, later.end)
    alarm.refresh_from_db()
    assert alarm.state == "open"
    led = re.search(r'href="/alarms/(\d+)"', administrator.get("/sources/").content.decode())
    assert led is not None
    assert Alarm.objects.get(pk=led[1]).detail["period"] == "2026-03-03"
    desk.clear(alarm, Person.objects.get(username="chief"), "已查", day.start)
    page = administrator.get(f"/alarms/{alarm.pk}").content.decode()
    assert "历时" in page
    assert "，已 " not in page


def test_the_table_of_the_desk_is_given_as_a_file(administrator: Client, outlets: int) -> None:
    answer = administrator.get("/sources/?span=7&csv=events")
    rows = answer.getvalue().decode("utf-8-sig").splitlines()
    assert len(rows) == 2
    assert "SIM-cems-1" in rows[1]
    assert "permit" in rows[1]


def test_silence_since_the_last_hour_lowers_the_league(administrator: Client, outlets: int) -> None:
    answer = administrator.get("/sources/effectiveness?csv=outlets")
    rows = answer.getvalue().decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 4 * 3 + 3 * 3


def test_home_lists_map_and_dossier_know_them(administrator: Client, outlets: int) -> None:
    assert "/sources/" in administrator.get("/").content.decode()
    stack = Object.objects.get(code="SIM-cems-1")
    firm = Object.objects.get(code="SIM-cems-enterprise-1")
    for page in (
        "objects/source_gas_outlet", "objects/source_enterprise", "map", f"object/{stack.pk}",
        f"object/{firm.pk}/sources",
    ):  # fmt: skip
        assert administrator.get(f"/{page}").status_code == 200, page
    today = date(2026, 3, 3)
    ((value, text),) = dossier.limits("stack_nox", "hour", stack, today)
    assert (value, "排污许可证" in text.zh) == (50.0, True)
    assert dossier.limits("stack_o2", "hour", stack, today) == []


def test_who_has_no_right_sees_no_outlet(client: Client, outlets: int) -> None:
    client.force_login(Person.objects.create(username="nobody"))
    for page in ("", "effectiveness", "stack/SIM-cems-1", "enterprise/SIM-cems-enterprise-1"):
        answer = client.get(f"/sources/{page}")
        assert answer.status_code in (403, 404), page
        assert "模拟烟气" not in answer.content.decode()


def test_whose_rights_reach_one_outlet_sees_only_that(client: Client, outlets: int) -> None:
    person = Person.objects.create(username="branch")
    own = Object.objects.get(code="SIM-cems-2")
    Grant.objects.create(person=person, role="officer", subjects=[own.pk])
    client.force_login(person)
    answer = client.get("/sources/effectiveness?csv=outlets")
    rows = answer.getvalue().decode("utf-8-sig").splitlines()
    assert len(rows) == 1 + 3
    assert all("SIM-cems-2" in row for row in rows[1:])
    assert "SIM-cems-enterprise" not in client.get("/sources/effectiveness").content.decode()
    assert client.get("/sources/stack/SIM-cems-2").status_code == 200
    for hidden in (
        "stack/SIM-cems-1",
        "outfall/SIM-effluent-1",
        "enterprise/SIM-cems-enterprise-1",
    ):
        assert client.get(f"/sources/{hidden}").status_code in (403, 404)
    assert "SIM-cems-1" not in client.get("/sources/?span=31").content.decode()


@pytest.mark.parametrize("page", ["?span=31", "effectiveness", "enterprise/SIM-cems-enterprise-1"])
def test_pages_ask_the_records_a_few_times_whatever_their_length(
    administrator: Client, outlets: int, page: str
) -> None:
    administrator.get(f"/sources/{page}")
    with CaptureQueriesContext(connection) as few:
        assert administrator.get(f"/sources/{page}").status_code == 200
    assert len(few) <= 25, [query["sql"][:90] for query in few]


def test_means_of_the_league_are_rounded_half_to_even_as_decimals() -> None:
    assert [_mean([one, None]) for one in (92.675, 92.665)] == [92.68, 92.66]
    assert _mean([None]) is None
