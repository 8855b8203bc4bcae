"""Objects of a kind from a table, and back: stations, cities, outlets, whatever a domain declares.

Columns: `code, name_zh, name_en, longitude, latitude, valid_from, valid_to`, the attributes of the
kind's schema, and one column per relation holding the code of the object at the other end. Every
problem is found before anything is written; then all rows are written, or none. A blank cell
clears nothing: it leaves what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import QuerySet

from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text, plain
from fenhe.registry import kinds
from fenhe.registry.kinds import Attribute, Kind
from fenhe.registry.models import Change, Object, Relation, searched

_PLAIN = ("code", "name_zh", "name_en")
_DEGREES = {"longitude": 180.0, "latitude": 90.0}
_DATES = ("valid_from", "valid_to")
FIELDS = (*_PLAIN, *_DEGREES, *_DATES)
_TRUE = {"true", "1", "yes", "y", "是", "√", "真"}
_FALSE = {"false", "0", "no", "n", "否", "×", "假"}
_TOO_LONG = {"code": 60, "name_zh": 120, "name_en": 120}


@dataclass
class Plan:
    """What a table would do: nothing is written until `apply`."""

    kind: Kind
    file: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    problems: list[Problem] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind.id,
            "rows": len(self.rows),
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "problems": [problem.as_dict() for problem in self.problems],
        }


def columns(kind: Kind) -> list[str]:
    return [*FIELDS, *kind.attributes, *kind.relations]


def plan(kind_id: str, table: pl.DataFrame, file: str = "") -> Plan:
    """Dry-run. `table`: text columns, and `row` with the row a person sees."""
    kind = kinds.get(kind_id)
    found = Plan(kind, file)
    found.problems += _header_problems(kind, table, file)
    if found.problems:
        return found
    seen: dict[str, int] = {}
    for raw in table.iter_rows(named=True):
        row = _Row(kind, raw, file)
        item = row.read()
        if item["code"] in seen:
            first = seen[item["code"]]
            zh, en = f"与第 {first} 行编码重复", f"same code as row {first}"
            row.wrong("registry.code-twice", "code", zh, en)
        elif item["code"]:
            seen[item["code"]] = raw["row"]
        found.problems += row.problems
        found.rows.append(item)
    found.problems += _relation_problems(kind, found.rows, file)
    _compare(found)
    return found


def apply(found: Plan, person: object = "") -> None:
    """Write the plan, all or nothing. Raises BadInput with its problems if it has any."""
    if found.problems:
        raise refusal(found)
    kind = found.kind
    with transaction.atomic():
        there, related = _there(kind), _related(kind)
        known, new = list(there.values()), []
        changes: list[tuple[Object, dict[str, list[Any]]]] = []
        for row in found.rows:
            item = there.get(row["code"])
            if item is None:
                item = there[row["code"]] = Object(kind=kind.id, code=row["code"])
                new.append(item)
            if differing := _differing(item, row, related):
                changes.append((item, differing))
            for name, value in row["fields"].items():
                setattr(item, name, value)
            item.attributes = {**item.attributes, **row["attributes"]}
            item.search = searched(item)
        Object.objects.bulk_create(new, batch_size=500)
        written = [*_PLAIN[1:], *_DEGREES, *_DATES, "attributes", "search"]
        changed = {item.code for item, _ in changes}
        Object.objects.bulk_update(
            [item for item in known if item.code in changed], written, batch_size=200
        )
        _relate(kind, found.rows)
        _remember(changes, person)
        if found.new or found.changed:
            counts = {"new": found.new, "changed": found.changed}
            ledger.record(person or "system", "registry.objects", kind.id, counts)


def _differing(
    item: Object, row: dict[str, Any], related: dict[tuple[int, str], str]
) -> dict[str, list[Any]]:
    """What the row says otherwise than the object: field -> [before, after]."""
    told = {name: (getattr(item, name), value) for name, value in row["fields"].items()}
    told |= {
        f"attributes.{name}": (item.attributes.get(name), value)
        for name, value in row["attributes"].items()
    }
    told |= {
        f"relations.{name}": (related.get((item.pk, name)), code)
        for name, code in row["relations"].items()
        if code
    }
    return {
        name: [_cell(before), _cell(after)]
        for name, (before, after) in told.items()
        if before != after
    }


def _remember(changes: Sequence[tuple[Object, dict[str, list[Any]]]], person: object) -> None:
    now = utc_now()
    Change.objects.bulk_create(
        (
            Change(object=item, at=now, person=str(person or "system"), fields=fields)
            for item, fields in changes
        ),
        batch_size=500,
    )


def refusal(found: Plan) -> BadInput:
    return BadInput(
        "registry.objects-refused",
        f"有 {len(found.problems)} 处错误，未登记任何对象",
        f"{len(found.problems)} problems; no object was registered",
        found.problems,
    )


def export(kind_id: str, among: QuerySet[Object] | None = None) -> pl.DataFrame:
    """Objects of the kind as text, all or those `among`, in the columns `plan` reads: importing
    them changes nothing."""
    kind = kinds.get(kind_id)
    related = _related(kind)
    rows = []
    found = Object.objects.all() if among is None else among
    for item in found.filter(kind=kind.id).order_by("code"):
        values = {name: getattr(item, name) for name in FIELDS}
        values |= {name: item.attributes.get(name) for name in kind.attributes}
        values |= {name: related.get((item.pk, name)) for name in kind.relations}
        rows.append({name: _cell(value) for name, value in values.items()})
    return pl.DataFrame(rows, dict.fromkeys(columns(kind), pl.String()))


class _Row:
    """One row of a table, its text read by the kind's schema."""

    def __init__(self, kind: Kind, raw: dict[str, Any], file: str) -> None:
        self.kind, self.raw, self.file = kind, raw, file
        self.problems: list[Problem] = []

    def read(self) -> dict[str, Any]:
        fields: dict[str, Any] = {n: self.text(n) for n in ("name_zh", "name_en") if self.text(n)}
        fields |= {n: self._degrees(n) for n in _DEGREES if self.text(n)}
        fields |= {n: self._date(n) for n in _DATES if self.text(n)}
        code = self.text("code")
        if not code:
            self.wrong("registry.code-blank", "code", "编码必填", "a code is required")
        for name, longest in _TOO_LONG.items():
            if len(self.text(name)) > longest:
                zh, en = f"不能超过 {longest} 个字", f"must not be longer than {longest} characters"
                self.wrong("registry.too-long", name, zh, en)
        attributes = {
            name: read_attribute(attribute, self.text(name))
            for name, attribute in self.kind.attributes.items()
            if self.text(name)
        }
        for problem in self.kind.problems(attributes, self.raw["row"]):
            self.problems.append(_in_file(problem, self.file))
        return {
            "row": self.raw["row"],
            "code": code,
            "fields": fields,
            "attributes": attributes,
            "relations": {n: self.text(n) for n in self.kind.relations if self.text(n)},
        }

    def text(self, name: str) -> str:
        return str(self.raw.get(name) or "").strip().removeprefix("'")

    def wrong(self, code: str, column: str, zh: str, en: str) -> None:
        value = self.text(column)
        self.problems.append(
            Problem(code, Text(zh, en), self.file, self.raw["row"], column, value)
        )  # fmt: skip

    def _degrees(self, name: str) -> float | None:
        limit = _DEGREES[name]
        try:
            value = float(self.text(name))
        except ValueError:
            value = limit + 1
        if not -limit <= value <= limit:
            zh, en = f"应为 ±{limit:g} 以内的度数", f"must be degrees within ±{limit:g}"
            self.wrong("registry.coordinate-invalid", name, zh, en)
            return None
        return value

    def _date(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.text(name)[:10])
        except ValueError:
            self.wrong("registry.date-invalid", name, "应写成 2026-03-01", "write it as 2026-03-01")
            return None


def read_attribute(attribute: Attribute, text: str) -> Any:
    """Text → the attribute's type; text that does not fit stays text, for the schema to refuse."""
    word = plain(text)
    match attribute.type:
        case "boolean":
            return True if word in _TRUE else False if word in _FALSE else text
        case "integer" | "number":
            try:
                return int(text) if attribute.type == "integer" else float(text)
            except ValueError:
                return text
        case "choice":
            names = {plain(n): key for key, t in attribute.choices.items() for n in (t.zh, t.en)}
            return text if text in attribute.choices else names.get(word, text)
        case _:
            return text


def _header_problems(kind: Kind, table: pl.DataFrame, file: str) -> list[Problem]:
    known = columns(kind)
    unknown = [name for name in table.columns if name not in known and name != "row"]
    expected = "、".join(known)
    problems = [
        Problem(
            "registry.column-unknown",
            Text(f"没有这一列；可用：{expected}", f"no such column; there are: {expected}"),
            file, 1, name,
        )
        for name in unknown
    ]  # fmt: skip
    if "code" not in table.columns:
        text = Text("缺少编码列", "the column of codes is missing")
        problems.append(Problem("registry.column-missing", text, file, 1, "code"))
    return problems


def _relation_problems(kind: Kind, rows: Sequence[dict[str, Any]], file: str) -> list[Problem]:
    problems = []
    own = {row["code"] for row in rows}
    for name, relation in kind.relations.items():
        known = set(Object.objects.filter(kind=relation.to).values_list("code", flat=True))
        known |= own if relation.to == kind.id else set()
        text = Text(
            f"没有编码为它的{relation.name.zh}，请先登记：{_command(relation.to)}",
            f"no {relation.name.en} has this code; register it first: {_command(relation.to)}",
        )
        problems += [
            Problem("registry.relation-unknown", text, file, row["row"], name, other)
            for row in rows
            if (other := row["relations"].get(name)) and other not in known
        ]
    return problems


def _command(kind: str) -> str:
    return f"fenhe import-objects FILE.csv --kind {kind} --yes"


def _compare(found: Plan) -> None:
    there, related = _there(found.kind), _related(found.kind)
    for row in found.rows:
        item = there.get(row["code"])
        if item is None:
            found.new += 1
            if not row["fields"].get("name_zh"):
                text = Text("新对象要有中文名", "a new object needs its Chinese name")
                found.problems.append(
                    Problem("registry.name-blank", text, found.file, row["row"], "name_zh")
                )
            continue
        same = (
            all(getattr(item, name) == value for name, value in row["fields"].items())
            and {**item.attributes, **row["attributes"]} == item.attributes
            and all(related.get((item.pk, n)) == code for n, code in row["relations"].items())
        )
        found.unchanged += same
        found.changed += not same


def _relate(kind: Kind, rows: Sequence[dict[str, Any]]) -> None:
    there, related = _there(kind), _related(kind)
    for name, relation in kind.relations.items():
        ends = {item.code: item for item in Object.objects.filter(kind=relation.to)}
        moved = [
            (there[row["code"]], ends[row["relations"][name]])
            for row in rows
            if row["relations"].get(name)
            and related.get((there[row["code"]].pk, name)) != row["relations"][name]
        ]
        Relation.objects.filter(
            subject__in=[subject for subject, _ in moved], predicate=name, valid_to=None
        ).delete()
        Relation.objects.bulk_create(
            (Relation(subject=one, predicate=name, object=other) for one, other in moved),
            batch_size=500,
        )


def _there(kind: Kind) -> dict[str, Object]:
    return {item.code: item for item in Object.objects.filter(kind=kind.id)}


def _related(kind: Kind) -> dict[tuple[int, str], str]:
    """(subject, predicate) → the code at the other end, of relations in force."""
    rows = Relation.objects.filter(subject__kind=kind.id, valid_to=None)
    values = rows.values_list("subject_id", "predicate", "object__code")
    return {(subject, predicate): code for subject, predicate, code in values}


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _in_file(problem: Problem, file: str) -> Problem:
    return Problem(problem.code, problem.message, file, problem.row, problem.column, problem.value)
