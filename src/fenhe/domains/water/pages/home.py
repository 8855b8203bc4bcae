"""Water on the home page: the share of sections in classes I to III this year so far, how many meet
their targets, and the share day by day over the last thirty days."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fenhe.act import targets
from fenhe.act.models import Target
from fenhe.domains.water.pages import facts
from fenhe.domains.water.pages.facts import City
from fenhe.domains.water.rules import evaluation
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.card import Card
from fenhe.publish.page import Ask

SPARK_DAYS = 30


def card(ask: Ask) -> Card | None:
    place = facts.city(ask)
    day = facts.newest_day(place) if place else None
    if place is None or day is None:
        return None
    year = Period.year(day.year)
    judged = facts.judged(place.sections, "year", year)
    levels = {pk: level for pk, one in judged.items() if (level := facts.level(one))}
    if not levels:
        return None
    shares = evaluation.shares(list(levels.values()))
    aimed = {
        one.pk: target for one in place.sections if (target := facts.target(one, day)) is not None
    }
    missed = [
        one.name(ask.language)
        for one in place.sections
        if one.pk in levels and one.pk in aimed and levels[one.pk] > aimed[one.pk]
    ]
    spark = _spark(place, day)
    aim = targets.planned(
        ask.visible(Target.objects.all()), "water.good_share", place.thing, day.year
    )
    met = aim is not None and shares.good >= aim.value
    tongue = ask.language
    told = [one for one in spark if one is not None]
    return Card(
        title=Text("水环境", "Water")[tongue],
        label=Text("今年 Ⅰ～Ⅲ 类断面比例", "sections in classes Ⅰ to Ⅲ, this year")[tongue],
        value=f"{shares.good:g}",
        unit="%",
        link="/water/",
        finding=_finding(place, shares, missed, len(set(aimed) & set(levels)))[tongue],
        standing=("good" if met else "bad") if aim else _standing(aimed, missed),
        standing_word=_word(met)[tongue] if aim else "",
        target=Text(f"年度目标 {aim.value:g}%", f"target of the year {aim.value:g} %")[tongue]
        if aim
        else "",
        notes=[note[tongue] for note in _notes(place, shares.worst, missed)],
        spark=spark,
        spark_label=Text(
            f"近 {SPARK_DAYS} 天每日 Ⅰ～Ⅲ 类比例 "
            f"{min(told, default=0):g}–{max(told, default=0):g}%",
            f"share of Ⅰ to Ⅲ by day, last {SPARK_DAYS} days, "
            f"{min(told, default=0):g} to {max(told, default=0):g} %",
        )[tongue],
        data_to=facts.last_sample(facts.series_of(place.sections)),
        computed_at=max(one.computed_at for one in judged.values()),
        observed=_days(place, year),
        expected=(day - year.first_day).days + 1,
    )


def _standing(aimed: dict[int, int], missed: list[str]) -> Literal["good", "bad", ""]:
    """By the sections' own target classes."""
    if not aimed:
        return ""
    return "bad" if missed else "good"


def _word(met: bool) -> Text:
    return Text("达到目标", "at the target") if met else Text("未达目标", "below the target")


def _days(place: City, year: Period) -> int:
    """On how many days of the year a section had a class."""
    found = facts.rows_within(place.sections, "day", year).filter(values__level__gte=1)
    return found.order_by().values("start").distinct().count()


def _finding(place: City, shares: evaluation.Shares, missed: list[str], aimed: int) -> Text:
    city = place.thing
    met = aimed - len(missed)
    return Text(
        f"{city.name('zh')}今年 {shares.sections} 个断面中 {met}/{aimed} 个达到目标",
        f"{city.name('en')}: {met} of {aimed} sections with a target meet it this year",
    )


def _notes(place: City, worst: float, missed: list[str]) -> list[Text]:
    found = [Text(f"劣Ⅴ类 {worst:g}%", f"worse than Ⅴ {worst:g} %")]
    if missed:
        listed = missed[:3]
        more = "…" if len(missed) > 3 else ""
        found.append(
            Text(
                f"未达目标：{'、'.join(listed)}{more}",
                f"below target: {', '.join(listed)}{more}",
            )
        )
    if place.simulated:
        found.append(Text("模拟数据", "simulated data"))
    return found


def _spark(place: City, day: date) -> list[float | None]:
    whole = Period.days(day - (SPARK_DAYS - 1) * DAY, day)
    by_day: dict[date, list[int]] = {}
    found = facts.rows_within(place.sections, "day", whole)
    for start, level in found.values_list("start", "values__level"):
        if level:
            by_day.setdefault(civil(start).date(), []).append(level)
    days = [day - back * DAY for back in range(SPARK_DAYS - 1, -1, -1)]
    return [evaluation.shares(by_day[one]).good if one in by_day else None for one in days]
