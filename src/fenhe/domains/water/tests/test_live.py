"""The rules as the engine runs them: samples to day, month and year; manual sampling; flags."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from fenhe.app import discovery, wiring
from fenhe.assess import dirty, engine, verdicts
from fenhe.assess.models import Verdict
from fenhe.kernel.period import Period
from fenhe.observe import readings
from fenhe.registry.models import Object
from fenhe.registry.series import ensure_series
from fenhe.store import outbox
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db

DAY = Period.days(date(2026, 3, 2), date(2026, 3, 2))
MONTH, YEAR = Period.month(2026, 3), Period.year(2026)
CLEAN = {"wt": 12.0, "ph": 8.0, "do": 9.0, "codmn": 3.0, "nh3n": 0.3, "tp": 0.05, "tn": 3.0}


@pytest.fixture(autouse=True)
def domains() -> None:
    discovery.load()


def thing(kind: str = "water_section", code: str = "A") -> Object:
    return Object.objects.create(kind=kind, code=code, name_zh=code)


def give(
    one: Object, rows: list[tuple[datetime, dict[str, float | None]]], resolution: str = "hour",
    source: str = "import", qualifier: int = 0,
) -> None:  # fmt: skip
    long = [(start, item, value) for start, values in rows for item, value in values.items()]
    frame = pl.DataFrame(
        long,
        {"start": pl.Datetime("us", "UTC"), "property": pl.String, "value": pl.Float64},
        orient="row",
    ).with_columns(object=pl.lit(one.pk, pl.Int32))
    known = ensure_series(frame.select("object", "property").unique(), one.kind, resolution, source)
    rows_ = frame.join(known, on=["object", "property"]).select(
        "series", "start", "value", qualifier=pl.lit(qualifier, pl.Int8)
    )
    readings.append(rows_, resolution=resolution, source=source)


def settle() -> None:
    handlers = wiring.handlers()
    while outbox.run(handlers) or dirty.count():
        engine.assess()


def samples(day: Period, **changes: float) -> list[tuple[datetime, dict[str, float | None]]]:
    return [(day.start + timedelta(hours=4 * step), {**CLEAN, **changes}) for step in range(6)]


def said(one: Object, rule: str, period: Period) -> Verdict:
    found = verdicts.current(one.pk, rule, period)
    assert found is not None
    return found


def test_a_day_has_its_class_its_samples_and_what_decides(lake: Lake) -> None:
    section = thing()
    rows = samples(DAY)
    rows[3] = (rows[3][0], {**CLEAN, "nh3n": 2.5})
    give(section, rows)
    settle()
    found = said(section, "water.section-day", DAY)
    # mean NH3-N (5 x 0.3 + 2.5)/6 = 0.667: class III; the worst sample is worse than V
    assert found.values["level"] == 3
    assert found.values["worst_level"] == 6
    assert [one["at"] for one in found.values["samples"]] == [
        "00:00", "04:00", "08:00", "12:00", "16:00", "20:00",
    ]  # fmt: skip
    assert found.values["nh3n"] == 0.667
    assert (found.observed, found.expected, found.category) == (30, 30, "3")
    assert found.values["alarm_level"] is None
    steps = {step["metric"]: step for step in found.steps}
    assert "Ⅲ" in steps["level"]["value"]
    assert "氨氮" in steps["level"]["zh"]


def test_a_lake_point_is_judged_by_the_limits_of_lakes(lake: Lake) -> None:
    give(thing("water_lake_point", "L"), samples(DAY))
    settle()
    found = Verdict.objects.get(rule="water.lake-day", current=True)
    assert found.values["level"] == 3  # TP 0.05: class II in rivers, III in lakes


def test_a_month_weighs_samples_averages_ph_as_ions_and_takes_manual_items(lake: Lake) -> None:
    section = thing()
    other = Period.days(date(2026, 3, 3), date(2026, 3, 3))
    give(section, samples(DAY, ph=7.0, nh3n=1.0))
    give(section, samples(other, ph=8.0, nh3n=4.0)[:2])
    sampled = datetime(2026, 3, 9, 16, tzinfo=UTC)
    give(section, [(sampled, {"cod": 25.0, "nh3n": 99.0})], "day", "manual")
    give(section, [(sampled, {"pb": 0.02})], "day", "manual", qualifier=1)
    settle()
    found = said(section, "water.section-month", MONTH)
    assert found.values["nh3n"] == 1.75  # (6 x 1 + 2 x 4)/8; the manual 99 gives way
    assert found.values["exact"]["ph"] == pytest.approx(7.1107, abs=1e-4)
    assert found.values["pb"] == 0.01  # half of the limit 0.02
    assert found.values["levels"]["cod"] == 4
    assert found.values["level"] == 5
    assert found.values["main_pollutants"] == "氨氮(0.75)、化学需氧量(0.25)"
    assert (found.values["automatic"], found.values["manual"]) == (5, 2)
    assert found.observed == 7
    assert found.expected == 21


def test_a_year_is_the_mean_of_its_months(lake: Lake) -> None:
    section = thing()
    give(
        section,
        samples(Period.days(date(2026, 1, 5), date(2026, 1, 5)), nh3n=0.2),
    )
    for day in (2, 3, 4):
        at = Period.days(date(2026, 3, day), date(2026, 3, day))
        give(section, samples(at, nh3n=0.6))
    settle()
    found = said(section, "water.section-year", YEAR)
    assert found.values["nh3n"] == 0.4
    assert found.values["months"] == 2


def test_a_late_correction_reaches_day_month_and_year(lake: Lake) -> None:
    section = thing()
    give(section, samples(DAY))
    settle()
    give(section, samples(DAY, nh3n=1.2)[:6])
    settle()
    levels = [
        said(section, f"water.section-{span}", period).values["level"]
        for span, period in (("day", DAY), ("month", MONTH), ("year", YEAR))
    ]
    assert levels == [4, 4, 4]


def test_checks_mark_the_instrument_and_the_day_says_so(lake: Lake) -> None:
    """Ammonia above total nitrogen in every sample: an instrument, not the water."""
    section = thing()
    rows = [(start, {"nh3n": 4.0, "tn": 1.0}) for start, _ in samples(DAY)]
    give(section, rows)
    settle()
    found = said(section, "water.section-day", DAY)
    assert found.values["instrument"] == 1
    assert found.values["level"] == 6


def test_an_empty_day_has_no_class(lake: Lake) -> None:
    section = thing()
    give(section, [(DAY.start, {"nh3n": None, "ph": None})], qualifier=12)
    settle()
    found = said(section, "water.section-day", DAY)
    assert found.values["level"] is None
    assert (found.observed, found.category) == (0, "")
