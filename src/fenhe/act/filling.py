"""Fields as people fill them, read by the type their procedure declares, and shown again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from fenhe.act.procedures.shape import FieldShape, Procedure
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import CIVIL, civil
from fenhe.kernel.text import Text

LONGEST = 20_000
_HASH = re.compile(r"[0-9a-f]{64}")
_SPLIT = re.compile(r"[、，,；;\n]+")
YES = {"yes": True, "true": True, "1": True, "on": True, "是": True}
NO = {"no": False, "false": False, "0": False, "否": False}
SAID = {True: Text("是", "yes"), False: Text("否", "no")}


def read(
    procedure: Procedure, given: Mapping[str, Any], required: Iterable[str], also: Iterable[str]
) -> dict[str, Any]:
    """The fields of a step as they are kept. Raises BadInput `act.fields` with every finding; what
    the step does not ask for is refused too."""
    required, also = tuple(required), tuple(also)
    problems, kept = [], dict[str, Any]()
    for key in given.keys() - {*required, *also}:
        problems.append(_problem(key, key, Text("这一步不填此项", "is not asked for here")))
    for key in (*required, *also):
        shape = procedure.fields[key]
        raw = given.get(key)
        if raw is None or (isinstance(raw, str) and not raw.strip()) or raw == []:
            if key in required:
                problems.append(_problem(shape.name.zh, key, Text("必填", "is required")))
            continue
        try:
            kept[key] = READ[shape.type](raw, shape)
        except ValueError as error:
            problems.append(_problem(shape.name.zh, key, Text(*map(str, error.args[:2]))))
    if problems:
        raise BadInput(
            "act.fields",
            f"有 {len(problems)} 项需要补正",
            f"{len(problems)} fields need mending",
            problems,
        )
    return kept


def _problem(name: str, key: str, text: Text) -> Problem:
    return Problem("act.field", text, column=name, value=key)


def shown(shape: FieldShape, value: Any, language: str) -> str:
    """A kept value as a person reads it."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return SAID[value][language]
    if shape.type == "choice":
        found = shape.choices.get(str(value))
        return found[language] if found else str(value)
    if shape.type == "photos":
        return "、".join(one["name"] for one in value)
    if isinstance(value, list):
        return "、".join(map(str, value)) if shape.type == "people" else "\n".join(map(str, value))
    if shape.type == "moment":
        return civil(datetime.fromisoformat(str(value))).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, float):
        value = f"{value:,.10g}".replace(",", "\u2009")
    return f"{value} {shape.unit}".strip()


def day_of(value: Any) -> date | datetime:
    """What a date or moment field says, as a civil day or an instant."""
    text = str(value)
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def instant(text: str) -> datetime:
    """A kept moment; civil time where nothing else is said."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=CIVIL)


def _text(raw: Any, shape: FieldShape) -> str:
    text = str(raw).strip()
    if len(text) > LONGEST:
        raise ValueError("过长", "is too long")
    return text


def _date(raw: Any, shape: FieldShape) -> str:
    try:
        return date.fromisoformat(str(raw).strip()).isoformat()
    except ValueError:
        raise ValueError("请写成 2026-11-23", "write it as 2026-11-23") from None


def _moment(raw: Any, shape: FieldShape) -> str:
    """An instant; without a zone it is civil time."""
    try:
        at = datetime.fromisoformat(str(raw).strip())
    except ValueError:
        raise ValueError("请写成 2026-11-23T08:30", "write it as 2026-11-23T08:30") from None
    return (at if at.tzinfo else at.replace(tzinfo=CIVIL)).isoformat(timespec="minutes")


def _number(raw: Any, shape: FieldShape) -> float:
    text = str(raw).strip()
    if not re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,9})?", text, re.ASCII):
        raise ValueError("请填数字", "is no number")
    return float(text)


def _integer(raw: Any, shape: FieldShape) -> int:
    text = str(raw).strip()
    if not re.fullmatch(r"[+-]?\d{1,15}", text, re.ASCII):
        raise ValueError("请填整数", "is no whole number")
    return int(text)


def _yes_no(raw: Any, shape: FieldShape) -> bool:
    known = {**YES, **NO}
    text = str(raw).strip().lower()
    if text not in known:
        raise ValueError("请填是或否", "answer yes or no")
    return known[text]


def _choice(raw: Any, shape: FieldShape) -> str:
    if str(raw) not in shape.choices:
        raise ValueError("不在可选之列", "is not one of the choices")
    return str(raw)


def _list(raw: Any, shape: FieldShape) -> list[str]:
    parts = raw if isinstance(raw, list) else re.split(r"[\n；;]+", str(raw))
    return [_text(part, shape) for part in parts if str(part).strip()]


def _people(raw: Any, shape: FieldShape) -> list[str]:
    """Names, each once: the same person twice is one person."""
    parts = raw if isinstance(raw, list) else _SPLIT.split(str(raw))
    return list(dict.fromkeys(_text(part, shape) for part in parts if str(part).strip()))


def _photos(raw: Any, shape: FieldShape) -> list[dict[str, str]]:
    """Files that were kept before, by their content."""
    if not isinstance(raw, list):
        raise ValueError("请上传照片", "is no list of photos")
    kept = []
    for one in raw:
        if not isinstance(one, dict) or not _HASH.fullmatch(str(one.get("hash", ""))):
            raise ValueError("请上传照片", "is no list of photos")
        kept.append({"name": str(one.get("name", ""))[:120], "hash": str(one["hash"])})
    return kept


READ: dict[str, Callable[[Any, FieldShape], Any]] = {
    "text": _text,
    "long": _text,
    "date": _date,
    "moment": _moment,
    "number": _number,
    "integer": _integer,
    "yes_no": _yes_no,
    "choice": _choice,
    "people": _people,
    "photos": _photos,
    "list": _list,
}
