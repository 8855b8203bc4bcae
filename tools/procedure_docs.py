"""The reference page of procedures: each drawn, with its clocks, steps, posts and grounds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fenhe.act.deadlines import limits
from fenhe.act.posts import POSTS
from fenhe.act.procedures import diagram, register
from fenhe.act.procedures.shape import Clock, Procedure
from fenhe.app import discovery


def pages(written: str) -> dict[str, Callable[[], str]]:
    """File name -> its text: one page, and a drawing per procedure."""
    discovery.load()
    drawings = {f"procedures/{one.id}.svg": partial(_drawing, one) for one in register.all()}
    return {"procedures.md": lambda: page(written), **drawings}


def _drawing(procedure: Procedure) -> str:
    return diagram.svg(procedure, "zh") + "\n"


def page(written: str) -> str:
    found = sorted(register.all(), key=lambda one: one.id)
    parts = "\n".join(_procedure(one) for one in found)
    return (
        f"{written}# Procedures | 程序\n\n"
        "Every procedure that cases run under, drawn from its file. A running case keeps the "
        "version it began with. Double-ended boxes are final states; dashed lines lead back.\n\n"
        f"{parts}"
    )


def _procedure(one: Procedure) -> str:
    clocks = "".join(
        f"| {clock.name.zh} | {clock.name.en} | {_limit(one, clock)} |\n"
        for clock in one.clocks.values()
    )
    steps = "".join(_step(one, key) for key in one.transitions)
    heads = "| 期限 | clock | rule | article |\n|---|---|---|---|\n"
    return (
        f"## {one.name.zh} | {one.name.en}\n\n"
        f"`{one.id}` version {one.version}, from {one.valid_from}, {one.confidence.value}. "
        f"{one.about.zh}\n\n"
        f"![{one.name.zh}](procedures/{one.id}.svg)\n\n"
        + (f"{heads}{clocks}\n" if clocks else "")
        + "| 步骤 | step | 由 → 到 | by | grounds |\n|---|---|---|---|---|\n"
        f"{steps}"
    )


def _limit(one: Procedure, clock: Clock) -> str:
    """The rule and its article; of a day that is set, the field that holds it and its ground."""
    if clock.rule:
        return f"`{clock.rule}` | {_cell(limits.rule(clock.rule).article)}"
    return f"{one.fields[clock.until].name.zh} | {_cell(one.laws[clock.basis][0].text.zh)}"


def _step(one: Procedure, key: str) -> str:
    step = one.transitions[key]
    sources = "、".join(one.states[name].name.zh for name in step.sources)
    to = f" → {one.states[step.to].name.zh}" if step.to else ""
    by = ", ".join(POSTS[name].name.en for name in step.by)
    grounds = "；".join(ground.text.zh for name in step.basis for ground in one.laws[name])
    return f"| {step.name.zh} | {step.name.en} | {sources}{to} | {by} | {_cell(grounds)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
