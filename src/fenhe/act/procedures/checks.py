"""What must hold of every procedure before a case may run under it.

Each state is reachable, each state that is not final can still end, no step is without a role, each
clock has a known rule and each of its rules an article, every name that is used is declared. The
graph is looked at with networkx; findings carry the dotted field, so that the line can be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import networkx as nx

from fenhe.act.deadlines import limits
from fenhe.act.posts import POSTS
from fenhe.act.procedures.shape import OPENING, Clock, Procedure, Step
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)")
NUMBER_PARTS = {"authority", "year", "serial"}
ALWAYS_KNOWN = frozenset(
    {
        "number",
        "title",
        "authority",
        "subject",
        "today",
        "person",
        "reason",
        "serial",
        "opened_on",
        "check_code",
    }
)
"""What a document may name beside the fields of its case."""


class Finding(NamedTuple):
    field: str  # dotted place in the file
    text: Text


def findings(procedure: Procedure) -> list[Finding]:
    """Everything that is wrong with it; empty when cases may run under it."""
    wrong = [*_names(procedure), *_clocks(procedure), *_documents(procedure)]
    # A graph with unknown names in it would only repeat them.
    return wrong or [*_graph(procedure), *_endings(procedure), *_migrations(procedure)]


def graph(procedure: Procedure) -> nx.MultiDiGraph:
    """States and transitions; a step that stays is a loop."""
    drawn = nx.MultiDiGraph()
    drawn.add_nodes_from(procedure.states)
    for key, one in procedure.transitions.items():
        for source in one.sources:
            drawn.add_edge(source, one.to or source, key=key)
    return drawn


def _graph(procedure: Procedure) -> Iterator[Finding]:
    drawn = graph(procedure)
    first = procedure.opening.to
    reachable = nx.descendants(drawn, first) | {first}
    finals = [key for key, state in procedure.states.items() if state.final]
    ending = set(finals).union(*(nx.ancestors(drawn, key) for key in finals))
    for key in procedure.states:
        if key not in reachable:
            yield _said(f"states.{key}", f"状态 {key} 到不了", f"state {key} cannot be reached")
        if key not in ending:
            yield _said(
                f"states.{key}",
                f"状态 {key} 之后到不了任何终结状态",
                f"from state {key} no final state can be reached",
            )


def _endings(procedure: Procedure) -> Iterator[Finding]:
    """Out of a final state only a rebound leads."""
    for key, one in procedure.transitions.items():
        finals = [source for source in one.sources if procedure.states[source].final]
        if finals and not one.rebound and one.to:
            yield _said(
                f"transitions.{key}.from",
                f"从终结状态 {finals[0]} 出发的只能是重开（rebound）",
                f"only a rebound may leave the final state {finals[0]}",
            )
        if one.rebound and not (one.reason and one.to):
            yield _said(
                f"transitions.{key}.rebound",
                "重开须写明理由并有去向",
                "a rebound needs a reason and somewhere to go",
            )


def _names(procedure: Procedure) -> Iterator[Finding]:
    known: Mapping[str, Iterable[str]] = {
        "state": procedure.states,
        "field": procedure.fields,
        "clock": procedure.clocks,
        "document": procedure.documents,
        "law": procedure.laws,
        "post": POSTS,
        "transition": {OPENING, *procedure.transitions},
    }
    for field, sort, name in _used(procedure):
        if name not in known[sort]:
            yield _said(field, f"没有这个{_SORTS[sort]}：{name}", f"there is no {sort} {name}")
    if OPENING in procedure.transitions:
        yield _said("transitions.open", "open 是开启的名字", "`open` names the opening")


_SORTS = {
    "state": "状态",
    "field": "字段",
    "clock": "期限",
    "document": "文书",
    "law": "依据",
    "post": "岗位",
    "transition": "步骤",
}


def _used(procedure: Procedure) -> Iterator[tuple[str, str, str]]:
    """(dotted place, sort of name, name) of everything that one part says of another."""
    yield "opening.to", "state", procedure.opening.to
    yield from _used_by_step("opening", procedure.opening)
    for key, one in procedure.transitions.items():
        at = f"transitions.{key}"
        yield from _used_by_step(at, one)
        yield from _each(f"{at}.from", "state", one.sources)
        yield from _each(f"{at}.to", "state", (one.to,) if one.to else ())
        yield from _each(f"{at}.not_same_as", "transition", one.not_same_as)
    for key, child in procedure.children.items():
        yield from _each(f"children.{key}.from", "state", child.sources)
        yield from _each(f"children.{key}.by", "post", child.by)
        yield from _each(f"children.{key}.carries", "field", child.carries)
    for key, document in procedure.documents.items():
        yield from _each(f"documents.{key}.fields", "field", document.fields)
    if procedure.merging:
        yield from _each("merging.from", "state", procedure.merging.sources)
        yield from _each("merging.by", "post", procedure.merging.by)
        yield from _each("merging.answers", "transition", procedure.merging.answers)
    for key, clock in procedure.clocks.items():
        yield from _each(f"clocks.{key}", "field", _set_by(clock))
        yield from _each(f"clocks.{key}", "field", (clock.owed_by,) if clock.owed_by else ())
        yield from _each(f"clocks.{key}.basis", "law", (clock.basis,) if clock.basis else ())
    yield from _each("list_fields", "field", procedure.list_fields)
    yield from _each("progress", "state", procedure.progress)
    yield from _each("public_fields", "field", procedure.public_fields)


def _used_by_step(at: str, step: Step) -> Iterator[tuple[str, str, str]]:
    yield from _each(f"{at}.by", "post", step.by)
    yield from _each(f"{at}.fields", "field", step.fields)
    yield from _each(f"{at}.may_fill", "field", step.may_fill)
    yield from _each(f"{at}.produces", "document", step.produces)
    yield from _each(f"{at}.offers", "document", step.offers)
    yield from _each(f"{at}.basis", "law", step.basis)
    for part in ("meets", "cancels", "resumes", "extends"):
        yield from _each(f"{at}.{part}", "clock", getattr(step, part))
    for number, pause in enumerate(step.suspends):
        yield f"{at}.suspends.{number}", "clock", pause.clock
        yield from _each(
            f"{at}.suspends.{number}", "field", (pause.chosen,) if pause.chosen else ()
        )
    for number, start in enumerate(step.starts):
        yield f"{at}.starts.{number}", "clock", start.clock
        for name in filter(None, (start.since, start.unless)):
            yield f"{at}.starts.{number}", "field", name
    for number, need in enumerate(step.needs):
        place = f"{at}.needs.{number}"
        for sort, name in (
            ("field", need.field),
            ("transition", need.passed),
            ("transition", need.since),
            ("transition", need.not_passed),
            ("document", need.document),
            ("clock", need.clock),
        ):
            yield from _each(place, sort, (name,) if name else ())


def _each(field: str, sort: str, names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    for name in names:
        yield field, sort, name


def _clocks(procedure: Procedure) -> Iterator[Finding]:
    started, ended = set(), set()
    for step in procedure.steps().values():
        started |= {start.clock for start in step.starts}
        ended |= {*step.meets, *step.cancels}
    for key, clock in procedure.clocks.items():
        at = f"clocks.{key}"
        if clock.rule:
            yield from _rule(f"{at}.rule", clock.rule)
        elif any(procedure.fields[name].type != "date" for name in _set_by(clock)):
            yield _said(at, f"期限 {key} 所据字段须为日期", f"clock {key} needs fields with dates")
        if key not in started:
            yield _said(at, f"期限 {key} 从不开始", f"clock {key} is never started")
        if key not in ended:
            yield _said(at, f"期限 {key} 从不了结", f"clock {key} is never met nor cancelled")
    for key, step in procedure.steps().items():
        for number, need in enumerate(step.needs):
            if need.ahead:
                yield from _rule(f"{_place(key)}.needs.{number}", need.ahead)
        yield from _powers(procedure, key, step)


def _rule(at: str, id: str) -> Iterator[Finding]:
    """A limit that is counted must be known and must say by which article it holds."""
    rule = _known(id)
    if rule is None:
        yield _said(at, f"没有期限规则 {id}", f"there is no rule {id}")
    elif not rule.article.strip():
        yield _said(at, f"期限规则 {id} 没有条文", f"rule {id} has no article")


def _set_by(clock: Clock) -> list[str]:
    return [name for name in (clock.until, clock.moved_to) if name]


def _powers(procedure: Procedure, key: str, step: Step) -> Iterator[Finding]:
    """Nobody extends or stops a limit whose article does not allow it."""
    for name in step.extends:
        clock = procedure.clocks.get(name)
        if clock is not None and clock.until and clock.moved_to not in step.fields:
            yield _said(
                f"{_place(key)}.extends",
                f"延长期限 {name} 须填写新的日期（moved_to）",
                f"to extend {name} the step must ask for the new day (moved_to)",
            )
        rule = _rule_of(procedure, name)
        if rule is not None and not (rule.extensions or rule.extension_open):
            yield _said(
                f"{_place(key)}.extends",
                f"期限规则 {rule.id} 的条文没有规定可以延长",
                f"the article of rule {rule.id} does not let it be extended",
            )
    for number, pause in enumerate(step.suspends):
        rule = _rule_of(procedure, pause.clock)
        reasons = [pause.why]
        if pause.chosen and pause.chosen in procedure.fields:
            reasons = list(procedure.fields[pause.chosen].choices) or [""]
        for reason in reasons if rule is not None else ():
            if rule is not None and reason not in rule.excluded:
                yield _said(
                    f"{_place(key)}.suspends.{number}",
                    f"期限规则 {rule.id} 的条文没有把“{reason}”列为不计入的时间",
                    f"the article of rule {rule.id} does not exclude time for “{reason}”",
                )


def _rule_of(procedure: Procedure, clock: str) -> limits.Rule | None:
    found = procedure.clocks.get(clock)
    return _known(found.rule) if found is not None and found.rule else None


def _known(id: str) -> limits.Rule | None:
    try:
        return limits.rule(id)
    except BadInput:
        return None


def _documents(procedure: Procedure) -> Iterator[Finding]:
    made = {name for step in procedure.steps().values() for name in (*step.produces, *step.offers)}
    for key, document in procedure.documents.items():
        at = f"documents.{key}"
        if key not in made:
            yield _said(at, f"文书 {key} 无处产生", f"document {key} is made by no step")
        known = ALWAYS_KNOWN | procedure.fields.keys()
        for number, paragraph in enumerate(document.body):
            for name in PLACEHOLDER.findall(paragraph):
                if name not in known:
                    yield _said(
                        f"{at}.body.{number}",
                        f"文书里引用的字段 {name} 不存在",
                        f"the document names a field {name} that is not there",
                    )
    for at, form in [
        ("number", procedure.number),
        *((f"documents.{k}.serial", d.serial) for k, d in procedure.documents.items() if d.serial),
    ]:
        parts = set(re.findall(r"\{(\w+)\}", form))
        if "serial" not in parts or "year" not in parts or parts - NUMBER_PARTS:
            yield _said(
                at,
                "编号须含 {year} 与 {serial}，只可另加 {authority}",
                "a number needs {year} and {serial}, and may have {authority}",
            )


def _migrations(procedure: Procedure) -> Iterator[Finding]:
    for number, one in enumerate(procedure.migrations):
        at = f"migrations.{number}"
        if one.version >= procedure.version:
            yield _said(at, "只能从较早的版本迁入", "cases come over from an older version only")
        for target in one.states.values():
            if target not in procedure.states:
                yield _said(
                    f"{at}.states", f"没有这个状态：{target}", f"there is no state {target}"
                )
        for target in one.fields.values():
            if target not in procedure.fields:
                yield _said(
                    f"{at}.fields", f"没有这个字段：{target}", f"there is no field {target}"
                )


def _place(step: str) -> str:
    return "opening" if step == OPENING else f"transitions.{step}"


def _said(field: str, zh: str, en: str) -> Finding:
    return Finding(field, Text(zh, en))
