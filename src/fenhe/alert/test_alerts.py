"""Alarms: once per key whoever raises them, by verdicts and by silence, with clocks passed in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from fenhe.access.models import Person
from fenhe.alert import declared, desk, watch
from fenhe.alert.models import Alarm
from fenhe.assess import rule
from fenhe.assess.models import Verdict
from fenhe.assess.rule import Assessment, Input, Rule, Step
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import DAY, HOUR, Period
from fenhe.kernel.text import Text
from fenhe.observe.models import Latest
from fenhe.registry.models import Object, Series

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 5, 4, 1, tzinfo=UTC)
YESTERDAY = Period.day(date(2024, 5, 3))

ALERTS = {
    "alerts": {
        "wells.high": {
            "name": "high",
            "kind": "well",
            "verdict": {
                "rule": "wells.day",
                "metric": "level",
                "severity": {"2": "yellow", "3": "red"},
            },
            "message": {"zh": "{subject} 达到 {value}", "en": "{subject} reached {value}"},
            "to": ["duty"],
            "within_hours": 2,
        },
        "wells.silent": {
            "name": "silent",
            "kind": "well",
            "silence_hours": 3,
            "severity": "yellow",
            "message": {
                "zh": "{subject} 自 {since} 无数据",
                "en": "{subject} silent since {since}",
            },
        },
    }
}
CONFIDENCE = "official"


def explain(row: object, ask: Assessment) -> list[Step]:
    return [Step("level", 1, "", "", confidence=CONFIDENCE)]


@pytest.fixture(autouse=True)
def declared_here() -> Iterator[None]:
    kept = rule.all(), declared.all()
    rule.clear()
    declared.clear()
    one = Rule(
        "wells.day", Text("", ""), ("well",), (Input("level"),), lambda r, _: r, explain=explain
    )
    rule.register(one)
    declared.register_file(ALERTS, "wells", "wells/alerts.yaml")
    yield
    for registry, things in zip((rule, declared), kept, strict=True):
        registry.clear()
        for thing in things:
            registry.register(thing)  # type: ignore[arg-type]


@pytest.fixture
def well() -> Object:
    return Object.objects.create(kind="well", code="1", name_zh="一号井", name_en="Well 1")


def tell(well: Object, level: int, period: Period = YESTERDAY) -> None:
    Verdict.objects.filter(subject=well, start=period.start).update(current=False)
    Verdict.objects.create(
        subject=well,
        rule="wells.day",
        start=period.start,
        end=period.end,
        values={"level": level},
        expected=1,
        observed=1,
        lake_version=1,
        computed_at=NOW,
    )
    news = {"rule": "wells.day", "variant": "", "subjects": [well.pk]}
    watch.verdicts_changed(news, NOW)


def test_a_verdict_raises_escalates_and_clears(well: Object) -> None:
    tell(well, 2)
    alarm = Alarm.objects.get()
    assert (alarm.severity, alarm.state, alarm.count) == ("yellow", "open", 1)
    assert alarm.message_en == "Well 1 reached 2"
    assert alarm.detail["within_hours"] == 2
    desk.acknowledge(alarm, Person.objects.create(username="duty"), NOW, "on it")
    tell(well, 3)
    alarm.refresh_from_db()
    assert (alarm.severity, alarm.state, alarm.count) == ("red", "open", 2)
    tell(well, 1)
    alarm.refresh_from_db()
    assert alarm.state == "cleared"
    tell(well, 2)
    assert Alarm.objects.filter(state="open").count() == 1
    assert Alarm.objects.count() == 2


def test_the_same_verdict_told_twice_counts_once(well: Object) -> None:
    tell(well, 2)
    watch.verdicts_changed({"rule": "wells.day", "variant": "", "subjects": [well.pk]}, NOW)
    assert Alarm.objects.get().count == 1


def test_old_verdicts_and_variants_alarm_nobody(well: Object) -> None:
    tell(well, 3, Period.day(date(2024, 4, 1)))
    watch.verdicts_changed({"rule": "wells.day", "variant": "2031", "subjects": [well.pk]}, NOW)
    assert not Alarm.objects.exists()


def test_what_we_are_not_sure_of_only_notices(
    well: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.CONFIDENCE", "from_memory")
    tell(well, 3)
    assert Alarm.objects.get().severity == "notice"


def test_silence_is_noticed_and_ends(well: Object) -> None:
    series = Series.objects.create(object=well, property="level", resolution="hour").pk
    latest = Latest.objects.create(series=series, start=NOW - 4 * HOUR, value=1, known_at=NOW)
    watch.silence(NOW)
    assert not Alarm.objects.exists()  # the hour that began four hours ago ended three hours ago
    watch.silence(NOW + timedelta(minutes=1))
    assert Alarm.objects.get().kind == "wells.silent"
    latest.start = NOW
    latest.save()
    watch.silence(NOW + HOUR)
    assert Alarm.objects.get().state == "cleared"


def test_old_data_read_in_are_no_silence(well: Object) -> None:
    series = Series.objects.create(object=well, property="level", resolution="hour").pk
    Latest.objects.create(series=series, start=NOW - HOUR, value=1, known_at=NOW)
    watch.silence(NOW + 31 * DAY)
    assert not Alarm.objects.exists()
    watch.silence(NOW + 29 * DAY)
    watch.silence(NOW + 31 * DAY)  # noticed in time it goes on
    assert Alarm.objects.get().last_seen == NOW + 31 * DAY


def test_one_who_never_spoke_is_not_silent(well: Object) -> None:
    Series.objects.create(object=well, property="level", resolution="hour")
    watch.silence(NOW + 300 * DAY)
    assert not Alarm.objects.exists()


def test_an_alert_needs_exactly_one_condition() -> None:
    entry = {"name": "x", "kind": "well", "message": "x"}
    with pytest.raises(BadInput):
        declared.register_file({"alerts": {"wells.none": entry}}, "wells", "alerts.yaml")


def standing(well: Object, days: dict[int, int]) -> None:
    for day, level in days.items():
        tell(well, level, Period.day(date(2024, 5, day)))


@pytest.fixture
def kept_apart() -> None:
    entry = ALERTS["alerts"]["wells.high"]
    declared.clear()
    condition = {**entry["verdict"], "stands": True}  # type: ignore[dict-item]
    raw = {"alerts": {"wells.high": {**entry, "verdict": condition}}}
    declared.register_file(raw, "wells", "wells/alerts.yaml")


@pytest.mark.usefixtures("kept_apart")
def test_what_happened_stands_whatever_the_next_day_says(well: Object) -> None:
    standing(well, {2: 3, 3: 1})
    alarm = Alarm.objects.get()
    assert (alarm.state, alarm.detail["period"], alarm.count) == ("open", "2024-05-02", 1)
    standing(well, {3: 2})
    assert Alarm.objects.filter(state="open").count() == 2


@pytest.mark.usefixtures("kept_apart")
def test_a_corrected_day_takes_its_own_alarm_back_and_says_so(well: Object) -> None:
    standing(well, {2: 3, 3: 2})
    standing(well, {2: 1})
    first, second = Alarm.objects.order_by("detail__period")
    assert (first.state, second.state) == ("cleared", "open")
    act = Act.objects.get(subject=first.subject_text)
    assert (act.person, act.action) == ("fenhe", "alarm.withdraw")
    assert act.detail["period"] == "2024-05-02"
    standing(well, {2: 3})
    assert Alarm.objects.filter(state="open").count() == 2


@pytest.mark.usefixtures("kept_apart")
def test_what_a_person_cleared_comes_back_only_with_something_new(well: Object) -> None:
    standing(well, {2: 2})
    desk.clear(Alarm.objects.get(), Person.objects.create(username="duty"), "seen to", NOW)
    standing(well, {3: 1})
    assert not Alarm.objects.filter(state="open").exists()
    standing(well, {2: 3})
    assert Alarm.objects.get(state="open").severity == "red"
