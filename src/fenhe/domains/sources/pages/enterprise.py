"""One enterprise: its outlets with what they are held to and how they stand, its permits, and the
year's emissions against the permitted totals."""

from __future__ import annotations

from datetime import date
from typing import Any

from fenhe.alert.models import Alarm
from fenhe.assess.models import Verdict
from fenhe.domains.sources.pages import facts, looks
from fenhe.domains.sources.pages.desk import VALUES, runs
from fenhe.domains.sources.pages.facts import Outlet
from fenhe.domains.sources.rules import held, permits
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import DAY, Period
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object, Relation

RECENT_DAYS = 31

Row = dict[str, Any]


def enterprise(ask: Ask) -> dict[str, Any]:
    return _page(ask, facts.enterprise(ask, ask.params["code"]))


def tab(ask: Ask) -> dict[str, Any]:
    """The same inside the dossier."""
    found = ask.visible(Object.objects.filter(kind=facts.ENTERPRISE, pk=ask.params["object"]))
    firm = found.first()
    if firm is None:
        raise NotFound("sources.enterprise-unknown", "没有这个排污单位", "no such enterprise")
    return _page(ask, firm)


def _page(ask: Ask, firm: Object) -> dict[str, Any]:
    things = facts.outlets(ask, firm)
    today = facts.today(ask)
    month, year = Period.month(today.year, today.month), Period.year(today.year)
    by_month = facts.judged(things, "month", month)
    by_year = facts.judged(things, "year", year)
    by_day = facts.judged(things, "day", Period.day(today))
    alarms = facts.alarms(ask, things)
    recent = Period.days(today - (RECENT_DAYS - 1) * DAY, today)
    events = runs(things, facts.within(things, "day", recent, VALUES), ask)
    totals = [row for one in things for row in _totals(one, by_year.get(one.thing.pk), ask)]
    return {
        "firm": firm,
        "firm_name": firm.name(ask.language),
        "attributes": firm.attributes,
        "simulated": bool(firm.attributes.get("simulated")),
        "outlets": [
            _outlet(one, by_day.get(one.thing.pk), by_month.get(one.thing.pk), alarms, ask)
            for one in things
        ],
        "totals": totals,
        "year": today.year,
        "month": f"{month.first_day:%Y-%m}",
        "events": events[:20],
        "more_events": max(len(events) - 20, 0),
        "permits": _permits(ask, firm),
        "fresh": {
            "computed_at": max((one.computed_at for one in by_day.values()), default=None),
            "observed": len(by_day),
            "expected": len(things),
        },
        "tables": {"totals": _table(firm, totals, today.year)},
    }


def _outlet(
    outlet: Outlet,
    day: Verdict | None,
    month: Verdict | None,
    alarms: dict[int, Alarm],
    ask: Ask,
) -> Row:
    alarm = alarms.get(outlet.thing.pk)
    values = month.values if month else {}
    rate = values.get("effectiveness")
    return {
        **outlet.shown(ask.language),
        "outlet_code": outlet.thing.attributes.get("outlet_code") or "",
        "standard": outlet.thing.attributes.get("limit_standard") or "",
        "today": looks.of(day.category if day else None, ask.language),
        "today_why": facts.explain(day.pk if day else None, "events"),
        "effectiveness": facts.figure(rate, 2),
        "effectiveness_why": facts.explain(month.pk if month else None, "effectiveness", rate),
        "over": sum(values.get(f"{name}_over") or 0 for name in outlet.codes),
        "alarm": f"/alarms/{alarm.pk}" if alarm else "",
    }


def _totals(outlet: Outlet, year: Verdict | None, ask: Ask) -> list[Row]:
    """Per pollutant what the year has come to and what the permit allows."""
    values = year.values if year else {}
    allowed = held.held(outlet.thing.attributes, facts.today(ask)).totals
    found = []
    for name, code in outlet.codes.items():
        kg, most = values.get(f"{name}_kg"), allowed.get(code)
        if kg is None and most is None:
            continue
        used = None if kg is None or not most else kg / 1000 / most * 100
        found.append({
            **outlet.shown(ask.language),
            "property": facts.symbol(name),
            "tonnes": facts.figure(None if kg is None else kg / 1000, 3),
            "why": facts.explain(year.pk if year else None, f"{name}_kg", kg),
            "allowed": facts.plain(most),
            "used": facts.figure(used, 1),
            "beyond": used is not None and used > 100,
            "near": used is not None and 90 <= used <= 100,
        })  # fmt: skip
    return found


def _permits(ask: Ask, firm: Object) -> list[Row]:
    held_by = Relation.objects.filter(predicate="part_of", object=firm, valid_to=None)
    found = ask.visible(
        Object.objects.filter(kind="source_permit", pk__in=held_by.values("subject"))
    ).order_by("code")
    return [_permit(one, ask) for one in found]


def _permit(one: Object, ask: Ask) -> Row:
    own = one.attributes
    today = f"{facts.today(ask):%Y-%m-%d}"
    until = str(own.get("valid_to") or "")
    return {
        "id": one.pk,
        "code": own.get("permit_code") or one.code,
        "issuer": own.get("issuer") or "",
        "from": own.get("valid_from") or "",
        "to": until,
        "ended": bool(until) and until < today,
        "renewal": _renewal(until),
        "simulated": bool(own.get("simulated")),
    }


def _renewal(until: str) -> str:
    try:
        return f"{permits.renewal_due(date.fromisoformat(until)):%Y-%m-%d}"
    except ValueError:
        return ""


def _table(firm: Object, totals: list[Row], year: int) -> Table:
    return Table(
        f"{firm.code}-{year}",
        ["outlet", "code", "pollutant", "tonnes", "permitted_tonnes", "used_percent"],
        [
            [row["name"], row["code"], row["property"], row["tonnes"], row["allowed"], row["used"]]
            for row in totals
        ],
    )
