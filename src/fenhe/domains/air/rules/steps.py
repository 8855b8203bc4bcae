"""How the values of a verdict came about, in words: inputs, rounding, formula, limit, with clause
and confidence. Worked out from the verdict's own values and the editions it cites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fenhe.assess.rule import Assessment, Step
from fenhe.domains.air.rules import aqi, iaqi, tables
from fenhe.domains.air.rules.daily import ways
from fenhe.domains.air.rules.method import Item
from fenhe.domains.air.rules.period import mean_column, percentile_column
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition, Row, Table

Values = Mapping[str, Any]

HOW = {
    "mean": Text("小时值的算术平均", "mean of the hours"),
    "mda8": Text("8 小时滑动平均的最大值", "largest 8 h running mean"),
    "max": Text("小时值的最大值", "largest hour"),
}
WINDOWS = 17  # 8 h windows that lie wholly in a day


def station_day(row: Values, ask: Assessment) -> list[Step]:
    way = ways(ask)
    rows = ask.edition("HJ 663").table("validity")
    steps = []
    for item in way.items:
        rule = "mda8_windows" if item.daily == "mda8" else "day"
        source = _validity(rows, item, rule)
        least, of = int(source["minimum"]), WINDOWS if item.daily == "mda8" else 24
        what = (
            Text("个 8 小时窗口", "8 h windows") if item.daily == "mda8" else Text("小时", "hours")
        )
        present = (row.get("present") or {}).get(item.pollutant)
        steps.append(
            _step(
                item.pollutant,
                row.get(item.pollutant),
                Text(
                    f"{HOW[item.daily].zh}；有效 {present}/{of} {what.zh}，至少需 {least}；"
                    f"修约后 {_shown(row.get(item.pollutant))} {tables.UNITS[item.property]}",
                    f"{HOW[item.daily].en}; {present}/{of} {what.en} valid, {least} needed; "
                    f"rounded {_shown(row.get(item.pollutant))} {tables.UNITS[item.property]}",
                ),
                source,
                ask.edition("HJ 663"),
            )
        )
    return [*steps, *_index(row, ask)]


def city_day(row: Values, ask: Assessment) -> list[Step]:
    edition = ask.edition("HJ 663")
    methods = edition.table("city_statistics").find(statistic="city_day")
    stations = int(row["expected"]) // 6
    steps = []
    for item in ways(ask).items:
        source = next(one for one in methods if tables.SYMBOLS[item.property] in one["pollutants"])
        present = (row.get("present") or {}).get(item.pollutant)
        value = _shown(row.get(item.pollutant))
        steps.append(
            _step(
                item.pollutant,
                row.get(item.pollutant),
                Text(
                    f"{present}/{stations} 个评价点位日值的算术平均（不含对照点），修约后 {value} "
                    f"{tables.UNITS[item.property]}",
                    f"mean of the days of {present}/{stations} stations that count (no control "
                    f"points), rounded {value} {tables.UNITS[item.property]}",
                ),
                source,
                edition,
            )
        )
    return [*steps, *_index(row, ask)]


def period(row: Values, ask: Assessment) -> list[Step]:
    limits, way = ask.edition("GB 3095"), ways(ask)
    steps: list[Step] = []
    for item in way.items:
        steps += _statistics(row, item, ask.edition("HJ 663"))
        steps += _limits(row, item, limits, way.grade)
    return [*steps, *_composite(row, ask.edition("composite")), _good_days(row, ask)]


def _index(row: Values, ask: Assessment) -> Iterator[Step]:
    edition = ask.edition("HJ 633")
    for index in aqi.indices(edition, "day"):
        value = row.get(index.column)
        if value is None:
            continue
        step = iaqi.explain(edition, index.pollutant, index.scale.row["averaging"], value)[-1]
        yield replace(step, metric=f"iaqi_{index.column}")  # `value` was rounded a step before
    subs = {i.column: row.get(f"iaqi_{i.column}") for i in aqi.indices(edition, "day")}
    known = {name: sub for name, sub in subs.items() if sub is not None}
    if not known or row.get("aqi") is None:
        return
    category = aqi.category(edition, int(row["aqi"]))
    name = category.text("category")
    primary = "、".join(row.get("primary") or []) or "—"
    words = Text(
        f"各分指数最大值 {row['aqi']}，{name.zh}，首要污染物 {primary}",
        f"largest of the sub-indices {row['aqi']}, {name.en}, primary pollutant {primary}",
    )
    yield _step("aqi", row["aqi"], words, replace(category, note=None), edition, (known,))


def _statistics(row: Values, item: Item, edition: Edition) -> Iterator[Step]:
    days = (row.get("valid_days") or {}).get(item.pollutant)
    exact = row.get("exact") or {}
    source = _validity(edition.table("validity"), item, "year", "percentile_year")
    percentile = edition.table("percentile_method").rows[0]
    unit = tables.UNITS[item.property]
    for column, what, by in (
        (mean_column(item), Text("算术平均", "mean"), source),
        (
            percentile_column(item),
            Text(f"第 {item.percent:g} 百分位数", f"percentile {item.percent:g}"),
            percentile,
        ),
    ):
        whole = exact.get(column)
        shown = "—" if whole is None else f"{whole:.6g}"
        words = Text(
            f"{days} 个有效日值的{what.zh} {shown}，修约为 {_shown(row.get(column))} {unit}",
            f"{what.en} of {days} valid days {shown}, rounded to {_shown(row.get(column))} {unit}",
        )
        yield _step(column, row.get(column), words, by, edition)


def _limits(row: Values, item: Item, edition: Edition, grade: str) -> Iterator[Step]:
    symbol, unit = tables.SYMBOLS[item.property], tables.UNITS[item.property]
    daily = "MDA8" if item.daily == "mda8" else "24h"
    for column, averaging in ((mean_column(item), "annual"), (percentile_column(item), daily)):
        found = edition.table("limits").find(pollutant=symbol, averaging=averaging, grade=grade)
        value = row.get(column)
        if not found or value is None:
            continue
        limit = float(found[0]["limit"])
        over, mean = value > limit, tables.AVERAGING[averaging]
        words = Text(
            f"{'超过' if over else '不超过'}二级限值 {limit:g} {unit}（{mean.zh}）",
            f"{'above' if over else 'within'} the grade II limit {limit:g} {unit} ({mean.en})",
        )
        yield _step(column, value, words, found[0], edition)


def _composite(row: Values, edition: Edition) -> Iterator[Step]:
    if row.get("composite") is None:
        return
    table = edition.table("composite")
    terms = []
    for one in table:
        name = tables.PROPERTIES[one["pollutant"]]
        single = row["single"][name]
        terms.append(f"{single:.2f}")
        words = Text(
            f"浓度 ÷ {one['limit']} {one['unit']}，先修约到两位小数：{single:.2f}",
            f"concentration over {one['limit']} {one['unit']}, rounded to two decimals first: "
            f"{single:.2f}",
        )
        yield _step(f"single_{name}", single, words, one, edition)
    total = f"{row['composite']:.2f}"
    words = Text(
        f"单项指数相加：{' + '.join(terms)} = {total}",
        f"sum of the single indices: {' + '.join(terms)} = {total}",
    )
    yield _step("composite", row["composite"], words, table.rows[0], edition)


def _good_days(row: Values, ask: Assessment) -> Step:
    edition = ask.edition("HJ 633")
    words = Text(
        f"AQI 不超过 100 的日数 {row.get('good_days')}，有效日数 {row.get('days_judged')}",
        f"{row.get('good_days')} days with an AQI up to 100 of {row.get('days_judged')} judged",
    )
    good = replace(edition.table("categories").rows[1], note=None)
    return _step("good_days_pct", row.get("good_days_pct"), words, good, edition)


def _validity(rows: Table, item: Item, *statistics: str) -> Row:
    symbol = tables.SYMBOLS[item.property]
    return next(
        row
        for statistic in statistics
        for row in rows
        if row["statistic"] == statistic and symbol in row["pollutants"]
    )


def _step(
    metric: str,
    value: Any,
    words: Text,
    source: Row,
    edition: Edition,
    inputs: tuple[Mapping[str, Any], ...] = (),
) -> Step:
    note = source.note
    return Step(
        metric,
        value,
        words.zh + (f"（{note.zh}）" if note else ""),
        words.en + (f" ({note.en})" if note else ""),
        source.clause,
        edition.id,
        source.confidence.value,
        inputs,
    )


def _shown(value: Any) -> str:
    return "—" if value is None else f"{value:g}"
