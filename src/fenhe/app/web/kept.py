"""Answers that many ask for at once, kept for a little while in this process: whoever comes first
makes one, those beside wait for it, those after take it. Bounded; nothing personal goes in."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


@dataclass
class _Slot(Generic[Made]):
    lock: Lock = field(default_factory=Lock)
    until: float = 0.0
    made: Made | None = None


class Kept(Generic[Made]):
    def __init__(self, seconds: float, most: int = 64, clock: Callable[[], float] = time.monotonic):
        self._seconds, self._most, self._clock = seconds, most, clock
        self._slots: OrderedDict[Hashable, _Slot[Made]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Made]) -> Made:
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
            self._slots.move_to_end(key)
            while len(self._slots) > self._most:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.made is None or self._clock() >= slot.until:
                slot.made = make()
                slot.until = self._clock() + self._seconds
            return slot.made

    def forget(self) -> None:
        with self._lock:
            self._slots.clear()


class Rate:
    """So many in a minute from one address; `wait` says how long the next has to wait, 0 where it
    may pass. Addresses not heard of for a while are forgotten, the eldest first."""

    MOST = 20_000

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def forget(self) -> None:
        with self._lock:
            self._left.clear()

    def wait(self, address: str, per_minute: int) -> float:
        if per_minute <= 0:
            return 0.0
        now, each = self._clock(), 60.0 / per_minute
        with self._lock:
            left, at = self._left.pop(address, (float(per_minute), now))
            left = min(float(per_minute), left + (now - at) / each)
            passes = left >= 1
            self._left[address] = (left - 1 if passes else left, now)
            while len(self._left) > self.MOST:
                self._left.popitem(last=False)
        return 0.0 if passes else (1 - left) * each
