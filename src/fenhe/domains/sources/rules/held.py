"""What an outlet is held to on a day, from its own attributes: the standard and row it names, the
oxygen reference, and the permit's concentrations and yearly tonnes.

The permit is written with its dates, like the target classes of a section:
`2026-01-01 a21026 35, a21002 50; 2027-01-01 a21026 30, a21002 50`. What stands first without a date
holds always; a later entry replaces the whole of the earlier one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fenhe.domains.sources.rules import tables
from fenhe.domains.sources.rules.exceedance import Outlet

ATTRIBUTES = (
    "limit_standard", "limit_unit", "limit_condition", "o2_ref", "permit_limits", "permit_totals",
    "monitored_since",
)  # fmt: skip
_ENTRY = re.compile(r"(?:(\d{4}-\d{2}-\d{2})\s+)?(\S.*)")
_PAIR = re.compile(r"([a-z][0-9]{5})\s+([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class Held:
    """`unread`: which of the permit's attributes could not be read; nothing of it is guessed."""

    attributes: Mapping[str, Any]
    limits: Mapping[str, float]
    totals: Mapping[str, float]
    unread: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        return str(self.attributes.get(name) or "")

    def oxygen(self, code: str, on: date) -> float | None:
        """The outlet's own reference, else that of the standard's row; None where there is none."""
        own = self.attributes.get("o2_ref")
        if own is not None:
            return float(own)
        rows = [
            one for span in ("hour", "day") for one in tables.limits(*self._named(), code, span, on)
        ]
        known = [one.row["o2_ref"] for one in rows if one.row["o2_ref"] is not None]
        return float(known[0]) if known else None

    def outlet(self, name: str, permit: bool) -> Outlet:
        """As `exceedance` wants it; `permit`: the permit's concentrations count for this span."""
        own = self.attributes.get("o2_ref")
        oxygen = None if own is None else float(own)
        return Outlet(name, *self._named(), oxygen, dict(self.limits) if permit else None)

    def _named(self) -> tuple[str, str, str]:
        return self.text("limit_standard"), self.text("limit_unit"), self.text("limit_condition")


def held(attributes: Mapping[str, Any], on: date) -> Held:
    found: dict[str, dict[str, float]] = {}
    unread = []
    for name in ("permit_limits", "permit_totals"):
        try:
            found[name] = written(str(attributes.get(name) or ""), on)
        except ValueError:
            found[name] = {}
            unread.append(name)
    return Held(attributes, found["permit_limits"], found["permit_totals"], tuple(unread))


def written(text: str, on: date) -> dict[str, float]:
    """Code → number of the entry that holds on the day. Raises ValueError with what is wrong."""
    holds: tuple[date, dict[str, float]] = (date.min, {})
    for entry in filter(None, (part.strip() for part in re.split("[;；]", text))):
        told = _ENTRY.fullmatch(entry)
        if told is None:
            raise ValueError(entry)
        since = date.fromisoformat(told[1]) if told[1] else date.min
        pairs = {}
        for pair in re.split("[,，、]", told[2]):
            match = _PAIR.fullmatch(pair.strip())
            if match is None:
                raise ValueError(pair)
            pairs[match[1]] = float(match[2])
        if holds[0] <= since <= on:
            holds = (since, pairs)
    return holds[1]


def since(attributes: Mapping[str, Any]) -> date | None:
    """Since when the outlet has been due to send; None: always."""
    try:
        return date.fromisoformat(str(attributes.get("monitored_since") or ""))
    except ValueError:
        return None
