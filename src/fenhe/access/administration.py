"""What administrators do with people and rights: each act asked of the gate and held to the
separation of duties; the page puts it on record. Nobody grants to himself; a weighty role waits for
a second person; nothing is deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from fenhe.access import gate, keys, rights, roles, second_factor, sign_in
from fenhe.access.models import ApiKey, Grant, Organ, Person
from fenhe.kernel.errors import BadInput, Conflict, Forbidden
from fenhe.kernel.period import utc_now

ORGAN_KINDS = ("bureau", "office", "branch", "team", "centre", "government", "enterprise", "public")


@dataclass(frozen=True)
class Wanted:
    """A grant as somebody filled it in."""

    role: str
    area: str = ""
    domains: tuple[str, ...] = ()
    subjects: tuple[int, ...] = ()
    valid_to: datetime | None = None
    reason: str = ""
    person: Person | None = field(default=None)
    organ: Organ | None = field(default=None)


def add_person(by: Person, username: str, organ: Organ | None) -> Person:
    """Without any right; a sign-in link and grants follow."""
    gate.require(by, "person.manage")
    person = Person(username=username.strip(), organ=organ, role="")
    person.set_unusable_password()
    try:
        Person.username_validator(person.username)
        with transaction.atomic():
            person.save(force_insert=True)
    except ValidationError as error:
        raise BadInput(
            "access.username",
            "用户名只能用字母、数字、汉字和 @ . + - _",
            "a user name has letters, digits and @ . + - _ only",
        ) from error
    except IntegrityError as error:
        raise Conflict("access.username-taken", "用户名已有人用", "the name is taken") from error
    return person


def switch(by: Person, person: Person, active: bool) -> None:
    """Off ends every session and key at once; nobody switches himself off."""
    gate.require(by, "person.manage", person)
    _not_oneself(by, person)
    Person.objects.filter(pk=person.pk).update(is_active=active)
    sign_in.end_sessions(person)


def reset_second_factor(by: Person, person: Person) -> None:
    """For whoever has lost phone and recovery codes."""
    gate.require(by, "person.manage", person)
    _not_oneself(by, person)
    second_factor.remove(person)
    sign_in.end_sessions(person)


def end_sessions(by: Person, person: Person) -> None:
    """For a browser left behind: whoever is signed in as the person signs in again."""
    gate.require(by, "person.manage", person)
    sign_in.end_sessions(person)


def add_organ(by: Person, organ: Organ) -> Organ:
    gate.require(by, "person.manage", gate.Place(area=organ.area))
    if organ.kind not in ORGAN_KINDS or not organ.code.strip() or not organ.name_zh.strip():
        raise BadInput(
            "access.organ",
            f"机构要有编码、中文名和类别（{'、'.join(ORGAN_KINDS)}）",
            f"an organ needs a code, a Chinese name and a kind ({', '.join(ORGAN_KINDS)})",
        )
    try:
        with transaction.atomic():
            organ.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("access.organ-taken", "机构编码已存在", "the code is taken") from error
    return organ


def grant(by: Person, wanted: Wanted) -> Grant:
    """In force at once, unless its role waits for a second person."""
    role = roles.get(wanted.role)
    for domain in wanted.domains or ("",):
        gate.require(by, "grant.manage", gate.Place(domain=domain, area=wanted.area))
    if (wanted.person is None) == (wanted.organ is None):
        raise BadInput("access.grant-to", "请选一个人或一个机构", "choose one person or one organ")
    if wanted.person:
        _not_oneself(by, wanted.person)
    if wanted.organ and by.organ_id == wanted.organ.pk:
        _not_oneself(by, by)
    _require_compatible(wanted)
    if wanted.valid_to and wanted.valid_to <= utc_now():
        raise BadInput("access.grant-ended", "截止时间已过", "its end lies in the past")
    if role.grants_need_second and not wanted.reason.strip():
        raise BadInput("access.grant-reason", "此角色须写明理由", "this role needs a reason")
    return Grant.objects.create(
        person=wanted.person,
        organ=wanted.organ,
        role=wanted.role,
        area=wanted.area,
        domains=sorted(wanted.domains),
        subjects=sorted(wanted.subjects),
        valid_to=wanted.valid_to,
        reason=wanted.reason[:300],
        granted_by=by.username,
    )


def approve(by: Person, row: Grant) -> None:
    """The second person: not who granted, and not who receives."""
    gate.require(by, "grant.manage", row)
    gate.require_second("grant.manage", row.granted_by, by.username)
    if row.person_id == by.pk or (row.organ_id and row.organ_id == by.organ_id):
        _not_oneself(by, by)
    open_ = Grant.objects.filter(pk=row.pk, approved_by="", revoked_at=None)
    if not open_.update(approved_by=by.username):
        raise Conflict(
            "access.grant-settled", "此授权已批准或已收回", "it is approved or revoked already"
        )


def revoke(by: Person, row: Grant) -> None:
    """Acts on the next request; the sessions of whoever held it end."""
    gate.require(by, "grant.manage", row)
    if not Grant.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=utc_now()):
        raise Conflict("access.grant-settled", "此授权已收回", "it is revoked already")
    reached = Q(pk=row.person_id) if row.person_id else Q(organ_id=row.organ_id)
    for person in Person.objects.filter(reached):
        sign_in.end_sessions(person)


def make_key(by: Person, name: str, actions: list[str], **limits: object) -> tuple[ApiKey, str]:
    """For oneself; a key for somebody else would be that person's right in other hands."""
    gate.require(by, "key.manage")
    return keys.make(by, name, actions, **limits)  # type: ignore[arg-type]


def make_wall(by: Person, name: str, person: Person, **limits: object) -> tuple[ApiKey, str]:
    """A key for the screen on a wall, which shows what the person may see, within the limits;
    never for somebody who may more than whoever makes it."""
    gate.require(by, "key.manage")
    if person.pk != by.pk:
        gate.require(by, "key.manage", person)
        if outranks(person, by):
            raise Forbidden(
                "access.wall-outranked",
                "不能为权限大于自己的人员建大屏密钥",
                "nobody makes a key of a wall for somebody who may more",
            )
    return keys.make(person, name, [gate.SEE], only=keys.SCREEN, **limits)  # type: ignore[arg-type]


def outranks(person: Person, other: Person) -> bool:
    """Whether the person may something, somewhere, that the other may not there."""
    held = rights.of(other)
    return any(
        not any(act in mine.actions and mine.holds(theirs) for mine in held)
        for theirs in rights.of(person)
        for act in theirs.actions
    )


def revoke_key(by: Person, key: ApiKey) -> None:
    if key.person_id != by.pk:
        gate.require(by, "key.manage", key)
    keys.revoke(key)


def _not_oneself(by: Person, person: Person) -> None:
    if by.pk == person.pk:
        raise Forbidden(
            "access.oneself",
            "不能给自己授权、批准或停用自己；请另一位管理员办理",
            "nobody does this to himself; another administrator has to",
        )


def _require_compatible(wanted: Wanted) -> None:
    """Roles that exclude one another, for everybody whom the grant would reach."""
    reached = Q(pk=wanted.person.pk) if wanted.person else Q(organ=wanted.organ)
    for person in Person.objects.filter(reached):
        held = {person.role, *_granted_roles(person)}
        if rule := roles.excluded_by(wanted.role, held):
            raise Forbidden(
                "access.exclusive",
                f"{person.username} 已任与之互斥的角色：{rule.basis.zh}",
                f"{person.username} holds a role that excludes it: {rule.basis.en}",
            )


def _granted_roles(person: Person) -> set[str]:
    """Those waiting for approval too: once approved they would meet."""
    rows = Grant.objects.filter(person=person, revoked_at=None)
    if person.organ_id:
        rows |= Grant.objects.filter(organ_id=person.organ_id, revoked_at=None)
    return set(rows.values_list("role", flat=True))
