"""What people call pollutants, parts of a plant and conditions, and what the standards call them.

The editions name source units and conditions in English phrases of their own; here stand the words
of daily work beside them. Nothing is guessed: a name that means two codes is not taken.
"""

from __future__ import annotations

from functools import cache

from fenhe.domains.sources.rules import hourly, tables
from fenhe.ingest.hj212 import vocabulary as annex
from fenhe.kernel.text import Text

CODES = {
    "二氧化硫": "a21026", "氮氧化物": "a21002", "颗粒物": "a34013", "烟尘": "a34013",
    "一氧化碳": "a21005", "非甲烷总烃": "a24088", "化学需氧量": "w01018", "codcr": "w01018",
    "氨氮": "w21003", "总磷": "w21011", "总氮": "w21001",
}  # fmt: skip
UNITS = {
    "总排口": "plant outlet", "总排放口": "plant outlet", "污水处理厂总排口": "plant outlet",
    "其他排污单位": "other dischargers", "燃煤锅炉": "coal boiler", "燃气锅炉": "gas boiler",
    "燃油锅炉": "oil boiler", "焚烧炉": "incinerator stack", "石灰窑": "lime kiln",
    "厂界": "plant boundary",
}  # fmt: skip
CONDITIONS = {
    "一级A": "class 1A", "一级A标准": "class 1A", "一级B": "class 1B", "一级B标准": "class 1B",
    "二级": "class 2", "二级标准": "class 2", "特别排放限值": "special limits", "现有": "existing",
    "新建": "new", "超低排放": "ultra-low", "全部": "all", "新建燃煤锅炉": "new coal boiler",
    "新建燃气锅炉": "new gas boiler", "新建燃油锅炉": "new oil boiler",
    "在用燃煤锅炉": "existing coal boiler",
    "在用燃气锅炉": "existing gas boiler", "在用燃油锅炉": "existing oil boiler",
}  # fmt: skip

Place = tuple[str, str, str]
COLUMNS = ("standard", "source_unit", "condition")


@cache
def _pollutants() -> dict[str, str]:
    """Every way to write a pollutant, in lower case → its code."""
    found: dict[str, set[str]] = {}
    for _, row in _limits():
        found.setdefault(row[3].lower(), set()).add(row[4])
    sure = {name: codes.pop() for name, codes in found.items() if len(codes) == 1}
    known = {code for code in (*annex.codes(), *hourly.CODES.values(), *sure.values()) if code}
    return {**sure, **CODES, **{code.lower(): code for code in known}}


@cache
def _limits() -> tuple[tuple[str, tuple[str, str, str, str, str]], ...]:
    names = (*COLUMNS, "pollutant", "code")
    return tuple(
        (collection, tuple(str(row[name] or "") for name in names))  # type: ignore[misc]
        for collection in (tables.GAS, tables.WATER)
        for row in tables.latest(collection).table("limits")
        if row["code"]
    )


def code(written: str) -> str | None:
    """The code of HJ 212 of a code, symbol or name; None where nobody knows it."""
    return _pollutants().get(written.strip().lower())


def code_unknown() -> Text:
    shown = "COD、NH3-N、TP、TN、pH、SO2、NOx、PM（颗粒物）、NMHC、CO"
    return Text(
        f"不是已知的因子；可写 HJ 212 编码（如 w01018）或 {shown}",
        f"is no known pollutant; write a code of HJ 212 (w01018) or {shown.replace('、', ', ')}",
    )


def place(standard: str, unit: str, condition: str) -> Place:
    """The standard's own words for what a person wrote; what is not known stays as it is."""
    written = (standard, unit, condition)
    if not any(written):
        return written
    own = [one[:3] for _, one in _limits()]
    found: list[str] = []
    for at, (text, words) in enumerate(zip(written, ({}, UNITS, CONDITIONS), strict=True)):
        choices = {one[at] for one in own if list(one[:at]) == found}
        by_lower = {choice.lower(): choice for choice in choices}
        plain = text.upper().replace(" ", "")
        found.append(by_lower.get(text.lower(), words.get(plain, text)))
    return found[0], found[1], found[2]


def wrong(standard: str, unit: str, condition: str) -> tuple[str, Text] | None:
    """The first column the standards do not know, with the choices; None where all is known."""
    own = [one[:3] for _, one in _limits()]
    said = (standard, unit, condition)
    for at, column in enumerate(COLUMNS):
        fitting = [one for one in own if one[:at] == said[:at]]
        choices = sorted({one[at] for one in fitting})
        if said[at] not in choices:
            return column, _choices(choices, at)
    return None


def _choices(choices: list[str], at: int) -> Text:
    aliases = {english: zh for zh, english in reversed(({}, UNITS, CONDITIONS)[at].items())}
    shown = [f"{one}（{aliases[one]}）" if one in aliases else one or "（空）" for one in choices]
    return Text(
        f"不在标准里；可写：{'；'.join(shown)}",
        f"is not in the standards; there are: {'; '.join(one or '(blank)' for one in choices)}",
    )
