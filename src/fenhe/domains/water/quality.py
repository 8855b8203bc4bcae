"""Quality checks on samples of automatic stations, one check one function: arrays in, flags out.

Arrays are [n_series, n_samples], NaN for what is missing. Checks only mark; thresholds are data
(`standards/water-checks.yaml`), a starting configuration. `channel` tells water from instrument:
the two go to different people, and a storm of either folds into one event.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from fenhe.kernel.text import Text
from fenhe.observe.flags import Flag

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.int8]


def value_range(values: Floats, fail: Sequence[float], suspect: Sequence[float]) -> Flags:
    """Outside `fail` it cannot have been measured; outside `suspect` it rarely is. Ends belong."""
    flags = np.full(values.shape, Flag.GOOD, dtype=np.int8)
    flags[(values < suspect[0]) | (values > suspect[1])] = Flag.SUSPECT
    flags[(values < fail[0]) | (values > fail[1])] = Flag.FAIL
    return _unless_missing(flags, values)


def flat_line(values: Floats, samples: int, floor: float | None) -> Flags:
    """The same value `samples` times or more in a row; gaps end a run. Values up to `floor`, half
    a detection limit, repeat of themselves and stay good."""
    flags = np.full(values.shape, Flag.GOOD, dtype=np.int8)
    limit = -math.inf if floor is None else floor
    for row, series in enumerate(values):
        start = 0
        for place in range(1, len(series) + 1):
            if place < len(series) and series[place] == series[start]:
                continue
            if place - start >= samples and series[start] > limit:
                flags[row, start:place] = Flag.SUSPECT
            start = place
    return _unless_missing(flags, values)


def part_of(part: Floats, whole: Floats, tolerance: float) -> Flags:
    """A part cannot exceed its whole (ammonia nitrogen and total nitrogen, CODMn and COD) by more
    than the instruments' noise. Which of the two is wrong the check cannot tell."""
    flags = np.where(part > whole * tolerance, Flag.SUSPECT, Flag.GOOD).astype(np.int8)
    flags[np.isnan(part) | np.isnan(whole)] = Flag.NOT_EVALUATED
    return flags


def oxygen_saturation(celsius: Floats) -> Floats:
    """Dissolved oxygen at saturation, mg/L, of fresh water at sea level: 468/(31.6 + t), the
    textbook form used with GB 3838's section on oxygen (from memory)."""
    return np.asarray(468.0 / (31.6 + celsius), dtype=np.float64)


def oversaturated(oxygen: Floats, celsius: Floats, share: float) -> Flags:
    """More than `share` times saturation: an instrument, or an algal bloom."""
    flags = np.where(oxygen > share * oxygen_saturation(celsius), Flag.SUSPECT, Flag.GOOD)
    result = flags.astype(np.int8)
    result[np.isnan(oxygen) | np.isnan(celsius)] = Flag.NOT_EVALUATED
    return result


def _unless_missing(flags: Flags, values: Floats) -> Flags:
    flags[np.isnan(values)] = Flag.MISSING
    return flags


WATER, INSTRUMENT = "water", "instrument"
CHANNELS = {WATER: Text("水质", "water"), INSTRUMENT: Text("仪器", "instrument")}


@dataclass(frozen=True, slots=True)
class Signal:
    """One sample that asked for attention."""

    section: str
    at: datetime
    item: str
    level: int | None = None  # the sample's class
    flagged: bool = False  # by a check of this module
    state: str = "正常"  # of the site, as the feed gives it


@dataclass(frozen=True, slots=True)
class Event:
    """Signals of one section and channel without a longer pause between them."""

    section: str
    channel: str
    first: datetime
    last: datetime
    items: tuple[str, ...]
    worst: int | None
    signals: int


def channel(signal: Signal, usable: Sequence[str] = ("正常",)) -> str:
    """A site under maintenance, or a sample a check has flagged, speaks of the instrument."""
    return INSTRUMENT if signal.flagged or signal.state not in usable else WATER


def fold(signals: Sequence[Signal], pause: timedelta = timedelta(hours=12)) -> list[Event]:
    """A storm of signals as events, by section and channel; a pause longer than `pause` parts two
    events. Signals may come in any order."""
    found: list[Event] = []
    groups: dict[tuple[str, str], list[Signal]] = {}
    for signal in sorted(signals, key=lambda one: one.at):
        groups.setdefault((signal.section, channel(signal)), []).append(signal)
    for (section, which), members in groups.items():
        run = [members[0]]
        for signal in members[1:]:
            if signal.at - run[-1].at > pause:
                found.append(_event(section, which, run))
                run = []
            run.append(signal)
        found.append(_event(section, which, run))
    return sorted(found, key=lambda event: (event.first, event.section, event.channel))


def _event(section: str, which: str, run: Sequence[Signal]) -> Event:
    levels = [signal.level for signal in run if signal.level is not None]
    items = tuple(dict.fromkeys(signal.item for signal in run))
    return Event(section, which, run[0].at, run[-1].at, items, max(levels, default=None), len(run))
