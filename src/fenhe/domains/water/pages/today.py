"""The sections now: class of the last sample, of the day, of the month and the year so far, each
against its target, and the room its tightest item has left."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from fenhe.access import gate
from fenhe.alert.models import Alarm
from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts, levels, standing
from fenhe.domains.water.pages.facts import City
from fenhe.domains.water.rules import classes, evaluation, tables
from fenhe.kernel.period import Period, civil
from fenhe.publish.page import Ask, Table
from fenhe.registry.models import Object

ALARM_LOOKS = {"red": "bad", "orange": "bad", "yellow": "warn"}
LISTED_ALARMS = 6


def today(ask: Ask) -> dict[str, Any]:
    place = facts.city(ask, ask.params.get("city", ""))
    series = facts.series_of(place.sections) if place else None
    last = facts.last_sample(series) if series is not None else None
    if place is None or series is None or last is None:
        return {"template": "water/empty.html"}
    day = civil(last).date()
    month = Period.month(day.year, day.month)
    year = Period.year(day.year)
    by_day = facts.judged(place.sections, "day", Period.day(day))
    by_month = facts.judged(place.sections, "month", month)
    by_year = facts.judged(place.sections, "year", year)
    room = standing.tightest(
        standing.together(
            standing.month_room(place.sections, month, day, last),
            standing.month_others(place.sections, by_month, day),
        )
    )
    now = last_levels(place, series, last, day)
    rows = [
        _row(
            one, now.get(one.pk), by_day.get(one.pk), by_month.get(one.pk), by_year.get(one.pk),
            room.get(one.pk), day, ask.language,
        )
        for one in place.sections
    ]  # fmt: skip
    known = [verdict for verdict in by_month.values() if facts.level(verdict)]
    return {
        **facts.cities(ask, place),
        "day": day,
        "month": str(month),
        "rows": rows,
        "levels": levels.legend(),
        "summary": _summary(rows, ask.language),
        **_alarms(place, ask),
        "may_acknowledge": gate.may(ask.person, "alarm.acknowledge"),
        "fresh": {
            "data_to": last,
            "observed": len(now),
            "expected": len(place.sections),
            "computed_at": max((one.computed_at for one in known), default=None),
        },
        "tables": {"sections": _table(rows, place, day)},
    }


def last_levels(
    place: City, series: pl.DataFrame, last: datetime, day: date
) -> dict[int, dict[str, Any]]:
    """Per section the real-time class of its own last sample of the day before `last`."""
    rows = facts.samples(series, Period(last - timedelta(days=1), last + facts.SAMPLE))
    wide = rows.pivot("property", index=["object", "start"], values="usable")
    bodies = pl.DataFrame(
        [(one.pk, facts.waterbody(one)) for one in place.sections],
        {"object": pl.Int64, "waterbody": pl.String},
        orient="row",
    )
    lacking = [name for name in tables.feed_items() if name not in wide.columns]
    whole = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in lacking)
    edition = tables.in_force(tables.SURFACE, day)
    judged = classes.classify(whole.join(bodies, on="object"), edition, tables.feed_items())
    newest = (
        judged.filter(pl.col("level").is_not_null())
        .sort("start")
        .unique("object", keep="last", maintain_order=True)
    )
    return {row["object"]: row for row in newest.iter_rows(named=True)}


def _row(
    one: Object,
    now: dict[str, Any] | None,
    by_day: Verdict | None,
    by_month: Verdict | None,
    by_year: Verdict | None,
    room: dict[str, Any] | None,
    day: date,
    language: str,
) -> dict[str, Any]:
    target = facts.target(one, day)
    month, year = facts.level(by_month), facts.level(by_year)
    return {
        "code": one.code,
        "name": one.name(language),
        "river": one.attributes.get("river") or "",
        "district": one.attributes.get("district") or "",
        "assessed": one.attributes.get("level") or "",
        "target": levels.of(target),
        "now": levels.of(now["level"] if now else None),
        "now_at": now["start"] if now else None,
        "day": levels.of(facts.level(by_day)) | {"url": facts.explain(by_day, "level")},
        "month": levels.of(month) | {"url": facts.explain(by_month, "level")},
        "year": levels.of(year) | {"url": facts.explain(by_year, "level")},
        "meets_month": None if target is None or month is None else month <= target,
        "meets_year": None if target is None or year is None else year <= target,
        "main": (by_month.values.get("main_pollutants") if by_month else "") or "",
        "beyond": [facts.item_name(item, language) for item in standing.beyond(by_month, target)],
        "room": standing.shown(room, language) if room else None,
        "breaks": standing.breaks_on(room, day) if room else None,
    }


def _summary(rows: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """Of the month so far: shares, how many meet their target, the grade of the whole."""
    found = [row["month"]["level"] for row in rows if row["month"]["level"]]
    shares = evaluation.shares(found)
    aimed = [row for row in rows if row["meets_month"] is not None]
    met = [row for row in aimed if row["meets_month"]]
    few = len(found) < tables.option("few_sections_below")
    return {
        "sections": shares.sections,
        "good": f"{shares.good:g}",
        "worst": f"{shares.worst:g}",
        "counts": [
            levels.of(level) | {"count": count} for level, count in enumerate(shares.counts, 1)
        ],
        "grade": None if few or not found else evaluation.basin_grade(found)[language],
        "few": few,
        "met": len(met),
        "aimed": len(aimed),
        "missed": [row["name"] for row in aimed if not row["meets_month"]],
        "tight": [row["name"] for row in rows if row["room"] and row["room"]["state"] == "tight"],
    }


def _table(rows: list[dict[str, Any]], place: City, day: date) -> Table:
    columns = [
        "code", "section", "river", "district", "target", "last_sample", "day", "month", "year",
        "meets_target", "main_pollutants", "beyond_target", "tightest_item",
        "mean_so_far", "room", "state",
    ]  # fmt: skip
    return Table(
        f"{place.thing.code}-{day:%Y%m%d}",
        columns,
        [
            [
                row["code"], row["name"], row["river"], row["district"], row["target"]["roman"],
                row["now"]["roman"], row["day"]["roman"], row["month"]["roman"],
                row["year"]["roman"], row["meets_month"], row["main"],
                "、".join(row["beyond"]),
                *([row["room"][key] for key in ("item", "mean", "room", "state")]
                  if row["room"] else [None] * 4),
            ]
            for row in rows
        ],
    )  # fmt: skip


def _alarms(place: City, ask: Ask) -> dict[str, Any]:
    """The newest that stand, and how many there are in all."""
    things = [place.thing.pk, *(one.pk for one in place.sections)]
    found = ask.visible(Alarm.objects.filter(subject__in=things)).exclude(state="cleared")
    zh = ask.language == "zh"
    shown = [
        {
            "id": one.pk,
            "message": one.message_zh if zh else one.message_en,
            "subject": one.subject.name(ask.language),
            "first_seen": one.first_seen,
            "state": one.state,
            "look": ALARM_LOOKS.get(one.severity, ""),
        }
        for one in found.select_related("subject").order_by("-first_seen")[:LISTED_ALARMS]
    ]
    return {"alarms": shown, "alarm_count": found.count()}
