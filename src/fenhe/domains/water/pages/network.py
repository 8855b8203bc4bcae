"""The river network as operator data: a layer of lines is checked, its topology told, what it would
change shown, and only on a second word registered. Below stands what is registered."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from fenhe.access import gate
from fenhe.domains.water import network_layer, network_records
from fenhe.domains.water.network_records import Prepared
from fenhe.domains.water.pages import river
from fenhe.domains.water.pages.basin_map import standing
from fenhe.domains.water.pages.river import Basin
from fenhe.kernel.errors import BadInput, Forbidden, NotFound, Problem
from fenhe.kernel.period import civil
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object
from fenhe.store.files import open_files

MOST_LISTED = 200
RIGHT = "registry.edit"


def network(ask: Ask) -> dict[str, Any]:
    data: dict[str, Any] = {
        "may_edit": _may(ask),
        "name": ask.form.get("name", ""),
        "area": ask.form.get("area", ""),
    }
    if ask.sent:
        gate.require(ask.person, RIGHT)
        data |= _sent(ask)
    basin = river.basin(ask)
    rows = standing(basin, ask.language) if basin else []
    return {
        **data,
        "networks": _networks(basin),
        "findings": _told(basin.chart.findings, ask) if basin else [],
        "rows": rows[:MOST_LISTED],
        "more": max(0, len(rows) - MOST_LISTED),
        "unplaced": [
            {"object": one.pk, "code": one.code, "name": one.name(ask.language)}
            for one in (basin.things.values() if basin else ())
            if basin and one.pk not in basin.placed
        ][:MOST_LISTED],
        "far": network_records.FAR,
        "tables": {"places": _table(rows)},
    }


def _may(ask: Ask) -> bool:
    """Only who may register objects anywhere in the field: a network has no single place."""
    return gate.may(ask.person, RIGHT, gate.Place(domain="water"))


def _sent(ask: Ask) -> dict[str, Any]:
    """The dry-run of a layer that was sent, or its registration on the second word."""
    if not _may(ask):
        raise Forbidden(
            "access.beyond-reach",
            "河网须由全域登记权限的人员登记",
            "a network is registered by somebody whose rights cover the whole field",
        )
    try:
        hash, text = _text(ask)
        prepared = network_records.prepare(
            network_layer.read(text),
            ask.form.get("name", ""),
            area=ask.form.get("area", ""),
        )
    except BadInput as error:
        return {
            "error": error.message[ask.language],
            "code": error.code,
            "problems": _told(error.problems, ask),
        }
    if ask.form.get("commit"):
        network_records.apply(prepared, ask.person, civil(ask.now).date())
        return {"written": _summary(prepared, ask)}
    return {"checked": {**_summary(prepared, ask), "hash": hash}}


def _text(ask: Ask) -> tuple[str, str]:
    """The layer sent, kept by its hash between the two words."""
    if hash := ask.form.get("hash", ""):
        try:
            with open_files().open(hash) as kept:
                return hash, kept.read().decode("utf-8")
        except (ValueError, NotFound) as error:
            raise NotFound("files.absent", "没有这个文件", "there is no such file") from error
    text = ask.form.get("layer", "")
    if not text.strip():
        raise BadInput(
            "import.no-file", "请选择一个有内容的文件", "choose a file that is not empty"
        )
    return open_files().put(io.BytesIO(text.encode("utf-8"))).hash, text


def _summary(prepared: Prepared, ask: Ask) -> dict[str, Any]:
    reaches = prepared.chart.river.reaches
    return {
        "network": prepared.network,
        "reaches": len(reaches),
        "km": f"{sum(one.length for one in reaches.values()):.1f}",
        "mouths": len(prepared.chart.river.mouths),
        "new": prepared.plan.new,
        "changed": prepared.plan.changed,
        "unchanged": prepared.plan.unchanged,
        "ended": prepared.ended[:MOST_LISTED],
        "districts": sorted({one.district for one in reaches.values() if one.district}),
        "chiefless": len([1 for one in reaches.values() if not one.chief]),
        "shapeless": len([1 for one in reaches.values() if not (one.width and one.depth)]),
        "findings": _told(prepared.findings, ask),
    }


def _told(problems: Sequence[Problem], ask: Ask) -> list[dict[str, Any]]:
    return [
        {"where": one.value or (f"#{one.row}" if one.row else ""),
         "text": one.message[ask.language], "code": one.code}
        for one in problems[:MOST_LISTED]
    ]  # fmt: skip


def _networks(basin: Basin | None) -> list[dict[str, Any]]:
    if basin is None:
        return []
    by_name: dict[str, list[Object]] = {}
    for one in basin.reaches.values():
        by_name.setdefault(str(one.attributes.get("network") or ""), []).append(one)
    return [
        {
            "name": name,
            "reaches": len(own),
            "km": f"{sum(float(one.attributes['length_km']) for one in own):.1f}",
        }
        for name, own in sorted(by_name.items())
    ]


def _table(rows: list[dict[str, Any]]) -> Table:
    names = ["code", "name", "kind", "reach", "km", "off", "by", "district", "chief"]
    return Table("river-places", names, [[row[name] for name in names] for row in rows])
