"""Alarms against a section's own target, and the two channels: water and instrument."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from fenhe.alert.models import Alarm
from fenhe.app import discovery, wiring
from fenhe.assess import dirty, engine, verdicts
from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import channels, facts
from fenhe.domains.water.rules import standing
from fenhe.kernel.period import Period
from fenhe.observe import readings
from fenhe.registry.models import Object
from fenhe.registry.series import ensure_series
from fenhe.store import outbox
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db
DAY = Period.days(date(2026, 3, 2), date(2026, 3, 2))
CLEAN = {"wt": 12.0, "ph": 8.0, "do": 9.0, "codmn": 3.0, "nh3n": 0.3, "tp": 0.05, "tn": 3.0}


@pytest.fixture(autouse=True)
def domains() -> None:
    discovery.load()


def section(**attributes: str) -> Object:
    return Object.objects.create(
        kind="water_section", code="A", name_zh="甲", attributes=attributes
    )


def judged(one: Object, **changes: float) -> Verdict:
    """The day's verdict from six samples, the whole chain to the alarms included."""
    values = {**CLEAN, **changes}
    rows = [
        (DAY.start + timedelta(hours=4 * step), item, value + step * 1e-3)
        for step in range(6)
        for item, value in values.items()
    ]
    schema = {"start": pl.Datetime("us", "UTC"), "property": pl.String, "value": pl.Float64}
    frame = pl.DataFrame(rows, schema, orient="row").with_columns(object=pl.lit(one.pk, pl.Int32))
    pairs = frame.select("object", "property").unique()
    known = ensure_series(pairs, one.kind, "hour", "test")
    found = frame.join(known, on=["object", "property"]).select("series", "start", "value")
    readings.append(found, resolution="hour", source="test")
    handlers = wiring.handlers(lambda: DAY.end)
    while outbox.run(handlers) or dirty.count():
        engine.assess()
    verdict = verdicts.current(one.pk, "water.section-day", DAY)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("targets", "ammonia", "beyond", "alarm"),
    [
        ("Ⅲ", 0.8, None, None),
        ("Ⅱ", 0.8, "one", "notice"),  # Ⅲ against Ⅱ: no general class would have alarmed
        ("Ⅱ", 1.3, "more", "yellow"),
        ("Ⅴ", 2.5, "more", "yellow"),  # worse than V is always more than a notice
        ("2020-01-01 Ⅱ; 2025-01-01 Ⅲ", 0.8, None, None),  # the target of the day
        ("Ⅳ", 1.3, None, None),
    ],
)
def test_water_alarms_against_the_sections_own_target(
    lake: Lake, targets: str, ammonia: float, beyond: str | None, alarm: str | None
) -> None:
    found = judged(section(targets=targets), nh3n=ammonia)
    assert found.values["beyond"] == beyond
    assert found.values["alarm_level"] is None
    raised = Alarm.objects.filter(kind="water.beyond-target").first()
    assert (raised.severity if raised else None) == alarm
    if raised:
        assert "目标" in raised.message_zh
        assert "target" in raised.message_en


def test_a_section_without_a_target_alarms_from_class_v(lake: Lake) -> None:
    found = judged(section(), nh3n=1.8)
    assert (found.values["alarm_level"], found.values["beyond"]) == (5, None)


def test_a_day_in_doubt_speaks_of_the_instrument_alone(lake: Lake) -> None:
    """More ammonia than total nitrogen cannot be; oxygen far above saturation neither."""
    found = judged(section(targets="Ⅱ"), nh3n=9.0, tn=1.0, do=45.0, ph=15.0, wt=70.0)
    assert found.values["instrument"] == 1
    assert found.values["beyond"] is None
    kinds = set(Alarm.objects.values_list("kind", flat=True))
    assert "water.instrument" in kinds
    assert "water.beyond-target" not in kinds


def test_maintenance_quiets_both_channels(lake: Lake) -> None:
    found = judged(section(targets="Ⅱ", maintenance="2026-03-01~2026-03-03 换试剂"), nh3n=2.5)
    assert found.values["maintenance"] is True
    assert (found.values["beyond"], found.values["instrument"]) == (None, None)
    assert found.values["level"] == 6  # still judged, only nobody is called


def test_what_maintenance_says_is_read_or_refused() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 3)
    assert standing.maintained("2026-03-01~2026-03-03 换试剂；2026-04-02") == [
        (first, last), (date(2026, 4, 2), date(2026, 4, 2)),
    ]  # fmt: skip
    for wrong in ("soon", "2026-03-03~2026-03-01", "2026-03-01~2036-03-01"):
        with pytest.raises(ValueError, match=r"."):
            standing.maintained(wrong)


def test_a_storm_of_samples_is_one_event_of_each_channel(lake: Lake) -> None:
    one = section(targets="Ⅱ")
    judged(one, nh3n=0.8, tp=0.25)
    found = channels.events(one, facts.series_of([one]), DAY)
    (event,) = found
    assert (event.channel, event.signals, event.worst) == ("water", 12, 4)
    assert set(event.items) == {"nh3n", "tp"}
    one.attributes["maintenance"] = "2026-03-02"
    assert {event.channel for event in channels.events(one, facts.series_of([one]), DAY)} == {
        "instrument"
    }
    assert (
        channels.events(
            one,
            facts.series_of([one]),
            Period.days(DAY.first_day - timedelta(9), DAY.first_day - timedelta(8)),
        )
        == []
    )
    assert isinstance(event.first, datetime)
