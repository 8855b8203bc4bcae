"""Draws, thresholds, fines, laboratory checks, and their commands, with the clauses they follow."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from fenhe.domains.enforcement.rules import criminal, fines, laboratory
from fenhe.domains.enforcement.rules.criminal import Answer
from fenhe.domains.enforcement.rules.draw import (
    Entry,
    Inspector,
    commitment,
    draw,
    repeats,
)
from fenhe.domains.enforcement.rules.fines import Factor
from fenhe.domains.enforcement.rules.tables import table
from fenhe.kernel.errors import BadInput

PEOPLE = [Inspector(f"p{k}") for k in range(6)]
T0 = datetime(2026, 5, 1, 8)  # noqa: DTZ001  # civil and naive, like the files


# --- random inspection --------------------------------------------------------------------------


def roll(key: int = 40, general: int = 200) -> list[Entry]:
    return [
        *(Entry(f"K{k}", "key") for k in range(key)),
        *(Entry(f"G{k}") for k in range(general)),
    ]


def test_the_share_of_each_class_is_drawn_rounded_up() -> None:
    found = draw(roll(41, 199), PEOPLE, {"key": 0.25, "general": 0.05}, "2026Q2")
    codes = [code for code, _ in found.drawn]
    assert sum(code[0] == "K" for code in codes) == 11  # 10.25 up
    assert sum(code[0] == "G" for code in codes) == 10  # 9.95 up
    assert len(set(codes)) == len(codes)
    assert found.on_the_roll == {"key": 41, "general": 199}
    assert found.seed_hash == commitment("2026Q2")


@given(seed=st.text(min_size=1).filter(str.strip), order=st.randoms())
def test_neither_the_order_of_the_roll_nor_who_draws_changes_it(seed: str, order: object) -> None:
    entries = roll(12, 30)
    shuffled = list(entries)
    order.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a Random
    shares = {"key": 0.5, "general": 0.1}
    first, second = draw(entries, PEOPLE, shares, seed), draw(shuffled, PEOPLE, shares, seed)
    assert first == second
    assert repeats(first, entries, PEOPLE)
    assert not repeats(first, [*entries, Entry("new", "key")], PEOPLE)


def test_every_object_has_about_the_same_chance() -> None:
    drawn = dict.fromkeys((f"G{k}" for k in range(20)), 0)
    for seed in range(2000):
        for code, _ in draw(roll(0, 20), PEOPLE, {"general": 0.25}, str(seed)).drawn:
            drawn[code] += 1
    assert sum(drawn.values()) == 2000 * 5
    assert all(400 < count < 600 for count in drawn.values())  # 500 ± 5 deviations


def test_recusal_holds_and_work_is_spread() -> None:
    people = [Inspector("a", frozenset({"K0", "K1"})), *PEOPLE]
    found = draw(roll(40, 0), people, {"key": 1.0}, "s")
    for code, team in found.drawn:
        assert len(set(team)) == 2
        assert "a" not in team or code not in {"K0", "K1"}
    load = [sum(who.code in team for _, team in found.drawn) for who in people]
    assert max(load) - min(load) <= 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shares": {"key": 0.0}}, "比例"),
        ({"shares": {"key": 1.5}}, "比例"),
        ({"seed": " "}, "种子"),
        ({"excluded": {"nobody": "x"}}, "nobody"),
        ({"excluded": {"K1": " "}}, "理由"),
        ({"team": 1}, "2"),
        ({"inspectors": PEOPLE[:1]}, "不足"),
        ({"roll": [Entry("K1", "key"), Entry("K1", "key")]}, "重复"),
    ],
)
def test_a_draw_that_cannot_be_right_is_refused(change: dict[str, object], said: str) -> None:
    given = {"roll": roll(), "inspectors": PEOPLE, "shares": {"key": 0.5}, "seed": "s", **change}
    with pytest.raises(BadInput, match=said):
        draw(**given)  # type: ignore[arg-type]  # wrong on purpose


def test_what_is_left_out_is_never_drawn_and_stands_in_the_record() -> None:
    found = draw(roll(10, 0), PEOPLE, {"key": 1.0}, "s", {"K3": "已停产一年"})
    assert "K3" not in [code for code, _ in found.drawn]
    assert found.excluded == {"K3": "已停产一年"}
    assert found.on_the_roll == {"key": 9}


# --- thresholds of referral: 法释〔2023〕7号 ---


@pytest.mark.parametrize(
    ("code", "value", "part", "answer"),
    [
        ("J1-2", 2.999, 1, Answer.NOT_REACHED),
        ("J1-2", 3.0, 1, Answer.REACHED),  # 三吨以上 includes three
        ("J1-9", 300_000, 1, Answer.REACHED),
        ("J2-6", 10, 1, Answer.REACHED),
        ("J2-6", 19.9, 2, Answer.NOT_REACHED),
        ("J2-6", 50, 3, Answer.REACHED),
        ("J3-1", 12, 1, Answer.REVIEW),  # has a precondition
        ("J10-2", 2, 1, Answer.REACHED),
    ],
)
def test_amounts(code: str, value: float, part: int, answer: Answer) -> None:
    assert criminal.amount(code, value, part).answer == answer


@pytest.mark.parametrize(
    ("concentration", "answer"),
    [
        (0.29, Answer.NOT_REACHED),
        (0.3, Answer.REVIEW),
        (0.39, Answer.REVIEW),
        (4.0, Answer.REVIEW),
    ],
)
def test_three_times_over_is_read_both_ways(concentration: float, answer: Answer) -> None:
    """J1-3, limit 0.1 mg/L: 0.3 is three times the limit by C/S, twice over by (C−S)/S."""
    found = criminal.times_over("J1-3", concentration, 0.1)
    assert found.answer == answer
    assert found.ratio == pytest.approx(concentration / 0.1)
    assert found.excess == pytest.approx(concentration / 0.1 - 1)
    assert "法释〔2023〕7号 1(3)" in found.clause


def test_two_years_run_from_the_first_penalty_to_the_new_act() -> None:
    first = date(2024, 2, 29)
    assert criminal.within_two_years(first, date(2026, 2, 28))
    assert not criminal.within_two_years(first, date(2026, 3, 1))
    assert not criminal.within_two_years(first, date(2024, 2, 28))


def test_wrong_questions_are_refused() -> None:
    for ask in (
        lambda: criminal.amount("J9-9", 1),
        lambda: criminal.amount("J2-6", 1, 4),
        lambda: criminal.amount("J1-5", 1),
        lambda: criminal.times_over("J1-2", 1, 1),
        lambda: criminal.times_over("J1-3", 1, 0),
    ):
        with pytest.raises(BadInput):
            ask()


# --- fines ----------------------------------------------------------------------------------------


def test_daily_fines_count_the_day_after_service_to_the_recheck() -> None:
    served, rechecked = date(2026, 5, 1), date(2026, 5, 10)
    assert fines.daily_days(served, rechecked) == 9
    again = (date(2026, 5, 10), date(2026, 5, 15))
    total = fines.daily_fine(Decimal(200_000), [(served, rechecked), again])
    assert total == Decimal(200_000) * 14
    with pytest.raises(BadInput):
        fines.daily_days(served, served)
    with pytest.raises(BadInput, match="重叠"):
        fines.daily_fine(Decimal(1), [(served, rechecked), (date(2026, 5, 9), date(2026, 5, 12))])


def test_late_fees_stop_at_the_fine_and_pause_in_review() -> None:
    due = date(2026, 5, 1)
    assert fines.late_fee(Decimal(10_000), due, date(2026, 5, 1)) == 0
    assert fines.late_fee(Decimal(10_000), due, date(2026, 5, 11)) == Decimal("3000.00")
    assert fines.late_fee(Decimal(10_000), due, date(2026, 9, 1)) == Decimal(10_000)
    pause = [(date(2026, 5, 3), date(2026, 5, 7))]
    assert fines.late_fee(Decimal(10_000), due, date(2026, 5, 11), pause) == Decimal("1500.00")


FACTORS = [
    Factor("倍数", {"一倍以下": Decimal("0.10"), "一倍以上": Decimal("0.40")}),
    Factor("次数", {"首次": Decimal("0.05"), "二次": Decimal("0.30")}),
    Factor("区域", {"一般": Decimal("0.0"), "保护区": Decimal("0.50")}),
]


def test_the_sum_of_weights_is_capped_floored_and_says_what_is_unknown() -> None:
    least, most = Decimal(100_000), Decimal(1_000_000)
    worst = {"倍数": "一倍以上", "次数": "二次", "区域": "保护区"}
    assert fines.weight_sum(FACTORS, worst, least, most).amount == most  # 120 % is 100 %
    mild = fines.weight_sum(FACTORS, {"次数": "首次"}, least, most)
    assert mild.amount == Decimal("150000.00")
    assert mild.unknown == ("倍数", "区域")
    low = fines.weight_sum(FACTORS, {}, Decimal(200_000), most)
    assert low.amount == Decimal(200_000)
    assert fines.weight_sum(FACTORS, {}, Decimal(200_000), most, lighter=True).amount < 200_000
    with pytest.raises(BadInput, match="三次"):
        fines.weight_sum(FACTORS, {"次数": "三次"}, least, most)


# --- laboratories ---------------------------------------------------------------------------------


def at(hours: float) -> datetime:
    return T0 + timedelta(hours=hours)


def lab(**columns: list[object]) -> pl.DataFrame:
    n = len(next(iter(columns.values())))
    return pl.DataFrame({"row": list(range(2, n + 2)), "agency": ["A"] * n, **columns})


def kinds(
    rows: pl.DataFrame, scope: pl.DataFrame | None = None
) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.check, one.rows) for one in laboratory.findings(rows, scope)]


def test_one_sampler_cannot_be_at_two_places() -> None:
    rows = lab(
        sampler=["s"] * 4,
        longitude=[112.5, 112.9, 112.9, 112.9],
        latitude=[37.8] * 4,
        start=[at(0), at(0.5), at(3), at(10)],
        end=[at(1), at(1.5), at(3.5), at(11)],
    )
    assert kinds(rows) == [("two_places", (2, 3))]  # 35 km apart, at once
    fast = rows.with_columns(start=pl.Series([at(0), at(1.1), at(3), at(10)]))
    assert kinds(fast) == [("two_places", (2, 3))]  # 35 km in 6 minutes
    slow = rows.with_columns(start=pl.Series([at(0), at(1.4), at(3), at(10)]))
    assert kinds(slow) == []


def test_runs_on_one_instrument_do_not_overlap_even_with_one_long_before() -> None:
    rows = lab(
        instrument=["GC1"] * 4 + ["GC2"],
        run_start=[at(0), at(1), at(2), at(9), at(1)],
        run_end=[at(8), at(1.5), at(2.5), at(10), at(2)],
    )
    assert kinds(rows) == [("same_run", (2, 3)), ("same_run", (2, 4))]


def test_equal_chromatograms_and_long_peak_areas_of_different_samples() -> None:
    rows = lab(
        sample=["a", "b", "c", "c"],
        chromatogram=["x", "x", "y", "y"],
        peak_area=["1234.567", "12", "1234.567", "12"],
    )
    assert kinds(rows) == [("same_chromatogram", (2, 3)), ("same_chromatogram", (2, 4))]


def test_order_of_records_and_holding_times() -> None:
    rows = lab(
        record_time=[at(5), at(1)],
        report_time=[at(4), at(4)],
        held_h=[30.0, 24.0],
        holding_h=[24.0, 24.0],
    )
    assert kinds(rows) == [("held_too_long", (2,)), ("late_record", (2,))]


def test_duplicates_that_are_too_good_and_those_that_are_not() -> None:
    def pairs(noise: float) -> pl.DataFrame:
        a = [10.0 + k for k in range(12)]
        b = [value * (1 + noise * (-1) ** k * (1 + k % 3) / 2) for k, value in enumerate(a)]
        return lab(item=["COD"] * 12, value_a=a, value_b=b, repeatability_pct=[5.0] * 12)

    assert [check for check, _ in kinds(pairs(0.0001))] == ["too_alike"]
    assert kinds(pairs(0.05)) == []


def test_the_scope_of_a_qualification_and_its_time() -> None:
    rows = lab(item=["COD", "Hg", "Pb"], report_time=[at(0)] * 3)
    scope = pl.DataFrame(
        {
            "agency": ["A", "A"],
            "item": ["COD", "Pb"],
            "valid_from": [at(-100), at(24)],
            "valid_to": [at(100), at(100)],
        }
    )
    assert kinds(rows, scope) == [("out_of_scope", (3,)), ("out_of_scope", (4,))]


# --- data and verbs ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "standard", "name", "key"),
    [
        ("governance_criminal_thresholds.csv", criminal.STANDARD, "thresholds", "code"),
        ("governance_penalty_articles.csv", "penalty articles", "articles", "code_article"),
    ],
)
def test_every_row_of_the_reference_is_there(file: str, standard: str, name: str, key: str) -> None:
    path = SHARED / "reference" / file
    if not path.is_file():
        pytest.skip(f"{file} is not here")
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    mine = list(table(standard, name))
    own = "code" if name == "thresholds" else "article"
    assert [str(row[own]) for row in mine] == [row[key] for row in rows]
    for one, row in zip(mine, rows, strict=True):
        if name == "thresholds":
            assert ";".join(str(value) for value in one["values"]) == row["value"]
            assert (one["precondition"] or "") == row["precondition"]
        else:
            assert ((one["least"] or ""), (one["most"] or "")) == (
                row["fine_min_wan"], row["fine_max_wan"],
            )  # fmt: skip


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fenhe", "enforcement", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_verbs(tmp_path: Path) -> None:
    (tmp_path / "roll.csv").write_text("code,class,excluded\nA,key,\nB,key,\nC,key,已关闭\n")
    (tmp_path / "people.csv").write_text("code,recused\np,A;B\nq,\nr,\n")
    done = run(tmp_path, "draw", "roll.csv", "people.csv", "out.csv", "--seed", "s", "--share",
               "key=1", "--record", "record.json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = pl.read_csv(tmp_path / "out.csv")
    assert set(found["code"]) == {"A", "B"}
    assert set(found["inspectors"]) <= {"q;r", "r;q"}
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["seed_hash"] == run(tmp_path, "seed-hash", "s").stdout.strip()
    (tmp_path / "facts.csv").write_text(
        "code,value,concentration,limit\nJ1-2,3,,\nJ1-3,,0.35,0.1\nJ1-9,1,,\n"
    )
    done = run(tmp_path, "criminal", "facts.csv", "-")
    assert done.returncode == 0, done.stderr
    assert [line.split(",")[4] for line in done.stdout.splitlines()[1:]] == [
        "reached", "review", "not_reached",
    ]  # fmt: skip
    done = run(tmp_path, "daily-fine", "200000", "--period", "2026-05-01..2026-05-10", "--json")
    assert json.loads(done.stdout)["amount"] == "1800000"
    done = run(tmp_path, "late-fee", "10000", "--due", "2026-05-01", "--paid", "2026-05-11")
    assert "3000.00" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("criminal", "bad.csv", "-"),
        ("labs", "bad.csv", "-"),
        ("daily-fine", "1", "--period", "2026-05-10..2026-05-01"),
        ("late-fee", "x", "--due", "2026-05-01", "--paid", "2026-05-02"),
        ("draw", "bad.csv", "bad.csv", "-", "--seed", "s", "--share", "key"),
    ],
)
def test_bad_input_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "bad.csv").write_text("code,value\nnothing,x\n")
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "[" in done.stderr


def test_reports_are_checked_by_the_columns_they_have(tmp_path: Path) -> None:
    (tmp_path / "labs.csv").write_text(
        "agency,sample,instrument,run_start,run_end\n"
        "A,1,GC,2026-05-01 08:00,2026-05-01 09:00\nA,2,GC,2026-05-01T08:30,2026-05-01T09:30\n"
    )
    done = run(tmp_path, "labs", "labs.csv", "-")
    assert done.returncode == 0, done.stderr
    assert "same_run,A,2;3," in done.stdout
