"""The procedures in force: drawn, step by step with posts, conditions, clocks and grounds."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from fenhe.act.deadlines import limits
from fenhe.act.deadlines.listed import limit_text
from fenhe.act.posts import POSTS
from fenhe.act.procedures import diagram, register
from fenhe.act.procedures.shape import Procedure, Transition
from fenhe.app.text import say
from fenhe.app.web.cases.listing import current
from fenhe.app.web.cases.showing import grounds
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import civil, utc_now


def listing(request: HttpRequest) -> HttpResponse:
    tongue = language(request)
    rows = [
        {
            "id": one.id,
            "name": one.name[tongue],
            "about": one.about[tongue],
            "version": one.version,
            "valid_from": one.valid_from,
            "states": len(one.states),
            "steps": len(one.transitions),
            "confidence": one.confidence,
        }
        for one in current()
    ]
    return page(request, "pages/procedures.html", {"rows": rows})


def show(request: HttpRequest, id: str) -> HttpResponse:
    tongue = language(request)
    found = next((one for one in current() if one.id == id), None)
    if found is None:
        raise NotFound("act.no-procedure", "没有这个程序", "there is no such procedure")
    data = {
        "procedure": found,
        "name": found.name[tongue],
        "about": found.about[tongue],
        "note": found.note[tongue] if found.note else "",
        "versions": register.versions(id),
        "drawing": mark_safe(diagram.svg(found, tongue)),  # noqa: S308 (ours)
        "steps": [_step(found, one, tongue) for one in found.transitions.values()],
        "clocks": [_clock(found, key, tongue) for key in found.clocks],
        "documents": [one.name[tongue] for one in found.documents.values()],
    }
    return page(request, "pages/procedure.html", data)


def _step(procedure: Procedure, one: Transition, tongue: str) -> dict[str, Any]:
    states = procedure.states
    return {
        "name": one.name[tongue],
        "from": [states[key].name[tongue] for key in one.sources],
        "to": states[one.to].name[tongue] if one.to else "",
        "by": [POSTS[key].name[tongue] for key in one.by],
        "not": [procedure.step(key).name[tongue] for key in one.not_same_as],
        "needs": [need.why[tongue] for need in one.needs],
        "documents": [procedure.documents[key].name[tongue] for key in one.produces],
        "basis": grounds(procedure, one, utc_now(), tongue),
    }


def _clock(procedure: Procedure, key: str, tongue: str) -> dict[str, Any]:
    clock = procedure.clocks[key]
    if clock.until:
        ground = procedure.ground(clock.basis, civil(utc_now()).date())
        return {
            "name": clock.name[tongue],
            "rule": clock.until,
            "limit": say("case.set_day", tongue, field=procedure.fields[clock.until].name[tongue]),
            "article": ground[tongue] if ground else "",
            "confidence": procedure.confidence.label[tongue],
            "firm": True,
        }
    rule = limits.rule(clock.rule)
    return {
        "name": clock.name[tongue],
        "rule": rule.id,
        "limit": limit_text(rule)[tongue],
        "article": rule.article,
        "confidence": rule.confidence.label[tongue],
        "firm": rule.confidence.firm,
    }
