"""Parameter changes of instruments, per outlet: when, from what to what, by whom, and the
concentrations of a day before and a day after. A page is the newest changes before a number."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from fenhe.access import gate
from fenhe.app.text import say
from fenhe.app.web.domain_pages import file_answer
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.ingest.hj212 import vocabulary
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Language
from fenhe.observe import parameters, readings
from fenhe.observe.device_series import meaning
from fenhe.observe.devices import Source, sources
from fenhe.observe.models import Parameter
from fenhe.observe.parameters import Change
from fenhe.publish.page import Table
from fenhe.registry import vocabulary as properties
from fenhe.registry.models import Series

PER_PAGE = 30
ASKED = ("q", "code")
GRAVE = {"i13001", "i13007", "i13008"}  # range, intercept, slope: they move what is measured
NAMED = {f"i1300{number}" for number in range(1, 10)}


def show(request: HttpRequest) -> HttpResponseBase:
    tongue = language(request)
    wanted = {name: request.GET[name][:60] for name in ASKED if request.GET.get(name)}
    seen = gate.visible(request.user, Parameter.objects.all())
    codes = sorted(set(seen.values_list("code", flat=True).distinct()))
    found = _narrowed(parameters.changed(_about(seen, wanted)), request.GET.get("before", ""))
    some = list(found.select_related("device__object")[: PER_PAGE + 1])
    rows = _rows(parameters.changes(some[:PER_PAGE]), tongue)
    if request.GET.get("csv") is not None:
        return file_answer(_table(rows, tongue), request.GET.get("format", ""))
    last = some[PER_PAGE - 1].at.isoformat() if len(some) > PER_PAGE else ""
    data = {
        "rows": rows,
        "wanted": wanted,
        "codes": [
            {"code": code, "name": _name(code, tongue), "chosen": code == wanted.get("code")}
            for code in codes
        ],
        "query": urlencode(wanted),
        "older": urlencode({**wanted, "before": last}) if last else "",
        "may_see": gate.may(request.user, "frame.view"),
        "reported": bool(codes),
    }
    return page(request, "pages/parameters.html", data)


def _about(seen: QuerySet[Parameter], wanted: dict[str, str]) -> QuerySet[Parameter]:
    """Whole histories of parameters: a change is told from the row before it."""
    if code := wanted.get("code"):
        seen = seen.filter(code=code)
    if text := wanted.get("q"):
        thing = "device__object__"
        seen = seen.filter(
            Q(device__mn__icontains=text)
            | Q(**{f"{thing}name_zh__icontains": text})
            | Q(**{f"{thing}name_en__icontains": text})
            | Q(**{f"{thing}code": text})
        )
    return seen


def _narrowed(found: QuerySet[Parameter], before: str) -> QuerySet[Parameter]:
    try:
        return found.filter(at__lt=datetime.fromisoformat(before)) if before else found
    except ValueError:
        return found


def _rows(changes: list[Change], tongue: Language) -> list[dict[str, Any]]:
    known = sources()
    series = _series(changes, known)
    rows = []
    for change in changes:
        row, thing = change.row, change.row.device.object
        keys = [(thing.pk, name) for name in _properties(row, known)] if thing else []
        id = next((series[key] for key in keys if key in series), None)
        rows.append(
            {
                "row": row,
                "outlet": thing.name(tongue) if thing else "",
                "object": thing.pk if thing else None,
                "factor": _name(row.factor, tongue) if row.factor else "",
                "parameter": _name(row.code, tongue),
                "before": change.before,
                "grave": row.code in GRAVE,
                "by": _by(change, tongue),
                "request": change.request,
                "mean_before": _mean(id, Period(row.at - DAY, row.at)),
                "mean_after": _mean(id, Period(row.at, row.at + DAY)),
                "url": f"/frames/{row.frame}",
            }
        )
    return rows


def _series(changes: list[Change], known: dict[str, Source]) -> dict[tuple[int, str], int]:
    objects = {one.row.device.object_id for one in changes}
    found = Series.objects.filter(object__in=objects - {None}, resolution="hour", statistic="value")
    return {(one.object_id, one.property): one.pk for one in found}


def _properties(row: Parameter, known: dict[str, Source]) -> list[str]:
    """As the device's profile reads the factor, else as the vocabularies of the domains know it."""
    source = known.get(row.device_id)
    channel = source.profile.channels.get(row.factor) if source and source.profile else None
    others = [one.id for one in properties.all() if row.factor in one.aliases]
    return [meaning(row.factor, channel)[0], *others]


def _mean(series: int | None, period: Period) -> float | None:
    if series is None:
        return None
    mean = readings.current([series], period, "hour", flags=False)["value"].mean()
    return mean if isinstance(mean, float) else None


def _by(change: Change, tongue: Language) -> str:
    if change.request is None:
        return say("parameters.at_the_device", tongue)
    return say("parameters.by_platform", tongue, name=str(change.request.asked_by or "—"))


def _name(code: str, tongue: Language) -> str:
    if code in NAMED:
        return say(f"parameters.code.{code}", tongue)
    known = vocabulary.code(code)
    return known.name[tongue] or code if known else code


def _table(rows: list[dict[str, Any]], tongue: Language) -> Table:
    columns = ("at", "outlet", "mn", "factor", "parameter", "from", "to", "by", "mean_before",
               "mean_after", "frame")  # fmt: skip
    cells = [
        [
            f"{civil(one['row'].at):%Y-%m-%d %H:%M:%S}", one["outlet"], one["row"].device_id,
            one["factor"], one["parameter"], one["before"], one["row"].value, one["by"],
            one["mean_before"], one["mean_after"], one["row"].frame,
        ]
        for one in rows
    ]  # fmt: skip
    return Table(
        "parameters", [say(f"parameters.column.{name}", tongue) for name in columns], cells
    )
