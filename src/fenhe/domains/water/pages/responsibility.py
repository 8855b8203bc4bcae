"""The balance of each district for a month: its out-section against the sections where rivers
enter, item by item; loads where there is flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts
from fenhe.domains.water.rules import responsibility as rules
from fenhe.domains.water.rules import tables
from fenhe.domains.water.rules.responsibility import Balance, Mean
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.observe import readings
from fenhe.observe.flags import Flag
from fenhe.publish.page import Table
from fenhe.registry.models import Object, Series

ITEMS = ("codmn", "cod", "nh3n", "tp")
FLOW = "river_flow"
FLOWS = {"object": pl.Int64(), "start": pl.Datetime("us", "UTC"), "flow": pl.Float64()}

ORIGINS = {
    "met": Text("出境达标", "target met"),
    "within": Text("入境未超，出境超标", "enters within the limit, leaves over it"),
    "entered": Text("入境已超，未见升高", "enters over the limit, not shown to rise"),
    "both": Text("入境已超，出境更高", "enters over the limit, leaves higher"),
    "open": Text("不能判断", "cannot be said"),
}
CANNOT = {
    "no_inflow": Text("上游没有断面，不能分出入境部分", "no section above: what enters is unknown"),
    "inflow_missing": Text("入境断面本月缺数据", "an inflow section has no data this month"),
    "mixing": Text("多个入境断面缺流量，不能合成", "several inflows do not mix without flow"),
    "single": Text("只有单次手工样品，不算负荷", "one sample by hand: no load"),
    "loads": Text("缺流量，只比浓度，不能说负荷", "no flow: concentrations only, no loads"),
}  # fmt: skip


def pairs(sections: Sequence[Object]) -> list[tuple[Object, tuple[Object, ...]]]:
    """Every out-section with its inflow sections: the last section of a district on a river, and
    the nearest above it of another district, or those its `inflows` names."""
    of = {one.code: one for one in sections}
    found = []
    for one in sections:
        district = one.attributes.get("district")
        if not district or _continues(one, sections):
            continue
        named = str(one.attributes.get("inflows") or "").replace("；", ";").split(";")
        entering = tuple(of[code.strip()] for code in named if code.strip() in of)
        found.append((one, entering or _above(one, sections)))
    return found


def _continues(one: Object, sections: Sequence[Object]) -> bool:
    """Whether the next section downstream is the same district's."""
    order = one.attributes.get("order")
    below = [two for two in _same_river(one, sections) if order and two.attributes["order"] > order]
    nearest = min(below, key=lambda two: two.attributes["order"], default=None)
    return nearest is not None and _district(nearest) == _district(one)


def _above(one: Object, sections: Sequence[Object]) -> tuple[Object, ...]:
    order = one.attributes.get("order")
    above = [
        two
        for two in _same_river(one, sections)
        if order and two.attributes["order"] < order and _district(two) != _district(one)
    ]
    nearest = max(above, key=lambda two: two.attributes["order"], default=None)
    return () if nearest is None else (nearest,)


def _same_river(one: Object, sections: Sequence[Object]) -> list[Object]:
    river = one.attributes.get("river")
    return [
        two
        for two in sections
        if two.attributes.get("river") == river and two.attributes.get("order") and two.pk != one.pk
    ]


def _district(one: Object) -> object:
    return one.attributes.get("district")


def balances(
    sections: Sequence[Object], month: Period
) -> list[tuple[Object, tuple[Object, ...], list[Balance]]]:
    """Out-section, its inflows, and what can be said of each item in the month."""
    means = _means(sections, month)
    found = []
    for out, inflows in pairs(sections):
        own = [
            rules.balance(
                item,
                means[out.pk, item],
                [means[one.pk, item] for one in inflows if (one.pk, item) in means],
                _limit(out, item, month),
                complete=all((one.pk, item) in means for one in inflows),
            )
            for item in ITEMS
            if (out.pk, item) in means
        ]
        found.append((out, inflows, own))
    return found


def _limit(out: Object, item: str, month: Period) -> float | None:
    target = facts.target(out, month.last_day)
    if target is None or target >= tables.WORST:
        return None
    edition = tables.in_force(tables.SURFACE, month.last_day)
    known = tables.items(edition.id, facts.waterbody(out)).get(item)
    return known.limit(target) if known else None


def _means(sections: Sequence[Object], month: Period) -> dict[tuple[int, str], Mean]:
    """By object and item: from the days the rules have derived, else the month's verdict (manual
    sampling: a mean without a spread)."""
    days = facts.daily(sections, month).filter(pl.col("property").is_in(ITEMS))
    joined = days.join(_flows(sections, month), on=["object", "start"], how="left").sort("start")
    found: dict[tuple[int, str], Mean] = {}
    names = {one.pk: one.code for one in sections}
    for (thing, item), part in joined.group_by("object", "property", maintain_order=True):
        made = rules.mean_of(names[int(str(thing))], part["mean"].to_list(), part["flow"].to_list())
        if made is not None:
            found[int(str(thing)), str(item)] = made
    for pk, verdict in facts.judged(sections, "month", month).items():
        for item in ITEMS:
            value = _exact(verdict, item)
            if value is not None and (pk, item) not in found:
                found[pk, item] = Mean(names[pk], value, days=1)
    return found


def _exact(verdict: Verdict, item: str) -> float | None:
    found: float | None = (verdict.values.get("exact") or {}).get(item)
    return found


def _flows(sections: Sequence[Object], month: Period) -> pl.DataFrame:
    """object, start (the civil day), flow in m³/s: the mean of what was gauged that day
    and did not fail its checks."""
    known = Series.objects.filter(
        object__in=list(sections), property=FLOW, statistic="value", resolution__in=("hour", "day")
    ).values_list("id", "object_id", "resolution")
    series = pl.DataFrame(
        list(known), {"series": pl.Int32, "object": pl.Int64, "resolution": pl.String}, orient="row"
    )
    parts = [
        readings.current(part["series"].to_list(), month, str(resolution), flags=True)
        for (resolution,), part in series.group_by("resolution")
    ]
    if not parts:
        return pl.DataFrame(schema=FLOWS)
    usable = ~pl.col("flag").fill_null(int(Flag.NOT_EVALUATED)).is_in(facts.UNUSABLE)
    rows = pl.concat([part.filter(usable).select("series", "start", "value") for part in parts])
    shift = pl.duration(hours=8)
    return (
        rows.join(series, on="series")
        .with_columns(start=(pl.col("start") + shift).dt.truncate("1d") - shift)
        .group_by("object", "start")
        .agg(flow=pl.col("value").mean())
    )


def shown(
    found: Sequence[tuple[Object, tuple[Object, ...], list[Balance]]], language: str
) -> list[dict[str, Any]]:
    """Per out-section its items as a page prints them."""
    return [
        {
            "district": out.attributes["district"],
            "code": out.code,
            "section": out.name(language),
            "inflows": [one.name(language) for one in inflows],
            "items": [_item(one, language) for one in items],
            "cannot": _cannot(items, language),
        }
        for out, inflows, items in found
    ]


def _cannot(items: Sequence[Balance], language: str) -> list[str]:
    """What cannot be said of any item, and of which items else: "COD：…"."""
    of: dict[str, list[str]] = {}
    for one in items:
        for code in one.cannot:
            single = code == "loads" and one.out.days == 1
            of.setdefault("single" if single else code, []).append(facts.symbol(one.item))
    return [
        CANNOT[code][language]
        if len(symbols) == len(items)
        else f"{'、'.join(symbols)}{Text('：', ': ')[language]}{CANNOT[code][language]}"
        for code, symbols in of.items()
    ]


def _item(one: Balance, language: str) -> dict[str, Any]:
    return {
        "item": one.item,
        "symbol": facts.symbol(one.item),
        "entering": facts.printed(one.entering, one.item),
        "out": facts.printed(one.out.value, one.item),
        "limit": "—" if one.limit is None else f"{one.limit:g}",
        "change": _signed(one.change),
        "trend": _trend(one, language),
        "origin": ORIGINS[one.origin][language],
        "look": {"within": "bad", "both": "bad", "met": "good"}.get(one.origin, ""),
        "load_in": _load(sum(x.load or 0.0 for x in one.inflows) if _loaded(one) else None),
        "load_out": _load(one.out.load),
        "own": _load(one.own),
        "range": "" if one.low is None else f"{_load(one.low)} ~ {_load(one.high)}",
        "share": "—" if one.share is None else f"{one.share:.0f}".replace("-", "−"),
    }


def _loaded(one: Balance) -> bool:
    return bool(one.inflows) and all(x.load is not None for x in one.inflows)


def _signed(value: float | None) -> str:
    return "—" if value is None else f"{value:+.3g}".replace("-", "−")


def _trend(one: Balance, language: str) -> str:
    if one.change is None:
        return ""
    if one.sure is None:
        return Text("不能判断是否可靠", "may be chance")[language]
    if not one.sure:
        return Text("在不确定度之内", "within uncertainty")[language]
    return (Text("升高", "higher") if one.change > 0 else Text("降低", "lower"))[language]


def _load(value: float | None) -> str:
    """kg/d, three significant digits at least."""
    if value is None:
        return "—"
    return (f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")


def table(
    found: Sequence[tuple[Object, tuple[Object, ...], list[Balance]]], month: Period
) -> Table:
    columns = [
        "district", "section", "inflow_sections", "item", "entering", "leaving", "limit", "change",
        "change_sure", "origin", "days", "flow_m3_s", "load_in_kg_d", "load_out_kg_d", "own_kg_d",
        "own_low_kg_d", "own_high_kg_d", "own_share_percent", "cannot_be_said",
    ]  # fmt: skip
    rows = [
        [out.attributes["district"], out.code, ";".join(x.code for x in inflows), one.item,
         one.entering, one.out.value, one.limit, one.change, one.sure, one.origin, one.out.days,
         one.out.flow, sum(x.load or 0.0 for x in one.inflows) if _loaded(one) else None,
         one.out.load, one.own, one.low, one.high, one.share, ";".join(one.cannot)]
        for out, inflows, items in found
        for one in items
    ]  # fmt: skip
    return Table(f"responsibility-{month}", columns, rows)
