"""Special campaigns: all of them with how far they are, and one as a table of places and items."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, Q

from fenhe.access import gate
from fenhe.act import holding
from fenhe.act.models import Case
from fenhe.act.procedures import register
from fenhe.domains.planning import campaigns as work
from fenhe.domains.planning.campaigns import CAMPAIGN, CHECK
from fenhe.domains.planning.rules import checklists
from fenhe.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table

MOST = 200
MOST_CHECKS = 3000
UNKNOWN = NotFound("planning.campaign-unknown", "没有这个专项行动", "there is no such campaign")
RESULTS = {
    "pass": (Text("合格", "passed"), "good"),
    "fail": (Text("不合格", "failed"), "bad"),
    "absent": (Text("不涉及", "n/a"), ""),
}


def campaigns(ask: Ask) -> dict[str, Any]:
    rows = ask.visible(Case.objects.filter(procedure=CAMPAIGN)).select_related("organ")
    listed = list(rows.order_by("closed_at", "-pk")[:MOST])
    seen = ask.visible(Case.objects.filter(procedure=CHECK, parent__in=listed)).order_by()
    counted = {
        row["parent"]: row
        for row in seen.values("parent").annotate(
            total=Count("pk"),
            todo=Count("pk", filter=Q(state="todo")),
            failed=Count("pk", filter=Q(fields__result="fail")),
            closed=Count("pk", filter=~Q(closed_at=None)),
        )
    }
    none = {"total": 0, "todo": 0, "failed": 0, "closed": 0}
    return {
        "rows": [
            {
                "case": one,
                "state": _state(one, ask.language),
                "unit": one.fields.get("lead_unit", ""),
                "start": one.fields.get("start", ""),
                "due": one.fields.get("due", ""),
                **counted.get(one.pk, none),
            }
            for one in listed
        ],
        "lists": _lists(ask.language),
    }


def _state(one: Case, language: str) -> str:
    return register.get(one.procedure, one.version).states[one.state].name[language]


def _lists(language: str) -> list[dict[str, Any]]:
    return [
        {"id": id, "name": name[language], "count": len(checklists.items(id))}
        for id, name in checklists.lists().items()
    ]


def campaign(ask: Ask) -> dict[str, Any]:
    """One campaign; a POST lays a checklist over places."""
    number = ask.params.get("pk", "")
    rows = Case.objects.filter(pk=int(number) if number.isascii() and number.isdigit() else 0)
    one = gate.find(ask.person, rows.filter(procedure=CAMPAIGN).select_related("organ"), UNKNOWN)
    told: dict[str, Any] = {}
    if "places" in ask.form:
        told = _lay(ask, one)
    checks = list(
        ask.visible(Case.objects.filter(procedure=CHECK, parent=one)).order_by("pk")[:MOST_CHECKS]
    )
    child = register.get(one.procedure, one.version).children[CHECK]
    grid = _grid(checks, ask.language)
    failed = [check for check in checks if check.fields.get("result") == "fail"]
    return {
        "campaign": one,
        "state": _state(one, ask.language),
        "lists": _lists(ask.language),
        "may_lay": one.state in child.sources and bool(holding.held(ask.person, child.by, one)),
        "grid": grid,
        "total": len(checks),
        "todo": sum(check.state == "todo" for check in checks),
        "failed": [_cell(check, ask.language) | {"title": check.title} for check in failed],
        "closed": sum(check.closed_at is not None for check in checks),
        "confidence": checklists.edition().table("items").rows[0].confidence,
        "sent": ask.form.get("places", "") if "problem" in told else "",
        "tables": {
            "checks": Table(
                f"checks-{one.pk}",
                ["number", "place", "item", "state", "result", "found"],
                [[check.number, check.fields.get("place"), check.fields.get("item"),
                  _state(check, ask.language), check.fields.get("result"),
                  check.fields.get("found")] for check in checks],
            )
        },
        **told,
    }  # fmt: skip


def _lay(ask: Ask, one: Case) -> dict[str, Any]:
    if ask.person is None:
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    places = ask.form["places"].splitlines()
    try:
        made = work.lay(one, ask.form.get("list", ""), places, ask.person, ask.now)
    except (BadInput, Conflict) as error:
        return {"problem": error.message[ask.language], "status": 422}
    return {"laid": len(made)}


def _grid(checks: list[Case], language: str) -> list[dict[str, Any]]:
    """Per checklist: its items as columns, its places as rows."""
    by_list = defaultdict(list)
    for check in checks:
        by_list[str(check.fields.get("checklist") or "")].append(check)
    names = {name.zh: id for id, name in checklists.lists().items()}
    found = []
    for said, own in by_list.items():
        id = names.get(said, "")
        items = {
            str(c.fields.get("code") or c.fields.get("item")): c.fields.get("item") for c in own
        }
        known = {one.code: one.item[language] for one in checklists.items(id)}
        cells = {(c.fields.get("place"), str(c.fields.get("code") or c.fields.get("item"))): c
                 for c in own}  # fmt: skip
        places = list(dict.fromkeys(c.fields.get("place") for c in own))
        found.append(
            {
                "name": checklists.lists()[id][language] if id else said,
                "heads": [known.get(code, name) for code, name in items.items()],
                "rows": [
                    {
                        "place": place,
                        "cells": [_cell(cells.get((place, code)), language) for code in items],
                    }
                    for place in places
                ],
            }
        )
    return found


def _cell(check: Case | None, language: str) -> dict[str, Any]:
    if check is None:
        return {"case": None, "word": "", "look": ""}
    said = RESULTS.get(str(check.fields.get("result") or ""))
    if said is None or check.state == "todo":
        return {"case": check, "word": _state(check, language), "look": "quiet"}
    word = said[0][language]
    if check.state == "mending":
        word = f"{word} · {_state(check, language)}"
    return {"case": check, "word": word, "look": said[1], "found": check.fields.get("found", "")}
