"""Administration: people, organs, grants, API keys; and, for one person, why something may or may
not be seen. The rules are access's; every act is on record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from fenhe.access import administration, gate, roles, second_factor, why
from fenhe.access.models import ApiKey, Grant, Organ, Person
from fenhe.access.rights import is_effective
from fenhe.app import discovery
from fenhe.app.links import sign_in_url
from fenhe.app.text import say
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_signed_in, page
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput, FenheError, Forbidden, NotFound
from fenhe.kernel.period import CIVIL, utc_now
from fenhe.registry.models import Object

MOST_LISTED = 500
KEY_DAYS = (30, 90, 180, 365)


def routes() -> list[URLPattern]:
    at = "administration"
    return [
        path(f"{at}/people", for_signed_in(people), name="people"),
        path(f"{at}/people/add", for_signed_in(add_person), name="person-add"),
        path(f"{at}/people/<int:pk>", for_signed_in(one), name="person"),
        path(f"{at}/people/<int:pk>/<slug:verb>", for_signed_in(act), name="person-act"),
        path(f"{at}/organs", for_signed_in(organs), name="organs"),
        path(f"{at}/organs/add", for_signed_in(add_organ), name="organ-add"),
        path(f"{at}/grants/add", for_signed_in(add_grant), name="grant-add"),
        path(f"{at}/grants/<int:pk>/<slug:verb>", for_signed_in(act_on_grant), name="grant-act"),
        path(f"{at}/keys", for_signed_in(keys), name="keys"),
        path(f"{at}/keys/add", for_signed_in(add_key), name="key-add"),
        path(f"{at}/keys/<int:pk>/revoke", for_signed_in(revoke_key), name="key-revoke"),
    ]


@require_GET
def people(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    me = _me(request)
    gate.require(me, "person.view")
    rows = gate.visible(me, Person.objects.select_related("organ"), "person.view")
    asked = request.GET.get("q", "").strip()
    if asked:
        rows = rows.filter(username__icontains=asked)
    data = {
        "rows": rows.order_by("username")[:MOST_LISTED],
        "roles": _roles(request),
        "organs": gate.visible(me, Organ.objects.order_by("code"), "person.view"),
        "query": asked,
        "may_manage": gate.may(me, "person.manage"),
        "link": request.session.pop("made-link", None),
        **_said(request, error),
    }
    return page(request, "pages/people.html", data, 422 if error else 200)


@require_POST
def add_person(request: HttpRequest) -> HttpResponse:
    me = _me(request)
    organ = Organ.objects.filter(pk=_number(request.POST.get("organ", ""))).first()
    try:
        made = administration.add_person(me, request.POST.get("username", ""), organ)
    except BadInput as error:
        return _again(request, people, error)
    ledger.record(me, "person.added", made.username, {"organ": organ.code if organ else ""})
    request.session["made-link"] = sign_in_url(made)
    return HttpResponseRedirect(reverse("person", args=[made.pk]))


@never_cache
@require_GET
def one(request: HttpRequest, pk: int, error: FenheError | None = None) -> HttpResponse:
    me, tongue = _me(request), language(request)
    person = _person(me, pk)
    grants = Grant.objects.filter(person=person)
    if person.organ_id:
        grants |= Grant.objects.filter(organ_id=person.organ_id)
    data = {
        "one": person,
        "role": roles.ROLES[person.role].name[tongue] if person.role in roles.ROLES else "",
        "grants": [_grant(row, tongue) for row in grants.order_by("-pk")],
        "second_factor": second_factor.is_set(person),
        "roles": _roles(request),
        "actions": _actions(tongue),
        "domains": _domains(tongue),
        "may_manage": gate.may(me, "person.manage", person) and me.pk != person.pk,
        "may_grant": gate.may(me, "grant.manage") and me.pk != person.pk,
        "link": request.session.pop("made-link", None),
        "asked": request.GET,
        "answer": _answer(request, me, person),
        **_said(request, error),
    }
    return page(request, "pages/person.html", data, 422 if error else 200)


def _answer(request: HttpRequest, me: Person, person: Person) -> dict[str, Any] | None:
    """May this person do this to that object, and why."""
    action, code = request.GET.get("action", ""), request.GET.get("code", "").strip()
    if action not in roles.ACTIONS:
        return None
    subject = None
    if code:
        subject = Object.objects.filter(code=code).first()
        if subject is None:
            return {"missing": code}
    tongue = language(request)
    found = why.explain(person, action, subject)
    return {
        "allowed": found.allowed,
        "action": roles.ACTIONS[action][tongue],
        "subject": code,
        "lines": [
            {
                "role": line.role[tongue],
                "source": line.source[tongue],
                "allows": line.allows,
                "reason": line.reason[tongue],
            }
            for line in found.lines
        ],
    }


@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    me = _me(request)
    person = _person(me, pk)
    if verb not in ("off", "on", "link", "second-factor-off", "sessions-end"):
        raise NotFound("app.no-page", "没有这个页面", "there is no such page")
    if verb == "link":
        gate.require(me, "person.manage", person)
        if me.pk != person.pk and administration.outranks(person, me):
            raise Forbidden(
                "access.outranked",
                "不能为权限大于自己的人员生成登录链接",
                "nobody makes a sign-in link for somebody who may more",
            )
        request.session["made-link"] = sign_in_url(person)
    elif verb == "second-factor-off":
        administration.reset_second_factor(me, person)
    elif verb == "sessions-end":
        administration.end_sessions(me, person)
    else:
        administration.switch(me, person, active=verb == "on")
    ledger.record(me, f"person.{verb}", person.username)
    return HttpResponseRedirect(reverse("person", args=[pk]))


@require_GET
def organs(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    me = _me(request)
    gate.require(me, "person.view")
    rows = gate.visible(me, Organ.objects.select_related("parent"), "person.view")
    data = {
        "rows": rows.order_by("code")[:MOST_LISTED],
        "kinds": {
            kind: say(f"people.organ_kind.{kind}", language(request))
            for kind in administration.ORGAN_KINDS
        },
        "offices": roles.DUTIES.offices,
        "may_manage": gate.may(me, "person.manage"),
        "sent": request.POST,
        **_said(request, error),
    }
    return page(request, "pages/organs.html", data, 422 if error else 200)


@require_POST
def add_organ(request: HttpRequest) -> HttpResponse:
    me, sent = _me(request), request.POST
    enterprise = Object.objects.filter(code=sent.get("object", "").strip() or None).first()
    organ = Organ(
        code=sent.get("code", "").strip()[:60],
        name_zh=sent.get("name_zh", "").strip()[:120],
        name_en=sent.get("name_en", "").strip()[:120],
        kind=sent.get("kind", ""),
        area=sent.get("area", "").strip()[:20],
        parent=Organ.objects.filter(code=sent.get("parent", "").strip() or None).first(),
        object_id=enterprise.pk if enterprise else None,
        issuing=sent.get("issuing") == "yes",
    )
    try:
        administration.add_organ(me, organ)
    except BadInput as error:
        return _again(request, organs, error)
    ledger.record(me, "organ.added", organ.code, {"kind": organ.kind, "area": organ.area})
    return HttpResponseRedirect(reverse("organs"))


@require_POST
def add_grant(request: HttpRequest) -> HttpResponse:
    me, sent = _me(request), request.POST
    person = _person(me, _number(sent.get("person", "")))
    codes = sent.get("objects", "").replace("，", ",").split(",")
    wanted_codes = {code.strip() for code in codes if code.strip()}
    things = dict(Object.objects.filter(code__in=wanted_codes).values_list("code", "pk"))
    try:
        if lost := wanted_codes - things.keys():
            raise BadInput(
                "access.grant-object",
                f"没有编码为 {'、'.join(sorted(lost)[:5])} 的对象",
                f"there is no object with the code {', '.join(sorted(lost)[:5])}",
            )
        row = administration.grant(
            me,
            administration.Wanted(
                role=sent.get("role", ""),
                area=sent.get("area", "").strip()[:20],
                domains=tuple(sent.getlist("domains")),
                subjects=tuple(things.values()),
                valid_to=_end(sent.get("valid_to", "")),
                reason=sent.get("reason", ""),
                person=person,
            ),
        )
    except BadInput as error:
        return _again(request, lambda r, e: one(r, person.pk, e), error)
    ledger.record(me, "grant.made", f"grant:{row.pk}", _told(row), row.reason)
    return HttpResponseRedirect(reverse("person", args=[person.pk]))


@require_POST
def act_on_grant(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    me = _me(request)
    row = gate.visible(me, Grant.objects.filter(pk=pk), "grant.manage").first()
    if row is None or verb not in ("approve", "revoke"):
        raise NotFound("access.no-grant", "没有这项授权", "there is no such grant")
    (administration.approve if verb == "approve" else administration.revoke)(me, row)
    ledger.record(me, f"grant.{verb}d", f"grant:{pk}", _told(row))
    back = reverse("person", args=[row.person_id]) if row.person_id else reverse("organs")
    return HttpResponseRedirect(back)


@never_cache
@require_GET
def keys(request: HttpRequest, error: FenheError | None = None) -> HttpResponse:
    """One's own, and, for whoever manages them, all."""
    me, tongue = _me(request), language(request)
    gate.require(me, "key.manage")
    programs = ApiKey.objects.select_related("person").filter(only="")
    rows = gate.visible(me, programs, "key.manage")
    data = {
        "rows": rows.order_by("-pk")[:MOST_LISTED],
        "now": utc_now(),
        "actions": [item for item in _actions(tongue) if gate.may(me, item["id"])],
        "domains": _domains(tongue),
        "days": KEY_DAYS,
        "made": request.session.pop("made-key", None),
        **_said(request, error),
    }
    return page(request, "pages/keys.html", data, 422 if error else 200)


@require_POST
def add_key(request: HttpRequest) -> HttpResponse:
    me, sent = _me(request), request.POST
    days = _number(sent.get("days", ""))
    until = utc_now() + timedelta(days=days if days in KEY_DAYS else KEY_DAYS[0])
    try:
        row, token = administration.make_key(
            me,
            sent.get("name", ""),
            sent.getlist("actions"),
            area=sent.get("area", "").strip()[:20],
            domains=sent.getlist("domains"),
            expires_at=until,
        )
    except BadInput as error:
        return _again(request, keys, error)
    ledger.record(me, "key.made", row.prefix, {"name": row.name, "actions": row.actions})
    request.session["made-key"] = token
    return HttpResponseRedirect(reverse("keys"))


@require_POST
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    me = _me(request)
    row = gate.visible(me, ApiKey.objects.filter(pk=pk), "key.manage").first()
    if row is None:
        raise NotFound("access.no-key", "没有这个密钥", "there is no such key")
    administration.revoke_key(me, row)
    ledger.record(me, "key.revoked", row.prefix)
    return HttpResponseRedirect(reverse("walls" if row.only else "keys"))


def _me(request: HttpRequest) -> Person:
    if not isinstance(request.user, Person):
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    return request.user


def _person(me: Person, pk: int) -> Person:
    gate.require(me, "person.view")
    missing = NotFound("access.no-person", "没有这个人员", "there is no such person")
    rows = Person.objects.select_related("organ").filter(pk=pk)
    return gate.find(me, rows, missing, "person.view")


def _again(
    request: HttpRequest, view: Callable[..., HttpResponse], error: FenheError
) -> HttpResponse:
    """The page the form stands on, with what was wrong with it."""
    request.method = "GET"
    return view(request, error)


def _said(request: HttpRequest, error: FenheError | None) -> dict[str, Any]:
    return {"sentence": error.message[language(request)] if error else ""}


def _roles(request: HttpRequest) -> list[dict[str, Any]]:
    tongue = language(request)
    return [
        {"id": id, "name": role.name[tongue], "scope": role.scope}
        for id, role in roles.ROLES.items()
        if role.scope != "public"
    ]


def _actions(tongue: str) -> list[dict[str, str]]:
    return [{"id": id, "name": name[tongue]} for id, name in sorted(roles.ACTIONS.items())]


def _domains(tongue: str) -> list[dict[str, str]]:
    return [{"id": one.id, "name": one.name[tongue]} for one in discovery.load()]


def _grant(row: Grant, tongue: str) -> dict[str, Any]:
    role = roles.ROLES.get(row.role)
    codes = Object.objects.filter(pk__in=row.subjects).values_list("code", flat=True)
    return {
        "row": row,
        "role": role.name[tongue] if role else row.role,
        "objects": list(codes[:10]) if row.subjects else [],
        "waits": not row.revoked_at and not is_effective(row),
        "ended": bool(row.revoked_at or (row.valid_to and row.valid_to <= utc_now())),
    }


def _told(row: Grant) -> dict[str, Any]:
    return {
        "to": row.person.username if row.person else row.organ.code if row.organ else "",
        "role": row.role,
        "area": row.area,
        "domains": row.domains,
        "objects": row.subjects,
        "valid_to": row.valid_to,
    }


def _end(text: str) -> datetime | None:
    """The end of a civil day; none for a blank."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=CIVIL) + timedelta(days=1)
    except ValueError as error:
        raise BadInput(
            "access.grant-date", "截止日期请写成 2026-12-31", "write the end as 2026-12-31"
        ) from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
