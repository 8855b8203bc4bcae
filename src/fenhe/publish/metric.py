"""What a domain offers to plans: metrics that a target of the year can be bound to.

A domain lists them as METRICS in `targets.py`; it measures, and does not know who planned what or
why. In: the object, the aim (a value for a year, perhaps as of an earlier day). Out: where the
metric stands, what room the rest of the year has, where it ends and by which method. Whoever shows
it judges; nothing here says good or bad beyond whether a printed number is within the aim.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from fenhe.kernel.period import Period
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text

if TYPE_CHECKING:
    from fenhe.registry.models import Object


@dataclass(frozen=True, slots=True)
class Aim:
    """A planned value of a year. `on`: the last day that counts; None: all that is known."""

    year: int
    value: float
    on: date | None = None

    @property
    def period(self) -> Period:
        return Period.year(self.year)


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures are as printed, in the metric's unit. What cannot be said is None."""

    value: float
    as_of: date  # the last day that counts
    days_left: int  # of the year, after it
    met: bool  # the value to date is within the aim
    reachable: bool | None  # whether the best possible rest of the year would still do
    room: Text | None  # what the rest of the year may be; None when nothing is left
    forecast: float | None  # at the year's end
    forecast_met: bool | None
    method: Text | None  # how the forecast was made
    why: str | None  # what explains the value
    link: str  # the page that says more
    before: float | None = None  # the same days of last year
    data_to: datetime | None = None
    computed_at: datetime | None = None
    observed: int = 0  # coverage of the days to date
    expected: int = 0
    notes: Sequence[Text] = ()  # what the reader must know: coverage, doubts, simulated data


@dataclass(frozen=True)
class Metric:
    id: str  # "air.pm2_5"
    name: Text
    unit: str
    kinds: tuple[str, ...]  # kinds of object it is measured of
    lower: bool  # whether less is better
    decimals: int
    measure: Callable[[Object, Aim], Measured | None]
    says: Callable[[float], Text] | None = None  # a value in words: 3 -> Ⅲ

    def shown(self, value: float | None, language: str) -> str:
        """A value as people read it, without its unit; a dash where there is none."""
        if value is None:
            return "—"
        if self.says is not None:
            return self.says(value)[language]
        return f"{value:.{self.decimals}f}"


_metrics: Register[Metric] = Register("publish.metric", Text("指标", "metric"), lambda one: one.id)
register = _metrics.add
get = _metrics.get
freeze = _metrics.freeze
clear = _metrics.clear


def all() -> tuple[Metric, ...]:
    return tuple(_metrics)


def find(id: str) -> Metric | None:
    return next((one for one in _metrics if one.id == id), None)


def named(text: str) -> Metric | None:
    """By id, or by its name in either language as people write it in a table."""
    plain = text.strip().lower().replace(" ", "")
    for one in _metrics:
        names = (one.id, one.name.zh, one.name.en)
        if plain in (name.lower().replace(" ", "") for name in names):
            return one
    return None
