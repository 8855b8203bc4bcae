"""Responsibility and compensation of a month: the balance of each district between its in- and
out-sections; by a scheme what its sections cost or earn, with every line's trail (a range where
the amount is not known); and which item of which section would save most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts, responsibility
from fenhe.domains.water.rules import compensation as rules
from fenhe.domains.water.rules import responsibility as balance_rules
from fenhe.domains.water.rules import simulator, tables
from fenhe.domains.water.rules.compensation import Line, Result, Statement
from fenhe.domains.water.rules.simulator import Saving
from fenhe.kernel.period import Period
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object
from fenhe.standards.confidence import Confidence
from fenhe.standards.edition import Edition

MOST_SAVINGS = 15
BACK = 24  # months of results a scheme may look back on: rewards, last year


def compensation(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    day = facts.newest_day(place) if place else None
    if place is None or day is None:
        return {"template": "water/empty.html"}
    month = facts.asked_month(ask, day)
    known = {one.aliases[0]: one for one in rules.schemes()}
    name = ask.params.get("scheme", "")
    name = name if name in known else "shanxi-2013"
    scheme = known[name]
    yearly = rules.term(scheme, "span") == "year"
    period = facts.year_to(month) if yearly else month
    results = results_of(place.sections, scheme, period, ask.language)
    own = _name_of(period, str(rules.term(scheme, "span")))
    found = [one for one in rules.statements(results, scheme) if one.period == own]
    saved = simulator.savings([one for one in results if one.period == own], scheme)[:MOST_SAVINGS]
    balances = responsibility.balances(place.sections, month)
    return {
        **facts.cities(ask, place),
        "month": f"{month.first_day:%Y-%m}",
        "newest": f"{day:%Y-%m}",
        "period": str(period),
        "schemes": [
            {"id": id, "title": one.title[ask.language], "chosen": id == name}
            for id, one in known.items()
        ],
        "scheme": {
            "id": name,
            "title": scheme.title[ask.language],
            "source": scheme.source[ask.language],
            "note": scheme.note[ask.language] if scheme.note else "",
            "unit": rules.term(scheme, "unit"),
        },
        "statements": [_statement(one, ask.language) for one in found],
        "without": [
            one.name(ask.language)
            for one in place.sections
            if not one.attributes.get("district") or facts.target(one, period.last_day) is None
        ],
        "query": f"city={place.thing.code}&month={month.first_day:%Y-%m}&scheme={name}",
        "balances": responsibility.shown(balances, ask.language),
        "confidence": tables.latest(balance_rules.STANDARD).table("uncertainty").rows[0].confidence,
        "savings": [_saving(one, ask.language) for one in saved],
        "tables": {
            "statement": _table(found, name, period),
            "balance": responsibility.table(balances, month),
        },
    }


def results_of(
    sections: tuple[Object, ...], scheme: Edition, period: Period, language: str
) -> list[Result]:
    """Those of the period, and of earlier ones for rewards and last year's values."""
    span = str(rules.term(scheme, "span"))
    first = period.first_day.replace(year=period.first_day.year - BACK // 12)
    whole = Period(Period.day(first).start, period.end)
    things = {one.pk: one for one in sections if one.attributes.get("district")}
    by_period: dict[str, dict[int, Verdict]] = {}
    for verdict in facts.within(things.values(), span, whole):
        by_period.setdefault(_name(verdict, span), {})[verdict.subject_id] = verdict
    return [
        result
        for when, verdicts in by_period.items()
        for pk, verdict in verdicts.items()
        for result in _results(
            things[pk], verdict, by_period.get(_before(when), {}).get(pk), when, scheme, language
        )
    ]


def _name(verdict: Verdict, span: str) -> str:
    return _name_of(Period(verdict.start, verdict.end), span)


def _name_of(period: Period, span: str) -> str:
    return f"{period.first_day:%Y}" if span == "year" else f"{period.first_day:%Y-%m}"


def _before(when: str) -> str:
    return f"{int(when[:4]) - 1}{when[4:]}"


def _results(
    thing: Object,
    verdict: Verdict,
    past: Verdict | None,
    when: str,
    scheme: Edition,
    language: str,
) -> list[Result]:
    on = Period(verdict.start, verdict.end).last_day
    target = facts.target(thing, on)
    limits = tables.items(tables.in_force(tables.SURFACE, on).id, facts.waterbody(thing))
    old: Mapping[str, Any] = past.values if past else {}
    found = []
    for item in rules.term(scheme, "items"):
        value = verdict.values.get(item)
        if value is None:
            continue
        limit = None
        if target is not None and target < tables.WORST and item in limits:
            limit = limits[item].limit(target)
        found.append(
            Result(
                district=str(thing.attributes["district"]),
                section=thing.name(language),
                period=when,
                item=item,
                value=float(value),
                target=limit,
                last_year=old.get(item),
                level=facts.level(verdict),
                inflow=thing.attributes.get("order") != 1,
            )
        )
    return found


def _statement(one: Statement, language: str) -> dict[str, Any]:
    return {
        "district": one.district,
        "amount": _money(one.amount),
        "range": _range(one.low, one.high) if one.amount is None else "",
        "lines": [_line(line, language) for line in one.lines],
    }


def _line(line: Line, language: str) -> dict[str, Any]:
    return {
        "section": line.section,
        "item": facts.item_name(line.item, language) if line.item not in ("", "class") else "",
        "kind": line.kind,
        "said": line.zh if language == "zh" else line.en,
        "amount": _money(line.amount),
        "range": _range(line.low, line.high) if line.amount is None else "",
        "clause": line.clause,
        "confidence": Confidence(line.confidence) if line.confidence else None,
    }


def _saving(one: Saving, language: str) -> dict[str, Any]:
    return {
        "section": one.section,
        "district": one.district,
        "item": facts.item_name(one.item, language),
        "from": f"{one.value:g}",
        "to": f"{one.needed:g}",
        "amount": _money(one.amount),
        "range": _range(one.low, one.high) if one.amount is None else "",
        "per_mg": "" if one.per_mg is None else f"{one.per_mg:g}",
    }


def _money(amount: float | None) -> str:
    return "—" if amount is None else f"{amount:g}".replace("-", "−")


def _range(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f"{_money(low)} ~ {_money(high) if high is not None else '…'}"


def _table(found: list[Statement], scheme: str, period: Period) -> Table:
    columns = ["district", "period", "section", "kind", "item", "value", "base", "measure",
               "amount", "low", "high", "clause", "confidence"]  # fmt: skip
    rows = [
        [line.district, line.period, line.section, line.kind, line.item, line.value, line.base,
         line.measure, line.amount, line.low, line.high, line.clause, line.confidence]
        for one in found
        for line in one.lines
    ]  # fmt: skip
    rows += [
        [one.district, one.period, "", "total", "", None, None, None, one.amount, one.low, one.high,
         "", ""]
        for one in found
    ]  # fmt: skip
    return Table(f"{scheme}-{period}", columns, rows)
