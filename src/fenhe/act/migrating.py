"""A running case keeps the version it began with. Where it must come to a newer one, the newer
file says how (`migrations`), a person says why, and it stands in the history."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.act import cases, clocks, history, holding
from fenhe.act.models_case import Case
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.text import Text

STEP = "@migrate"


def against(case: Case, target: Procedure) -> Text | None:
    """Why the case cannot come to this version; None when it can."""
    rule = next((one for one in target.migrations if one.version == case.version), None)
    if rule is None:
        return Text(
            f"程序 {target.id} 第 {target.version} 版没有写明第 {case.version} 版如何迁入",
            f"version {target.version} of {target.id} does not say how version {case.version} "
            "comes over",
        )
    state = rule.states.get(case.state, case.state)
    if state not in target.states:
        return Text(f"新版没有状态 {state}", f"the new version has no state {state}")
    lost = [
        key
        for key, value in case.fields.items()
        if value not in (None, "", []) and rule.fields.get(key, key) not in target.fields
    ]
    if lost:
        names = ", ".join(sorted(lost))
        return Text(f"新版没有字段 {names}", f"the new version has no fields {names}")
    running = {
        clocks.name_of(one) for one in clocks.of(case) if one.state in clocks.LIVE
    } - target.clocks.keys()
    if running:
        names = ", ".join(sorted(running))
        return Text(f"新版没有正在计算的期限 {names}", f"no such running clocks: {names}")
    return None


def migrate(
    pk: int, version: int, person: Person, now: datetime, *, revision: int, reason: str
) -> Case:
    """Bring the case to a newer version. Raises Conflict `act.migration`."""
    if not reason.strip():
        raise BadInput("act.reason", "请写明理由", "a reason is needed")
    with transaction.atomic():
        case = cases.find(pk)
        gate.require(person, holding.MANAGE, case)
        target = register.get(case.procedure, version)
        if (why := against(case, target)) is not None:
            raise Conflict("act.migration", why.zh, why.en)
        rule = next(one for one in target.migrations if one.version == case.version)
        before, old = case.state, case.version
        fields = {rule.fields.get(key, key): value for key, value in case.fields.items()}
        changed = Case.objects.filter(pk=pk, revision=revision).update(
            revision=F("revision") + 1,
            version=version,
            state=rule.states.get(before, before),
            fields=fields,
            changed_at=now,
        )
        if not changed:
            raise Conflict(
                "act.moved-on", "案件刚被办理过，请重新查看", "the case has moved on; look again"
            )
        case = cases.find(pk)
        history.append(
            case, step=STEP, before=before, person=str(person), post="", now=now,
            given={}, reason=reason, note=f"{old} → {version}",
        )  # fmt: skip
    return case
