"""Balances of districts between sections, and what improving one item buys. Hand-computed: loads
by mg/L × m³/s × 86.4 = kg/d; tiers and rates from reference/water_compensation.csv (ZK-1,
SX2013-P1, SD2019-C); item indices from reference/water.md §4."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from fenhe.domains.water.commands import app
from fenhe.domains.water.pages import responsibility as pages
from fenhe.domains.water.rules import cwqi, simulator, tables
from fenhe.domains.water.rules import responsibility as rules
from fenhe.domains.water.rules.compensation import Result
from fenhe.domains.water.rules.responsibility import Mean
from fenhe.kernel.period import HOUR, Period
from fenhe.observe import flags, readings
from fenhe.observe.flags import Flag
from fenhe.registry.models import Object, Series
from fenhe.store.lake import Lake

OUT = Mean("out", 1.5, 0.05, 30)
IN = Mean("in", 0.8, 0.04, 30)


def test_a_month_with_flow_has_its_load_in_kg_a_day() -> None:
    found = rules.mean_of("s", [1.0] * 20, [10.0] * 20)
    assert found is not None
    assert found.load == pytest.approx(864.0)
    assert (found.flow, found.days, found.load_error) == (10.0, 20, 0.0)


def test_flow_of_too_few_days_gives_no_load_and_few_days_no_spread() -> None:
    found = rules.mean_of("s", [1.0] * 20, [10.0] * 9 + [None] * 11)
    assert found is not None
    assert (found.load, found.flow) == (None, None)
    short = rules.mean_of("s", [1.0, 2.0, 3.0], [None] * 3)
    assert short is not None
    assert short.error is None
    assert rules.mean_of("s", [], []) is None


def test_days_that_resemble_each_other_count_for_less() -> None:
    random = np.random.default_rng(3)
    white = random.normal(0, 1, 400)
    slow = np.empty(400)
    last = 0.0
    for place, step in enumerate(white):
        last = 0.8 * last + step
        slow[place] = last
    plain = float(np.std(slow, ddof=1)) / math.sqrt(400)
    told = rules.standard_error([float(one) for one in slow])
    # (1 + 0.8)/(1 - 0.8) = 9 times fewer days: about three times the error
    assert told == pytest.approx(3 * plain, rel=0.25)


@pytest.mark.parametrize(
    ("out", "entering", "limit", "origin"),
    [
        (0.9, 0.8, 1.0, "met"),
        (1.5, 0.8, 1.0, "within"),
        (1.2, 1.6, 1.0, "entered"),
        (2.4, 1.6, 1.0, "both"),
        (1.8, 1.6, 1.0, "entered"),  # 0.2 mg/L more lies within ± 0.4
        (1.8, 1.6, None, "open"),
    ],
)
def test_where_a_missed_target_began(
    out: float, entering: float, limit: float | None, origin: str
) -> None:
    found = rules.balance("nh3n", replace(OUT, value=out), [replace(IN, value=entering)], limit)
    assert found.origin == origin


def test_a_rise_nobody_can_be_sure_of_is_laid_at_no_door() -> None:
    single = rules.balance("nh3n", Mean("o", 2.4, days=1), [Mean("i", 1.6, days=1)], 1.0)
    assert (single.sure, single.origin) == (None, "open")
    other = replace(IN, section="tributary", value=1.7, flow=2.0)
    mixed = rules.balance(
        "nh3n", replace(OUT, value=2.4), [replace(IN, value=1.6, flow=9.0), other], 1.0
    )
    assert (mixed.sure, mixed.origin) == (None, "open")
    lower = rules.balance("nh3n", Mean("o", 1.5, days=1), [Mean("i", 1.6, days=1)], 1.0)
    assert lower.origin == "entered"


def test_without_flow_nothing_is_said_of_kilograms() -> None:
    found = rules.balance("nh3n", OUT, [IN], 1.0)
    assert found.change == pytest.approx(0.7)
    assert found.sure is True
    assert (found.own, found.share) == (None, None)
    assert found.cannot == ("loads",)
    close = rules.balance("nh3n", replace(OUT, value=0.85), [IN], 1.0)
    assert close.sure is False
    single = rules.balance("cod", Mean("o", 20.0, days=1), [Mean("i", 18.0, days=1)], 20.0)
    assert single.sure is None


def test_several_inflows_mix_only_by_their_flow() -> None:
    other = Mean("tributary", 2.0, 0.1, 30)
    assert rules.balance("tp", OUT, [IN, other], 1.0).cannot == ("mixing", "loads")
    mixed = rules.balance("tp", OUT, [replace(IN, flow=9.0), replace(other, flow=1.0)], 1.0)
    assert mixed.entering == pytest.approx((0.8 * 9 + 2.0 * 1) / 10)


def test_nothing_is_said_of_what_entered_where_it_was_not_measured() -> None:
    alone = rules.balance("nh3n", OUT, [], 1.0)
    assert (alone.origin, alone.entering) == ("open", None)
    assert alone.cannot == ("no_inflow", "loads")
    lacking = rules.balance("nh3n", OUT, [], 1.0, complete=False)
    assert lacking.cannot == ("inflow_missing", "loads")


@pytest.mark.django_db
def test_flow_that_failed_its_checks_carries_no_load(lake: Lake) -> None:
    month = Period.month(2026, 3)
    section = Object.objects.create(kind="water_section", code="S", name_zh="断面")
    row = Series.objects.create(object=section, property="river_flow", resolution="hour").pk
    hours = [month.start, month.start + HOUR, month.start + 2 * HOUR]
    sent = pl.DataFrame({"series": row, "start": hours, "value": [10.0, 12.0, 900.0]})
    readings.append(sent, "hour", "file")
    failed = {"series": row, "start": hours[2:], "check": "range", "flag": int(Flag.FAIL)}
    flags.record(pl.DataFrame(failed))
    assert pages._flows([section], month)["flow"].to_list() == [11.0]


def test_own_load_and_its_interval() -> None:
    out = replace(OUT, flow=12.0, load=1555.2, load_error=60.0)
    entering = replace(IN, flow=10.0, load=691.2, load_error=40.0)
    found = rules.balance("nh3n", out, [entering], 1.0)
    assert found.own == pytest.approx(864.0)
    assert found.share == pytest.approx(55.556, abs=1e-3)
    # spread of the days joined with 10 % gauging and 8 % analysis of each load
    variance = 60**2 + 40**2 + (0.1**2 + 0.08**2) * (1555.2**2 + 691.2**2)
    assert found.high is not None
    assert found.low is not None
    assert found.high - 864.0 == pytest.approx(1.96 * math.sqrt(variance))
    assert found.low == pytest.approx(2 * 864.0 - found.high)


SECTIONS = pl.DataFrame(
    {
        "city": ["甲", "甲", "乙"],
        "waterbody": ["river"] * 3,
        "nh3n": [1.2, 0.8, 0.9],
        "do": [6.0, 8.0, 8.0],
    }
)


@pytest.mark.parametrize(("name", "value", "mean"), [("nh3n", 1.2, 1.0), ("do", 6.0, 7.0)])
def test_the_mean_that_passes_the_next_city_is_exact(name: str, value: float, mean: float) -> None:
    edition = tables.surface()

    def ranks(changed: float) -> dict[str, int]:
        own = (pl.col("city") == "甲") & (pl.col("do") == 6.0)
        frame = SECTIONS.with_columns(
            pl.when(own).then(changed).otherwise(pl.col(name)).alias(name)
        )
        found = cwqi.ranked(cwqi.cities(frame, edition, ["city"]))
        return dict(zip(found["city"], found["rank"], strict=True))

    ranked = cwqi.ranked(cwqi.cities(SECTIONS, edition, ["city"]))
    own, better = ranked.filter(pl.col("city") == "甲"), ranked.filter(pl.col("city") == "乙")
    gain = simulator.to_pass(own["_exact"][0], better["cwqi"][0])
    needed = simulator.value_for_gain(gain, name, value, mean, 2, edition)
    assert needed is not None
    assert ranks(value)["甲"] == 2
    assert ranks(needed)["甲"] == 1
    short = needed + (value - needed) * 0.01
    assert ranks(short)["甲"] == 2


def test_no_concentration_is_negative_and_ph_has_no_one_way() -> None:
    edition = tables.surface()
    assert simulator.value_for_gain(5.0, "nh3n", 1.2, 1.0, 2, edition) is None
    assert simulator.value_for_gain(5.0, "do", 6.0, 7.0, 2, edition) is None
    assert simulator.value_for_gain(0.01, "ph", 7.5, 7.5, 1, edition) is None


def test_savings_are_the_upper_edges_of_lower_tiers() -> None:
    """ZK: 60 against 50 is 0.2 → 10 × 1.2 = 12; at 55 (0.1) nothing is charged."""
    row = Result("甲县", "断面", "2026-01", "cod", 60.0, 50.0)
    (found,) = simulator.savings([row], tables.edition("zhoukou"))
    assert (found.needed, found.amount) == (pytest.approx(55.0), pytest.approx(12.0))
    worse = simulator.savings([replace(row, value=90.0)], tables.edition("zhoukou"))
    # 0.8 → 25 × 1.8 = 45; at 75 (0.5) 10 × 1.5 = 15; at 55 nothing
    assert [(one.needed, one.amount) for one in worse] == [(55.0, 45.0), (75.0, 30.0)]


def test_an_unknown_amount_saves_a_range() -> None:
    row = Result("甲县", "断面", "2026-01", "nh3n", 1.8, 1.0)
    found = {one.needed: one for one in simulator.savings([row], tables.edition("shanxi-2013"))}
    assert found[1.5].amount is None
    assert (found[1.5].low, found[1.5].high) == (0.0, 250.0)
    assert (found[1.0].low, found[1.0].high) == (50.0, 300.0)


def test_a_rate_has_its_exact_derivative_until_the_cap() -> None:
    """SD2019-C: 5 a percentage point: 1.1 against 1.0 costs 50, each 0.01 mg/L 5."""
    row = Result("甲市", "断面", "2026-01", "nh3n", 1.1, None, 1.0)
    (found,) = simulator.savings([row], tables.edition("shandong-2019"))
    assert (found.needed, found.amount, found.per_mg) == (1.0, 50.0, 500.0)
    (capped,) = simulator.savings([replace(row, value=3.0)], tables.edition("shandong-2019"))
    assert (capped.amount, capped.per_mg) == (200.0, None)


def test_the_command_balances_a_file(tmp_path: Path) -> None:
    rows = ["section,day,item,value,flow,district,inflows,limit"]
    for day in range(1, 13):
        rows.append(f"上,2026-03-{day:02d},氨氮,{0.8 + 0.01 * (day % 3)},10,,,")
        rows.append(f"下,2026-03-{day:02d},氨氮,{1.5 + 0.02 * (day % 2)},12,甲县,上,1.0")
    source, target = tmp_path / "in.csv", tmp_path / "out.json"
    source.write_text("\n".join(rows), encoding="utf-8")
    answer = CliRunner().invoke(app, ["responsibility", str(source), str(target)])
    assert answer.exit_code == 0, answer.output
    (row,) = json.loads(target.read_text("utf-8"))
    assert (row["district"], row["origin"], row["change_sure"]) == ("甲县", "within", True)
    assert row["own"] == pytest.approx((1.51 * 12 - 0.81 * 10) * 86.4)
    assert row["own_low"] < row["own"] < row["own_high"]
    assert row["cannot"] is None
