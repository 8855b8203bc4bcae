"""Who may carry out a plan of objects: rights over a field of work reach all of its kinds; rights
limited to places reach what lies there, and what the plan would put there; they take nothing out of
every place."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.kernel.errors import Forbidden
from fenhe.registry.models import Object
from fenhe.registry.objects import Plan

EDIT = "registry.edit"
_TOLD = 5


def require(person: object, plan: Plan) -> None:
    """Passes or raises Forbidden `access.beyond-reach`, with the first codes that are beyond."""
    domain = plan.kind.domain
    if gate.may(person, EDIT, gate.Place(domain)):
        return
    there = Object.objects.filter(kind=plan.kind.id, code__in=[row["code"] for row in plan.rows])
    known = set(there.values_list("code", flat=True))
    placed = set(there.exclude(area=None).values_list("code", flat=True))
    mine = set(gate.visible(person, there, EDIT).values_list("code", flat=True))
    wanted = {row["area"] for row in plan.rows if row["area"]}
    reached = {area for area in wanted if gate.may(person, EDIT, gate.Place(domain, area))}
    beyond = sorted(
        row["code"]
        for row in plan.rows
        if (row["area"] and row["area"] not in reached)
        or (row["area"] == "" and row["code"] in placed)
        or (row["code"] not in mine if row["code"] in known else not row["area"])
    )
    if beyond:
        raise Forbidden(
            "access.beyond-reach",
            f"有 {len(beyond)} 个对象不在您的权限范围内：{'、'.join(beyond[:_TOLD])}",
            f"{len(beyond)} objects are beyond your rights: {', '.join(beyond[:_TOLD])}",
        )
