"""Kinds: what can be supervised. A kind is a schema over `registry.Object`, not a table.

A domain declares them in `kinds.yaml`:

    kinds:
      air_station:
        name: {zh: 空气质量监测站, en: air quality station}
        attributes:
          control: {name: {zh: 控制级别, en: level of control}, type: choice,
                    choices: {national: {zh: 国控, en: national}}}
        relations:
          part_of: {name: {zh: 所属城市, en: city}, to: city}
        series: [pm2_5, pm10]
        symbol: circle
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from fenhe.kernel.declared import Declared, DeclaredText
from fenhe.kernel.errors import Problem
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text

Type = Literal["text", "integer", "number", "boolean", "date", "choice"]


class Attribute(Declared):
    name: DeclaredText
    type: Type = "text"
    unit: str = ""
    required: bool = False
    searchable: bool = False
    choices: dict[str, DeclaredText] = {}
    minimum: float | None = None
    maximum: float | None = None


class RelationTo(Declared):
    """A relation objects of the kind may have; `to` names the kind at the other end."""

    name: DeclaredText
    to: str
    required: bool = False


class Kind(Declared):
    id: str = Field(pattern=r"^[a-z][a-z0-9_.-]*$")
    name: DeclaredText
    domain: str
    attributes: dict[str, Attribute] = {}
    relations: dict[str, RelationTo] = {}
    series: tuple[str, ...] = ()
    symbol: str = "circle"
    geometry: Literal["", "line", "area"] = ""
    """What an object of the kind is drawn as besides its point; its tables then have a column
    `geometry` with GeoJSON in WGS 84."""
    public: bool = False
    """Whether anybody may see that these objects exist, and where."""

    def problems(self, values: dict[str, object], row: int | None = None) -> list[Problem]:
        """What is wrong with an object's attributes; empty when they follow the schema."""
        found = [
            Problem(
                "registry.attribute-unknown",
                Text(f"{self.name.zh}没有此属性", f"{self.name.en} has no such attribute"),
                row=row,
                column=key,
            )
            for key in values.keys() - self.attributes.keys()
        ]
        for key, attribute in self.attributes.items():
            value = values.get(key)
            if value in (None, ""):
                wrong = attribute.required
                message = Text("必填", "is required")
            else:
                wrong = not _fits(attribute, value)
                message = _what_to_write(attribute)
            if wrong:
                found.append(
                    Problem(
                        "registry.attribute-invalid",
                        message,
                        row=row,
                        column=key,
                        value="" if value is None else str(value),
                    )
                )
        return found


def _fits(attribute: Attribute, value: object) -> bool:
    match attribute.type:
        case "text":
            return isinstance(value, str)
        case "choice":
            return value in attribute.choices
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return _is_date(value)
        case "integer" | "number":
            kinds = (int,) if attribute.type == "integer" else (int, float)
            return (
                isinstance(value, kinds)
                and not isinstance(value, bool)
                and (attribute.minimum is None or value >= attribute.minimum)
                and (attribute.maximum is None or value <= attribute.maximum)
            )


def _is_date(value: object) -> bool:
    if isinstance(value, date):
        return True
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _what_to_write(attribute: Attribute) -> Text:
    match attribute.type:
        case "boolean":
            return Text("请写 true 或 false（是、否也可）", "write true or false (是, 否 will do)")
        case "choice":
            zh = "、".join(f"{key}（{name.zh}）" for key, name in attribute.choices.items())
            en = ", ".join(f"{key} ({name.en})" for key, name in attribute.choices.items())
            return Text(f"请写下列之一：{zh}", f"write one of: {en}")
        case "date":
            return Text("请写成 2026-03-01", "write it as 2026-03-01")
        case "text":
            return Text("请写文字", "write text")
        case "integer" | "number":
            bounds = _bounds(attribute)
            zh, en = ("整数", "a whole") if attribute.type == "integer" else ("数字", "a")
            return Text(f"请写{zh}{bounds}", f"write {en} number{bounds}")


def _bounds(attribute: Attribute) -> str:
    ends = (("≥", attribute.minimum), ("≤", attribute.maximum))
    parts = [f"{sign} {bound:g}" for sign, bound in ends if bound is not None]
    return "".join(f" {part}" for part in [*parts, attribute.unit] if part)


_kinds: Register[Kind] = Register("registry.kind", Text("对象类别", "kind"), lambda kind: kind.id)
register = _kinds.add
get = _kinds.get
freeze = _kinds.freeze
clear = _kinds.clear


def all() -> tuple[Kind, ...]:
    return tuple(_kinds)
