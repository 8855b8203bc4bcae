"""One object as a form: its names, place, attributes and relations, as its kind declares them.

What is saved goes the way of an import of one row (registry.objects), so it is checked, remembered
and recorded alike; an emptied field is emptied. Whoever saves over somebody else's change is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from fenhe.access import gate
from fenhe.app.text import say
from fenhe.app.web.preferences import language
from fenhe.app.web.render import for_people, page
from fenhe.kernel.errors import BadInput, NotFound, Problem
from fenhe.kernel.text import Language, Text
from fenhe.registry import kinds, objects, reach
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Area, Object

MOST_CHOICES = 300
INPUTS = {"number": "text", "integer": "text", "date": "date"}
EDIT = reach.EDIT


def routes() -> list[URLPattern]:
    """Ahead of the dossier's and the lists' own, which take any word at these places."""
    return [
        path("object/<int:pk>/edit", for_people(edit), name="object-edit"),
        path("objects/<str:kind>/new", for_people(new), name="object-new"),
    ]


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    things = gate.visible(request.user, Object.objects.select_related("area"))
    thing = things.filter(pk=pk).first() if pk < 2**31 else None
    if thing is None:
        raise NotFound("dossier.unknown", "没有这个对象", "there is no such object")
    gate.require(request.user, EDIT, thing)
    return _answer(request, kinds.get(thing.kind), thing)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    gate.require(request.user, EDIT)
    found = next((one for one in kinds.all() if one.id == kind), None)
    if found is None:
        raise NotFound("lists.no-kind", f"没有对象类别 {kind}", f"there is no kind {kind}")
    return _answer(request, found, None)


def _answer(request: HttpRequest, kind: Kind, thing: Object | None) -> HttpResponse:
    if request.method != "POST":
        stands = _stands(kind, thing)
        return _form(request, kind, thing, stands, stands)
    sent = {
        name: request.POST.get(name, "").replace("\0", "").strip() for name in objects.columns(kind)
    }
    with transaction.atomic():
        if thing is not None:
            sent["code"] = thing.code
            Object.objects.select_for_update().get(pk=thing.pk)
        stands = _stands(kind, thing)
        if request.POST.get("seen") != _mark(stands):
            changed = say("editing.changed_since", language(request))
            return _form(request, kind, thing, stands, sent, told=changed, status=409)
        try:
            _save(request, kind, thing, sent)
        except BadInput as error:
            return _form(request, kind, thing, stands, sent, error.problems, status=422)
    saved = Object.objects.get(kind=kind.id, code=sent["code"])
    return HttpResponseRedirect(f"/object/{saved.pk}")


def _save(request: HttpRequest, kind: Kind, thing: Object | None, sent: dict[str, str]) -> None:
    plan = objects.plan(kind.id, pl.DataFrame([{**sent, "row": 1}]), clears=True)
    if thing is None and Object.objects.filter(kind=kind.id, code=sent["code"]).exists():
        text = Text("已有这个编码的对象", "an object with this code is there already")
        plan.problems.append(Problem("registry.code-taken", text, column="code"))
    if plan.problems:
        raise objects.refusal(plan)
    reach.require(request.user, plan)
    objects.apply(plan, request.user)


def _stands(kind: Kind, thing: Object | None) -> dict[str, str]:
    """What the object says now, in the columns of a table; all blank for a new one."""
    if thing is None:
        return dict.fromkeys(objects.columns(kind), "")
    row = objects.export(kind.id, Object.objects.filter(pk=thing.pk)).row(0, named=True)
    return {name: text or "" for name, text in row.items()}


def _mark(stands: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(stands.items())).encode()).hexdigest()[:32]


def _form(
    request: HttpRequest,
    kind: Kind,
    thing: Object | None,
    stands: Mapping[str, str],
    shown: Mapping[str, str],
    problems: Sequence[Problem] = (),
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    tongue = language(request)
    wrong = {problem.column: problem.message[tongue] for problem in problems}
    data = {
        "kind": kind,
        "kind_name": kind.name[tongue],
        "thing": thing,
        "name": thing.name(tongue) if thing else "",
        "groups": [
            (title, [_filled(field, shown[field["key"]], wrong) for field in fields])
            for title, fields in _groups(request.user, kind, tongue, thing is None)
            if fields
        ],
        "seen": _mark(stands),
        "told": told or (say("editing.refused", tongue, count=len(problems)) if problems else ""),
    }  # fmt: skip
    return page(request, "dossier/edit.html", data, status)


def _groups(
    person: object, kind: Kind, tongue: Language, is_new: bool
) -> list[tuple[str, list[dict[str, Any]]]]:
    plain = [
        _field(name, say(f"lists.{name}", tongue), input="date" if "valid" in name else "text")
        for name in objects.FIELDS[1:]
    ]
    for field in plain:
        if field["key"] == "name_zh":
            field["required"] = True
        if field["key"] == "area":
            field["choices"] = _areas(person, tongue)
    if is_new:
        plain.insert(0, _field("code", say("lists.code", tongue), required=True))
    attributes = [
        _field(
            name,
            one.name[tongue],
            required=one.required,
            unit=one.unit,
            input=INPUTS.get(one.type, "text"),
            numeric=one.type in ("number", "integer"),
            choices=_choices(one, tongue),
        )
        for name, one in kind.attributes.items()
    ]
    relations = [
        _field(name, one.name[tongue], required=one.required, choices=_ends(person, one.to, tongue))
        for name, one in kind.relations.items()
    ]
    return [
        (say("editing.basics", tongue), plain),
        (say("dossier.attributes", tongue), attributes),
        (say("dossier.relations", tongue), relations),
    ]


def _field(key: str, name: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": name, "input": "text", "choices": None} | more


def _filled(field: dict[str, Any], value: str, wrong: Mapping[str, str]) -> dict[str, Any]:
    """With what stands in it; a choice the person may not see stays chosen."""
    choices = field["choices"]
    if choices is not None and value and value not in dict(choices):
        choices = [*choices, (value, value)]
    told = wrong.get(field["key"], "")
    return field | {"value": value, "wrong": told, "choices": choices}


def _choices(attribute: kinds.Attribute, tongue: Language) -> list[tuple[str, str]] | None:
    if attribute.type == "boolean":
        return [("true", say("lists.yes", tongue)), ("false", say("lists.no", tongue))]
    return [(key, name[tongue]) for key, name in attribute.choices.items()] or None


def _ends(person: object, kind: str, tongue: Language) -> list[tuple[str, str]] | None:
    """What a relation may lead to; None where they are too many to choose from a list."""
    found = gate.visible(person, Object.objects.filter(kind=kind)).order_by("code")
    rows = list(found[: MOST_CHOICES + 1])
    if len(rows) > MOST_CHOICES:
        return None
    return [(one.code, f"{one.name(tongue)} {one.code}") for one in rows]


def _areas(person: object, tongue: Language) -> list[tuple[str, str]] | None:
    rows = list(gate.visible(person, Area.objects.order_by("adcode"))[: MOST_CHOICES + 1])
    if len(rows) > MOST_CHOICES:
        return None
    return [(one.adcode, f"{one.name(tongue)} {one.adcode}") for one in rows]
