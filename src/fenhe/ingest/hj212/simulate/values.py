"""What an instrument would read at a moment: shape of the day and of the year, noise, events.

Deterministic: the same seed, device and moment give the same value, so that a backfill repeats what
was measured and a test knows what must come out. Pure.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from datetime import datetime

from fenhe.ingest.hj212.devices import DeviceProfile, Play
from fenhe.ingest.hj212.simulate.events import Event

STEP_SECONDS = 900.0
"""Between two independent values of the slow noise; values in between are joined smoothly."""


def unit_noise(*key: object) -> float:
    """A number in [-1, 1) that belongs to the key."""
    digest = hashlib.blake2b(repr(key).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**63 - 1.0


def _slow(key: tuple[object, ...], seconds: float) -> float:
    step, share = divmod(seconds / STEP_SECONDS, 1.0)
    weight = (1 - math.cos(math.pi * share)) / 2
    return (1 - weight) * unit_noise(*key, int(step)) + weight * unit_noise(*key, int(step) + 1)


def _plain(seed: int, mn: str, code: str, play: Play, at: datetime) -> float:
    """Without events. `at` is civil time."""
    hour = at.hour + at.minute / 60
    day = math.cos((hour - play.peak_hour) / 24 * 2 * math.pi)
    year = math.cos((at.timetuple().tm_yday - 15) / 365 * 2 * math.pi)  # highest in mid January
    level = play.base + play.swing * day + play.season * year
    seconds = at.timestamp() if at.tzinfo else (at - datetime(2020, 1, 1)).total_seconds()  # noqa: DTZ001
    own = 1 + 0.12 * unit_noise(seed, mn, code, "level")  # no two sites are alike
    slow = 2 * play.noise * _slow((seed, mn, code), seconds)
    quick = play.noise * unit_noise(seed, mn, code, int(seconds))
    return level * own + abs(level) * (slow + quick)


def read(
    profile: DeviceProfile, seed: int, mn: str, at: datetime, events: Iterable[Event] = ()
) -> dict[str, float]:
    """Code → value at a civil moment."""
    active = [event for event in events if event.concerns(mn, at)]
    found: dict[str, float] = {}
    for code, channel in profile.channels.items():
        play = channel.play
        if play is None:
            continue
        if play.follows:
            value = found.get(play.follows, 0.0) * play.factor
        else:
            value = _plain(seed, mn, code, play, at)
        for event in active:
            value = event.apply(code, value, at)
        found[code] = round(min(max(value, play.minimum), play.maximum), play.decimals)
    return found


def converted(value: float, oxygen: float, reference: float) -> float:
    """To reference oxygen: C·(21 − O2ref)/(21 − O2); with almost no flue gas left, as it is."""
    return value if oxygen > 20 else value * (21 - reference) / (21 - oxygen)
