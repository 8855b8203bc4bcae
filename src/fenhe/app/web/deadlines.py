"""The calculator of statutory time limits, and the list of all rules with article and confidence.

The answer is the one of `fenhe deadline` and of the API: the same function, the same words."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from fenhe.act import notices
from fenhe.act.deadlines import limits
from fenhe.act.deadlines.asked import answer, whole
from fenhe.act.deadlines.computing import Result
from fenhe.act.deadlines.listed import limit_text
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.errors import FenheError
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import LANGUAGES, plain

FIRST = "pen.decision"
FIELDS = ("rule", "from", "extend", "exclude", "case", "q")


def show(request: HttpRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in FIELDS}
    asked["rule"] = asked["rule"] or FIRST
    asked["from"] = asked["from"] or civil(utc_now()).date().isoformat()
    tongue = language(request)
    result, problem = None, ""
    try:
        result = _answer(asked)
    except FenheError as error:
        problem = error.message[tongue]
    known = {rule.id: rule for rule in limits.rules()}
    data = {
        "asked": asked,
        "result": result and _told(result, tongue),
        "problem": problem,
        "chosen": known.get(asked["rule"]),
        "cases": known[asked["rule"]].limits if asked["rule"] in known else [],
        "groups": _groups(tongue),
        "rows": _rows(asked["q"], tongue),
        "total": len(known),
        "calendar": notices.current().version,
    }
    return page(request, "pages/deadlines.html", data, 422 if problem else 200)


def _answer(asked: dict[str, str]) -> Result:
    """A case of another rule that the form still holds is let go."""
    rule = limits.rule(asked["rule"])
    case = asked["case"] if asked["case"] in {one.id for one in rule.limits} else ""
    return answer(
        rule.id,
        asked["from"],
        notices.current(),
        variant=case,
        extend=whole(asked["extend"], "extend"),
        exclude=whole(asked["exclude"], "exclude"),
    )


def _told(result: Result, tongue: str) -> dict[str, Any]:
    said = result.as_dict()
    return {
        **said,
        "step": result.rule.step[tongue],
        "trigger": result.rule.trigger[tongue],
        "hour": said["due"] and "T" in said["due"],
        "day": result.due,
        "backwards": result.rule.limits[0].unit.backwards,
        "reason": result.reason and result.reason[tongue],
        "steps": [step[tongue] for step in result.steps],
        "sure": result.confidence,
        "accuses": result.accuses,
    }


def _groups(tongue: str) -> list[dict[str, Any]]:
    return [
        {"name": name[tongue], "rules": [one for one in limits.rules() if one.procedure == id]}
        for id, name in limits.procedures().items()
    ]


def _rows(query: str, tongue: str) -> list[dict[str, Any]]:
    words = plain(query).split()
    rows = []
    for rule in limits.rules():
        procedure = limits.procedures()[rule.procedure]
        told = limit_text(rule)
        said = [
            part[spoken]
            for part in (procedure, told, rule.step, rule.trigger)
            for spoken in LANGUAGES
        ]
        searched = plain(" ".join([rule.id, rule.article, rule.owner, *said]))
        if all(word in searched for word in words):
            rows.append(
                {
                    "rule": rule,
                    "procedure": procedure[tongue],
                    "limit": told[tongue],
                    "sure": rule.confidence,
                }
            )
    return rows
