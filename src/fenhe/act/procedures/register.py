"""The procedures in force: read from the domains' files, checked, kept by id and version.

A file that fails a check is refused with file and line. Several versions of one procedure stand
side by side: a case begins under the version that holds on its day and keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from fenhe.act.procedures import checks
from fenhe.act.procedures.shape import Procedure
from fenhe.kernel.declared import read
from fenhe.kernel.errors import BadInput, NotFound, Problem
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text
from fenhe.store import yaml

_procedures: Register[Procedure] = Register(
    "act.procedure", Text("程序", "procedure"), lambda one: _key(one.id, one.version)
)
freeze = _procedures.freeze
clear = _procedures.clear


def _key(id: str, version: int) -> str:
    return f"{id}@{version}"


def read_file(path: Path, shown: str) -> Procedure:
    """The procedure of one file. Raises BadInput with every finding, each with its line."""
    raw = yaml.read(path, shown)
    lines = yaml.lines(path)
    try:
        procedure = read(Procedure, raw, shown)
    except BadInput as error:
        error.problems = [
            Problem(p.code, p.message, p.file, _line(lines, p.column), p.column, p.value)
            for p in error.problems
        ]
        raise
    found = checks.findings(procedure)
    if found:
        raise BadInput(
            "act.procedure-invalid",
            f"程序文件 {shown} 有 {len(found)} 处错误，请按下列各项修改",
            f"{shown} has {len(found)} errors; mend the items below",
            [
                Problem(
                    "act.procedure-invalid", one.text, shown, _line(lines, one.field), one.field
                )
                for one in found
            ],
        )
    return procedure


def _line(lines: dict[str, int], field: str) -> int | None:
    """Of the field, or of the nearest thing around it that the file has."""
    while field and field not in lines:
        field = field.rpartition(".")[0]
    return lines.get(field)


def add(procedure: Procedure) -> Procedure:
    return _procedures.add(procedure)


def get(id: str, version: int) -> Procedure:
    """The version that a case runs under, however old."""
    return _procedures.get(_key(id, version))


def all() -> tuple[Procedure, ...]:
    return tuple(_procedures)


def versions(id: str) -> list[Procedure]:
    return sorted((one for one in _procedures if one.id == id), key=lambda one: one.version)


def in_force(id: str, day: date) -> Procedure:
    """The newest version that holds on the day. Raises NotFound `act.procedure-not-in-force`."""
    holding = [one for one in versions(id) if one.holds(day)]
    if not holding:
        raise NotFound(
            "act.procedure-not-in-force",
            f"{day} 没有施行中的程序 {id}",
            f"no procedure {id} is in force on {day}",
        )
    return holding[-1]


def current(day: date) -> list[Procedure]:
    """Of every procedure the version in force on the day, by id."""
    found = {one.id: one for one in sorted(all(), key=lambda one: one.version) if one.holds(day)}
    return [found[id] for id in sorted(found)]


def started_by(alarm_kind: str, day: date) -> list[Procedure]:
    return [one for one in current(day) if alarm_kind in one.starts_on]


def offered_on(alarm_kind: str, day: date) -> list[Procedure]:
    """Those a person may open on such an alarm; nothing begins by itself."""
    return [one for one in current(day) if alarm_kind in one.offered_on]


def missing(alarm_kinds: set[str], object_kinds: set[str]) -> Iterator[tuple[str, str, str]]:
    """(file, field, what is not there): alarms, kinds and procedures that a procedure names. What
    belongs to a domain that is switched off is not missed: it simply never comes."""
    known = {one.id for one in _procedures}
    of_domains = {id.partition(".")[0] for id in known}
    domains = {kind.partition(".")[0] for kind in alarm_kinds}
    for one in _procedures:
        file = f"{one.id}@{one.version}"
        for field, kinds in (("starts_on", one.starts_on), ("offered_on", one.offered_on)):
            for kind in kinds:
                if kind not in alarm_kinds and kind.partition(".")[0] in domains:
                    yield file, field, kind
        for kind in set(one.subject_kinds) - object_kinds:
            yield file, "subject_kinds", kind
        for child in one.children:
            if child not in known and child.partition(".")[0] in of_domains:
                yield file, f"children.{child}", child
