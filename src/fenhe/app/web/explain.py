"""Why a number is what it is: a verdict's steps with limit and clause, the readings under it with
their flags, and for each reading its versions, what the checks said, and the file it came in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from fenhe.access import gate
from fenhe.app.text import said, say, words
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.assess import dirty, engine, inputs, rule, verdicts
from fenhe.assess.models import Dirty, Verdict
from fenhe.assess.rule import Rule
from fenhe.ingest.models import Import
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import DAY, HOUR, Period, utc_now
from fenhe.observe import flags, imports, readings
from fenhe.observe.flags import Flag
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Series
from fenhe.standards.confidence import Confidence

MOST_INPUTS = 240
UNUSABLE = (int(Flag.FAIL), int(Flag.MISSING))


def verdict(request: HttpRequest, pk: int) -> HttpResponse:
    missing = NotFound("explain.unknown", "没有这个评价结果", "there is no such verdict")
    rows = Verdict.objects.select_related("subject").filter(pk=pk)
    found = gate.find(request.user, rows, missing)
    metric = request.GET.get("metric", "")
    tongue = language(request)
    one = rule.get(found.rule)
    listed, counts = _inputs(request, one, found, metric)
    data = {
        "verdict": found,
        "rule": one,
        "period": Period(found.start, found.end),
        "subject": found.subject.name(tongue),
        "metric": _metric(found.rule, metric, tongue),
        "value": _shown(found.values.get(metric)),
        "editions": [edition for edition in found.edition.split("; ") if edition],
        "steps": _steps(found, metric, tongue),
        "inputs": listed,
        "counts": counts,
        "stale": Dirty.objects.filter(subject=found.subject, rule=found.rule, start=found.start),
        "newer": None
        if found.current
        else verdicts.current(
            found.subject_id, found.rule, Period(found.start, found.end), found.variant
        ),
    }
    return page(request, "pages/explain.html", data)


def _metric(rule_id: str, metric: str, tongue: str) -> str:
    key = f"{rule_id.partition('.')[0]}.metric.{metric}"
    return say(key, tongue) if key in words()[tongue] else metric


def _shown(value: Any) -> str:
    """A value of a verdict as printed: no trailing zero of a float, several side by side."""
    if isinstance(value, list):
        return "、".join(str(item) for item in value) or "—"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return "—" if value is None else str(value)


def _steps(found: Verdict, metric: str, tongue: str) -> list[dict[str, Any]]:
    """Those of the metric; all of them where none is its own."""
    steps = [step for step in found.steps if step.get("metric") == metric] or found.steps
    return [
        {
            **step,
            "sentence": step.get(tongue) or step.get("zh", ""),
            "name": _metric(found.rule, str(step.get("metric", "")), tongue),
            "confidence": Confidence(step["confidence"]) if step.get("confidence") else None,
        }
        for step in steps
    ]


def _inputs(
    request: HttpRequest, one: Rule, found: Verdict, metric: str
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The readings the rule takes for this subject and period as they stand now. All are counted;
    listed are those of objects the person may see."""
    tongue = language(request)
    ask = engine.asks(one, [(found.subject_id, found.start)])[0]
    rows = inputs.gather(one, ask)
    own = [name for name in rows["property"].unique() if _about(metric, name)]
    if own:
        rows = rows.filter(pl.col("property").is_in(own))
    emitted = inputs.series(one, ask.members["member"].unique())
    members = Object.objects.filter(pk__in=rows["member"].unique().to_list())
    names = {thing.pk: thing.name(tongue) for thing in gate.visible(request.user, members)}
    beside = pl.col("statistic").str.contains(":")  # of another resolution than the rule's
    rows, own_rows = rows.sort(beside, maintain_order=True), rows.filter(~beside)
    seen = rows.filter(pl.col("member").is_in(list(names)))
    shown = seen.head(MOST_INPUTS).join(emitted, on=["member", "property", "statistic"], how="left")
    return [
        {
            **row,
            "name": names.get(row["member"], ""),
            "property": vocabulary.shown(row["property"]),
            "flag": Flag(row["flag"]),
            "statistic": ""
            if row["statistic"] == "value"
            else said("cell", row["statistic"], tongue),
            "url": reverse("explain-reading", args=[row["series"], _stamp(row["start"])]),
        }
        for row in shown.iter_rows(named=True)
    ], _counts(one, own_rows, ask.members.height, Period(found.start, found.end))


def _counts(one: Rule, rows: pl.DataFrame, members: int, period: Period) -> dict[str, int]:
    """Of the metric's own inputs: how many count, how many are there, and how many there should be
    up to now, each time of each member once."""
    usable = pl.col("value").is_not_null() & ~pl.col("flag").is_in(UNUSABLE)
    each = ["member", "start"]
    step = HOUR if one.resolution == "hour" else DAY
    newest = rows["start"].max()
    running = isinstance(newest, datetime) and period.end > utc_now()
    end = newest + step if running and isinstance(newest, datetime) else period.end
    return {
        "valid": rows.filter(usable).unique(each).height,
        "observed": rows.filter(pl.col("value").is_not_null()).unique(each).height,
        "expected": members * int((end - period.start) / step),
        "used": rows.filter(usable).height,
        "listed": rows.height,
    }


def _about(metric: str, name: str) -> bool:
    return metric == name or metric.startswith(f"{name}_") or metric.endswith(f"_{name}")


def reading(request: HttpRequest, series: int, start: str) -> HttpResponse:
    missing = NotFound("explain.no-series", "没有这条监测序列", "there is no such series")
    rows = Series.objects.select_related("object").filter(pk=series)
    found = gate.find(request.user, rows, missing)
    moment = _moment(start)
    if moment is None:
        raise missing
    if found.source == engine.SOURCE and (derived := _derived_by(found, moment)):
        return HttpResponseRedirect(
            f"{reverse('explain', args=[derived.pk])}?metric={found.property}"
        )
    tongue = language(request)
    known = readings.versions(series, moment, found.resolution).to_dicts()
    said = flags.history(series, moment, found.resolution).to_dicts()
    data = {
        "series": found,
        "subject": found.object.name(tongue),
        "property": vocabulary.shown(found.property),
        "start": moment,
        "end": moment + HOUR if found.resolution == "hour" else None,
        "instant": found.resolution in ("minute", "sample"),
        "frames": _frames(request, found, known),
        "versions": [
            {**row, "import": _import(request, row["source"], moment, row["known_at"])}
            for row in reversed(known)
        ],
        "flags": [{**row, "flag": Flag(row["flag"])} for row in reversed(said)],
    }
    return page(request, "pages/explain_reading.html", data)


def _frames(request: HttpRequest, series: Series, known: list[dict[str, Any]]) -> str:
    """The frames that carried it, where a device sent it and the person may see frames."""
    sent = any(str(row["source"]).startswith("hj212") for row in known)
    if not sent or not gate.may(request.user, "frame.view"):
        return ""
    asked = urlencode({"series": series.pk, "start": known[0]["start"].isoformat()})
    return f"{reverse('frames')}?{asked}"


def _derived_by(series: Series, start: datetime) -> Verdict | None:
    """The verdict a derived daily value comes from."""
    for one in rule.all():
        if any(
            (item.property, item.statistic) == (series.property, series.statistic)
            for item in one.derives
        ):
            found = verdicts.current(series.object_id, one.id, dirty.period_at(one.span, start))
            if found:
                return found
    return None


def _import(
    request: HttpRequest, profile: str, start: datetime, known_at: datetime
) -> Import | None:
    """The file a version came in: a reading carries its profile as source; the first import of that
    profile committed after the version became known, whose period covers the reading."""
    after = gate.visible(
        request.user,
        Import.objects.filter(profile=profile, state="committed", committed_at__gte=known_at),
    )
    for found in after.order_by("committed_at"):
        told = imports.report_of(found.pk)
        if told.first and told.last and told.first <= start <= told.last:
            return found
    return None


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
