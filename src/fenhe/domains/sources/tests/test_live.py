"""The rules as the engine runs them: hours of stacks and outfalls to day, month and year."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from fenhe.app import discovery, wiring
from fenhe.assess import dirty, engine, verdicts
from fenhe.assess.models import Verdict
from fenhe.kernel.period import Period
from fenhe.observe import flags, readings
from fenhe.observe.flags import Flag
from fenhe.registry import objects
from fenhe.registry.models import Object
from fenhe.registry.series import ensure_series
from fenhe.store import outbox
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db

ON = date(2026, 3, 2)
DAY, NEXT = Period.day(ON), Period.day(date(2026, 3, 3))
MONTH, YEAR = Period.month(2026, 3), Period.year(2026)
HELD = {
    "limit_standard": "GB 13223-2011",
    "limit_unit": "coal boiler",
    "limit_condition": "special limits, key regions (table 2)",
    "permit_limits": "2026-01-01 a21002 50; 2027-01-01 a21002 30",
    "permit_totals": "a21002 0.1",
    "monitored_since": "2026-03-02",
}
WATER = {
    "limit_standard": "GB 18918-2002",
    "limit_unit": "plant outlet",
    "limit_condition": "class 1A",
    "monitored_since": "2026-03-02",
}
CLEAN = {"stack_nox": 40.0, "stack_so2": 20.0, "stack_o2": 6.0, "stack_flow": 100_000.0}

Hour = dict[str, float]


@pytest.fixture(autouse=True)
def domains() -> None:
    discovery.load()


def stack(**attributes: Any) -> Object:
    return Object.objects.create(
        kind="source_gas_outlet", code="S1", name_zh="一号炉", attributes={**HELD, **attributes}
    )


def give(
    one: Object, period: Period, rows: list[Hour], statistic: str = "value",
    resolution: str = "hour", step: timedelta = timedelta(hours=1),
) -> pl.DataFrame:  # fmt: skip
    long = [
        (period.start + place * step, item, value)
        for place, row in enumerate(rows)
        for item, value in row.items()
    ]
    frame = pl.DataFrame(
        long,
        {"start": pl.Datetime("us", "UTC"), "property": pl.String, "value": pl.Float64},
        orient="row",
    ).with_columns(object=pl.lit(one.pk, pl.Int32))
    pairs = frame.select("object", "property").unique()
    known = ensure_series(pairs, one.kind, resolution, "import", statistic)
    whole = frame.join(known, on=["object", "property"])
    readings.append(whole.select("series", "start", "value"), resolution, "import")
    return whole


def settle() -> None:
    handlers = wiring.handlers()
    while outbox.run(handlers) or dirty.count():
        engine.assess()


def said(one: Object, rule: str, period: Period) -> Verdict:
    found = verdicts.current(one.pk, f"sources.{rule}", period)
    assert found is not None
    return found


def hours(count: int = 24, **changes: dict[int, float]) -> list[Hour]:
    made = [dict(CLEAN) for _ in range(count)]
    for name, at in changes.items():
        for place, value in at.items():
            made[place][name] = value
    return made


def test_an_hour_over_the_permit_is_found_and_one_over_a_doubtful_limit_only_warns(
    lake: Lake,
) -> None:
    one = stack()
    give(one, DAY, hours(stack_nox={5: 60.0, 6: 120.0, 9: 55.0}, stack_so2={2: 70.0}))
    settle()
    found = said(one, "stack-day", DAY)
    assert found.category == "exceeded"
    assert found.values["exceeded_hours"] == 3
    assert found.values["consecutive"] == 2
    assert found.values["multiple"] == 2  # 120 against 50
    assert found.values["warned_hours"] == 1
    by_begin = {event["begin"]: event for event in found.values["events"]}
    run = by_begin["2026-03-02T05:00:00"]
    assert (run["parts"], run["peak"], run["times"], run["kind"]) == (2, 120.0, 1.4, "consecutive")
    assert (run["limit"], run["decided_by"], run["verdict"]) == (50.0, "permit", "exceeded")
    warned = by_begin["2026-03-02T02:00:00"]
    assert (warned["property"], warned["verdict"]) == ("stack_so2", "warned")
    assert (warned["confidence"], warned["clause"]) == ("unconfirmed", "Table 2")
    assert warned["edition"] == "emission limits, gas (2026)"
    steps = {step["metric"]: step for step in found.steps}
    assert "不作为超标依据" in steps["warned_hours"]["zh"]
    over = next(step for step in found.steps if step["metric"] == "stack_nox_over")
    assert "限值取自排污许可证" in over["zh"]
    assert not any(over.get(name) for name in ("clause", "edition", "confidence"))
    assert "排污许可证" in steps["exceeded_hours"]["zh"]
    assert not steps["exceeded_hours"].get("confidence")


def test_what_the_device_converted_is_compared_with_our_own(lake: Lake) -> None:
    one = stack()
    give(one, DAY, hours(stack_o2=dict.fromkeys(range(24), 13.5)))
    sent = [{"stack_nox": 80.0} for _ in range(24)]  # 40 * 15/7.5
    sent[4]["stack_nox"] = 40.0
    give(one, DAY, sent, "zs")
    settle()
    found = said(one, "stack-day", DAY)
    assert found.values["not_following"] == 1
    # NOx is judged as sent, SO2 by our own conversion: 20 mg/m3 become 40
    assert found.values["exceeded_hours"] == 23
    assert found.values["stack_so2_max"] == 40.0


def test_marked_hours_are_received_and_do_not_count(lake: Lake) -> None:
    one = stack()
    rows = give(one, DAY, hours(stack_nox=dict.fromkeys(range(5), 90.0)))
    marked = rows.filter((pl.col("property") == "stack_nox") & (pl.col("value") == 90.0))
    flags.record(
        marked.select("series", "start", check=pl.lit("device"), flag=pl.lit(int(Flag.FAIL))),
        "hour", "hj212",
    )  # fmt: skip
    settle()
    found = said(one, "stack-day", DAY)
    assert found.values["exceeded_hours"] is None
    assert found.values["stack_nox_valid"] == 19
    assert found.values["stack_nox_verdict"] == "not_judged"  # 20 valid hours make a day
    month = said(one, "stack-month", MONTH)
    assert month.values["stack_nox_received"] == 24
    assert month.values["stack_nox_valid"] == 19
    assert month.values["stack_nox_effectiveness"] == round(19 / 24 * 100, 2)
    assert month.values["stack_so2_effectiveness"] == 100.0


@pytest.mark.parametrize(("marked", "valid"), [(1, 24), (2, 23)])
def test_an_hour_of_which_too_many_minutes_are_marked_does_not_count(
    lake: Lake, marked: int, valid: int
) -> None:
    one = stack()
    give(one, DAY, hours())
    made = [dict(CLEAN) for _ in range(24 * 6)]
    step = timedelta(minutes=10)
    rows = give(one, DAY, made, resolution="minute", step=step)
    spoilt = rows.filter(
        (pl.col("property") == "stack_nox") & (pl.col("start") < DAY.start + marked * step)
    )
    flags.record(
        spoilt.select("series", "start", check=pl.lit("device"), flag=pl.lit(int(Flag.FAIL))),
        "minute", "hj212",
    )  # fmt: skip
    settle()
    found = said(one, "stack-day", DAY)
    assert found.values["stack_nox_valid"] == valid  # 50 of 60 minutes are enough, 40 are not
    assert found.values["stack_so2_valid"] == 24


def test_kilograms_of_days_make_the_year_against_the_permit(lake: Lake) -> None:
    one = stack()
    give(one, DAY, hours())
    give(one, NEXT, hours(12))
    settle()
    # 40 mg/m3 at 100 000 m3/h are 4 kg/h
    assert said(one, "stack-day", DAY).values["stack_nox_kg"] == pytest.approx(96.0)
    year = said(one, "stack-year", YEAR)
    assert year.values["stack_nox_kg"] == pytest.approx(144.0)
    assert year.values["stack_nox_used"] == pytest.approx(144.0)  # of 0.1 t
    assert year.values["total"] == "over"
    assert said(one, "stack-month", MONTH).values["stack_nox_due"] == 36


def test_hours_that_never_came_lower_the_month(lake: Lake) -> None:
    one = stack()
    give(one, DAY, hours(12))
    give(one, Period.day(date(2026, 3, 4)), hours(24))
    settle()
    month = said(one, "stack-month", MONTH)
    assert month.values["stack_nox_due"] == 72
    assert month.values["stack_nox_received"] == 36
    assert month.values["effectiveness"] == 25.0
    assert month.values["low"] == 30


def test_effluent_is_judged_by_the_day_weighed_by_flow(lake: Lake) -> None:
    one = Object.objects.create(
        kind="source_water_outlet", code="W1", name_zh="总排口", attributes=WATER
    )
    made = [{"effluent_cod": 40.0, "effluent_flow": 10.0} for _ in range(24)]
    for place in range(12):
        made[place] = {"effluent_cod": 60.0, "effluent_flow": 30.0}
    give(one, DAY, made)
    settle()
    found = said(one, "outfall-day", DAY)
    assert found.values["effluent_cod"] == 55.0  # (60*30 + 40*10)/40
    assert found.values["exceeded_hours"] is None
    assert found.values["day_exceeded"] == 1
    (event,) = found.values["events"]
    assert (event["span"], event["limit"], event["confidence"]) == ("day", 50.0, "official")
    # 60 mg/L at 108 m3/h for 12 h and 40 mg/L at 36 m3/h for 12 h
    assert found.values["effluent_cod_kg"] == pytest.approx(95.04)


def test_a_changed_permit_judges_anew(lake: Lake) -> None:
    one = stack()
    give(one, DAY, hours())
    settle()
    assert said(one, "stack-day", DAY).category == "kept"
    table = pl.DataFrame({"code": ["S1"], "permit_limits": ["a21002 30"], "row": [2]})
    objects.apply(objects.plan("source_gas_outlet", table, "permits.csv"))
    settle()
    found = said(one, "stack-day", DAY)
    assert found.values["exceeded_hours"] == 24
    assert found.values["events"][0]["limit_permit"] == 30.0


def test_a_permit_nobody_can_read_is_said_so_and_accuses_nobody(lake: Lake) -> None:
    one = stack(permit_limits="NOx fifty")
    give(one, DAY, hours(stack_nox={3: 80.0}))
    settle()
    found = said(one, "stack-day", DAY)
    assert found.values["permit_unread"] == "permit_limits"
    assert found.values["exceeded_hours"] is None


def test_a_day_without_anything_says_nothing(lake: Lake) -> None:
    one = stack()
    give(one, DAY, [{"stack_flow": 1.0}])
    settle()
    found = said(one, "stack-day", DAY)
    assert (found.category, found.expected, found.values["events"]) == ("", 0, [])
