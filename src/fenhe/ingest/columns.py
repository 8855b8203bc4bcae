"""The header of a file against the profile: which column plays which role.

Every column must be claimed: a role, a property (by the profile's spelling or any alias of the
vocabulary, with or without a unit in brackets), an object, or the profile's list of ignored
columns. What nobody claims is refused, never silently dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from fenhe.ingest.findings import Findings
from fenhe.ingest.profile import Profile, PropertyRole
from fenhe.ingest.table import Table
from fenhe.kernel import units
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import plain
from fenhe.registry.vocabulary import Property

Vocabulary = Mapping[str, Property]
_WITH_UNIT = re.compile(r"^(?P<name>.*?)\s*[(（\[【](?P<unit>[^()（）\[\]【】]+)[)）\]】]\s*$")


@dataclass(frozen=True)
class Cell:
    """A column (wide) or a property text (long, across) that yields readings."""

    property: str
    factor: Fraction


@dataclass
class Columns:
    """Positions of the roles in the file."""

    time: dict[str, int] = field(default_factory=dict)
    object_at: int | None = None
    property_at: int | None = None
    value_at: int | None = None
    unit_at: int | None = None
    cells: dict[int, Cell] = field(default_factory=dict)  # wide
    objects: dict[int, str] = field(default_factory=dict)  # across: position -> header

    @property
    def used(self) -> list[int]:
        roles = [self.object_at, self.property_at, self.value_at, self.unit_at]
        single = [role for role in roles if role is not None]
        return sorted({*self.time.values(), *single, *self.cells, *self.objects})


def spellings(profile: Profile, vocabulary: Vocabulary) -> dict[str, PropertyRole | None]:
    """Every text that names a property in files of this profile, by `plain`. What the profile
    spells out outranks an alias: the national feed's `O3` is not the hour's ozone."""
    found = {plain(text): role for text, role in profile.properties.items()}
    for role in profile.properties.values():
        if role is None:
            continue
        known = vocabulary[role.property]
        for text in (known.id, known.symbol, known.name.zh, known.name.en, *known.aliases):
            found.setdefault(plain(text), role)
    return found


def assign(
    table: Table,
    profile: Profile,
    vocabulary: Vocabulary,
    known_objects: Iterable[str],
    findings: Findings,
) -> Columns:
    """The roles of the columns; all that is wrong with the header goes to `findings`."""
    columns, row = Columns(), table.row_of_header or 1
    claims = _Claims(
        _single_roles(profile),
        spellings(profile, vocabulary) if profile.layout == "wide" else {},
        frozenset(known_objects) if profile.layout == "across" else frozenset(),
        frozenset(plain(name) for name in profile.ignore),
    )
    claimed: dict[str, str] = {}
    for position, title in enumerate(table.header):
        kind, what, unit = claims.of(title)
        if kind == "unknown":
            findings.add("ingest.column-unknown", row, title or f"#{position + 1}")
        elif kind == "property":
            role = claims.properties[what]
            assert role is not None  # noqa: S101 (those the profile leaves out are "ignored")
            what = role.property
            cell = _cell(table, position, role, unit, vocabulary, findings)
            if cell is not None:
                columns.cells[position] = cell
        elif kind == "object":
            columns.objects[position] = title
        elif kind == "role":
            _place(columns, claims.roles[what], position)
        if kind not in ("unknown", "ignored"):
            if what in claimed:
                findings.add("ingest.column-duplicate", row, title, claimed[what])
            claimed.setdefault(what, title)
    _require(profile, columns, claimed, row, findings)
    return columns


@dataclass(frozen=True)
class _Claims:
    """Who may claim a column, by `plain` spelling; the first that does wins."""

    roles: Mapping[str, str]
    properties: Mapping[str, PropertyRole | None]
    objects: frozenset[str]
    ignored: frozenset[str]

    def of(self, title: str) -> tuple[str, str, str]:
        """What the title is (role, property, object, ignored, unknown), its name, its unit."""
        name = plain(title)
        base, unit = _split_unit(title, self.properties)
        if name in self.roles:
            return "role", name, ""
        if base in self.properties:
            return ("ignored" if self.properties[base] is None else "property"), base, unit
        if name in self.objects:
            return "object", name, ""
        return ("ignored" if name in self.ignored else "unknown"), name, ""


def _require(
    profile: Profile, columns: Columns, claimed: Iterable[str], row: int, findings: Findings
) -> None:
    for name in profile.required_columns():
        if plain(name) not in claimed:
            findings.add("ingest.column-missing", row, name)
    if profile.layout == "wide" and not columns.cells:
        wanted = (text for text, role in profile.properties.items() if role)
        findings.add("ingest.column-missing", row, " / ".join(wanted))
    if profile.layout == "across" and not columns.objects:
        findings.add("ingest.no-objects", row)


def cell_of(role: PropertyRole, unit: str, vocabulary: Vocabulary) -> Cell:
    """Raises BadInput for an unknown unit or one of another dimension."""
    return Cell(role.property, units.factor(unit or role.unit, vocabulary[role.property].unit))


def _single_roles(profile: Profile) -> dict[str, str]:
    roles = {plain(name): f"time {name}" for name in profile.time.columns}
    if profile.object is not None:
        roles[plain(profile.object.column)] = "object"
    for role in ("property", "value", "unit"):
        name = getattr(profile, f"{role}_column")
        if name:
            roles[plain(name)] = role
    return roles


def _place(columns: Columns, role: str, position: int) -> None:
    if role.startswith("time "):
        columns.time[role.removeprefix("time ")] = position
    else:
        setattr(columns, f"{role}_at", position)


def _split_unit(title: str, properties: Mapping[str, object]) -> tuple[str, str]:
    """`CO（mg/m³）` → co and mg/m³, unless the whole title is a spelling of its own."""
    match = _WITH_UNIT.match(title)
    if match is None or plain(title) in properties:
        return plain(title), ""
    return plain(match["name"]), match["unit"]


def _cell(
    table: Table,
    position: int,
    role: PropertyRole,
    unit: str,
    vocabulary: Vocabulary,
    findings: Findings,
) -> Cell | None:
    """The units row outranks the title, the title outranks the profile."""
    row = table.row_of_header or 1
    if position < len(table.units) and table.units[position].strip():
        unit, row = table.units[position].strip(), row + 1
    try:
        return cell_of(role, unit, vocabulary)
    except BadInput as error:
        findings.add_error(error, row, table.header[position], unit)
        return None
