"""Pulses as the platform follows them: the same whenever a day is judged, told as known then, an
alarm per pulse, gone when a correction takes them away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from fenhe.access.models import Person
from fenhe.alert.models import Alarm
from fenhe.app import wiring
from fenhe.app.boot import boot
from fenhe.assess import dirty, engine
from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import pulses, replay, river
from fenhe.domains.water.rules import pulse, tables
from fenhe.domains.water.sky.daily import DAYS_BACK, by_day
from fenhe.domains.water.sky.events import events
from fenhe.kernel.period import CIVIL, DAY, Period, utc_now
from fenhe.observe import readings
from fenhe.publish.page import Ask
from fenhe.registry.models import Object
from fenhe.registry.series import ensure_series
from fenhe.store import outbox
from fenhe.store.lake import Lake

boot()
EDITION = tables.latest(pulse.STANDARD)
FIRST = datetime(2026, 3, 1, tzinfo=CIVIL).astimezone(UTC)
STEP = timedelta(hours=4)


def course(count: int, pulses_at: dict[int, float], level: float = 0.4) -> list[float]:
    """NH3-N every four hours with a daily course; from each place three raised samples."""
    found = [level + 0.02 * (k % 6) for k in range(count)]
    for place, height in pulses_at.items():
        for k, share in enumerate((0.6, 1.0, 0.7)):
            found[place + k] += height * share
    return found


def give(
    thing: Object, values: list[float], first: datetime = FIRST, known_at: datetime | None = None
) -> None:
    starts = [(first + n * STEP).astimezone(UTC) for n in range(len(values))]
    frame = pl.DataFrame(
        {"start": starts, "value": values, "object": thing.pk, "property": "nh3n"},
        schema_overrides={"start": pl.Datetime("us", "UTC"), "object": pl.Int32},
    )
    known = ensure_series(frame.select("object", "property").unique(), thing.kind, "hour", "import")
    rows = frame.join(known, on=["object", "property"]).select("series", "start", "value")
    readings.append(rows, resolution="hour", source="import", known_at=known_at)


def settle(now: datetime) -> None:
    handlers = wiring.handlers(lambda: now)
    while outbox.run(handlers) or dirty.count():
        engine.assess()


def verdict(thing: Object, day: datetime) -> Verdict:
    return Verdict.objects.get(
        subject=thing, rule="water.section-pulse", start=day.astimezone(UTC), current=True
    )


@pytest.fixture
def section(db: None, lake: Lake) -> Object:
    return Object.objects.create(kind="water_section", code="S", name_zh="某断面", name_en="S")


@pytest.fixture
def chief(db: None) -> Ask:
    person = Person.objects.create(username="chief", role="administrator")
    return Ask(person, {}, "zh", utc_now())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_says_the_same_judged_alone_or_with_others(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = 6 * 60
    values = 0.5 * np.exp(np.cumsum(random.normal(0, 0.05, count)))
    for place in random.integers(60, count - 30, 5):
        values[place : place + random.integers(1, 40)] *= random.uniform(3, 8)
    first = datetime(2026, 3, 1)  # noqa: DTZ001
    rows = pl.DataFrame(
        {"station": ["S"] * count, "time": [first + n * STEP for n in range(count)],
         "nh3n": values}
    )  # fmt: skip
    days = [first + n * DAY for n in range(DAYS_BACK, 60)]
    together = by_day(rows, EDITION, {"S": days})
    assert together
    for day in days:
        own = rows.filter(pl.col("time").is_between(day - DAYS_BACK * DAY, day + DAY - STEP))
        assert by_day(own, EDITION, {"S": [day]}).get(("S", day)) == together.get(("S", day))


def test_a_verdict_tells_the_pulse_as_it_was_to_be_seen_that_day(section: Object) -> None:
    give(section, course(30 * 6, {25 * 6 + 4: 2.5}))
    settle(FIRST + 30 * DAY)
    begun, over = (verdict(section, FIRST + n * DAY) for n in (25, 26))
    (event,) = begun.values["events"]
    assert event["key"] == begun.values["pulse"] == "20260326T1600"
    assert (event["item"], event["open"], event["samples"]) == ("nh3n", True, 2)
    assert (event["class_before"], event["class_peak"]) == (2, 6)
    assert event["class_items"] == ["nh3n"]
    assert "断面类别 Ⅱ→劣Ⅴ类，由氨氮定类" in begun.values["said"]["zh"]
    assert "截至 03-26 20:00 未回落" in begun.values["said"]["zh"]
    (event,) = over.values["events"]
    assert (event["open"], event["samples"], event["end"]) == (False, 3, "2026-03-27T00:00")
    assert verdict(section, FIRST + 27 * DAY).category == ""
    steps = {step["metric"]: step for step in over.steps}
    assert "稳健基线" in steps["events"]["zh"]
    assert steps["level"]["confidence"] == "unconfirmed"


def test_what_is_stored_and_what_is_replayed_agree_day_by_day(section: Object, chief: Ask) -> None:
    values = course(30 * 6, {24 * 6 + 3: 2.5})
    settled: dict[datetime, list[dict[str, object]]] = {}
    for day in range(24, 28):
        known = FIRST + (day + 1) * DAY
        start = 0 if day == 24 else day * 6
        part = values[start : (day + 1) * 6]
        give(section, part, FIRST + start * STEP, known)
        settle(known)
        settled[known] = verdict(section, FIRST + day * DAY).values["events"]
    assert sum(1 for told in settled.values() if told) == 2
    (stored,) = pulses.stored(chief, Period(FIRST, utc_now()))
    for known, told in settled.items():
        seen = replay.seen(section, stored, None, known.astimezone(CIVIL).replace(tzinfo=None))
        assert seen.loaded is None
        if told:
            assert seen.event is not None
            change = pulse.class_change([seen.event], tables.surface(), tables.RIVER)
            assert pulse.told(seen.event, change[id(seen.event)]) == told[0]
    early = replay.seen(section, stored, None, stored.start - STEP)
    assert early.event is None


def test_samples_loaded_later_are_replayed_by_their_hour_and_it_is_said(
    section: Object, chief: Ask
) -> None:
    give(section, course(30 * 6, {24 * 6: 2.5}))
    settle(FIRST + 30 * DAY)
    (stored,) = pulses.stored(chief, Period(FIRST, utc_now()))
    seen = replay.seen(section, stored, None, stored.start)
    assert seen.loaded is not None
    assert seen.loaded > river.instant(stored.start)
    assert seen.event is not None
    assert seen.event.samples == 1
    assert seen.event.is_open


def test_each_pulse_has_one_alarm_that_only_notices(section: Object) -> None:
    values = course(34 * 6, {24 * 6 + 3: 2.5, 30 * 6 + 3: 2.5})
    for day in (24, 25, 30):
        give(section, values[: (day + 1) * 6], known_at=FIRST + (day + 1) * DAY)
        settle(FIRST + (day + 1) * DAY)
    first, second = Alarm.objects.filter(kind="water.pulse").order_by("first_seen")
    assert first.key.endswith(":20260325T1200")
    assert first.state == "cleared"
    assert second.key.endswith(":20260331T1200")
    assert second.state == "open"
    assert {first.severity, second.severity} == {"notice"}
    assert second.message_zh.startswith("某断面水质异常：03-31 12:00 起氨氮")


def test_a_weak_one_says_that_it_is_weak(section: Object) -> None:
    values = course(26 * 6, {})
    values[-1] = 1.3
    give(section, values)
    settle(FIRST + 26 * DAY)
    alarm = Alarm.objects.get(kind="water.pulse")
    assert verdict(section, FIRST + 25 * DAY).category == "weak"
    assert "信号较弱" in alarm.message_zh
    assert "weak signal" in alarm.message_en


def test_a_correction_takes_the_event_and_its_alarm_away(section: Object, chief: Ask) -> None:
    values = course(26 * 6, {25 * 6: 2.5})
    give(section, values, known_at=FIRST + 26 * DAY)
    settle(FIRST + 26 * DAY)
    assert Alarm.objects.get(kind="water.pulse").state == "open"
    give(section, course(26 * 6, {}), known_at=FIRST + 27 * DAY)
    settle(FIRST + 26 * DAY)
    assert Alarm.objects.get(kind="water.pulse").state == "cleared"
    assert pulses.stored(chief, Period(FIRST, utc_now())) == []
    assert Verdict.objects.filter(rule="water.section-pulse", category="likely").exists()


def test_a_silent_station_does_not_keep_an_event_going_for_ever(section: Object) -> None:
    give(section, course(25 * 6, {25 * 6 - 3: 2.5}))
    settle(FIRST + 40 * DAY)
    said = {n: verdict(section, FIRST + n * DAY).category for n in range(24, 30)}
    assert said[24] == said[26] == "likely"
    assert said[29] == ""


def test_days_that_have_not_begun_are_not_judged(section: Object) -> None:
    today = utc_now().astimezone(CIVIL).replace(hour=0, minute=0, second=0, microsecond=0)
    give(section, [0.4] * 6, today - DAY)
    settle(utc_now())
    last = Verdict.objects.filter(rule="water.section-pulse").latest("start")
    assert last.start == today.astimezone(UTC)


def test_after_the_longest_time_a_raised_level_is_the_new_state() -> None:
    count = 6 * 60
    values = course(count, {})
    values[6 * 30 :] = [3.0] * (count - 6 * 30)
    first = datetime(2026, 3, 1)  # noqa: DTZ001
    rows = pl.DataFrame(
        {"station": ["S"] * count, "time": [first + n * STEP for n in range(count)],
         "nh3n": values}
    )  # fmt: skip
    (event,) = events(rows, EDITION)
    assert not event.is_open
    assert event.end - event.start == timedelta(days=14)
