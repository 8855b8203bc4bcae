"""The verdicts of outlets as people see them: words and colours, the least grave first."""

from __future__ import annotations

from typing import Any

from fenhe.domains.sources.rules.exceedance import EXCEEDED, EXEMPT, KEPT, NOT_JUDGED, WARNED
from fenhe.kernel.text import Text
from fenhe.publish.page import Class

WORDS = {
    KEPT: Text("达标", "kept"),
    EXEMPT: Text("标记豁免", "exempt by a mark"),
    WARNED: Text("提示（限值未核实）", "warning (limit not confirmed)"),
    EXCEEDED: Text("超标", "exceeded"),
}
NOT = Text("未评价", "not judged")
CHIPS = {KEPT: "good", EXEMPT: "", WARNED: "warn", EXCEEDED: "bad"}
COLOURS = {
    KEPT: ("#2e8b57", "#0072b2"),
    EXEMPT: ("#8a8a8a", "#8a8a8a"),
    WARNED: ("#d9a400", "#e69f00"),
    EXCEEDED: ("#c8102e", "#d55e00"),
}


def classes() -> list[Class]:
    return [Class(id, word, f"sources-{id}") for id, word in WORDS.items()]


def palette() -> dict[str, dict[str, str]]:
    return {id: {"official": usual, "safe": safe} for id, (usual, safe) in COLOURS.items()}


def of(verdict: str | None, language: str) -> dict[str, Any]:
    """id, word and chip of a verdict; of none that it was not judged."""
    known = verdict if verdict in WORDS else NOT_JUDGED
    return {
        "id": known,
        "word": WORDS.get(known, NOT)[language],
        "chip": CHIPS.get(known, ""),
    }
