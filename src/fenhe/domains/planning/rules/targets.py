"""A target of the year: how far it is, what the rest may be, and what comes if all goes on so.

For means and shares over a year whose parts weigh by their days; `lower` says that less is better.
Exact statistics of air (with their rounding) are `fenhe air budget`; this is the bookkeeping common
to all targets, from a value so far and the days it covers.
"""

from __future__ import annotations

from dataclasses import dataclass

from fenhe.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Standing:
    progress: float | None
    """Share of the way from the baseline to the target, in percent; above 100 is beyond it."""
    rest: float | None
    """The mean the remaining days may (lower) or must (higher) have; None when none are left."""
    reachable: bool | None
    """Whether a rest of zero (lower) or of `most` (higher) would still be enough."""
    forecast: float | None
    """The year if the rest is like last year's same days, or like what was so far."""
    met: bool | None
    """Whether the forecast meets the target."""


def standing(
    value: float,
    days: int,
    year_days: int,
    target: float,
    *,
    baseline: float | None = None,
    lower: bool = True,
    last_year_rest: float | None = None,
    most: float | None = None,
) -> Standing:
    """`value` is the mean over `days` of `year_days`; `most` the highest a day can be (a share:
    100). `last_year_rest`: last year's mean over the days that remain."""
    if not 0 < days <= year_days:
        raise BadInput(
            "planning.days",
            f"天数应在 1 与 {year_days} 之间，现为 {days}",
            f"days must lie between 1 and {year_days}, not {days}",
        )
    left = year_days - days
    rest = (target * year_days - value * days) / left if left else None
    reachable: bool | None
    if rest is None:
        reachable = value <= target if lower else value >= target
    else:
        reachable = rest >= 0 if lower else most is None or rest <= most
    forecast = value * days + (value if last_year_rest is None else last_year_rest) * left
    forecast /= year_days
    progress = None
    if baseline is not None and baseline != target:
        progress = 100 * (value - baseline) / (target - baseline)
    met = forecast <= target if lower else forecast >= target
    return Standing(progress, rest, reachable, forecast, met)
