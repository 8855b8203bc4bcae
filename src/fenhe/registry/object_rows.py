"""A row of a table of objects, its text read by the schema of its kind."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from typing import Any

from fenhe.kernel.errors import Problem
from fenhe.kernel.text import Text, plain
from fenhe.registry.kinds import Attribute, Kind

Clears = bool | Collection[str]
DEGREES = {"longitude": 180.0, "latitude": 90.0}
DATES = ("valid_from", "valid_to")
SHAPE = "geometry"
_SHAPES = {"line": ("LineString", "MultiLineString"), "area": ("Polygon", "MultiPolygon")}
_TRUE = {"true", "1", "yes", "y", "是", "√", "真"}
_FALSE = {"false", "0", "no", "n", "否", "×", "假"}
_LONGEST = {"code": 60, "name_zh": 120, "name_en": 120}


class Row:
    """One row of a table, its text read by the kind's schema. `clears`: a blank cell empties what
    is there, in every column or in those named; otherwise it says nothing."""

    def __init__(self, kind: Kind, raw: dict[str, Any], file: str, clears: Clears = False) -> None:
        self.kind, self.raw, self.file, self.clears = kind, raw, file, clears
        self.problems: list[Problem] = []

    def read(self) -> dict[str, Any]:
        fields: dict[str, Any] = {n: self.text(n) for n in ("name_zh", "name_en") if self.says(n)}
        fields |= {n: self._degrees(n) for n in DEGREES if self.says(n)}
        fields |= {n: self._date(n) for n in DATES if self.says(n)}
        if self.kind.geometry and self.says(SHAPE):
            fields[SHAPE] = self._shape()
        code = self.text("code")
        if not code:
            self.wrong("registry.code-blank", "code", "编码必填", "a code is required")
        for name, longest in _LONGEST.items():
            if len(self.text(name)) > longest:
                zh, en = f"不能超过 {longest} 个字", f"must not be longer than {longest} characters"
                self.wrong("registry.too-long", name, zh, en)
        attributes = {
            name: _attribute(attribute, text) if (text := self.text(name)) else None
            for name, attribute in self.kind.attributes.items()
            if self.says(name)
        }
        for problem in self.kind.problems(attributes, self.raw["row"]):
            self.problems.append(replace(problem, file=self.file))
        return {
            "row": self.raw["row"],
            "code": code,
            "fields": fields,
            "area": self.text("area") if self.says("area") else None,
            "attributes": attributes,
            "relations": {n: self.text(n) for n in self.kind.relations if self.says(n)},
        }

    def says(self, name: str) -> bool:
        clears = self.clears if isinstance(self.clears, bool) else name in self.clears
        return bool(self.text(name)) or (clears and name in self.raw)

    def text(self, name: str) -> str:
        return str(self.raw.get(name) or "").strip().removeprefix("'")

    def wrong(self, code: str, column: str, zh: str, en: str) -> None:
        value = self.text(column)
        self.problems.append(
            Problem(code, Text(zh, en), self.file, self.raw["row"], column, value)
        )  # fmt: skip

    def _degrees(self, name: str) -> float | None:
        limit = DEGREES[name]
        if not self.text(name):
            return None
        try:
            value = float(self.text(name))
        except ValueError:
            value = limit + 1
        if not -limit <= value <= limit:
            zh, en = f"应为 ±{limit:g} 以内的度数", f"must be degrees within ±{limit:g}"
            self.wrong("registry.coordinate-invalid", name, zh, en)
            return None
        return value

    def _shape(self) -> dict[str, Any] | None:
        if not self.text(SHAPE):
            return None
        wanted = _SHAPES[self.kind.geometry]
        try:
            drawn = json.loads(self.text(SHAPE))
            if drawn["type"] in wanted and drawn["coordinates"]:
                return {"type": drawn["type"], "coordinates": drawn["coordinates"]}
        except (ValueError, TypeError, KeyError, RecursionError):
            pass
        zh, en = f"应为 GeoJSON 的 {wanted[0]}", f"must be a {wanted[0]} of GeoJSON"
        self.wrong("registry.geometry-invalid", SHAPE, zh, en)
        return None

    def _date(self, name: str) -> date | None:
        if not self.text(name):
            return None
        try:
            return date.fromisoformat(self.text(name)[:10])
        except ValueError:
            self.wrong("registry.date-invalid", name, "应写成 2026-03-01", "write it as 2026-03-01")
            return None


def _attribute(attribute: Attribute, text: str) -> Any:
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
