"""Quality checks and the two channels of alarms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from fenhe.domains.water import quality
from fenhe.domains.water.quality import INSTRUMENT, WATER, Signal
from fenhe.domains.water.rules import targets
from fenhe.observe.flags import Flag

G, S, F, M, N = (
    int(f) for f in (Flag.GOOD, Flag.SUSPECT, Flag.FAIL, Flag.MISSING, Flag.NOT_EVALUATED)
)
NAN = float("nan")


def test_range_ends_belong() -> None:
    values = np.array([0.0, 20.0, 20.1, 200.0, 200.1, NAN])
    assert quality.value_range(values, [0, 200], [0, 20]).tolist() == [G, G, S, S, F, M]


def test_flat_lines_are_marked_whole_and_half_limits_are_not() -> None:
    flat = np.array([[1.0, 1.2, 1.2, 1.2, 1.3, NAN], [0.025] * 6])
    found = quality.flat_line(flat, 3, 0.025)
    assert found.tolist() == [[G, S, S, S, G, M], [G] * 6]
    broken = np.array([[1.2, 1.2, NAN, 1.2]])
    assert quality.flat_line(broken, 3, None).tolist() == [[G, G, M, G]]


def test_a_part_cannot_exceed_its_whole() -> None:
    found = quality.part_of(np.array([1.0, 1.2, NAN]), np.array([1.0, 1.0, 1.0]), 1.1)
    assert found.tolist() == [G, S, N]


def test_oxygen_far_above_saturation() -> None:
    assert quality.oxygen_saturation(np.array([20.0]))[0] == pytest.approx(9.07, abs=0.01)
    found = quality.oversaturated(np.array([18.0, 19.0, 5.0]), np.array([20.0, 20.0, NAN]), 2.0)
    assert found.tolist() == [G, S, N]


T = datetime(2026, 3, 1, tzinfo=UTC)


def signal(hours: int, **how: object) -> Signal:
    return Signal("A", T + timedelta(hours=hours), "nh3n", 6, **how)  # type: ignore[arg-type]


def test_a_storm_is_one_event_and_instruments_are_a_channel_of_their_own() -> None:
    storm = [signal(4 * step) for step in range(20)]
    doubts = [signal(8, flagged=True), signal(12, state="维护")]
    later = [signal(200)]
    events = quality.fold([*later, *storm, *doubts])
    assert [(e.channel, e.signals, e.worst) for e in events] == [
        (WATER, 20, 6), (INSTRUMENT, 2, 6), (WATER, 1, 6),
    ]  # fmt: skip
    assert events[0].last - events[0].first == timedelta(hours=76)


def test_targets_have_a_history() -> None:
    written = "2021-01-01 Ⅲ；2024-01-01 II"
    at = [targets.target(written, date(year, 6, 1)) for year in (2020, 2023, 2024)]
    assert at == [None, 3, 2]
    assert targets.target("Ⅳ类", T.date()) == 4
    assert targets.target("soon", T.date()) is None
    with pytest.raises(ValueError, match="no target"):
        targets.history("2021-01-01 fine")
