"""Air on the home page: PM2.5 of this year against the limit and last year, what the rest of the
year may average, where it ends if the rest is like last year's, and the last thirty days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from fenhe.act import targets
from fenhe.act.models import Target
from fenhe.assess.models import Verdict
from fenhe.domains.air.pages import facts, standing
from fenhe.domains.air.pages.facts import City
from fenhe.domains.air.rules import budget as rules
from fenhe.domains.air.rules import tables
from fenhe.domains.air.rules.method import method
from fenhe.kernel.period import DAY, HOUR, Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.kernel.text import Text
from fenhe.publish.card import Card
from fenhe.publish.page import Ask
from fenhe.registry import vocabulary

PROPERTY = "pm2_5"
SPARK_DAYS = 30

Daily = Mapping[date, float | None]


def card(ask: Ask) -> Card | None:
    place = facts.city(ask, ask.params.get("city", ""))
    last = facts.last_hour(facts.series_of(place.stations)) if place else None
    if place is None or last is None:
        return None
    day = civil(last).date()
    year = Period.year(day.year)
    verdict = facts.judged_once(place.thing, "year", year)
    value = verdict.values.get(PROPERTY) if verdict else None
    if verdict is None or value is None:
        return None
    edition = facts.cited(verdict, "GB 3095")
    standard = tables.limit(tables.edition(edition), PROPERTY, "annual")
    aim = targets.planned(
        ask.visible(Target.objects.all()), f"air.{PROPERTY}", place.thing, day.year
    )
    limit = aim.value if aim else standard
    first = min(year.first_day, day - (SPARK_DAYS - 1) * DAY)
    daily = facts.daily_means(place.thing, PROPERTY, Period.days(first, day))
    so_far = {one: mean for one, mean in daily.items() if one >= year.first_day}
    known = sum(mean is not None for mean in so_far.values())
    recent = [daily[day - back * DAY] for back in range(SPARK_DAYS - 1, -1, -1)]
    enough = standing.sufficiency_of(place.thing, year, day)
    meets = None if enough.said else verdict.values["meets"].get(PROPERTY)
    if aim is not None:
        meets = value <= aim.value
    tongue = ask.language
    return Card(
        title=Text("环境空气", "Ambient air")[tongue],
        label=Text("PM₂.₅ 今年平均", "PM₂.₅, mean of this year")[tongue],
        value=f"{value:g}",
        unit=vocabulary.get(PROPERTY).unit,
        link="/air/",
        finding=_finding(place, value, limit, day, aim is not None)[tongue],
        standing={True: "good", False: "bad", None: ""}[meets],  # type: ignore[arg-type]
        standing_word=_word(meets)[tongue] if aim else "",
        why=facts.explain(verdict, PROPERTY),
        target=_held_against(aim, standard, edition)[tongue],
        notes=[
            note[tongue]
            for note in (
                enough.said,
                _change(place, verdict, value),
                *_to_year_end(place, so_far, year, day, limit),
            )
            if note
        ],
        spark=recent,
        spark_label=_spark_label(recent)[tongue],
        spark_limit=_day_limit(day),
        data_to=last + HOUR,
        computed_at=verdict.computed_at,
        observed=known,
        expected=len(so_far),
    )


def _held_against(aim: Target | None, standard: float, edition: str) -> Text:
    """The year's target where one is planned, and always the limit."""
    zh, en = f"限值 {standard:g}（二级，{edition}）", f"limit {standard:g} (grade II, {edition})"
    if aim is None:
        return Text(zh, en)
    return Text(f"年度目标 {aim.value:g}；{zh}", f"target of the year {aim.value:g}; {en}")


def _word(meets: bool | None) -> Text:
    if meets is None:
        return Text("", "")
    return Text("在目标以内", "within the target") if meets else Text("超出目标", "beyond it")


def _finding(place: City, value: float, limit: float, day: date, planned: bool) -> Text:
    """The sentence: above or within, and by how much, from the printed figures."""
    bound = Text("年度目标", "the target of the year") if planned else Text("限值", "the limit")
    over = Decimal(f"{value:g}") - Decimal(f"{limit:g}")
    city = place.thing
    amount = f"{abs(over).normalize():f} {vocabulary.get(PROPERTY).unit}"
    zh = f"高于{bound.zh} {amount}" if over > 0 else f"在{bound.zh}以内，余 {amount}"
    en = f"{amount} above {bound.en}" if over > 0 else f"within {bound.en} by {amount}"
    return Text(
        f"{city.name('zh')}截至 {day:%Y-%m-%d} 的 PM₂.₅ 今年平均{zh}",
        f"{city.name('en')}, up to {day:%Y-%m-%d}: this year's PM₂.₅ is {en}",
    )


def _change(place: City, verdict: Verdict, value: float) -> Text | None:
    """On the year before, from the printed figures."""
    before = standing.before(place.thing, verdict)
    old = before.get(PROPERTY) if before else None
    if old is None:
        return None
    change = Decimal(f"{value:g}") - Decimal(f"{old:g}")
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    amount = f"{sign}{abs(change).normalize():f}"
    return Text(f"上年同期 {old:g}（{amount}）", f"same days last year {old:g} ({amount})")


def _to_year_end(
    place: City, so_far: Daily, year: Period, day: date, limit: float
) -> list[Text | None]:
    """What the rest of the year may average, and where it ends if it is like last year's rest."""
    left = (year.last_day - day).days
    values = [mean for mean in so_far.values() if mean is not None]
    if not left or not values:
        return []
    decimals = method(day).item(PROPERTY).decimals_statistics
    budget = rules.mean_budget(values, left, Decimal(f"{limit:g}"), decimals)
    bound = budget.rest()
    room = (
        Text(
            f"其余 {left} 天平均不超过 {bound.largest(1)} 仍可达标",
            f"the other {left} days may average {bound.largest(1)} at most",
        )
        if bound is not None and budget.reachable
        else Text(
            f"其余 {left} 天即使为 0 也不能达标",
            f"even 0 on the other {left} days would not meet it",
        )
    )
    return [room, _forecast(place, budget, year, day, left)]


def _forecast(
    place: City, budget: rules.MeanBudget, year: Period, day: date, left: int
) -> Text | None:
    """The year's end if every day to come is like the same day of last year; only where last year
    has most of them."""
    rest = Period.days(day + DAY, year.last_day).year_before()
    same = [one for one in facts.daily_means(place.thing, PROPERTY, rest).values() if one]
    if len(same) * 4 < left * 3:
        return None
    end = budget.after(*same).present
    return Text(
        f"若其余日子与上年相同，全年约 {end}（预测，按上年 {len(same)} 天）",
        f"with a rest like last year's the year ends at {end} (forecast, {len(same)} days)",
    )


def _day_limit(day: date) -> float:
    return float(tables.limit(tables.in_force("GB 3095", day), PROPERTY, "24h"))


def _spark_label(recent: list[float | None]) -> Text:
    there = [one for one in recent if one is not None]
    if not there:
        return Text("近 30 天没有日均值", "no daily means in the last 30 days")
    low, high, now = (round_half_even(one, 0) for one in (min(there), max(there), there[-1]))
    gaps = len(recent) - len(there)
    return Text(
        f"近 {SPARK_DAYS} 天日平均 {low}–{high}，最近 {now}" + (f"，缺 {gaps} 天" if gaps else ""),
        f"daily means of the last {SPARK_DAYS} days {low}–{high}, newest {now}"
        + (f", {gaps} missing" if gaps else ""),
    )
