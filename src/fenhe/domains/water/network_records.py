"""The river network in the records: a reach is an object of the kind `water_reach` with its line.

A layer of lines is read and checked whole (`network_layer`), compared with what is registered, and
only then written, all or nothing. Reaches of the same layer that the new file no longer has end on
the day; nothing is deleted. Where other objects stand follows from their reach and kilometre, or
else from their coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import polars as pl
from django.db.models import Q, QuerySet
from shapely.geometry import shape

from fenhe.domains.water import network_layer
from fenhe.domains.water.network_layer import NUMBERS
from fenhe.domains.water.sky.lines import Chart
from fenhe.domains.water.sky.network import Place, Reach, River
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.registry import objects
from fenhe.registry.models import Object

REACH = "water_reach"
FAR = 2.0
"""Kilometres off the river beyond which coordinates are not taken for a place on it."""
LONGEST_NAME = 40


@dataclass
class Prepared:
    """What a layer would do: nothing is written until `apply`."""

    network: str
    chart: Chart
    plan: objects.Plan
    ended: list[str] = field(default_factory=list)  # codes registered before and no longer there

    @property
    def findings(self) -> tuple[Problem, ...]:
        return self.chart.findings


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an object stands: `off` km from the river; `by`: "chainage" as registered, or
    "coordinates"."""

    place: Place
    off: float
    by: str


def prepare(chart: Chart, network: str, file: str = "", area: str = "") -> Prepared:
    """Dry-run. Raises BadInput where the layer has no name, a reach belongs to another layer, or
    the area is not registered."""
    network = network.strip()
    if not network or len(network) > LONGEST_NAME:
        raise BadInput(
            "water.network-name",
            f"请给河网图层起一个不超过 {LONGEST_NAME} 字的名称",
            f"give the layer a name of at most {LONGEST_NAME} characters",
        )
    codes = list(chart.river.reaches)
    known = {one.code: one for one in Object.objects.filter(kind=REACH)}
    taken = [
        Problem(
            "water.reach-elsewhere",
            Text(
                f"已属于图层“{known[code].attributes.get('network')}”",
                f"belongs to the layer “{known[code].attributes.get('network')}”",
            ),
            file=file,
            column="reach",
            value=code,
        )
        for code in codes
        if code in known and known[code].attributes.get("network") != network
    ]
    table = network_layer.table(chart, network, area.strip())
    holding = table.with_columns(valid_to=pl.lit(""))  # a reach that is back has no end
    plan = objects.plan(REACH, holding, file, clears=("valid_to",))
    plan.problems += taken
    if plan.problems:
        raise objects.refusal(plan)
    ended = [
        code
        for code, one in known.items()
        if one.attributes.get("network") == network and one.valid_to is None
        and code not in chart.river.reaches
    ]  # fmt: skip
    return Prepared(network, chart, plan, sorted(ended))


def apply(prepared: Prepared, person: object, today: date) -> None:
    """Write the layer, all or nothing."""
    ends = [_ending(code, today) for code in prepared.ended]
    plan = prepared.plan
    whole = replace(plan, rows=[*plan.rows, *ends], changed=plan.changed + len(ends))
    objects.apply(whole, person)


def _ending(code: str, today: date) -> dict[str, Any]:
    """A row of a plan that says of a reach only when it ends."""
    said = {"fields": {"valid_to": today}, "area": None, "attributes": {}, "relations": {}}
    return {"row": 0, "code": code, **said}


def load(reaches: QuerySet[Object], today: date) -> Chart | None:
    """The river of those reaches that hold today; None where there is none."""
    holding = reaches.filter(kind=REACH).filter(Q(valid_to=None) | Q(valid_to__gt=today))
    rows = [one for one in holding.order_by("code") if one.geometry]
    if not rows:
        return None
    river = River.of(_reach(one) for one in rows)
    return Chart(river, {one.code: shape(one.geometry) for one in rows}, river.findings)


def place(chart: Chart, thing: Object) -> Placed | None:
    """None where nothing says that it stands on the river."""
    given = thing.attributes
    reach = chart.river.reaches.get(str(given.get("reach") or ""))
    if reach is not None and given.get("km") is not None:
        return Placed(Place(reach.id, min(float(given["km"]), reach.length)), 0.0, "chainage")
    if thing.longitude is None or thing.latitude is None:
        return None
    found, off = chart.place(thing.longitude, thing.latitude)
    return Placed(found, off, "coordinates") if off <= FAR else None


def places(chart: Chart, things: Iterable[Object]) -> dict[int, Placed]:
    """Object id -> where it stands, of those that do."""
    return {one.pk: at for one in things if (at := place(chart, one)) is not None}


def _reach(one: Object) -> Reach:
    given = one.attributes
    numbers = {own: given.get(name) or None for own, name in NUMBERS.items()}
    return Reach(
        id=one.code,
        head=given["head"],
        mouth=given["mouth"],
        length=float(given["length_km"]),
        name=one.name_zh,
        district=str(given.get("district") or ""),
        chief=str(given.get("river_chief") or ""),
        **numbers,
    )
