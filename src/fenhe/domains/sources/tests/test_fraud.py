"""The fraud watch: every test on its own pattern and on a clean year, the control of false
discovery, and the trial of 50 outlets that the page in docs reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from fenhe.domains.sources.fraud import records, trial, watch, windows
from fenhe.domains.sources.fraud.finding import DISCLAIMER, Finding, declared, discoveries
from fenhe.domains.sources.fraud.injected import INJECTORS
from fenhe.domains.sources.fraud.series import DAY, Change, Series, Span, deviations, episodes
from fenhe.domains.sources.fraud.simulated import outlet, roughened
from fenhe.domains.sources.rules import tables
from fenhe.kernel.text import Text

BEGIN, END = 150 * DAY + 5, 185 * DAY + 5


def by(test: str, series: Series) -> list[Finding]:
    if test in watch.SINGLE:
        return watch.SINGLE[test](series)
    function, days = windows.WINDOWED[test]
    candidates = [function(series, b, e) for b, e in windows.windows(series, days)]
    return [f for f in candidates if f is not None and f.p is not None and f.p < 1e-4]


@pytest.mark.parametrize("name", INJECTORS)
def test_each_pattern_is_found_by_its_test_and_a_clean_year_is_not(name: str) -> None:
    inject, expected = INJECTORS[name]
    clean, tampered = outlet(3), outlet(3)
    inject(tampered, BEGIN, END, np.random.default_rng(1))
    for test in expected:
        assert by(test, clean) == []
        found = by(test, tampered)
        assert found
        for one in found:
            assert one.begin < tampered.at(END + 30 * DAY)
            assert one.end > tampered.at(BEGIN - 30 * DAY)
            assert 0 < one.strength <= 1
            assert one.reason.zh != one.reason.en
            assert one.name.zh


def test_every_test_is_declared_with_threshold_inputs_and_statistic() -> None:
    rows = {row["test"] for row in tables.latest(tables.WATCH).table("tests")}
    assert rows == {*watch.TESTS, "discovery"}
    for test in watch.TESTS:
        assert declared(test)["inputs"]
        assert declared(test).text("statistic").zh
        assert not declared(test).confidence.accuses


def test_the_same_seed_gives_the_same_outlet() -> None:
    one, other = outlet(5), outlet(5)
    assert np.array_equal(one.nox, other.nox, equal_nan=True)
    assert not np.array_equal(one.nox, outlet(6).nox, equal_nan=True)


def test_a_tampering_leaves_everything_before_it_alone() -> None:
    for inject, _ in INJECTORS.values():
        clean, tampered = outlet(4), outlet(4)
        inject(tampered, BEGIN, END, np.random.default_rng(2))
        for name in ("nox", "sent", "o2", "flow", "noise", "temperature"):
            assert np.array_equal(
                getattr(clean, name)[:BEGIN], getattr(tampered, name)[:BEGIN], equal_nan=True
            )


def test_columns_that_are_absent_make_tests_silent_not_loud() -> None:
    full = outlet(7)
    nothing = np.full(full.n, np.nan)
    bare = replace(
        full, o2=nothing, temperature=nothing, moisture=nothing, flow=nothing, pump=nothing,
        so2=nothing, sent=nothing, noise=nothing, recovery=np.full(full.days, np.nan), changes=[],
        rewrites=[], maintenance=[], marks=[],
    )  # fmt: skip
    assert watch.watch([bare]) == []
    assert watch.watch([replace(bare, nox=nothing, load=nothing)]) == []
    assert watch.watch([]) == []


def test_hours_of_one_outlet_at_another_are_found() -> None:
    one, other = outlet(8), outlet(9)
    other.nox[2000:2060] = one.nox[5000:5060]
    found = records.copies([one, other])
    assert {f.outlet for f in found} == {other.outlet}
    assert one.outlet in found[0].reason.en
    assert records.copies([outlet(8), outlet(9)]) == []


def test_a_change_on_record_is_no_finding_and_one_beside_it_is() -> None:
    series = outlet(10)
    series.maintenance = [Span(1000, 1004)]
    series.changes = [Change(1001, "slope", 1.0, 0.9), Change(1028, "slope", 0.9, 1.0)]
    assert records.parameter(series) == []
    series.changes = [Change(1029, "slope", 1.0, 0.9)]
    assert len(records.parameter(series)) == 1
    series.changes = [Change(1001, "range", 300.0, 99.0), Change(1001, "range", 300.0, 100.0)]
    assert [
        f.reason.zh.startswith("量程 300 → 99，低于限值") for f in records.parameter(series)
    ] == [True]


def test_where_no_maintenance_is_recorded_at_all_a_change_weighs_least() -> None:
    series = outlet(10)
    series.maintenance, series.changes = [], [Change(1029, "slope", 1.0, 0.9)]
    (alone,) = records.parameter(series)
    assert alone.strength == pytest.approx(0.3)
    assert "没有维护记录可供核对" in alone.reason.zh


def test_a_display_of_coarse_steps_says_nothing_about_digits() -> None:
    series = outlet(11)
    series.nox = np.round(np.round(series.nox / 0.05) * 0.05, 2)
    assert by("digits", series) == []


def finding(outlet: str, p: float) -> Finding:
    day = datetime(2026, 1, 1)  # noqa: DTZ001
    return Finding("digits", outlet, day, day, 1.0, 1.0, Text("-", "-"), p)


def test_false_discovery_is_held_down_by_benjamini_and_hochberg() -> None:
    # Ten tried at a rate of 0.05: thresholds 0.005, 0.010, 0.015, …
    some = [finding(str(k), p) for k, p in enumerate([0.004, 0.011, 0.0149, 0.03, 0.5])]
    assert [f.p for f in discoveries(some, 10, 0.05)] == [0.004, 0.011, 0.0149]
    assert discoveries([finding("a", 0.02)], 10, 0.05) == []


def test_different_tests_together_weigh_more_than_one_many_times() -> None:
    single = [finding("A", 1e-6)] * 5
    two = [finding("B", 1e-6), replace(finding("B", 1e-6), test="outage")]
    assert [s.outlet for s in watch.ranked([*single, *two])] == ["B", "A"]
    assert all(0 < s.suspicion < 1 for s in watch.ranked([*single, *two]))


def test_runs_and_robust_deviations() -> None:
    flags = np.array([1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    assert [(s.begin, s.end) for s in episodes(flags, 2, gap=1)] == [(0, 4)]
    days = np.array([10.0, 11, 9, 10, 11, 9, 10, 50])
    z = deviations(days, 10, 0, 5, 0.1)
    assert np.isnan(z[4])
    assert z[7] > 20


def test_the_words_never_say_proof() -> None:
    assert "不是违法事实的认定" in DISCLAIMER.zh
    series = outlet(12)
    INJECTORS["constant"][0](series, BEGIN, END, np.random.default_rng(3))
    for one in watch.watch([series]):
        assert not any(word in one.reason.zh for word in ("造假", "违法", "确认"))


def test_a_small_trial_counts_what_was_missed_and_what_was_false() -> None:
    found = trial.run(2, seed=9)
    assert found.scripted.total() == 2
    assert found.found.total() + len(found.missed) == 2
    assert found.table()["scripted"].sum() == 2
    assert set(found.alarms()["test"]) == set(watch.TESTS)


@pytest.mark.slow
def test_fifty_outlets_every_scripted_tampering_at_most_one_false_alarm_a_year() -> None:
    found = trial.run(50, seed=0)
    assert found.scripted.total() == 50
    assert found.missed == []
    assert found.false_per_year <= 1
    assert found.rough_per_year <= 1


def test_a_rough_year_is_honest_in_its_conversion() -> None:
    assert by("conversion", roughened(outlet(13), 13)) == []
