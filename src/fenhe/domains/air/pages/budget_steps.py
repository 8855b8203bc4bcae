"""How each figure of the budget page came about, step by step, with the clause it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

from fenhe.assess.rule import Step
from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.budget import GoodDayBudget, MeanBudget, Room, printed_at_most
from fenhe.domains.air.rules.method import Item, Method
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition, Row

EVEN = Text("末位为偶数，等于界时仍修约到它", "its last digit is even, so the tie rounds to it")
ODD = Text("末位为奇数，等于界时修约到上一档", "its last digit is odd, so the tie rounds up")


def so_far(found: MeanBudget, way: Method, item: Item) -> list[Step]:
    if not found.days:
        return []
    total, mean = _number(found.total), _number(found.total / found.days)
    words = Text(
        f"{found.days} 个有效日均值（未修约）合计 {total}，÷ {found.days} = {mean}，"
        f"修约到 {found.decimals} 位小数：{found.present}",
        f"{found.days} valid daily means, unrounded, add up to {total}; over {found.days} it is "
        f"{mean}, rounded to {found.decimals} decimals: {found.present}",
    )
    return [_rounding(words, way, item)]


def rest(found: MeanBudget, way: Method, item: Item) -> list[Step]:
    """Target, the bound that rounding leaves, and what it means for the days to come."""
    bound = found.rest()
    if bound is None:
        return []
    whole, coming = printed_at_most(found.target, found.decimals), found.remaining
    tie = EVEN if whole.closed else ODD
    sign, days = "≤" if whole.closed else "<", found.days + coming
    limit = Text(
        f"目标 {_number(found.target)}：全时段平均值 {sign} {_number(whole.value)} 时，"
        f"修约后不超过目标（{tie.zh}）",
        f"target {_number(found.target)}: the mean of the whole period is printed within it while "
        f"{sign} {_number(whole.value)} ({tie.en})",
    )
    formula = Text(
        f"（{_number(whole.value)} × {days} 天 − 已有 {_number(found.total)}）÷ 剩余 {coming} 天"
        f" = {_number(bound.value)}；向下取一位小数 {bound.largest(1)}",
        f"({_number(whole.value)} × {days} days − {_number(found.total)} so far) / {coming} days "
        f"left = {_number(bound.value)}; down to one decimal {bound.largest(1)}",
    )
    return [*so_far(found, way, item), _rounding(limit, way, item), _arithmetic(formula)]


def days_over(valid: int, above: int, way: Method, item: Item) -> list[Step]:
    """The percentile, the rank it stands at, and how many days may lie above it."""
    limits = tables.edition(way.limits_edition)
    averaging = "MDA8" if item.daily == "mda8" else "24h"
    symbol = tables.SYMBOLS[item.property]
    row = limits.table("limits").one(pollutant=symbol, averaging=averaging, grade=way.grade)
    statistics = tables.edition(way.statistics_edition)
    k = 1 + Fraction((valid - 1) * int(item.percent), 100)
    above_words = Text(
        f"已有 {above} 天的日值修约后超过二级限值 {item.day_limit:g}",
        f"{above} days so far lie above the grade II limit {item.day_limit:g} as rounded",
    )
    rank = Text(
        f"全时段 {valid} 个日值：第 {item.percent:g} 百分位数位于 k = 1 + ({valid} − 1) × "
        f"{item.percent:g} % = {_number(k)}",
        f"of {valid} days in all, percentile {item.percent:g} stands at k = 1 + ({valid} − 1) × "
        f"{item.percent:g} % = {_number(k)}",
    )
    spare = Text(
        f"最多可有 {valid} − ⌈k⌉ = {valid - ceil(k)} 天超过限值，减去已有 {above} 天："
        f"{valid - ceil(k) - above}（负数表示已用尽）",
        f"at most {valid} − ⌈k⌉ = {valid - ceil(k)} days may lie above it, less {above} so far: "
        f"{valid - ceil(k) - above} (negative: used up)",
    )
    percentile = statistics.table("percentile_method").rows[0]
    return [
        _cited(above_words, limits, row),
        _cited(rank, statistics, percentile),
        _arithmetic(spare),
    ]


def good_days(left: GoodDayBudget, index: Edition) -> list[Step]:
    valid = left.valid + left.remaining
    counted = Text(
        f"AQI 不超过 100 的日数 {left.good}，有效日数 {left.valid}",
        f"{left.good} days with an AQI up to 100 of {left.valid} valid days",
    )
    needed = Text(
        f"若其余 {left.remaining} 天均有效，共 {valid} 天；至少需优良 {left.needed(valid)} 天"
        "（比例修约到一位小数，四舍六入五成双）",
        f"if all {left.remaining} days left are valid there are {valid}; the target needs "
        f"{left.needed(valid)} good days (share to one decimal, half to even)",
    )
    spare = Text(
        f"{left.good} + {left.remaining} − {left.needed(valid)} = "
        f"{left.good + left.remaining - left.needed(valid)}",
        f"{left.good} + {left.remaining} − {left.needed(valid)} = "
        f"{left.good + left.remaining - left.needed(valid)}",
    )
    return [
        _cited(counted, index, replace(index.table("categories").rows[1], note=None)),
        _arithmetic(needed),
        _arithmetic(spare),
    ]


def room(found: Room, composite: float, target: Fraction, scheme: Edition) -> list[Step]:
    row = scheme.table("composite").one(pollutant=tables.SYMBOLS[found.name])
    limit, bound = row["limit"], found.bound
    gap = _number(target - Fraction(str(composite)))
    allowed = Text(
        f"综合指数现为 {composite:.2f}，目标 {_number(target)}，余地 {gap}；权重 {row['weight']}，"
        f"单项指数 = 浓度 ÷ {limit}，修约到两位小数",
        f"composite {composite:.2f}, target {_number(target)}, room {gap}; weight {row['weight']}, "
        f"single index = concentration / {limit}, rounded to two decimals",
    )
    if bound is None:
        words = Text("即使此项为 0 也不够", "even 0 would not do")
    else:
        sign = "≤" if bound.closed else "<"
        words = Text(
            f"因此浓度 {sign} {_number(bound.value)}，按公布的位数最高 {found.largest}",
            f"so the concentration is {sign} {_number(bound.value)}, as printed {found.largest}",
        )
    return [_cited(allowed, scheme, row), _arithmetic(words)]


def composite_now(terms: Sequence[str], composite: float, scheme: Edition) -> list[Step]:
    words = Text(
        f"单项指数相加：{' + '.join(terms)} = {composite:.2f}",
        f"sum of the single indices: {' + '.join(terms)} = {composite:.2f}",
    )
    return [_cited(words, scheme, scheme.table("composite").rows[0])]


def _rounding(words: Text, way: Method, item: Item) -> Step:
    edition = tables.edition(way.statistics_edition)
    symbol = tables.SYMBOLS[item.property]
    rows = edition.table("rounding").find(quantity="concentration")
    return _cited(words, edition, next(row for row in rows if symbol in row["pollutants"]))


def _cited(words: Text, edition: Edition, row: Row) -> Step:
    note = Text(f"（{row.note.zh}）", f" ({row.note.en})") if row.note else Text("", "")
    zh, en = words.zh + note.zh, words.en + note.en
    return Step("", None, zh, en, row.clause, edition.id, row.confidence.value)


def _arithmetic(words: Text) -> Step:
    return Step("", None, words.zh, words.en)


def _number(value: Fraction) -> str:
    """Four decimals at most, for reading; the computation is exact."""
    return f"{float(value):.4f}".rstrip("0").rstrip(".")
