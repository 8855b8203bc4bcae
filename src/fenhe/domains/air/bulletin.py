"""The city's air bulletin: from the verdicts of the city and its stations to a sheet that reads
like a city's own: composite index and its change, six pollutants, load ratios, good days, stations
from best to worst. Pure; sentence order as in the bulletins of Shanxi cities.

Changes are computed from printed values (that is what reproduces published bulletins).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fenhe.domains.air.doubts import doubts
from fenhe.domains.air.printed import ITEMS, NONE, Printed, change, named, number, signed
from fenhe.domains.air.sentences import (
    both,
    day_figures,
    days,
    end_of,
    loads,
    period_name,
    shares,
    six,
    span_of,
    summary,
    year_on_year,
)
from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Bulletin, Fact, Material, Wanted
from fenhe.publish.sheet import NO_DATA, NOTHING, Block, Cell, Column, Figure, Sheet

WITHIN: dict[bool | None, Cell] = {None: NO_DATA, True: Text("是", "yes"), False: Text("否", "no")}
RULE_OF = {"month": "air.month", "quarter": "air.quarter", "year": "air.year"}


def wants(period: Period) -> Mapping[str, Wanted]:
    rule = RULE_OF[span_of(period)]
    before = period.year_before()
    return {
        "now": Wanted(rule, period),
        "before": Wanted(rule, before),
        "places": Wanted(rule, period, of="part_of"),
        "places_before": Wanted(rule, before, of="part_of"),
    }


def compose(material: Material) -> Sheet:
    period, fact = material.period, material.one("now")
    now = Printed.of(fact, period.last_day)
    past = Printed.of(material.one("before"), period.year_before().last_day)
    when, open_points = period_name(period), doubts(now.editions)
    blocks = [
        Block("headline", figures=_headline(now, past)),
        Block("paragraph", summary(material.subject, when, now, past)),
        Block("paragraph", six(now, past)),
        Block("paragraph", loads(now)),
        Block("paragraph", days(period, now, past), figures=day_figures(now, past)),
        Block("heading", Text("六项污染物", "The six pollutants")),
        _pollutant_table(now, past),
        Block("shares", Text("污染负荷占比", "Load ratios"), figures=shares(now)),
        *_place_blocks(_places(material), period),
        Block("notes", items=[*_notes(material, fact, now), *open_points]),
    ]
    return Sheet(
        title=Text(
            f"{material.subject.zh}环境空气质量通报",
            f"Air quality bulletin of {material.subject.en}",
        ),
        subtitle=when,
        blocks=blocks,
        data_up_to=end_of(material.data_up_to),
        computed_at=f"{civil(material.computed_at):%Y-%m-%d %H:%M}",
        data={"period": str(period), "now": dict(now.values), "before": dict(past.values)},
        doubts=open_points,
    )


CITY_BULLETIN = Bulletin(
    id="air.city-bulletin",
    name=Text("城市环境空气质量通报", "city air quality bulletin"),
    kinds=("air_city",),
    wants=wants,
    compose=compose,
)
BULLETINS = (CITY_BULLETIN,)


def _headline(now: Printed, past: Printed) -> list[Figure]:
    composite, judged = now["composite"], now["days_judged"]
    good, good_before = now["good_days_pct"], past["good_days_pct"]
    share = NOTHING
    if good is not None and good_before is not None:
        points = signed(round(good - good_before, 1))
        share = Text(f"同比 {points} 个百分点", f"{points} points on last year")
    days = Text(f"共评价 {judged} 天", f"of {judged} days judged") if judged else NOTHING
    return [
        Figure("composite", Text("综合指数", "Composite index"), number(composite, 2),
               note=year_on_year(composite, past["composite"])),
        Figure("good_days_pct", Text("优良天数比例", "Good days"), number(good, 1), "%", share),
        Figure("heavy_days", Text("重度及以上污染天数", "Heavily polluted days"),
               number(now["heavy_days"], 0), note=days),
        Figure("main_pollutant", Text("主要污染物", "Main pollutant"), now.main,
               note=NOTHING if now.main == NO_DATA
               else Text("单项指数最大", "largest single index")),
    ]  # fmt: skip


def _pollutant_table(now: Printed, past: Printed) -> Block:
    rows: list[tuple[Cell, ...]] = [
        (
            Text(f"{item.label.zh}（{item.unit}）", f"{item.label.en} ({item.unit})"),
            now.text(item),
            past.text(item),
            signed(change(now.value(item), past.value(item))),
            f"{now.limit(item):g}",
            WITHIN[now.within(item)],
            number(now.single(item), 2),
        )
        for item in ITEMS
    ]
    limits = now.editions["GB 3095"]
    title, name = limits.title, named(limits)
    return Block(
        "table",
        Text(
            f"限值：《{title.zh.split('（')[0]}》{name.zh} 二级",
            f"Limits: {title.en.split(',')[0]}, {name.en}, grade II",
        ),
        columns=(
            Column(Text("项目", "Item"), "left"),
            Column(Text("浓度", "Value"), key="value"),
            Column(Text("上年同期", "Year before"), key="before"),
            Column(Text("同比 %", "Change %"), key="change"),
            Column(Text("限值", "Limit"), key="limit"),
            Column(Text("不超限值", "Within"), key="within"),
            Column(Text("单项指数", "Single index"), key="single"),
        ),
        rows=rows,
        keys=[item.column for item in ITEMS],
    )


def _places(material: Material) -> list[tuple[Fact, Fact | None]]:
    """Stations by composite index, best first; those without one, and control points, last."""
    before = {fact.code: fact for fact in material.facts["places_before"]}
    facts = sorted(material.facts["places"], key=_worse)
    return [(fact, before.get(fact.code)) for fact in facts]


def _worse(fact: Fact) -> tuple[bool, bool, float, str]:
    composite = fact.values.get("composite")
    control = bool(fact.attributes.get("control_point"))
    return (control, composite is None, composite or 0.0, fact.code)


def _place_blocks(places: Sequence[tuple[Fact, Fact | None]], period: Period) -> list[Block]:
    heading = Text("各点位综合指数（由好到差）", "Stations, best to worst")
    return [Block("heading", heading), _place_table(places, period)] if places else []


def _place_table(places: Sequence[tuple[Fact, Fact | None]], period: Period) -> Block:
    rows: list[tuple[Cell, ...]] = []
    ranked = position = 0
    last: float | None = None
    for fact, fact_before in places:
        now = Printed.of(fact, period.last_day)
        past = Printed.of(fact_before, period.year_before().last_day)
        control, composite = bool(fact.attributes.get("control_point")), now["composite"]
        if composite is not None and not control:
            position += 1
            ranked = ranked if composite == last else position
            last = composite
        rows.append((
            NONE if control or composite is None else str(ranked),
            Text(fact.name.zh + ("（对照点）" if control else ""),
                 fact.name.en + (" (control point)" if control else "")),
            number(composite, 2),
            signed(change(composite, past["composite"])),
            *(now.text(item) for item in ITEMS),
            number(now["good_days_pct"], 1),
        ))  # fmt: skip
    return Block(
        "table",
        columns=(
            Column(Text("名次", "Rank"), key="rank"),
            Column(Text("点位", "Station"), "left"),
            Column(Text("综合指数", "Composite"), key="composite"),
            Column(Text("同比 %", "Change %"), key="change"),
            *(Column(Text(item.symbol, item.symbol), key=item.column) for item in ITEMS),
            Column(Text("优良 %", "Good %"), key="good_days_pct"),
        ),
        rows=rows,
        keys=[fact.code for fact, _ in places],
    )


def _notes(material: Material, fact: Fact | None, now: Printed) -> list[Text]:
    names = [named(edition) for edition in now.editions.values()]
    observed, expected = (
        (fact.observed, fact.expected) if fact else (0, material.period.hours // 24)
    )
    up_to = both(end_of(material.data_up_to) if material.data_up_to else NO_DATA)
    return [
        Text(
            f"评价依据：{'、'.join(name.zh for name in names)}。",
            f"Judged by: {'; '.join(name.en for name in names)}.",
        ),
        Text(
            "城市浓度为各评价点位日值的平均，不含清洁对照点；"
            "同比由修约后的浓度计算，单项指数由表列浓度计算，先修约到两位小数再相加。",
            "City concentrations are means of the stations' days, control points left out; changes "
            "and single indices are computed from the printed values, single indices are rounded "
            "before they are added.",
        ),
        Text(
            f"数据完整性：有效评价日 {observed}/{expected}；数据截至 {up_to.zh}（北京时间）。",
            f"Coverage: {observed}/{expected} days judged; data up to {up_to.en} (UTC+08:00).",
        ),
        *_compliance_digits(now),
        *_too_few_days(now),
    ]


def _compliance_digits(now: Printed) -> list[Text]:
    """Where a concentration is judged with other digits than it is printed with."""
    found = [
        item.symbol
        for item in ITEMS
        for way in (now.method.item(item.name),)
        if way.decimals_statistics != way.decimals_compliance
    ]
    statistics = now.editions["HJ 663"].id
    return [
        Text(
            f"{'、'.join(found)} 按 {statistics} 的达标判定位数由未修约值修约后与限值比较。",
            f"{', '.join(found)}: held against the limit with the digits {statistics} asks for "
            "compliance, rounded once from the unrounded value.",
        )
    ][: len(found)]


def _too_few_days(now: Printed) -> list[Text]:
    valid = now["valid"] or {}
    found = [item.symbol for item in ITEMS if valid.get(item.pollutant) is False]
    return [
        Text(
            f"{'、'.join(found)} 的有效天数不足 GB 3095 的最低要求，其统计值仅供参考。",
            f"{', '.join(found)}: fewer valid days than GB 3095 asks for; their statistics are "
            "for information only.",
        )
    ][: len(found)]
