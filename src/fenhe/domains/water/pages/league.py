"""CWQI of the cities for a month or year, ranked, and what one item of one section would change:
the exact derivative shows which buys most."""

from __future__ import annotations

from typing import Any

import polars as pl

from fenhe.domains.water.pages import facts
from fenhe.domains.water.rules import cwqi, simulator, tables
from fenhe.domains.water.rules.cwqi import Weighting
from fenhe.kernel.period import Period
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object, Relation

SHARE = 0.1
"""How much less of an item (more of oxygen) the comparison supposes."""
MOST = 10


def league(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    day = facts.newest_day(place) if place else None
    if place is None or day is None:
        return {"template": "water/empty.html"}
    month = facts.asked_month(ask, day)
    span = "year" if ask.params.get("span") == "year" else "month"
    period = facts.year_to(month) if span == "year" else month
    weighting: Weighting = "river" if ask.params.get("weighting") == "river" else "points"
    names = _names(ask)
    now = _sections(ask, names, span, period)
    if now.is_empty():
        return {"template": "water/empty.html"}
    ranked = _ranked(now, weighting)
    past = _sections(ask, names, span, period.year_before())
    rows = _rows(ranked, past, weighting, names)
    supposed = _supposed(ask, now, weighting, ranked, place.thing)
    own = now.filter(pl.col("city") == place.thing.pk)
    items = [name for name in cwqi.items(tables.surface()) if own[name].is_not_null().any()]
    missing = [n for n in cwqi.items(tables.surface()) if n not in items]
    return {
        **facts.cities(ask, place),
        "month": f"{month.first_day:%Y-%m}",
        "newest": f"{day:%Y-%m}",
        "span": span,
        "period": str(period),
        "weighting": weighting,
        "confidence": tables.latest(cwqi.STANDARD).table("weightings").rows[0].confidence,
        "rows": rows,
        "items": [{"id": n, "name": facts.item_name(n, ask.language)} for n in items],
        "missing": "、".join(facts.item_name(n, ask.language) for n in missing),
        "sections": [
            {"code": one["code"], "name": one["name"]} for one in own.iter_rows(named=True)
        ],
        "buys": _buys(own, ranked, place.thing.pk, weighting, ask.language),
        "next": _next(ranked, place.thing.pk, names),
        "supposed": supposed,
        "tables": {"league": _table(rows, period)},
    }


def _names(ask: Ask) -> dict[int, str]:
    found = ask.visible(Object.objects.filter(kind=facts.CITY))
    return {one.pk: one.name(ask.language) for one in found}


def _sections(ask: Ask, cities: dict[int, str], span: str, period: Period) -> pl.DataFrame:
    """city, object, code, name, waterbody and the exact means of every section with a verdict."""
    seen = ask.visible(Object.objects.filter(kind__in=facts.KINDS))
    parts = Relation.objects.filter(
        predicate="part_of", object__in=cities, subject__in=seen
    ).select_related("subject")
    of = {one.subject_id: (one.object_id, one.subject) for one in parts}
    found = facts.judged([thing for _, thing in of.values()], span, period)
    names = cwqi.items(tables.surface())
    rows = []
    for pk, verdict in found.items():
        city, thing = of[pk]
        exact = verdict.values.get("exact") or {}
        rows.append(
            {
                "city": city,
                "object": pk,
                "code": thing.code,
                "name": thing.name(ask.language),
                "waterbody": facts.waterbody(thing),
                **{name: exact.get(name) for name in names},
            }
        )
    schema: dict[str, Any] = {
        "city": pl.Int64, "object": pl.Int64, "code": pl.String, "name": pl.String,
        "waterbody": pl.String, **dict.fromkeys(names, pl.Float64),
    }  # fmt: skip
    return pl.DataFrame(rows, schema).sort("city", "code")


def _ranked(sections: pl.DataFrame, weighting: Weighting) -> pl.DataFrame:
    return cwqi.ranked(cwqi.cities(sections, tables.surface(), ["city"], weighting))


def _rows(
    ranked: pl.DataFrame, past: pl.DataFrame, weighting: Weighting, names: dict[int, str]
) -> list[dict[str, Any]]:
    before = {} if past.is_empty() else {
        row["city"]: row for row in _ranked(past, weighting).iter_rows(named=True)
    }  # fmt: skip
    rows = []
    for row in ranked.sort("rank", nulls_last=True).iter_rows(named=True):
        old = before.get(row["city"])
        alike = old is not None and old["items"] == row["items"]
        change = None
        if old is not None and alike:
            pair = pl.DataFrame({"now": [row["_exact"]], "base": [old["_exact"]]})
            change = pair.select(x=cwqi.change(pl.col("now"), pl.col("base")))["x"][0]
        rows.append(
            {
                "city": names[row["city"]],
                "rank": row["rank"],
                "cwqi": _four(row["cwqi"]),
                "river": _four(row["cwqi_river"]),
                "lake": _four(row["cwqi_lake"]),
                "points": f"{row['river_points']} + {row['lake_points']}",
                "items": row["items"],
                "before": _four(old["cwqi"] if old and alike else None),
                "change": "—" if change is None else f"{change:+.2f}".replace("-", "−"),
            }
        )
    return rows


def _four(value: float | None) -> str:
    return "—" if value is None else f"{value:.4f}"


def _buys(
    own: pl.DataFrame, ranked: pl.DataFrame, city: int, weighting: Weighting, language: str
) -> list[dict[str, Any]]:
    """What 10 % less of one item at one section takes off the city's index, most first; the exact
    derivative per unit; and the mean that alone would pass the next better city."""
    points = dict(own.group_by("waterbody").len().iter_rows())
    rows = []
    means = {
        (kind, name): own.filter(pl.col("waterbody") == kind)[name].mean()
        for kind in points
        for name in cwqi.items(tables.surface())
    }
    gain = _gain(ranked, city)
    for row in own.iter_rows(named=True):
        kind = row["waterbody"]
        weight = _weight(points, kind, weighting)
        for name in cwqi.items(tables.surface()):
            value, mean = row[name], means[kind, name]
            if value is None or name == "ph" or not isinstance(mean, float) or mean <= 0:
                continue
            step = value * SHARE * (1 if name == "do" else -1)
            slope = cwqi.derivative(name, mean, tables.surface(), kind) / points[kind] * weight
            needed = None
            if gain is not None:
                needed = simulator.value_for_gain(
                    gain, name, value, mean, points[kind], tables.surface(), kind, weight
                )
            rows.append((slope * step, row["name"], name, value, value + step, slope, needed))
    rows.sort(key=lambda one: one[:4])
    return [
        {
            "section": section,
            "item": facts.item_name(name, language),
            "from": f"{value:.3g}",
            "to": f"{to:.3g}",
            "gain": _signed(gain_),
            "slope": _signed(slope),
            "needed": "" if needed is None else f"{'≥' if name == 'do' else '≤'} {needed:.3g}",
        }
        for gain_, section, name, value, to, slope, needed in rows[:MOST]
    ]


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")


def _weight(points: dict[str, int], kind: str, weighting: Weighting) -> float:
    """What the rivers' (lakes') index counts in the city's."""
    if len(points) == 1:
        return 1.0
    if weighting == "river":
        return 1.0 if kind == tables.RIVER else 0.0
    return points[kind] / sum(points.values())


def _better(ranked: pl.DataFrame, city: int) -> dict[str, Any] | None:
    """The city one place before."""
    own = ranked.filter(pl.col("city") == city)["rank"][0]
    if own is None:
        return None
    before = ranked.filter(pl.col("rank") < own).sort("rank")
    return None if before.is_empty() else before.row(-1, named=True)


def _gain(ranked: pl.DataFrame, city: int) -> float | None:
    better = _better(ranked, city)
    own = ranked.filter(pl.col("city") == city).row(0, named=True)
    return None if better is None else simulator.to_pass(own["_exact"], better["cwqi"])


def _next(ranked: pl.DataFrame, city: int, names: dict[int, str]) -> dict[str, str] | None:
    better = _better(ranked, city)
    if better is None:
        return None
    return {"city": names[better["city"]], "cwqi": _four(better["cwqi"])}


def _supposed(
    ask: Ask, now: pl.DataFrame, weighting: Weighting, ranked: pl.DataFrame, city: Object
) -> dict[str, Any] | None:
    """The league again with one item of one section at another mean."""
    code, item = ask.params.get("section", ""), ask.params.get("item", "")
    written = ask.params.get("value", "").strip()
    if not (code and written and item in cwqi.items(tables.surface())):
        return None
    try:
        value = float(written)
    except ValueError:
        value = -1.0
    chosen = (pl.col("code") == code) & (pl.col("city") == city.pk)
    known = now.filter(chosen)
    if not 0 < value < 1e6 or known.is_empty():
        return {"refused": True, "value": written, "code": code, "item": item}
    changed = now.with_columns(pl.when(chosen).then(value).otherwise(pl.col(item)).alias(item))
    after = _ranked(changed, weighting)
    was, now_ = (
        frame.filter(pl.col("city") == city.pk).row(0, named=True) for frame in (ranked, after)
    )
    return {
        "refused": False,
        "code": code,
        "item": item,
        "value": written,
        "was": known[item][0],
        "cwqi_was": _four(was["cwqi"]),
        "cwqi": _four(now_["cwqi"]),
        "rank_was": was["rank"],
        "rank": now_["rank"],
    }


def _table(rows: list[dict[str, Any]], period: Period) -> Table:
    columns = ["rank", "city", "cwqi", "river", "lake", "points", "items", "before", "change"]
    return Table(f"cwqi-{period}", columns, [[row[c] for c in columns] for row in rows])
