"""Objects of a kind from a table, and back: stations, cities, outlets, whatever a domain declares.

Columns: `code, name_zh, name_en, area, longitude, latitude, valid_from, valid_to`, the attributes
of the kind's schema, one column per relation holding the code of the object at the other end, and
`geometry` where the kind is drawn as a line or an area; `area` is an adcode that is registered.
Every problem is found before anything is written; then all
rows are written, or none. A blank cell clears nothing: it leaves what is there (`clears` for forms
that show all there is).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import QuerySet

from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.registry import kinds
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Area, Change, Object, Relation, searched
from fenhe.registry.object_rows import DATES, DEGREES, SHAPE, Clears, Row
from fenhe.store import outbox

_PLAIN = ("code", "name_zh", "name_en")
FIELDS = (*_PLAIN, "area", *DEGREES, *DATES)


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
    return [*_fields(kind), *kind.attributes, *kind.relations]


def _fields(kind: Kind) -> tuple[str, ...]:
    return (*FIELDS, SHAPE) if kind.geometry else FIELDS


def plan(kind_id: str, table: pl.DataFrame, file: str = "", clears: Clears = False) -> Plan:
    """Dry-run. `table`: text columns, and `row` with the row a person sees. `clears`: a blank cell
    empties what is there, in every column or in those named."""
    kind = kinds.get(kind_id)
    found = Plan(kind, file)
    found.problems += _header_problems(kind, table, file)
    if found.problems:
        return found
    seen: dict[str, int] = {}
    for raw in table.iter_rows(named=True):
        row = Row(kind, raw, file, clears)
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
    found.problems += _area_problems(found.rows, file)
    _compare(found)
    return found


def apply(found: Plan, person: object = "") -> None:
    """Write the plan, all or nothing. Raises BadInput with its problems if it has any."""
    if found.problems:
        raise refusal(found)
    kind = found.kind
    areas = {area.adcode: area for area in _areas(found.rows)}
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
            if row["area"] is not None:
                item.area = areas.get(row["area"])
            item.attributes = _merged(item, row)
            item.search = searched(item)
        Object.objects.bulk_create(new, batch_size=500)
        written = [*_fields(kind)[1:], "attributes", "search"]
        changed = {item.code for item, _ in changes}
        Object.objects.bulk_update(
            [item for item in known if item.code in changed], written, batch_size=200
        )
        _relate(kind, found.rows)
        _remember(changes, person)
        _tell(changes, {item.pk for item in new})
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
        f"relations.{name}": (related.get((item.pk, name), ""), code)
        for name, code in row["relations"].items()
    }
    if row["area"] is not None:
        told["area"] = (item.area.adcode if item.area else "", row["area"])
    return {
        name: [_cell(before), _cell(after)]
        for name, (before, after) in told.items()
        if before != after
    }


def _merged(item: Object, row: dict[str, Any]) -> dict[str, Any]:
    merged = {**item.attributes, **row["attributes"]}
    return {name: value for name, value in merged.items() if value is not None}


def _remember(changes: Sequence[tuple[Object, dict[str, list[Any]]]], person: object) -> None:
    now = utc_now()
    Change.objects.bulk_create(
        (
            Change(object=item, at=now, person=str(person or "system"), fields=fields)
            for item, fields in changes
        ),
        batch_size=500,
    )


def _tell(changes: Sequence[tuple[Object, dict[str, list[Any]]]], new: set[int]) -> None:
    """`objects.changed`: which attributes of which objects that were there already."""
    told = [
        (item.pk, field.removeprefix("attributes."))
        for item, fields in changes
        for field in fields
        if item.pk not in new and field.startswith("attributes.")
    ]
    if told:
        objects, names = ({one[place] for one in told} for place in (0, 1))
        news = {"objects": sorted(objects), "attributes": sorted(names)}
        outbox.put("objects.changed", news)


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
    for item in found.filter(kind=kind.id).select_related("area").order_by("code"):
        values = {name: getattr(item, name) for name in _fields(kind)}
        values["area"] = item.area.adcode if item.area else None
        values |= {name: item.attributes.get(name) for name in kind.attributes}
        values |= {name: related.get((item.pk, name)) for name in kind.relations}
        rows.append({name: _cell(value) for name, value in values.items()})
    return pl.DataFrame(rows, dict.fromkeys(columns(kind), pl.String()))


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


def _area_problems(rows: Sequence[dict[str, Any]], file: str) -> list[Problem]:
    known = {area.adcode for area in _areas(rows)}
    text = Text(
        "没有登记这个区划代码，请先登记：fenhe areas import FILE.csv",
        "no area has this code; register it first: fenhe areas import FILE.csv",
    )
    return [
        Problem("registry.area-unknown", text, file, row["row"], "area", row["area"])
        for row in rows
        if row["area"] and row["area"] not in known
    ]


def _areas(rows: Sequence[dict[str, Any]]) -> QuerySet[Area]:
    return Area.objects.filter(adcode__in={row["area"] for row in rows if row["area"]})


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
        if row["fields"].get("name_zh") == "":
            text = Text("要有中文名", "the Chinese name is required")
            found.problems.append(
                Problem("registry.name-blank", text, found.file, row["row"], "name_zh")
            )
        same = not _differing(item, row, related)
        found.unchanged += same
        found.changed += not same


def _relate(kind: Kind, rows: Sequence[dict[str, Any]]) -> None:
    there, related = _there(kind), _related(kind)
    for name, relation in kind.relations.items():
        ends = {item.code: item for item in Object.objects.filter(kind=relation.to)}
        moved = [
            (there[row["code"]], ends.get(row["relations"][name]))
            for row in rows
            if name in row["relations"]
            and related.get((there[row["code"]].pk, name), "") != row["relations"][name]
        ]
        Relation.objects.filter(
            subject__in=[subject for subject, _ in moved], predicate=name, valid_to=None
        ).delete()
        Relation.objects.bulk_create(
            (Relation(subject=one, predicate=name, object=other) for one, other in moved if other),
            batch_size=500,
        )


def _there(kind: Kind) -> dict[str, Object]:
    found = Object.objects.filter(kind=kind.id).select_related("area")
    return {item.code: item for item in found}


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
        case dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return str(value)
