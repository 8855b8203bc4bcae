"""A step's fields as a form shows them, and what was sent as the engine reads it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest

from fenhe.act import filling
from fenhe.act.procedures.shape import Procedure, Step
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import civil
from fenhe.store.files import open_files

INPUTS = {"date": "date", "moment": "datetime-local", "number": "text", "integer": "text"}
MOST_PHOTOS = 9
MOST_PHOTO_MB = 15
PHOTO_KINDS = (b"\xff\xd8\xff", b"\x89PNG")


def fields(
    procedure: Procedure, step: Step, known: Mapping[str, Any], language: str
) -> list[dict[str, Any]]:
    """`known`: values of the case, or what was sent and refused."""
    asked = [*((key, True) for key in step.fields), *((key, False) for key in step.may_fill)]
    return [_field(procedure, key, required, known, language) for key, required in asked]


def _field(
    procedure: Procedure, key: str, required: bool, known: Mapping[str, Any], language: str
) -> dict[str, Any]:
    shape = procedure.fields[key]
    value = known.get(key, "")
    return {
        "key": key,
        "name": shape.name[language],
        "type": shape.type,
        "input": INPUTS.get(shape.type, "text"),
        "numeric": shape.type in ("number", "integer"),
        "unit": shape.unit,
        "help": shape.help[language] if shape.help else "",
        "required": required,
        "value": _written(shape.type, value),
        "choices": [
            {"id": id, "name": name[language], "chosen": id == value}
            for id, name in _choices(shape.type, shape.choices).items()
        ],
    }


def _choices(type: str, choices: Mapping[str, Any]) -> Mapping[str, Any]:
    if type == "yes_no":
        return {"yes": filling.SAID[True], "no": filling.SAID[False]}
    return choices


def _written(type: str, value: Any) -> str:
    """As the input of that type wants it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(map(str, value)) if type == "list" else "、".join(map(str, value))
    if type == "moment" and "T" in str(value):
        try:
            return civil(filling.instant(str(value))).strftime("%Y-%m-%dT%H:%M")
        except ValueError:
            return str(value)
    if isinstance(value, float):
        return f"{value:g}" if value == int(value) and abs(value) < 1e15 else str(value)
    return str(value)


def sent(request: HttpRequest, asked: Iterable[str], procedure: Procedure) -> dict[str, Any]:
    """What was filled in; photos are kept by their content first."""
    found: dict[str, Any] = {}
    for key in asked:
        if procedure.fields[key].type == "photos":
            found[key] = _photos(request, key)
        else:
            found[key] = request.POST.get(key, "")
    return found


def _photos(request: HttpRequest, key: str) -> list[dict[str, str]]:
    files = request.FILES.getlist(key)
    if len(files) > MOST_PHOTOS:
        raise BadInput(
            "act.photos-many", f"最多 {MOST_PHOTOS} 张照片", f"{MOST_PHOTOS} photos at most"
        )
    kept = []
    for file in files:
        raw = file.read(MOST_PHOTO_MB * 1024 * 1024 + 1)
        if len(raw) > MOST_PHOTO_MB * 1024 * 1024 or not raw.startswith(PHOTO_KINDS):
            raise BadInput(
                "act.photo",
                f"“{file.name}”不是 {MOST_PHOTO_MB} MB 以内的 JPEG 或 PNG 照片",
                f"“{file.name}” is no JPEG or PNG of {MOST_PHOTO_MB} MB at most",
            )
        stored = open_files().put(io.BytesIO(raw))
        kept.append({"name": str(file.name)[:120], "hash": stored.hash})
    return kept
