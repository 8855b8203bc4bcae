"""Amounts: fines by a discretion model, daily fines, late fees. Yuan, exact.

Discretion is a model loaded as data (`weight_sum` after Guangdong 2021, or `band`); the national
formula was not read, so an amount is a proposal for the collective discussion and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from fenhe.kernel.errors import BadInput

CENT = Decimal("0.01")
LATE_RATE = Decimal("0.03")
"""行政处罚法 (2021) Art. 72: 3 % a day, no more than the fine itself."""


@dataclass(frozen=True)
class Factor:
    """One circumstance with its tiers, lowest first: name -> share of the highest fine."""

    name: str
    tiers: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Fine:
    amount: Decimal
    share: Decimal
    unknown: tuple[str, ...]
    """Factors nobody named a tier for: the lowest was taken."""


def weight_sum(
    factors: Sequence[Factor],
    chosen: Mapping[str, str],
    least: Decimal,
    most: Decimal,
    lighter: bool = False,
) -> Fine:
    """min(Σ weights, 100 %) × the highest fine; not below the lowest unless the law lets the
    authority go lighter (减轻). An unknown factor takes its lowest tier."""
    if not 0 <= least <= most:
        raise BadInput(
            "enforcement.fine-range",
            f"法定幅度有误：{least}～{most}",
            f"the statutory range is wrong: {least} to {most}",
        )
    strange = [name for name in chosen if name not in {factor.name for factor in factors}]
    share, unknown = Decimal(0), []
    for factor in factors:
        tier = chosen.get(factor.name)
        if tier is None:
            unknown.append(factor.name)
            share += next(iter(factor.tiers.values()))
        elif tier in factor.tiers:
            share += factor.tiers[tier]
        else:
            strange.append(f"{factor.name}={tier}")
    if strange:
        raise BadInput(
            "enforcement.factor",
            f"裁量表中没有：{'、'.join(strange)}",
            f"not in the discretion table: {', '.join(strange)}",
        )
    share = min(share, Decimal(1))
    amount = (share * most).quantize(CENT, ROUND_HALF_EVEN)
    return Fine(amount if lighter else max(amount, least), share, tuple(unknown))


def daily_days(served: date, rechecked: date) -> int:
    """部令28 (2014) Art. 17, Code 1060: the day after the order was served up to the day of the
    recheck, both counted."""
    days = (rechecked - served).days
    if days < 1:
        raise BadInput(
            "enforcement.daily-days",
            "复查日须在责令改正送达日之后",
            "the recheck must be later than the day the order was served",
        )
    return days


def daily_fine(original: Decimal, periods: Sequence[tuple[date, date]]) -> Decimal:
    """The original fine for each day of each period (served, rechecked); periods add up and may
    not overlap."""
    ordered = sorted(periods)
    for (_, before), (after, _) in pairwise(ordered):
        if after < before:
            raise BadInput(
                "enforcement.daily-overlap",
                "按日计罚的期间重叠",
                "the periods of daily fines overlap",
            )
    return original * sum(daily_days(served, rechecked) for served, rechecked in ordered)


def late_fee(
    fine: Decimal, due: date, paid: date, pauses: Sequence[tuple[date, date]] = ()
) -> Decimal:
    """3 % of the fine for each day after the last day of payment up to the day of payment, without
    the days of review or litigation (first and last counted), and no more than the fine."""
    late = {due + timedelta(days=k) for k in range(1, (paid - due).days + 1)}
    for first, last in pauses:
        late -= {first + timedelta(days=k) for k in range((last - first).days + 1)}
    return min(fine, (fine * LATE_RATE * len(late)).quantize(CENT, ROUND_HALF_EVEN))
