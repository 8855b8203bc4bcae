"""The rules of pollution sources the platform runs, for stacks and for outfalls alike: hours ->
day -> month, year."""

from __future__ import annotations

from functools import partial

from fenhe.assess.rule import Input, Rule, Span
from fenhe.domains.sources.rules import amounts, held, hourly, live, steps, tables
from fenhe.kernel.text import Text

STACK, OUTFALL = "source_gas_outlet", "source_water_outlet"
WORDS = {STACK: "stack", OUTFALL: "outfall"}
SPANS: tuple[tuple[Span, Text], ...] = (
    ("month", Text("月汇总", "month")),
    ("year", Text("年汇总", "year")),
)
NOUNS = {STACK: Text("废气排放口", "stack"), OUTFALL: Text("废水排放口", "outfall")}


def _day(kind: str) -> Rule:
    gas = kind == STACK
    codes = hourly.GAS if gas else hourly.WATER
    aside = ("stack_o2", "stack_flow") if gas else ("effluent_flow",)
    sent = tuple(Input(name, "zs") for name in codes) if gas else ()
    minutes = tuple(Input(name, resolution="minute") for name in codes)
    return Rule(
        id=f"sources.{WORDS[kind]}-day",
        name=Text(f"{NOUNS[kind].zh}日评价", f"day of a {NOUNS[kind].en}"),
        kinds=(kind,),
        inputs=(*(Input(name) for name in (*codes, *aside)), *sent, *minutes),
        evaluate=partial(live.day, gas=gas),
        explain=steps.day,
        standards=(tables.MONITORING, tables.GAS if gas else tables.WATER),
        derives=live.derived(codes),
        attributes=held.ATTRIBUTES,
    )


def _period(kind: str, span: Span, name: Text) -> Rule:
    gas = kind == STACK
    return Rule(
        id=f"sources.{WORDS[kind]}-{span}",
        name=Text(f"{NOUNS[kind].zh}{name.zh}", f"{name.en} of a {NOUNS[kind].en}"),
        kinds=(kind,),
        inputs=amounts.inputs(hourly.GAS if gas else hourly.WATER),
        evaluate=partial(amounts.period, gas=gas),
        explain=steps.period,
        span=span,
        resolution="day",
        standards=(tables.MONITORING,),
        attributes=held.ATTRIBUTES,
    )


RULES = tuple(
    rule
    for kind in WORDS
    for rule in (_day(kind), *(_period(kind, span, name) for span, name in SPANS))
)
