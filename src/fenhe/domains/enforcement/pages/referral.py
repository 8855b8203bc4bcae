"""The thresholds of criminal referral, and one fact held against one of them: "three times over"
by both readings, side by side. It prompts a person and decides nothing."""

from __future__ import annotations

from typing import Any

from fenhe.domains.enforcement.pages.asked import number, refused
from fenhe.domains.enforcement.rules import criminal
from fenhe.domains.enforcement.rules.tables import table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask
from fenhe.standards.edition import Row

UNITS = {
    "times": Text("倍", "times"), "penalties": Text("次处罚", "penalties"),
    "person": Text("人", "persons"), "mu": Text("亩", "mu"), "tree": Text("株", "trees"),
    "CNY": Text("元", "yuan"), "t": Text("吨", "t"), "h": Text("小时", "h"),
    "m3": Text("立方米", "m³"),
}  # fmt: skip
LOOKS = {"reached": "bad", "review": "warn", "not_reached": ""}


def referral(ask: Ask) -> dict[str, Any]:
    asked = {
        name: ask.params.get(name, "")
        for name in ("code", "value", "part", "concentration", "limit")
    }
    rows = [_row(one, ask.language) for one in table(criminal.STANDARD, "thresholds")]
    data: dict[str, Any] = {
        "asked": asked,
        "rows": rows,
        "choices": [one for one in rows if one["numeric"]],
        "chosen": next((one for one in rows if one["code"] == asked["code"]), None),
    }
    if asked["value"].strip() or asked["concentration"].strip():
        try:
            data["found"] = _found(asked)
        except BadInput as error:
            data["refused"] = refused(error, ask)
    return data


def _found(asked: dict[str, str]) -> dict[str, Any]:
    line = criminal.row(asked["code"])
    if "times" in line["units"]:
        concentration, limit = number(asked["concentration"]), number(asked["limit"])
        finding = criminal.times_over(asked["code"], concentration, limit)
        least = float(line["values"][0])
        readings = [
            {
                "formula": "(C−S)/S",
                "value": finding.excess,
                "reached": _at_least(finding.excess, least),
            },
            {"formula": "C/S", "value": finding.ratio, "reached": _at_least(finding.ratio, least)},
        ]
        differ = readings[0]["reached"] != readings[1]["reached"]
    else:
        part = asked["part"]
        finding = criminal.amount(
            asked["code"], number(asked["value"]), int(part) if part in ("1", "2", "3") else 1
        )
        readings, differ, least = [], False, 0.0
    return {
        "finding": finding,
        "look": LOOKS[finding.answer.value],
        "readings": readings,
        "differ": differ,
        "least": f"{least:g}",
    }


def _at_least(value: float | None, least: float) -> bool:
    return value is not None and value >= least


def _unit(units: list[str], place: int, tongue: str) -> str:
    unit = units[min(place, len(units) - 1)] if units else ""
    return UNITS[unit][tongue] if unit in UNITS else unit


def _row(line: Row, tongue: str) -> dict[str, Any]:
    units = line["units"]
    numeric = line["operator"] == ">="
    parts = [
        f"{value:,} {_unit(units, place, tongue)}".strip()
        for place, value in enumerate(line["values"])
    ] if numeric else []  # fmt: skip
    return {
        "code": str(line["code"]),
        "level": line["level"],
        "measure": line["measure"],
        "numeric": numeric,
        "times": "times" in units,
        "parts": parts,
        "precondition": line["precondition"] or "",
        "clause": line.clause,
        "confidence": line.confidence,
    }
