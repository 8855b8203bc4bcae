"""What a domain declares so that arriving readings are checked: an `Inspection` with a pure
`inspect` that tells its objections. An hour nobody objects to gets no flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from fenhe.kernel.period import Period
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text

OBJECTIONS = pl.Schema(
    {
        "series": pl.Int32(),
        "start": pl.Datetime("us", "UTC"),
        "check": pl.String(),
        "flag": pl.Int8(),
        "detail": pl.String(),
    }
)


@dataclass(frozen=True)
class Inspection:
    """`inspect(readings[series, member, group, property, start, value, known_at], window)` ->
    `OBJECTIONS`. `group` is what the member is part of (a city), null where nothing."""

    id: str
    kinds: tuple[str, ...]
    properties: tuple[str, ...]
    inspect: Callable[[pl.DataFrame, Period], pl.DataFrame]
    resolution: str = "hour"


_inspections: Register[Inspection] = Register(
    "assess.inspection", Text("质量检查", "quality inspection"), lambda one: one.id
)
register = _inspections.add
freeze = _inspections.freeze
clear = _inspections.clear


def all() -> tuple[Inspection, ...]:
    return tuple(_inspections)
