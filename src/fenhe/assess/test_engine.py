"""The engine, driven by a domain invented here: levels of wells, their day means, a field's mean
of its wells, and the field's month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from fenhe.assess import dirty, engine, rule, verdicts
from fenhe.assess.models import Dirty, Verdict
from fenhe.assess.rule import Assessment, Derived, Input, Members, Rule
from fenhe.kernel.period import HOUR, Period
from fenhe.kernel.text import Text
from fenhe.observe import readings
from fenhe.registry.models import Object, Relation, Series
from fenhe.store import outbox
from fenhe.store.lake import Lake
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db

DAY = Period.day(date(2024, 5, 3))
MONTH = Period.month(2024, 5)


def mean(frame: pl.DataFrame, ask: Assessment) -> pl.DataFrame:
    return frame.group_by("subject", "period").agg(
        mean=pl.col("value").mean(),
        observed=pl.col("value").count().cast(pl.Int64),
        expected=pl.lit(24, pl.Int64),
    )


WELL = Rule(
    id="wells.day",
    name=Text("日均", "day mean"),
    kinds=("well",),
    inputs=(Input("level"),),
    evaluate=mean,
    derives=(Derived("mean", "level", "mean"),),
)
FIELD = Rule(
    id="wells.field-day",
    name=Text("井田日均", "day mean of a field"),
    kinds=("field",),
    inputs=(Input("level", "mean"),),
    evaluate=mean,
    resolution="day",
    members=Members("part_of", without="control"),
    derives=(Derived("mean", "level", "mean"),),
)
MONTHLY = Rule(
    id="wells.month",
    name=Text("月均", "month mean"),
    kinds=("field",),
    inputs=(Input("level", "mean"),),
    evaluate=mean,
    span="month",
    resolution="day",
)
RISING = Rule(
    id="wells.two-days",
    name=Text("两日", "two days"),
    kinds=("field",),
    inputs=(Input("level", "mean"),),
    evaluate=mean,
    resolution="day",
    days_back=1,
)


@pytest.fixture(autouse=True)
def wells(lake: Lake) -> Iterator[None]:
    kept = rule.all()
    rule.clear()
    for one in (MONTHLY, FIELD, WELL, RISING):  # any order: in_order sorts them
        rule.register(one)
    field = Object.objects.create(kind="field", code="F", name_zh="井田")
    for number, control in ((1, False), (2, False), (3, True)):
        well = Object.objects.create(
            kind="well", code=str(number), name_zh=f"{number} 号井", attributes={"control": control}
        )
        Relation.objects.create(subject=well, predicate="part_of", object=field)
        Series.objects.create(object=well, property="level", resolution="hour")
    yield
    rule.clear()
    for one in kept:
        rule.register(one)


def series(code: str) -> int:
    return Series.objects.get(object__code=code, resolution="hour").pk


def bring(code: str, value: float | None, day: Period = DAY, hours: int = 24) -> None:
    starts = [day.start + hour * HOUR for hour in range(hours)]
    frame = pl.DataFrame(
        {
            "series": series(code),
            "start": pl.Series(starts, dtype=pl.Datetime("us", "UTC")),
            "value": pl.Series([value] * hours, dtype=pl.Float64),
            "qualifier": 0 if value is not None else 10,
        }
    )
    readings.append(frame, "hour", source="test")


def settle() -> int:
    outbox.run({"readings.appended": lambda news: engine.appended(news)})
    return engine.assess()


def value(code: str, rule_id: str, period: Period = DAY) -> float | None:
    found = verdicts.current(Object.objects.get(code=code).pk, rule_id, period)
    return found.values["mean"] if found else None


def test_a_reading_reaches_the_well_the_field_and_the_month() -> None:
    bring("1", 4.0)
    bring("2", 8.0)
    bring("3", 100.0)  # the control well does not count for the field
    settle()
    assert value("1", WELL.id) == 4.0
    assert value("F", FIELD.id) == 6.0
    assert value("F", MONTHLY.id, MONTH) == 6.0
    assert not Dirty.objects.exists()


def test_the_same_again_makes_no_verdict() -> None:
    bring("1", 4.0)
    settle()
    before = Verdict.objects.count()
    bring("1", 4.0)
    assert settle() == 0
    dirty.mark([dirty.Mark(Object.objects.get(code="1").pk, WELL.id, DAY.start)], DAY.end)
    assert engine.assess() == 0
    assert Verdict.objects.count() == before


def test_a_correction_takes_the_place_and_keeps_the_old() -> None:
    bring("1", 4.0)
    settle()
    bring("1", 16.0, hours=12)
    settle()
    assert value("1", WELL.id) == 10.0
    told = verdicts.history(Object.objects.get(code="1").pk, WELL.id, DAY)
    assert [verdict.values["mean"] for verdict in told] == [10.0, 4.0]
    assert [verdict.current for verdict in told] == [True, False]
    assert value("F", MONTHLY.id, MONTH) == 10.0


def test_only_days_that_changed_are_judged() -> None:
    other = Period.day(date(2024, 5, 20))
    bring("1", 4.0)
    bring("1", 5.0, other)
    settle()
    seen = set(Verdict.objects.values_list("pk", flat=True))
    bring("2", 8.0, other)
    settle()
    fresh = Verdict.objects.exclude(pk__in=seen)
    assert {(one.rule, one.start) for one in fresh} == {
        (WELL.id, other.start),
        (FIELD.id, other.start),
        (MONTHLY.id, MONTH.start),
        (RISING.id, other.start),
        (RISING.id, other.end),
    }


def test_a_rule_may_look_back_and_is_judged_again_for_the_days_that_look() -> None:
    after = Period.day(date(2024, 5, 4))
    bring("1", 4.0)
    bring("1", 8.0, after)
    settle()
    assert value("F", RISING.id, after) == 6.0
    bring("1", 6.0)
    settle()
    assert value("F", RISING.id, after) == 7.0


def test_a_missing_day_leaves_a_verdict_without_value() -> None:
    bring("1", 4.0)
    settle()
    bring("1", None)
    settle()
    verdict = verdicts.current(Object.objects.get(code="1").pk, WELL.id, DAY)
    assert verdict is not None
    assert (verdict.values["mean"], verdict.observed) == (None, 0)
    assert value("F", FIELD.id) is None


def test_a_member_counts_only_while_the_relation_holds() -> None:
    Relation.objects.filter(subject__code="2").update(valid_from=date(2024, 5, 4))
    bring("1", 4.0)
    bring("2", 8.0)
    settle()
    assert value("F", FIELD.id) == 4.0


def test_changes_are_told_once() -> None:
    bring("1", 4.0)
    settle()
    told = Outbox.objects.filter(topic="verdicts.changed")
    assert {row.payload["rule"] for row in told} == {one.id for one in rule.all()}
    count = told.count()
    settle()
    assert told.count() == count


def test_a_mark_renewed_while_judging_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    bring("1", 4.0)
    outbox.run({"readings.appended": lambda news: engine.appended(news)})
    well = Object.objects.get(code="1").pk
    judge = engine.judge

    def meanwhile(one: Rule, ask: Assessment) -> pl.DataFrame:
        result = judge(one, ask)
        if one is WELL:
            dirty.mark([dirty.Mark(well, WELL.id, DAY.start)], datetime.now(UTC) + timedelta(1))
        return result

    monkeypatch.setattr(engine, "judge", meanwhile)
    engine.assess()
    assert Dirty.objects.filter(subject=well, rule=WELL.id).exists()


def test_dying_before_the_verdicts_are_kept_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bring("1", 4.0)
    bring("2", 8.0)
    outbox.run({"readings.appended": lambda news: engine.appended(news)})
    add, calls = verdicts.add, 0

    def die(told: list[Verdict]) -> list[verdicts.Change]:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise KeyboardInterrupt
        return add(told)

    monkeypatch.setattr(verdicts, "add", die)
    for _ in range(8):
        try:
            engine.assess()
            break
        except KeyboardInterrupt:
            continue
    assert value("F", MONTHLY.id, MONTH) == 6.0
    assert Verdict.objects.filter(current=False).count() == 0
    assert not Dirty.objects.exists()
