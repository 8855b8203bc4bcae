"""The rules of water the platform runs, for river sections and for lake points alike: samples ->
day -> month, year, and samples -> pulses. The two differ in the limits of phosphorus and in total
nitrogen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from fenhe.assess.rule import Assessment, Input, Rule, Span
from fenhe.domains.water.rules import live, pulse, standing, steps, tables, wells
from fenhe.domains.water.sky.daily import DAYS_BACK
from fenhe.kernel.text import Text

SECTION, POINT = "water_section", "water_lake_point"
KINDS = {
    tables.RIVER: (SECTION, "section", Text("断面", "section")),
    tables.LAKE: (POINT, "lake", Text("湖库点位", "lake point")),
}
PERIODS: tuple[tuple[Span, Text], ...] = (
    ("month", Text("月评价", "month")),
    ("year", Text("年评价", "year")),
)


def _rule(waterbody: str, span: Span, name: Text) -> Rule:
    kind, word, noun = KINDS[waterbody]
    by_day = span == "day"
    evaluate: Callable[[pl.DataFrame, Assessment], pl.DataFrame] = partial(
        live.day if by_day else live.period, waterbody=waterbody
    )
    inputs = tuple(Input(item) for item in live.AUTOMATIC) if by_day else live.period_inputs()
    return Rule(
        id=f"water.{word}-{span}",
        name=Text(f"{noun.zh}{name.zh}", f"{name.en} of a {noun.en}"),
        kinds=(kind,),
        inputs=inputs,
        evaluate=evaluate,
        explain=steps.steps_of(waterbody, span),
        span=span,
        resolution="hour" if by_day else "day",
        standards=(tables.SURFACE,) if by_day else (tables.SURFACE, tables.EVALUATION),
        derives=live.DERIVED if by_day else (),
        attributes=standing.ATTRIBUTES,
    )


def _pulses(waterbody: str) -> Rule:
    kind, word, noun = KINDS[waterbody]
    return Rule(
        id=f"water.{word}-pulse",
        name=Text(f"{noun.zh}水质异常事件", f"pulses at a {noun.en}"),
        kinds=(kind,),
        inputs=tuple(Input(item) for item in live.AUTOMATIC if item not in ("wt", "ph")),
        evaluate=partial(pulse.day, waterbody=waterbody),
        explain=pulse.explain,
        days_back=DAYS_BACK,
        standards=(pulse.STANDARD, tables.SURFACE),
    )


RULES = (
    *(
        _rule(waterbody, span, name)
        for waterbody in KINDS
        for span, name in (("day", Text("日评价", "day")), *PERIODS)
    ),
    *(_pulses(waterbody) for waterbody in KINDS),
    *wells.RULES,
)
