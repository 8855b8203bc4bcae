"""How files of one kind are read: a profile, as data.

A profile names the columns and what they hold; nothing about a file is guessed that a person could
get wrong (stamp side, units, which columns to leave out). Shipped profiles are YAML files of a
domain (`profiles/*.yaml`); a city's own are saved in the database. Both are this one shape.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from fenhe.kernel.declared import Declared, DeclaredText
from fenhe.kernel.period import CIVIL, DAY, HOUR
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text

Resolution = Literal["minute", "hour", "day"]
LENGTH: dict[str, timedelta] = {"minute": timedelta(minutes=1), "hour": HOUR, "day": DAY}


class TimeRole(Declared):
    """Where the stamp stands and what it marks. `pattern` names the columns in braces:
    `{time}`, `{date} {hour}`, `{year}-{month}-{day} {hour}`."""

    pattern: str = "{time}"
    side: Literal["begin", "end"]  # does the stamp mark the beginning or the end of the period?
    offset: str = Field("+08:00", pattern=r"^[+-]\d{2}:\d{2}$")  # of stamps that carry none
    formats: list[str] = []  # strptime formats; empty: the usual ISO and Chinese spellings

    @property
    def columns(self) -> list[str]:
        return re.findall(r"\{([^{}]+)\}", self.pattern)

    @property
    def zone(self) -> timezone:
        if self.offset == "+08:00":
            return CIVIL
        sign = -1 if self.offset[0] == "-" else 1
        hours, minutes = int(self.offset[1:3]), int(self.offset[4:6])
        return timezone(sign * timedelta(hours=hours, minutes=minutes))


class ObjectRole(Declared):
    """Which column names the object, and by what: its code, a name, or an attribute.
    `codes` translates the file's own names to codes first."""

    column: str
    match: list[str] = ["code", "name_zh", "name_en"]  # or attributes.<id>; the first that fits
    codes: dict[str, str] = {}


class PropertyRole(Declared):
    """A property of the vocabulary and the unit the file gives it in."""

    property: str
    unit: str


class FileFormat(Declared):
    """How the file itself is to be opened; the defaults fit most files."""

    format: Literal["auto", "csv", "xlsx", "parquet"] = "auto"
    encoding: Literal["auto", "utf-8", "utf-8-sig", "gb18030"] = "auto"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    sheet: str = ""  # empty: the first
    header_row: Annotated[int, Field(ge=1)] = 1
    units_row: bool = False  # the row after the header holds units, which outrank the profile's


class Profile(FileFormat):
    """See the module. Layouts: `wide` one column a property, `long` one row a reading,
    `across` one column an object (its header is the object's code)."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)
    name: DeclaredText
    note: DeclaredText = Text("", "")
    object_kind: str
    resolution: Resolution = "hour"
    source: str = "import"

    layout: Literal["wide", "long", "across"] = "wide"
    time: TimeRole
    object: ObjectRole | None = None  # not with `across`, where the header names the objects
    properties: dict[str, PropertyRole | None]  # column or text in the file; null: left out
    property_column: str = ""  # long, across
    value_column: str = ""  # long
    unit_column: str = ""  # long
    ignore: list[str] = []  # columns left out on purpose; any other unknown column is refused
    missing: list[str] = []  # texts that mean "no value" besides blanks; none is assumed
    blank: Literal["skip", "missing"] = "skip"  # an empty cell says nothing, or says "missing"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needs = {
            "wide": self.object is not None,
            "long": self.object is not None and bool(self.property_column and self.value_column),
            "across": self.object is None and bool(self.property_column),
        }
        if not needs[self.layout]:
            raise ValueError(f"layout {self.layout} lacks a role or has one too many")
        if not self.time.columns:
            raise ValueError("time.pattern names no column, e.g. {time}")
        return self

    @property
    def length(self) -> timedelta:
        return LENGTH[self.resolution]

    @property
    def used_properties(self) -> list[str]:
        """Property ids, each once, sorted: staged rows hold positions in this list, and PostgreSQL
        gives a profile kept as JSON back with its columns in another order."""
        return sorted({role.property for role in self.properties.values() if role})

    def required_columns(self) -> list[str]:
        """Columns without which nothing can be read."""
        first = [self.object.column] if self.object else []
        rest = {"long": [self.property_column, self.value_column], "across": [self.property_column]}
        unit = [self.unit_column] if self.unit_column else []
        return [*first, *self.time.columns, *rest.get(self.layout, []), *unit]


_shipped: Register[Profile] = Register(
    "ingest.profile", Text("导入方案", "import profile"), lambda profile: profile.id
)
register = _shipped.add
get = _shipped.get
freeze = _shipped.freeze
clear = _shipped.clear


def all() -> tuple[Profile, ...]:
    """The profiles domains ship; `ingest.profiles` knows the saved ones too."""
    return tuple(_shipped)
