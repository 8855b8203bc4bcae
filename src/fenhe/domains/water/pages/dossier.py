"""What water adds to lists, dossiers and the map: its classes, the limits drawn in charts, and the
real-time class of every section sample by sample."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from fenhe.domains.water.pages import facts, levels
from fenhe.domains.water.rules import classes as rules
from fenhe.domains.water.rules import tables
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.publish.page import Class
from fenhe.registry.models import Object

HOURS_OF_SAMPLE = 4


def classes() -> list[Class]:
    """Ⅰ … 劣Ⅴ with their grades, the least grave first."""
    return [
        Class(
            str(row["level"]),
            Text(f"{row['roman']}类 {row['grade'].zh}", f"{row['roman']} {row['grade'].en}"),
            f"water-{row['level']}",
        )
        for row in levels.legend()
    ]


def well_classes() -> list[Class]:
    """Ⅰ … Ⅴ of groundwater: there is no class beyond Ⅴ and no grade in words."""
    return [
        Class(str(level), Text(f"{roman}类", f"class {roman}"), f"water-{level}")
        for level, roman in enumerate(tables.ROMAN[: tables.WORST - 1], 1)
    ]


def limits(name: str, resolution: str, thing: Object, day: date) -> list[tuple[float, Text]]:
    """The limit of the target class for the item; class III where the section has no target."""
    if thing.kind not in facts.KINDS:
        return []
    edition = tables.in_force(tables.SURFACE, day)
    item = tables.items(edition.id, facts.waterbody(thing)).get(name)
    level = facts.target(thing, day) or 3
    if item is None or level >= tables.WORST:
        return []
    bounds = item.limits if item.rule == "range" else (item.limit(level),)
    roman = tables.ROMAN[level - 1]
    return [
        (
            bound,
            Text(
                f"{roman}类限值 {bound:g} · {edition.id}",
                f"limit of class {roman} {bound:g} · {edition.id}",
            ),
        )
        for bound in bounds
    ]


def map_hours(period: Period) -> pl.DataFrame:
    """object, start, class, value (the level) of every section; a sample holds for its four hours,
    so one taken shortly before the period counts for its beginning."""
    things = list(Object.objects.filter(kind__in=facts.KINDS))
    series = facts.series_of(things).filter(pl.col("property").is_in(tables.feed_items()))
    earlier = timedelta(hours=HOURS_OF_SAMPLE - 1)
    rows = facts.samples(series, Period(period.start - earlier, period.end))
    wide = rows.pivot("property", index=["object", "start"], values="usable")
    lacking = [name for name in tables.feed_items() if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in lacking)
    bodies = pl.DataFrame(
        [(one.pk, facts.waterbody(one)) for one in things],
        {"object": pl.Int64, "waterbody": pl.String},
        orient="row",
    )
    edition = tables.in_force(tables.SURFACE, period.last_day)
    judged = rules.classify(wide.join(bodies, on="object"), edition, tables.feed_items())
    known = judged.filter(pl.col("level").is_not_null())
    held = pl.concat(
        known.select(
            "object",
            pl.col("start") + timedelta(hours=step),
            value=pl.col("level").cast(pl.Float64),
            **{"class": pl.col("level").cast(pl.String)},
        )
        for step in range(HOURS_OF_SAMPLE)
    )
    inside = pl.col("start").is_between(period.start, period.end, closed="left")
    return held.filter(inside).sort("object", "start").unique(["object", "start"], keep="last")
