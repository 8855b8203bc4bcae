"""River compensation: what each district pays or receives for its boundary sections, by schemes
that are data (`standards/compensation-*.yaml`): items, measure, tiers or rates, netting, cap,
rewards. Every line keeps its trail: value, target, multiple, tier and the row of the scheme.

Amounts are 10⁴ yuan; positive is paid by the district, negative received. Where a scheme's amount
is not known, the line has a range (`low`, `high`; null for open) and no `amount`, and so has the
district's sum: an unconfirmed number may warn and never bills.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fenhe.domains.water.rules import tables
from fenhe.kernel.rounding import exact, round_half_even
from fenhe.standards.edition import Edition, Row

STANDARD = "river compensation"
MULTIPLE_DECIMALS = 3  # as notices print the multiple a tier is read by


@dataclass(frozen=True, slots=True)
class Result:
    """One item of one section in one period, as measured; mg/L."""

    district: str
    section: str
    period: str  # 2026-11 or 2026
    item: str
    value: float
    target: float | None = None
    last_year: float | None = None
    upstream: float | None = None  # at the inflow section, where netting asks for it
    level: int | None = None  # the section's class of the period
    inflow: bool | None = None  # whether a river flows into the district above the section


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement."""

    district: str
    section: str
    period: str
    kind: str  # item, class, reward, netting, cap
    item: str
    value: float | None
    base: float | None  # the target, last year's value, or the class compared with
    measure: float | None  # multiple, or change in percentage points
    amount: float | None
    low: float | None
    high: float | None
    clause: str
    confidence: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A district's month (or year) with its trail."""

    district: str
    period: str
    amount: float | None
    low: float | None
    high: float | None
    lines: Sequence[Line] = field(default=())


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one item of one section, 10⁴ yuan; `amount` None where the scheme's is not known."""

    amount: float | None
    low: float | None
    high: float | None


def schemes() -> list[Edition]:
    return tables.editions(STANDARD)


def term(scheme: Edition, name: str) -> Any:
    found = scheme.table("terms").find(term=name)
    return found[0]["value"] if found else None


def multiple(value: float, target: float) -> float:
    """(C - S)/S as it is printed, by which a tier is found: 3.17 against 2.0 is 0.585."""
    return float(round_half_even((exact(value) - exact(target)) / exact(target), MULTIPLE_DECIMALS))


def statements(results: Iterable[Result], scheme: Edition) -> list[Statement]:
    """Per district and period, in that order; districts that owe nothing have a statement too."""
    rows = list(results)
    lines = [line for row in rows if _counts(row, scheme) for line in _lines(row, scheme)]
    lines += _class_lines(rows, scheme)
    lines += _rewards(rows, scheme)
    keys = sorted({(row.district, row.period) for row in rows})
    return [
        _total(district, period, [x for x in lines if (x.district, x.period) == (district, period)])
        for district, period in keys
    ]


def cost(row: Result, scheme: Edition) -> Cost | None:
    """What the item's own lines come to; None where the scheme does not count the item."""
    if not _counts(row, scheme):
        return None
    lines = _lines(row, scheme)
    amounts, lows, highs = (
        [getattr(line, name) for line in lines] for name in ("amount", "low", "high")
    )
    return Cost(_whole(amounts), _whole(lows), _whole(highs))


def _counts(row: Result, scheme: Edition) -> bool:
    if row.item not in term(scheme, "items"):
        return False
    least: Mapping[str, float] | None = term(scheme, "target_above")
    return least is None or row.target is None or row.target > float(least.get(row.item, 0))


def _lines(row: Result, scheme: Edition) -> list[Line]:
    if term(scheme, "measure") == "multiple":
        return _by_multiple(row, scheme)
    return _by_change(row, scheme)


def _by_multiple(row: Result, scheme: Edition) -> list[Line]:
    if row.target is None:
        return [_unknown(row, "没有目标值，不能计算", "has no target and cannot be counted")]
    x = multiple(row.value, row.target)
    if x <= 0:
        return []
    netted = term(scheme, "netting") == "not_risen" and row.upstream is not None
    if netted and row.value <= (row.upstream or 0.0):
        zh = f"较上游断面 {row.upstream:g} 没有升高，不扣缴"
        en = f"not above the inflow section's {row.upstream:g}: nothing is charged"
        return [_line(row, "netting", row.target, x, 0.0, 0.0, 0.0, "netting", "", zh, en)]
    tier = _tier(scheme, row, x)
    if tier is None:
        zh, en = f"超标 {x:g} 倍，未达起扣档", f"{x:g} times over, below the first tier"
        return [_line(row, "item", row.target, x, 0.0, 0.0, 0.0, "", "", zh, en)]
    factor = 1 + x if tier["factor"] == "1+x" else 1.0
    amount, low, high = (
        None if tier[name] is None else _money(float(tier[name]) * factor)
        for name in ("amount", "low", "high")
    )
    if amount is not None:
        low = high = amount
    zh = f"{row.value:g} 超过目标 {row.target:g} 的 {x:g} 倍，档次 {_span(tier)}"
    en = f"{row.value:g} is {x:g} times over the target {row.target:g}, tier {_span(tier)}"
    return [
        _line(row, "item", row.target, x, amount, low, high, tier.clause, tier.confidence, zh, en)
    ]


def _tier(scheme: Edition, row: Result, x: float) -> Row | None:
    """over < x <= up_to; a tier of one point (over = up_to) is an observed case and wins."""
    own = "inflow" if row.inflow and scheme.table("tiers").find(item="inflow") else "other"
    tiers = scheme.table("tiers").find(item=own)
    cases = [t for t in tiers if t["up_to"] is not None and t["over"] == t["up_to"] == x]
    within = [t for t in tiers if t["over"] < x and (t["up_to"] is None or x <= t["up_to"])]
    return next(iter(cases or within), None)


def _span(tier: Row) -> str:
    if tier["over"] == tier["up_to"]:
        return f"x = {tier['over']:g}"
    over = f"{tier['over']:g} < x"
    return over if tier["up_to"] is None else f"{over} ≤ {tier['up_to']:g}"


def _by_change(row: Result, scheme: Edition) -> list[Line]:
    if row.last_year is None:
        return [_unknown(row, "没有上年同期值，不能计算", "has no value of last year")]
    points = float(
        round_half_even((exact(row.value) - exact(row.last_year)) / exact(row.last_year) * 100, 2)
    )
    if points == 0:
        return []
    way = scheme.table("changes").one(direction="worse" if points > 0 else "better")
    size = abs(points) * float(way["per_point"])
    capped = min(size, float(way["cap"])) if way["cap"] is not None else size
    amount = _money(capped if points > 0 else -capped)
    zh = f"同比 {points:+g}%，每点 {way['per_point']:g} 万元" + ("，封顶" if capped < size else "")
    en = f"{points:+g} % on last year, {way['per_point']:g} a point" + (
        ", capped" if capped < size else ""
    )
    return [
        _line(
            row, "item", row.last_year, points, amount, amount, amount,
            way.clause, way.confidence, zh, en,
        )
    ]  # fmt: skip


def _class_lines(rows: Sequence[Result], scheme: Edition) -> list[Line]:
    """Once per section and period, not per item."""
    if "classes" not in scheme.tables:
        return []
    found, seen = [], set()
    for row in rows:
        key = (row.district, row.section, row.period)
        if row.level is None or key in seen:
            continue
        seen.add(key)
        whole = replace(row, item="class", value=float(row.level))
        for rule in scheme.table("classes"):
            steps = row.level - int(rule["level"])
            if rule["rule"] == "month_worse_than_v" and steps == 0:
                count = 1
            elif rule["rule"] == "per_class_against" and steps:
                count = steps
            else:
                continue
            amount = _money(count * float(rule["amount"]))
            zh = f"类别 {tables.ROMAN[row.level - 1]}，{rule['amount']:g} × {count}"
            en = f"class {row.level}, {rule['amount']:g} × {count}"
            found.append(
                _line(
                    whole, "class", float(rule["level"]), float(count), amount, amount, amount,
                    rule.clause, rule.confidence, zh, en,
                )
            )  # fmt: skip
    return found


def _rewards(rows: Sequence[Result], scheme: Edition) -> list[Line]:
    """Rewards that follow from the results given: three months met without an inflowing river, a
    whole year met, from failing to meeting against the same month last year. Rewards for a better
    class depend on a reading of the scheme and are left to a person."""
    if "rewards" not in scheme.tables:
        return []
    amounts = {row["reward"]: row for row in scheme.table("rewards")}
    met: dict[tuple[str, str], dict[str, bool]] = {}
    of: dict[tuple[str, str, str], Result] = {}
    for row in rows:
        if row.target is None or not _counts(row, scheme):
            continue
        months = met.setdefault((row.district, row.section), {})
        months[row.period] = months.get(row.period, True) and row.value <= row.target
        of[row.district, row.section, row.period] = row
    found = []
    for (district, section), months in met.items():
        for period in sorted(months):
            row = of[district, section, period]
            for name in _earned(months, period, row):
                rule = amounts.get(name)
                if rule is not None and rule["amount"] is not None:
                    found.append(_reward(row, rule))
    return found


def _earned(months: Mapping[str, bool], period: str, row: Result) -> list[str]:
    if not months[period] or len(period) != 7:
        return []
    year, month = int(period[:4]), int(period[5:])
    back = [_month(year, month, step) for step in range(4)]
    kept = [months.get(name, False) for name in back]
    earned = []
    if row.inflow is False and all(kept[:3]) and _run(months, year, month) % 3 == 0:
        earned.append("three_months_without_inflow")
    if month == 12 and all(months.get(f"{year}-{m:02d}", False) for m in range(1, 13)):
        earned.append("whole_year")
    if months.get(f"{year - 1}-{month:02d}") is False:
        earned.append("from_failing_to_meeting")
    return earned


def _run(months: Mapping[str, bool], year: int, month: int) -> int:
    """How many months in a row the target has been kept, this one included: the reward comes with
    every third, so that four good months are not two rewards."""
    length = 0
    while months.get(_month(year, month, length), False):
        length += 1
    return length


def _month(year: int, month: int, back: int) -> str:
    whole = year * 12 + month - 1 - back
    return f"{whole // 12}-{whole % 12 + 1:02d}"


def _reward(row: Result, rule: Row) -> Line:
    amount = -_money(float(rule["amount"]))
    names = {
        "three_months_without_inflow": (
            "连续三个月达标且无入境河流",
            "three months met, no inflow",
        ),
        "whole_year": ("全年达标", "met all year"),
        "from_failing_to_meeting": ("由上年同月不达标转为达标", "failed a year ago, met now"),
    }
    zh, en = names[rule["reward"]]
    whole = replace(row, item="")
    return _line(
        whole, "reward", None, None, amount, amount, amount, rule.clause, rule.confidence, zh, en
    )


def _unknown(row: Result, zh: str, en: str) -> Line:
    return _line(row, "item", None, None, None, None, None, "", "", zh, en)


def _line(
    row: Result, kind: str, base: float | None, measure: float | None, amount: float | None,
    low: float | None, high: float | None, clause: str, confidence: str, zh: str, en: str,
) -> Line:  # fmt: skip
    value = None if kind == "reward" else row.value
    return Line(
        row.district, row.section, row.period, kind, row.item, value, base, measure,
        amount, low, high, clause, str(confidence), zh, en,
    )  # fmt: skip


def _total(district: str, period: str, lines: Sequence[Line]) -> Statement:
    return Statement(
        district,
        period,
        _whole([line.amount for line in lines]),
        _whole([line.low for line in lines]),
        _whole([line.high for line in lines]),
        tuple(lines),
    )


def _whole(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _money(sum(known)) if len(known) == len(values) else None


def _money(amount: float) -> float:
    """Four decimals: yuan."""
    return float(round_half_even(amount, 4))
