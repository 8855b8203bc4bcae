"""Rivers, lakes and the whole city graded for a month or a year (环办〔2011〕22号): by class shares
from five sections on, by item means below, with the change on the same period of last year."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts
from fenhe.domains.water.pages.facts import City
from fenhe.domains.water.rules import evaluation, tables
from fenhe.domains.water.rules.evaluation import Basin
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object


def basins(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    day = facts.newest_day(place) if place else None
    if place is None or day is None:
        return {"template": "water/empty.html"}
    month = facts.asked_month(ask, day)
    period = facts.year_to(month) if ask.params.get("span") == "year" else month
    span = "year" if period != month else "month"
    now = facts.judged(place.sections, span, period)
    before = facts.judged(place.sections, span, period.year_before())
    groups = _groups(place)
    rows = [_row(name, things, now, before, ask.language) for name, things in groups]
    return {
        **facts.cities(ask, place),
        "month": f"{month.first_day:%Y-%m}",
        "newest": f"{day:%Y-%m}",
        "span": span,
        "period": str(period),
        "rows": rows,
        "query": f"city={place.thing.code}&month={month.first_day:%Y-%m}&span={span}",
        "romans": tables.ROMAN,
        "confidence": tables.evaluation().table("share_change").rows[0].confidence,
        "tables": {"basins": _table(rows, place, period)},
    }


def _groups(place: City) -> list[tuple[Text, list[Object]]]:
    """The whole city first, then each river with its sections."""
    by_river: dict[str, list[Object]] = {}
    for one in place.sections:
        by_river.setdefault(str(one.attributes.get("river") or ""), []).append(one)
    whole = (Text("全部断面", "All sections"), list(place.sections))
    rest = Text("未注明河流", "No river given")
    return [
        whole,
        *((Text(name, name) if name else rest, things) for name, things in by_river.items()),
    ]


def graded(verdicts: Sequence[Verdict]) -> Basin | None:
    """The grade of a group of sections from their verdicts of one period."""
    known = [one for one in verdicts if facts.level(one)]
    if not known:
        return None
    frame = _frame(known)
    return evaluation.basin(frame, tables.surface())


def _frame(known: Sequence[Verdict]) -> pl.DataFrame:
    names = list(tables.assessed(tables.surface().id))
    rows = [
        {
            **{name: one.values.get(name) for name in names},
            **{f"level_{name}": (one.values.get("levels") or {}).get(name) for name in names},
            "level": facts.level(one),
            "waterbody": tables.LAKE if one.rule.startswith("water.lake") else tables.RIVER,
        }
        for one in known
    ]
    schema: dict[str, Any] = dict.fromkeys(names, pl.Float64)
    schema |= {f"level_{name}": pl.Int64 for name in names}
    schema |= {"level": pl.Int64, "waterbody": pl.String}
    return pl.DataFrame(rows, schema)


def _row(
    name: Text,
    things: Sequence[Object],
    now: dict[int, Verdict],
    before: dict[int, Verdict],
    language: str,
) -> dict[str, Any]:
    own = [now[one.pk] for one in things if one.pk in now]
    past = [before[one.pk] for one in things if one.pk in before]
    found, old = graded(own), graded(past)
    change = None
    if found and old:
        words, direction, _ = evaluation.basin_change(old, found)
        change = f"{words[language]} · {direction[language]}"
    known = [one for one in own if facts.level(one)]
    main = (
        evaluation.basin_pollutants(_frame(known), tables.assessed(tables.surface().id))
        if known
        else []
    )
    return {
        "name": name[language],
        "sections": len(things),
        "judged": found.shares.sections if found else 0,
        "counts": found.shares.counts if found else (0,) * tables.WORST,
        "good": f"{found.shares.good:g}" if found else "—",
        "worst": f"{found.shares.worst:g}" if found else "—",
        "grade": found.grade[language] if found else "—",
        "by": found.by if found else "",
        "before": old.grade[language] if old else "—",
        "change": change or "—",
        "main": "、".join(f"{facts.item_name(item, language)} {share:g}%" for item, share in main),
    }


def _table(rows: list[dict[str, Any]], place: City, period: Period) -> Table:
    columns = ["name", "sections", "judged", *tables.ROMAN, "good_percent", "worst_percent",
               "grade", "by", "grade_before", "change", "main"]  # fmt: skip
    return Table(
        f"{place.thing.code}-{period}",
        columns,
        [
            [row["name"], row["sections"], row["judged"], *row["counts"], row["good"],
             row["worst"], row["grade"], row["by"], row["before"], row["change"], row["main"]]
            for row in rows
        ],
    )  # fmt: skip
