"""A past period judged again under another edition: asked for here, done by the worker, kept as a
variant beside the verdicts of its own rules."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from fenhe.access import gate
from fenhe.app.web.preferences import inside
from fenhe.evidence import ledger
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.standards import catalogue
from fenhe.store import outbox


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    gate.require(request.user, "verdict.recompute")
    edition = catalogue.edition(request.POST.get("edition", "")).id
    try:
        period = Period.parse(request.POST.get("period", ""))
    except ValueError as error:
        raise BadInput(
            "recompute.period",
            "时段请写成 2015、2015-Q4 或 2015-07",
            "write the period as 2015, 2015-Q4 or 2015-07",
        ) from error
    with transaction.atomic():
        outbox.put("recompute.wanted", {"period": str(period), "edition": edition})
        ledger.record(request.user, "verdict.recompute", edition, {"period": str(period)})
    return HttpResponseRedirect(inside(request.POST.get("next", "/")))
