"""Measures what targets of the year are bound to in water: the class of a section, and of a city
the shares of sections in classes I to III, worse than V, and at their own target class.

The value to date is that of the year's verdicts; for an earlier day it is made from the five items
that stations measure. The forecast takes the months to come to be like the last one in those five
items, the others to stay as they are; a month weighs like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts, standing
from fenhe.domains.water.rules import classes, evaluation, rounding, tables
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.metric import Aim, Measured
from fenhe.registry.models import Object, Relation

FIVE = Text("只按自动监测的五项计算", "from the five items that stations measure alone")
SIMULATED = Text("模拟数据", "simulated data")
MONTHS = 12

Share = Callable[[Sequence[tuple[Object, int]], date], float]
"""Sections with their classes, and the day whose targets hold -> a share in percent."""


@dataclass(frozen=True)
class Standing:
    """Sections in the year up to a day: class to date, and at the year's end."""

    sections: Sequence[Object]
    aim: Aim
    as_of: date
    last: datetime
    verdicts: dict[int, Verdict]
    now: dict[int, int]
    then: dict[int, int]
    five_only: bool

    @property
    def left(self) -> int:
        return (self.aim.period.last_day - self.as_of).days

    def of(self, levels: dict[int, int]) -> list[tuple[Object, int]]:
        return [(one, levels[one.pk]) for one in self.sections if one.pk in levels]

    @property
    def notes(self) -> list[Text]:
        found = [FIVE] if self.five_only else []
        if any(one.attributes.get("simulated") for one in self.sections):
            found.append(SIMULATED)
        return found

    @property
    def method(self) -> Text | None:
        left = MONTHS - self.as_of.month
        if not self.left:
            return None
        if not left:
            return Text(
                "年内已没有完整月份，按今年至今", "no whole month is left: as the year is so far"
            )
        return Text(
            f"按其余 {left} 个月的五项自动监测均值与最近一个月相同",
            f"the other {left} months taken to be like the last one in the five automatic items",
        )


def stands(sections: Sequence[Object], aim: Aim) -> Standing | None:
    """None before the year has any data."""
    last = facts.last_sample(facts.series_of(sections))
    if last is None:
        return None
    year, newest = aim.period, civil(last).date()
    as_of = min(newest, year.last_day, aim.on or year.last_day)
    if as_of < year.first_day:
        return None
    earlier = aim.on is not None and as_of < min(newest, year.last_day)
    verdicts = {} if earlier else facts.judged(sections, "year", year)
    rows = standing.year_room(sections, year, as_of)
    five = _classes(rows, sections, as_of, pl.col("mean"))
    kept = {pk: level for pk, one in verdicts.items() if (level := facts.level(one))}
    now = five if earlier else kept
    if not now:
        return None
    return Standing(
        sections, aim, as_of, last, verdicts, now, _then(now, rows, sections, as_of, verdicts),
        earlier,
    )  # fmt: skip


def _then(
    now: dict[int, int],
    rows: pl.DataFrame,
    sections: Sequence[Object],
    as_of: date,
    verdicts: dict[int, Verdict],
) -> dict[int, int]:
    """Classes at the year's end: the worse of the five items' to come and the others' as they
    are."""
    left = pl.lit(MONTHS - as_of.month, pl.Float64)
    mixed = (pl.col("mean") * pl.col("samples") + pl.col("recent") * left) / (
        pl.col("samples") + left
    )
    coming = _classes(rows, sections, as_of, mixed)
    found = {}
    for pk, level in now.items():
        others = (verdicts[pk].values.get("levels") or {}) if pk in verdicts else {}
        fixed = [one for item, one in others.items() if one and item not in standing.ITEMS]
        found[pk] = max([coming.get(pk, level), *fixed])
    return found


def _classes(
    rows: pl.DataFrame, sections: Sequence[Object], day: date, mean: pl.Expr
) -> dict[int, int]:
    """Object id -> class by the five items, their means rounded as for an assessment."""
    if rows.is_empty():
        return {}
    wide = rows.with_columns(_mean=mean).pivot("item", index="object", values="_mean")
    kinds = {one.pk: facts.waterbody(one) for one in sections}
    shown = rounding.for_purpose(
        wide, [item for item in standing.ITEMS if item in wide.columns], "assessment"
    ).with_columns(waterbody=pl.col("object").replace_strict(kinds, return_dtype=pl.String))
    judged = classes.classify(shown, tables.in_force(tables.SURFACE, day), standing.ITEMS)
    return {pk: level for pk, level in judged.select("object", "level").iter_rows() if level}


def share(city: Object, aim: Aim, of: str, lower: bool) -> Measured | None:
    """A share of the city's sections, two decimals as published."""
    parts = Relation.objects.filter(
        predicate="part_of", object=city, subject__kind__in=facts.KINDS, valid_to=None
    ).select_related("subject")
    now = stands([one.subject for one in parts.order_by("subject__code")], aim)
    if now is None:
        return None
    counted = SHARES[of]
    value = counted(now.of(now.now), now.as_of)
    then = counted(now.of(now.then), now.as_of)
    room = None
    if now.left:
        one = 100 / len(now.now)
        spare = (aim.value - value if lower else value - aim.value) / one
        count = int(abs(spare) + 1e-9) if spare >= 0 else -int(-(-abs(spare) // 1))
        room = (
            Text(f"还可有 {count} 个断面变差", f"{count} more sections may get worse")
            if count >= 0
            else Text(f"还差 {-count} 个断面", f"{-count} more sections are needed")
        )
    return _measured(now, value, then, lower, room, link=f"/water/?city={city.code}")


def _good(sections: Sequence[tuple[Object, int]], day: date) -> float:
    return evaluation.shares([level for _, level in sections]).good


def _worst(sections: Sequence[tuple[Object, int]], day: date) -> float:
    return evaluation.shares([level for _, level in sections]).worst


def _at_target(sections: Sequence[tuple[Object, int]], day: date) -> float:
    """Of the sections that have a target class."""
    aimed = [(aim, level) for one, level in sections if (aim := facts.target(one, day))]
    met = sum(level <= aim for aim, level in aimed)
    return round(100 * met / len(aimed), 2) if aimed else 0.0


SHARES: dict[str, Share] = {"good": _good, "worst": _worst, "at_target": _at_target}


def section(thing: Object, aim: Aim) -> Measured | None:
    """The class of one section, 1 to 6."""
    now = stands([thing], aim)
    if now is None:
        return None
    verdict = now.verdicts.get(thing.pk)
    return _measured(
        now, now.now[thing.pk], now.then[thing.pk], True, _tightest(now, thing),
        link=f"/water/section/{thing.code}?date={now.as_of}", verdict=verdict,
    )  # fmt: skip


def _tightest(now: Standing, thing: Object) -> Text | None:
    """What the item that decides may be for the rest, against the section's own target class."""
    rows = standing.year_room([thing], now.aim.period, now.as_of)
    row = standing.tightest(rows).get(thing.pk)
    if not now.left or row is None or row["room"] is None:
        return None
    zh, en = facts.item_name(row["item"], "zh"), facts.symbol(row["item"])
    least = row["item"] == "do"
    shown = facts.printed(max(row["room"], 0.0), row["item"])
    return Text(
        f"最紧的是{zh}，其余月份均值须{'不低于' if least else '不超过'} {shown} mg/L",
        f"{en} is the tightest: the other months must average {'at least' if least else 'at most'} "
        f"{shown} mg/L",
    )


def _measured(
    now: Standing,
    value: float,
    then: float,
    lower: bool,
    room: Text | None,
    *,
    link: str,
    verdict: Verdict | None = None,
) -> Measured:
    aim = now.aim.value
    computed = [one.computed_at for one in now.verdicts.values()]
    return Measured(
        value=float(value),
        as_of=now.as_of,
        days_left=now.left,
        met=_within(value, aim, lower),
        reachable=None if now.left else _within(value, aim, lower),
        room=room,
        forecast=float(then) if now.left else None,
        forecast_met=_within(then, aim, lower) if now.left else None,
        method=now.method,
        why=facts.explain(verdict, "level"),
        link=link,
        data_to=min(now.last + facts.SAMPLE, Period.day(now.as_of).end),
        computed_at=max(computed, default=None),
        observed=len(now.now),
        expected=len(now.sections),
        notes=now.notes,
    )


def _within(value: float, aim: float, lower: bool) -> bool:
    return value <= aim if lower else value >= aim
