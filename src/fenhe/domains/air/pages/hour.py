"""Why the AQI of an hour is what it is. No verdict is kept per hour: the steps are made anew from
the readings by the rule of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl

from fenhe.domains.air.pages import facts, levels, words
from fenhe.domains.air.rules import iaqi
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.publish.page import Ask
from fenhe.registry import vocabulary
from fenhe.registry.models import Object


def hour(ask: Ask) -> dict[str, Any]:
    start = _moment(ask.params["stamp"])
    place = facts.city(ask, ask.params["code"])
    thing = place.thing if place else facts.station(ask, ask.params["code"])
    counted = place.counted if place else (thing,)
    series = facts.series_of(counted)
    period = Period(start, start + HOUR)
    rows = facts.hours(series, period)
    judged = facts.hourly_aqi(facts.regular(rows, period), civil(start).date())
    values = judged.row(0, named=True)
    wanted = ask.params.get("property", "")
    names = [wanted] if wanted in facts.PROPERTIES else list(facts.PROPERTIES)
    edition = levels.edition(civil(start).date())
    return {
        "subject": thing.name(ask.language),
        "start": start,
        "end": start + HOUR,
        "edition": edition.id,
        "value": values[f"iaqi_{wanted}"] if wanted in facts.PROPERTIES else values["aqi"],
        "property": facts.symbol(wanted) if wanted in facts.PROPERTIES else "",
        "is_city": place is not None,
        "primary": levels.names(values["primary"]),
        "parts": [_part(name, values, edition, ask) for name in names],
        "inputs": _inputs(rows, names, counted, ask),
        "fresh": {"data_to": start + HOUR, "computed_at": ask.now},
    }


def _part(name: str, values: dict[str, Any], edition: Any, ask: Ask) -> dict[str, Any]:
    about = vocabulary.get(name)
    value = values[name]
    steps = (
        iaqi.explain(edition, about.symbol, "1h", value) if value is not None and value >= 0 else []
    )
    return {
        "symbol": facts.symbol(name),
        "unit": about.unit,
        "value": value,
        "shown": "—" if value is None else f"{value:.{about.decimals + 1}f}",
        "iaqi": values[f"iaqi_{name}"],
        "level": levels.of(values[f"iaqi_{name}"], civil(values["start"]).date())["level"],
        "steps": [words.said(step, ask.language) for step in steps],
    }


def _inputs(
    rows: pl.DataFrame, names: list[str], counted: tuple[Object, ...], ask: Ask
) -> list[dict[str, Any]]:
    called = {one.pk: one.name(ask.language) for one in counted}
    return [
        {
            **row,
            "name": called[row["object"]],
            "symbol": facts.symbol(row["property"]),
            "url": facts.why_reading(row["series"], row["start"]),
        }
        for row in rows.filter(pl.col("property").is_in(names))
        .sort("property", "object")
        .iter_rows(named=True)
    ]


def _moment(stamp: str) -> datetime:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%MZ").replace(tzinfo=UTC)
    except ValueError:
        raise NotFound("air.hour", f"不是时刻：{stamp}", f"not a moment: {stamp}") from None
