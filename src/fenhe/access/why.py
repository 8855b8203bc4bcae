"""Why somebody may or may not: every right and grant held against one action and one row, each with
the reason. It asks the same conditions as the gate, one limit at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import Model, Q

from fenhe.access import rights, roles
from fenhe.access.gate import may
from fenhe.access.models import Grant, Person
from fenhe.access.rights import Right
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text

YES = Text("允许", "allowed")


@dataclass(frozen=True, slots=True)
class Line:
    role: Text
    source: Text
    """The standing role, or which grant."""
    allows: bool
    reason: Text


@dataclass(frozen=True, slots=True)
class Answer:
    allowed: bool
    lines: list[Line]


def explain(person: Person, action: str, subject: Model | None = None) -> Answer:
    lines = [*_rights(person, action, subject), *_idle(person)]
    return Answer(may(person, action, subject), sorted(lines, key=lambda line: not line.allows))


def _rights(person: Person, action: str, subject: Model | None) -> Iterator[Line]:
    for right in rights.of(person):
        reason = _objection(right, action, subject)
        source = _source(right)
        yield Line(roles.get(right.role).name, source, reason is None, reason or YES)


def _source(right: Right) -> Text:
    if right.grant:
        return Text(f"授权 {right.grant}", f"grant {right.grant}")
    return Text("人人", "everybody") if right.public else Text("固定角色", "standing role")


def _objection(right: Right, action: str, subject: Model | None) -> Text | None:
    """The first limit in the way; None when there is none."""
    if action not in right.actions:
        return Text("此角色没有这个动作", "the role does not have this action")
    if subject is None:
        return None
    model = type(subject)
    if right.rows(model) is None:
        return Text("这类内容不在其范围内", "its limits do not reach things of this sort")
    for name, zh, en in (
        ("area", f"不在区域 {right.area} 内", f"lies outside the area {right.area}"),
        ("domains", "不属于其领域", "is of none of its domains"),
        ("objects", "不是其对象，也不属于其对象", "is none of its objects, nor part of one"),
    ):
        alone = replace(Right(right.role, right.actions), **{name: getattr(right, name)})
        if not _reaches(alone.rows(model), subject):
            return Text(zh, en)
    return None


def _reaches(rows: Q | None, subject: Model) -> bool:
    if rows is None:
        return False
    return not rows or type(subject)._base_manager.filter(rows, pk=subject.pk).exists()


def _idle(person: Person) -> Iterator[Line]:
    """Grants that are there and do not count, and why."""
    if not person.is_active:
        yield Line(Text("—", "—"), Text("账号", "account"), False, Text("已停用", "switched off"))
        return
    counted = {right.grant for right in rights.of(person)}
    theirs = Q(person=person)
    if person.organ_id:
        theirs |= Q(organ_id=person.organ_id)
    for grant in Grant.objects.filter(theirs).exclude(pk__in=[pk for pk in counted if pk]):
        source = Text(f"授权 {grant.pk}", f"grant {grant.pk}")
        role = roles.ROLES.get(grant.role)
        yield Line(
            role.name if role else Text(grant.role, grant.role), source, False, _why_idle(grant)
        )


def _why_idle(grant: Grant) -> Text:
    now = utc_now()
    if grant.revoked_at:
        return Text("已收回", "revoked")
    if grant.valid_from > now:
        return Text("尚未开始", "not begun")
    if grant.valid_to and grant.valid_to <= now:
        return Text("已到期", "expired")
    if not rights.is_effective(grant):
        return Text("等待第二人批准", "waits for a second person")
    return Text(
        "缺少地点：角色要有区域或本单位对象", "no place: the role needs an area or an own object"
    )
