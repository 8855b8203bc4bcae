"""Likely duplicates among open reports and petitions, in groups: where to look before merging."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from fenhe.act import merging
from fenhe.act.models import Case
from fenhe.act.procedures import register
from fenhe.app.web.cases.listing import visible
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.period import utc_now


def show(request: HttpRequest) -> HttpResponse:
    tongue = language(request)
    found = merging.groups(visible(request), utc_now())
    data = {
        "groups": [
            {
                "same_source": one.same_source,
                "count": len(one.cases),
                "rows": [_row(case, tongue) for case in one.cases],
            }
            for one in found
        ],
        "most": merging.MOST_GROUPED,
        "days": merging.WITHIN.days,
        "source_count": merging.SAME_SOURCE,
        "source_days": merging.SAME_SOURCE_WITHIN.days,
    }
    return page(request, "pages/duplicates.html", data)


def _row(case: Case, tongue: str) -> dict[str, Any]:
    procedure = register.get(case.procedure, case.version)
    state = procedure.states[case.state]
    mergeable = procedure.merging is not None and case.state in procedure.merging.sources
    return {
        "case": case,
        "procedure": procedure.name[tongue],
        "state": state.name[tongue],
        "mergeable": mergeable,
        "what": str(case.fields.get("what") or case.title),
        "place": str(case.fields.get("place") or ""),
        "organ": case.organ.name(tongue) if case.organ else "",
    }
