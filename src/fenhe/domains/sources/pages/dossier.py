"""What sources add to dossiers and charts: the limits an outlet is held to."""

from __future__ import annotations

from datetime import date

from fenhe.domains.sources.pages.facts import KINDS
from fenhe.domains.sources.rules import held, hourly, live
from fenhe.domains.sources.rules.registered import STACK
from fenhe.kernel.text import Text
from fenhe.registry.models import Object


def limits(name: str, resolution: str, thing: Object, day: date) -> list[tuple[float, Text]]:
    """Of the hour or the day, as the resolution asks; permit and standard, the stricter."""
    if thing.kind not in KINDS or name not in hourly.CODES or resolution not in ("hour", "day"):
        return []
    permit = (resolution == "hour") == (thing.kind == STACK)
    own = held.held(thing.attributes, day)
    said = live.limit_of(own, hourly.CODES[name], resolution, day, permit)
    if said["limit"] is None:
        return []
    by_permit = said["decided_by"] == "permit"
    who = Text("排污许可证", "permit") if by_permit else Text(said["standard"], said["standard"])
    doubt = Text("", "") if said["limit_firm"] else Text("（未核实）", " (not confirmed)")
    value = float(said["limit"])
    return [
        (
            value,
            Text(f"限值 {value:g} · {who.zh}{doubt.zh}", f"limit {value:g} · {who.en}{doubt.en}"),
        )
    ]
