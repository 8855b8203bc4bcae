"""Groundwater: the class of each well by its newest sampling of a year, what decides it, what was
below detection; and one well with every item of GB/T 14848 it was sampled for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts, levels
from fenhe.domains.water.rules import groundwater, tables, wells
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import Period
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object
from fenhe.standards.edition import Row

MONTHS = 24


def groundwater_wells(ask: Ask) -> dict[str, Any]:
    things = list(ask.visible(Object.objects.filter(kind=wells.WELL)).order_by("code"))
    newest = _verdicts(things).order_by("-start").first()
    if newest is None:
        return {"template": "water/wells_empty.html", "wells": len(things)}
    last = Period(newest.start, newest.end).first_day.year
    year = _year(ask, last)
    found = _newest(things, year)
    before = _newest(things, year - 1)
    rows = [_row(one, found.get(one.pk), before.get(one.pk), ask.language) for one in things]
    known = [row["level"] for row in rows if row["level"]]
    return {
        "year": year,
        "last": last,
        "rows": rows,
        "wells": len(things),
        "sampled": len(known),
        "counts": [
            levels.of(level) | {"count": known.count(level)} for level in range(1, tables.WORST)
        ],
        "missed": [row["name"] for row in rows if row["meets"] is False],
        "edition": tables.in_force(groundwater.STANDARD, date(year, 12, 31)).id,
        "simulated": any(one.attributes.get("simulated") for one in things),
        "tables": {"wells": _table(rows, year)},
    }


def well(ask: Ask) -> dict[str, Any]:
    code = ask.params["code"]
    thing = ask.visible(Object.objects.filter(kind=wells.WELL, code=code)).first()
    if thing is None:
        raise NotFound("water.well-unknown", f"没有监测井 {code}", f"there is no well {code}")
    history = list(_verdicts([thing]).order_by("-start")[:MONTHS])
    wanted = ask.params.get("month", "")
    shown = next((one for one in history if _month(one) == wanted), next(iter(history), None))
    rows = [] if shown is None else _items(shown, ask.language)
    return {
        "name": thing.name(ask.language),
        "code": thing.code,
        "object": thing.pk,
        "simulated": bool(thing.attributes.get("simulated")),
        "aquifer": thing.attributes.get("aquifer") or "",
        "district": thing.attributes.get("district") or "",
        "target": levels.of(_target(thing)),
        "months": [
            {"month": _month(one), "chosen": one is shown, **levels.of(facts.level(one))}
            for one in history
        ],
        "month": "" if shown is None else _month(shown),
        "class": levels.of(facts.level(shown))
        | {"url": facts.explain(shown, "level")},
        "deciding": _names(shown, "deciding", ask.language),
        "unsure": _names(shown, "unsure", ask.language),
        "rows": rows,
        "tables": {
            "items": Table(
                f"{thing.code}-{_month(shown) if shown else ''}",
                ["item", "value", "unit", "below_detection", "class", "limits", "clause"],
                [
                    [row["name"], row["value"], row["unit"], row["below"], row["roman"],
                     row["bounds"], row["clause"]]
                    for row in rows
                ],
            )
        },
    }  # fmt: skip


def _verdicts(things: Sequence[Object]) -> Any:
    return Verdict.objects.filter(
        subject__in=things, rule=wells.RULE, variant="", current=True, values__level__gte=1
    )


def _year(ask: Ask, newest: int) -> int:
    written = ask.params.get("year", "")
    year = int(written) if written.isdecimal() and len(written) == 4 else newest
    return min(max(year, facts.EARLIEST), newest)


def _newest(things: Sequence[Object], year: int) -> dict[int, Verdict]:
    """Object id → its last judged month of the year."""
    whole = Period.year(year)
    found = _verdicts(things).filter(start__gte=whole.start, end__lte=whole.end).order_by("start")
    return {one.subject_id: one for one in found}


def _month(verdict: Verdict) -> str:
    return f"{Period(verdict.start, verdict.end).first_day:%Y-%m}"


def _target(thing: Object) -> int | None:
    written = str(thing.attributes.get("target") or "")
    return int(written) if written.isdecimal() else None


def _row(
    thing: Object, verdict: Verdict | None, before: Verdict | None, language: str
) -> dict[str, Any]:
    level, target = facts.level(verdict), _target(thing)
    return {
        "code": thing.code,
        "name": thing.name(language),
        "district": thing.attributes.get("district") or "",
        "aquifer": thing.attributes.get("aquifer") or "",
        "month": _month(verdict) if verdict else "",
        **levels.of(level),
        "url": facts.explain(verdict, "level"),
        "target": levels.of(target),
        "meets": None if level is None or target is None else level <= target,
        "before": levels.of(facts.level(before)),
        "deciding": _told(verdict, language) if level and level > 1 else [],
        "unsure": _names(verdict, "unsure", language),
        "censored": len(wells.named(verdict.values.get("censored"))) if verdict else 0,
        "observed": verdict.observed if verdict else 0,
        "expected": verdict.expected if verdict else len(groundwater.items()),
    }


def _figure(value: float) -> str:
    """Never as 2e-05: people read 0.00002."""
    return f"{Decimal(f'{value:.6g}'):f}"


def _told(verdict: Verdict | None, language: str) -> list[str]:
    """The deciding items with their values: "铁 2.5 mg/L"."""
    found = []
    for item in wells.named(verdict.values.get("deciding")) if verdict else []:
        row = groundwater.by_id()[item]
        value = verdict.values.get(item) if verdict else None
        amount = "" if value is None else f" {_figure(value)} {row['unit']}"
        found.append(f"{wells.item_name(item)[language]}{amount}".strip())
    return found


def _names(verdict: Verdict | None, metric: str, language: str) -> list[str]:
    said = verdict.values.get(metric) if verdict else None
    return [wells.item_name(item)[language] for item in wells.named(said)]


def _items(verdict: Verdict, language: str) -> list[dict[str, Any]]:
    """Every measured item, the worst class first."""
    censored = wells.named(verdict.values.get("censored"))
    of = verdict.values.get("levels") or {}
    rows = [
        _item(row, verdict, of.get(item), item in censored, language)
        for item, row in groundwater.by_id().items()
        if verdict.values.get(item) is not None
    ]
    return sorted(rows, key=lambda row: -(row["level"] or 0))


def _item(
    row: Row, verdict: Verdict, level: int | None, below: bool, language: str
) -> dict[str, Any]:
    item = row["item"]
    return {
        "item": item,
        "name": wells.item_name(item)[language],
        "value": _figure(verdict.values[item]),
        "unit": row["unit"],
        "below": below,
        "url": facts.explain(verdict, item),
        **levels.of(level),
        "bounds": wells.short(row),
        "clause": row.clause,
        "confidence": row.confidence,
    }


def _table(rows: list[dict[str, Any]], year: int) -> Table:
    columns = ["code", "well", "district", "aquifer", "month", "target", "class", "meets_target",
               "year_before", "deciding", "unsure", "below_detection", "items"]  # fmt: skip
    return Table(
        f"groundwater-{year}",
        columns,
        [
            [row["code"], row["name"], row["district"], row["aquifer"], row["month"],
             row["target"]["roman"], row["roman"], row["meets"], row["before"]["roman"],
             "、".join(row["deciding"]), "、".join(row["unsure"]), row["censored"],
             row["observed"]]
            for row in rows
        ],
    )  # fmt: skip
