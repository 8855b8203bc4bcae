"""What a domain declares so that its subjects are looked over every night: a `Watch`, listed as
WATCHES in the domain's `watch.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import Period
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Suspicion:
    """`values`: at least statistic, threshold and reason (zh, en)."""

    subject: int
    test: str
    start: datetime
    end: datetime
    strength: float
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """`left_out`: why some subjects could not be looked at -> how many."""

    suspicions: Sequence[Suspicion]
    subjects: int
    period: Period | None
    edition: str
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    id: str
    name: Text
    look: Callable[[datetime], Found]


_watches: Register[Watch] = Register("assess.watch", Text("线索排查", "watch"), lambda one: one.id)
register = _watches.add
freeze = _watches.freeze
clear = _watches.clear


def all() -> tuple[Watch, ...]:
    return tuple(_watches)


def get(id: str) -> Watch:
    found = next((one for one in _watches if one.id == id), None)
    if found is None:
        raise NotFound("assess.no-watch", f"没有线索排查 {id}", f"there is no watch {id}")
    return found
