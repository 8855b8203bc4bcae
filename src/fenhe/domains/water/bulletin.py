"""The city's water bulletin: from the verdicts of its sections to a sheet that reads like a city's
own: shares of classes, grade of the whole, sections from best to worst with their main pollutants,
and the change on the same period of last year. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from fenhe.domains.water.rules import evaluation, pollutants, tables, targets
from fenhe.domains.water.rules.evaluation import Basin, Shares
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Bulletin, Fact, Material, Wanted
from fenhe.publish.sheet import NO_DATA, NOTHING, Block, Cell, Column, Figure, Sheet

NONE = "—"
PRINTED = ("codmn", "nh3n", "tp")


def wants(period: Period) -> Mapping[str, Wanted]:
    span, before = span_of(period), period.year_before()
    return {
        "sections": Wanted(f"water.section-{span}", period, of="part_of"),
        "lakes": Wanted(f"water.lake-{span}", period, of="part_of"),
        "sections_before": Wanted(f"water.section-{span}", before, of="part_of"),
        "lakes_before": Wanted(f"water.lake-{span}", before, of="part_of"),
    }


def span_of(period: Period) -> str:
    """ "month" or "year". Raises BadInput `water.bulletin-period` for any other."""
    first = period.first_day
    for span, whole in (
        ("month", Period.month(first.year, first.month)),
        ("year", Period.year(first.year)),
    ):
        if whole == period:
            return span
    raise BadInput(
        "water.bulletin-period",
        f"水环境通报的时段须是自然月或年（如 2015-12、2015），不能是 {period}",
        f"a water bulletin is of a calendar month or year (2015-12, 2015), not of {period}",
    )


def compose(material: Material) -> Sheet:
    period = material.period
    now = [*material.facts["sections"], *material.facts["lakes"]]
    past = [*material.facts["sections_before"], *material.facts["lakes_before"]]
    shares, before = _shares(now), _shares(past)
    whole = _basin(now)
    simulated = any(fact.attributes.get("simulated") for fact in now)
    doubts = _doubts(bool(past), simulated=simulated)
    when = _period_name(period)
    blocks = [
        Block("headline", figures=_headline(shares, before, whole, now, period)),
        Block("paragraph", _summary(material.subject, when, shares, before, whole)),
        Block("paragraph", _over(now)),
        Block("heading", Text("水质类别", "Classes")),
        _class_table(shares, before),
        Block("heading", Text("各断面（由好到差）", "Sections, best to worst")),
        _section_table(now, past, period),
        Block("notes", items=[*_notes(material, now), *doubts]),
    ]
    return Sheet(
        title=Text(
            f"{material.subject.zh}地表水环境质量通报",
            f"Surface-water bulletin of {material.subject.en}",
        ),
        subtitle=when,
        blocks=blocks,
        data_up_to=_end_of(material.data_up_to),
        computed_at=f"{civil(material.computed_at):%Y-%m-%d %H:%M}",
        data={"period": str(period), "levels": {fact.code: _level(fact) for fact in now}},
        doubts=doubts,
    )


CITY_BULLETIN = Bulletin(
    id="water.city-bulletin",
    name=Text("城市地表水环境质量通报", "city surface-water bulletin"),
    kinds=("water_city",),
    wants=wants,
    compose=compose,
)
BULLETINS = (CITY_BULLETIN,)


def _level(fact: Fact) -> int | None:
    found: int | None = fact.values.get("level")
    return found


def _shares(facts: Sequence[Fact]) -> Shares:
    return evaluation.shares([level for fact in facts if (level := _level(fact))])


def _basin(facts: Sequence[Fact]) -> Basin | None:
    known = [fact for fact in facts if _level(fact)]
    if not known:
        return None
    names = tables.assessed(tables.surface().id)
    schema: dict[str, Any] = {**dict.fromkeys(names, pl.Float64), "level": pl.Int64}
    rows = [{**{n: fact.values.get(n) for n in names}, "level": _level(fact)} for fact in known]
    return evaluation.basin(pl.DataFrame(rows, schema), tables.surface())


def _headline(
    shares: Shares, before: Shares, whole: Basin | None, now: Sequence[Fact], period: Period
) -> list[Figure]:
    aimed = [(fact, target) for fact in now if (target := _target(fact, period)) is not None]
    met = [fact for fact, target in aimed if (_level(fact) or tables.WORST) <= target]
    change = NOTHING
    if before.sections:
        points = f"{shares.good - before.good:+.2f}".replace("-", "−")
        change = Text(f"同比 {points} 个百分点", f"{points} points on last year")
    count = Text(f"{shares.sections} 个断面", f"of {shares.sections} sections")
    return [
        Figure("good_pct", Text("Ⅰ～Ⅲ 类比例", "Classes Ⅰ to Ⅲ"), _percent(shares.good, shares),
               "%", change),
        Figure("worst_pct", Text("劣Ⅴ类比例", "Worse than Ⅴ"), _percent(shares.worst, shares), "%",
               count),
        Figure("grade", Text("总体水质", "Grade"), whole.grade if whole else NO_DATA,
               note=_how(whole)),
        Figure("met", Text("达到目标", "On target"),
               f"{len(met)}/{len(aimed)}" if aimed else NO_DATA),
    ]  # fmt: skip


def _percent(share: float, shares: Shares) -> Cell:
    return f"{share:.2f}" if shares.sections else NO_DATA


def _how(whole: Basin | None) -> Text:
    if whole is None:
        return NOTHING
    if whole.by == "shares":
        return Text("按断面比例", "by shares of sections")
    return Text("断面少于 5 个，按均值", "fewer than 5 sections, by means")


def _target(fact: Fact, period: Period) -> int | None:
    return targets.target(fact.attributes.get("targets"), period.last_day)


def _summary(
    subject: Text, when: Text, shares: Shares, before: Shares, whole: Basin | None
) -> Text:
    if whole is None:
        return Text(
            f"{when.zh}，{subject.zh}没有可评价的断面。",
            f"In {when.en} no section of {subject.en} could be assessed.",
        )
    counts_zh = "、".join(
        f"{roman}类 {count} 个"
        for roman, count in zip(tables.ROMAN, shares.counts, strict=True)
        if count
    )
    counts_en = ", ".join(
        f"{count} of class {roman}"
        for roman, count in zip(tables.ROMAN, shares.counts, strict=True)
        if count
    )
    turn = NOTHING
    if before.sections:
        words, way, _ = evaluation.share_change(before, shares)
        turn = Text(
            f"；与上年同期相比{words.zh}（{way.zh}）", f"; on last year: {words.en} ({way.en})"
        )
    return Text(
        f"{when.zh}，{subject.zh}监测的 {shares.sections} 个断面（点位）中，{counts_zh}；"
        f"总体水质{whole.grade.zh}{turn.zh}。",
        f"In {when.en}, of {shares.sections} sections and points of {subject.en}: {counts_en}. "
        f"The whole is {whole.grade.en}{turn.en}.",
    )


def _over(now: Sequence[Fact]) -> Text:
    """The main indicators of the whole: items worse than class III by share of sections."""
    known = [fact for fact in now if _level(fact)]
    names = tables.assessed(tables.surface().id)
    schema: dict[str, Any] = dict.fromkeys((f"level_{name}" for name in names), pl.Int64)
    rows = [
        {f"level_{name}": (fact.values.get("levels") or {}).get(name) for name in names}
        for fact in known
    ]
    found = evaluation.basin_pollutants(pl.DataFrame(rows, schema), names) if known else []
    if not found:
        return Text("没有劣于Ⅲ类的项目。", "No item is worse than class Ⅲ.")
    zh = "、".join(f"{tables.name_of(item).zh}（{share:g}%）" for item, share in found)
    en = ", ".join(f"{tables.name_of(item).en} ({share:g} %)" for item, share in found)
    return Text(
        f"主要污染指标（超Ⅲ类断面比例）为{zh}。",
        f"Main pollutants, by share of sections over class Ⅲ: {en}.",
    )


def _class_table(shares: Shares, before: Shares) -> Block:
    rows: list[tuple[Cell, ...]] = []
    for level, roman in enumerate(tables.ROMAN, 1):
        grade = evaluation.grade(level)
        rows.append((
            Text(f"{roman}（{grade.zh}）", f"{roman} ({grade.en})"),
            str(shares.counts[level - 1]),
            str(before.counts[level - 1]) if before.sections else NONE,
        ))  # fmt: skip
    return Block(
        "table",
        columns=(
            Column(Text("类别", "Class"), "left"),
            Column(Text("断面数", "Sections"), key="count"),
            Column(Text("上年同期", "Year before"), key="before"),
        ),
        rows=rows,
        keys=[f"class.{level}" for level in range(1, tables.WORST + 1)],
    )


def _section_table(now: Sequence[Fact], past: Sequence[Fact], period: Period) -> Block:
    before = {fact.code: fact for fact in past}
    ordered = sorted(now, key=lambda fact: (_level(fact) or tables.WORST + 1, fact.code))
    rows: list[tuple[Cell, ...]] = []
    for fact in ordered:
        target, old = _target(fact, period), before.get(fact.code)
        rows.append((
            fact.name,
            str(fact.attributes.get("district") or NONE),
            _roman(target),
            _roman(_level(fact)),
            _roman(_level(old)) if old else NONE,
            str(fact.values.get("main_pollutants") or NONE),
            *(_value(fact, item) for item in PRINTED),
        ))  # fmt: skip
    return Block(
        "table",
        Text(
            "括号内为对Ⅲ类限值的超标倍数；单位 mg/L",
            "in brackets: times over the limit of class Ⅲ; mg/L",
        ),
        columns=(
            Column(Text("断面", "Section"), "left"),
            Column(Text("考核区县", "District"), "left", key="district"),
            Column(Text("目标", "Target"), key="target"),
            Column(Text("类别", "Class"), key="level"),
            Column(Text("上年同期", "Year before"), key="before"),
            Column(Text("主要污染指标", "Main pollutants"), "left", key="main"),
            *(Column(tables.name_of(item), key=item) for item in PRINTED),
        ),
        rows=rows,
        keys=[fact.code for fact in ordered],
    )


def _roman(level: int | None) -> str:
    return NONE if level is None else tables.ROMAN[level - 1]


def _value(fact: Fact, item: str) -> str:
    value = fact.values.get(item)
    return NONE if value is None else pollutants.printed(value)


def _notes(material: Material, now: Sequence[Fact]) -> list[Text]:
    observed = sum(fact.observed for fact in now)
    expected = sum(fact.expected for fact in now)
    editions = sorted({name for fact in now for name in fact.edition.split("; ") if name})
    return [
        Text(f"评价依据：{'、'.join(editions)}。", f"Judged by: {'; '.join(editions)}."),
        Text(
            "月均值为当月样品的平均，年均值为各月的平均；均值按环办监测函〔2020〕82号修约后评价，"
            "未检出按检出限的一半参加计算；自动数据优先，其余由手工采样补充。",
            "A month is the mean of its samples, a year that of its months; means are rounded for "
            "assessment (环办监测函〔2020〕82号), non-detects count as half their limit; automatic "
            "values first, manual sampling for the rest.",
        ),
        Text(
            f"数据完整性：21 项中有数据的断面·项目 {observed}/{expected}；"
            f"数据截至 {_end_of(material.data_up_to)}（北京时间）。",
            f"Coverage: {observed}/{expected} section-items of the 21 have data; data up to "
            f"{_end_of(material.data_up_to)} (UTC+08:00).",
        ),
    ]


def _doubts(compared: bool, *, simulated: bool) -> list[Text]:
    found = []
    if simulated:
        found.append(
            Text(
                "本通报由模拟数据编制，只用于演示。", "Made from simulated data, for demonstration."
            )
        )
    if compared:
        found.append(
            Text(
                "与上年同期比较的用语（ΔG−ΔD）未经证实，仅供参考。",
                "The words comparing with last year (ΔG−ΔD) are unconfirmed.",
            )
        )
    return found


def _period_name(period: Period) -> Text:
    first = period.first_day
    if span_of(period) == "year":
        return Text(f"{first.year} 年", f"{first.year}")
    return Text(f"{first.year} 年 {first.month} 月", f"{first:%B %Y}")


def _end_of(instant: datetime | None) -> str:
    """Midnight is 24:00 of the day before, as bulletins have it."""
    if instant is None:
        return NONE
    shown = civil(instant)
    return f"{shown - DAY:%Y-%m-%d} 24:00" if shown.hour == 0 else f"{shown:%Y-%m-%d %H:%M}"
