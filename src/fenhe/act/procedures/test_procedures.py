"""A procedure file either says a procedure that can be run, or is refused with every fault at its
line. Each fault is put into a file that is otherwise sound."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import yaml

from fenhe.act.procedures import checks, register
from fenhe.act.procedures.shape import Procedure
from fenhe.kernel.errors import BadInput

FILES = sorted(Path(__file__).parents[2].glob("domains/*/procedures/*.yaml"))

SOUND: dict[str, Any] = {
    "id": "wells.closing",
    "version": 2,
    "valid_from": "2024-01-01",
    "name": "closing",
    "about": "a well is closed",
    "confidence": "official",
    "laws": {"law": [{"text": "art. 1"}]},
    "fields": {"why": {"name": "why"}, "day": {"name": "day", "type": "date"}},
    "states": {
        "asked": {"name": "asked"},
        "checked": {"name": "checked"},
        "done": {"name": "done", "final": True},
    },
    "clocks": {"decide": {"rule": "pen.decision", "name": "decide"}},
    "documents": {"paper": {"name": "paper", "fields": ["why"], "body": ["{{ why }}"]}},
    "opening": {"name": "ask", "to": "asked", "by": ["office"], "starts": ["decide"]},
    "transitions": {
        "check": {
            "name": "check", "from": ["asked"], "to": "checked", "by": ["office"],
            "fields": ["why"], "produces": ["paper"], "extends": ["decide"], "basis": ["law"],
        },
        "finish": {
            "name": "finish", "from": ["checked"], "to": "done", "by": ["office"],
            "meets": ["decide"],
        },
    },
    "migrations": [{"version": 1, "states": {"old": "asked"}, "reason": "renamed"}],
}  # fmt: skip


def written(tmp_path: Path, raw: dict[str, Any]) -> Path:
    path = tmp_path / "closing.yaml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), "utf-8")
    return path


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    made = register.read_file(written(tmp_path, SOUND), "closing.yaml")
    assert made.id == "wells.closing"
    assert list(made.leaving("asked")) == ["check"]


Spoil = Callable[[dict[str, Any]], object]


def put(*path: str, value: Any) -> Spoil:
    def spoil(raw: dict[str, Any]) -> None:
        for name in path[:-1]:
            raw = raw[name]
        raw[path[-1]] = value

    return spoil


FAULTS: dict[str, tuple[Spoil, str]] = {
    "unreachable": (put("states", "lost", value={"name": "lost"}), "cannot be reached"),
    "no way out": (put("transitions", "finish", "from", value=["asked"]), "no final state"),
    "no role": (put("transitions", "finish", "by", value=[]), "at least 1"),
    "unknown role": (put("transitions", "finish", "by", value=["king"]), "no post king"),
    "unknown rule": (put("clocks", "decide", "rule", value="pen.none"), "no rule pen.none"),
    "unknown state": (put("transitions", "finish", "to", value="gone"), "no state gone"),
    "unknown clock": (put("transitions", "finish", "meets", value=["tea"]), "no clock tea"),
    "unknown law": (put("transitions", "check", "basis", value=["x"]), "no law x"),
    "unknown field": (put("transitions", "check", "fields", value=["x"]), "no field x"),
    "clock never met": (put("transitions", "finish", "meets", value=[]), "never met"),
    "clock never started": (put("opening", "starts", value=[]), "never started"),
    "document of an unknown field": (
        put("documents", "paper", "body", value=["{{ who }}"]),
        "names a field who",
    ),
    "document never made": (put("transitions", "check", "produces", value=[]), "made by no step"),
    "out of a final state": (
        put("transitions", "check", "from", value=["asked", "done"]),
        "only a rebound",
    ),
    "number without a serial": (put("number", value="{year}"), "needs {year} and {serial}"),
    "migration from the future": (
        put("migrations", value=[{"version": 2, "reason": "x"}]),
        "older version only",
    ),
    "unknown key": (put("transitions", "check", "form", value=["asked"]), "not a known field"),
    "a need of two things": (
        put(
            "transitions", "check", "needs",
            value=[{"field": "why", "passed": "check", "why": "x"}],
        ),
        "a need names one of",
    ),
}  # fmt: skip


def test_a_clock_is_stopped_only_where_its_article_lets_it(tmp_path: Path) -> None:
    raw = copy.deepcopy(SOUND)
    raw["transitions"]["check"]["suspends"] = [{"clock": "decide", "why": "鉴定"}]
    register.read_file(written(tmp_path, raw), "x.yaml")  # art. 57 names time that does not count
    raw["clocks"]["decide"]["rule"] = "pen.filing"
    with pytest.raises(BadInput) as refused:
        register.read_file(written(tmp_path, raw), "x.yaml")
    assert [problem.column for problem in refused.value.problems] == [
        "transitions.check.suspends.0"
    ]


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_is_refused_with_its_line(tmp_path: Path, name: str) -> None:
    spoil, said = FAULTS[name]
    raw = copy.deepcopy(SOUND)
    spoil(raw)
    path = written(tmp_path, raw)
    with pytest.raises(BadInput) as refused:
        register.read_file(path, "closing.yaml")
    problems = refused.value.problems
    assert any(said in problem.message.en for problem in problems), refused.value.lines("en")
    assert all(problem.file == "closing.yaml" for problem in problems)
    lines = path.read_text("utf-8").splitlines()
    for problem in problems:
        assert problem.row is not None
        assert problem.row <= len(lines)


def test_the_line_is_that_of_the_field(tmp_path: Path) -> None:
    raw = copy.deepcopy(SOUND)
    raw["transitions"]["finish"]["to"] = "gone"
    path = written(tmp_path, raw)
    with pytest.raises(BadInput) as refused:
        register.read_file(path, "closing.yaml")
    [problem] = refused.value.problems
    assert problem.row is not None
    assert "gone" in path.read_text("utf-8").splitlines()[problem.row - 1]


def read(path: Path) -> Procedure:
    return register.read_file(path, path.name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_procedure_can_be_run(path: Path) -> None:
    """What the loader checks, looked at a second time by other means: from the opening every state
    is reached, and from every state some end is."""
    made = read(path)
    drawn = nx.DiGraph(checks.graph(made))
    finals = {key for key, state in made.states.items() if state.final}
    assert finals
    for key in made.states:
        assert nx.has_path(drawn, made.opening.to, key)
        assert any(nx.has_path(drawn, key, end) for end in finals)
    for step in made.steps().values():
        assert step.by


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whoever_passes_or_decides_is_not_whoever_investigated(path: Path) -> None:
    """Legal review, approval and acceptance name whose steps they may not repeat."""
    made = read(path)
    for key, one in made.transitions.items():
        if {"legal_reviewer"} == set(one.by) and one.fields == ("review_opinion",):
            assert one.not_same_as, key
        if key in ("decide", "approve", "verify"):
            assert one.not_same_as, (made.id, key)
