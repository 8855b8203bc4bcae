"""Readings have changed: judge again what depends on them, and nothing else.

Appended readings mark the civil days of the subjects they belong to. Each rule, in the order in
which they feed one another, then takes its marks block by block: read the inputs from the lake,
evaluate, write derived daily series back to the lake, and in ONE transaction keep the verdicts
that say something new, mark what lies downstream, tell the outbox and take the marks away.

Killed anywhere, the marks are still there, and doing a block twice gives the same verdicts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

import polars as pl
from django.db import transaction

from fenhe.assess import dirty, inputs, inspection, rule, verdicts
from fenhe.assess.dirty import Mark, period_at
from fenhe.assess.models import Dirty, Verdict
from fenhe.assess.rule import COVERAGE, INSTANT, KEYS, NOT_VALUES, TICK, Assessment, Rule, Schema
from fenhe.assess.verdicts import Change
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.kernel.values import Qualifier
from fenhe.observe import readings
from fenhe.registry.models import Series
from fenhe.standards import catalogue
from fenhe.standards.edition import Edition
from fenhe.store import outbox
from fenhe.store.lake import open_lake

SOURCE = "assess"
"""Where derived series come from; their readings are not marked a second time."""

Progress = Callable[[int, int], None]  # periods judged so far, periods still waiting


def appended(news: Mapping[str, Any]) -> int:
    """Check the readings of a commit (`readings.appended` of the outbox), then mark every period
    they touch; returns how many."""
    added = readings.touched(
        datetime.fromisoformat(news["known_at"]),
        news["resolution"],
        Period(datetime.fromisoformat(news["first"]), datetime.fromisoformat(news["last"]) + TICK),
    )
    touched = added.select("series", day=inputs.beginning(pl.col("start"), "day")).unique()
    inspection.inspect(touched, news["resolution"])
    emitted = _emitted(touched["series"].unique().to_list())
    touched = touched.join(emitted, on="series")
    now, count = utc_now(), 0
    for one in rule.all():
        wanted = pl.DataFrame(
            [
                (item.property, item.statistic, item.resolution or one.resolution)
                for item in one.inputs
            ],
            {"property": pl.String, "statistic": pl.String, "resolution": pl.String},
            orient="row",
        )
        hit = touched.join(wanted, on=wanted.columns, how="semi")
        count += dirty.mark(_marks(one, hit.select("member", "day").unique()), now)
    return count


def described(news: Mapping[str, Any]) -> int:
    """Attributes of objects have changed (`objects.changed` of the outbox): mark every period of
    theirs that was judged by a rule that looks at one of them; returns how many."""
    count = 0
    for one in rule.all():
        if set(one.attributes).isdisjoint(news["attributes"]):
            continue
        found = Verdict.objects.filter(
            rule=one.id, variant="", current=True, subject__in=news["objects"]
        ).values_list("subject_id", "start")
        count += dirty.mark([Mark(pk, one.id, start) for pk, start in found], utc_now())
    return count


def assess(progress: Progress | None = None) -> int:
    """Judge every marked period; returns how many verdicts said something new."""
    if not dirty.count():
        return 0
    judged = new = 0
    for one in rule.in_order():
        for block in dirty.waiting(one):
            new += _settle_block(one, block)
            judged += len(block)
            if progress:
                progress(judged, dirty.count())
    return new


def _settle_block(one: Rule, block: list[Dirty]) -> int:
    """Judge the marks of a block; those no edition speaks of just go."""
    of = {(mark.subject_id, mark.start): mark for mark in block}
    new = _renew_variants(one, list(of))
    for ask in asks(one, of):
        marks = [of.pop(key) for key in ask.periods.select(KEYS).iter_rows()]
        new += len(_settle(one, ask, marks))
    with transaction.atomic():
        dirty.clear(list(of.values()))
    return new


def _renew_variants(one: Rule, keys: list[tuple[int, datetime]]) -> int:
    """What was also judged under another edition is judged again under it, before the marks go."""
    wanted = set(keys)
    kept: dict[str, list[tuple[int, datetime]]] = {}
    found = Verdict.objects.filter(
        rule=one.id, current=True, start__in={start for _, start in keys}
    ).exclude(variant="")
    for variant, subject, start in found.values_list("variant", "subject_id", "start"):
        if (subject, start) in wanted:
            kept.setdefault(variant, []).append((subject, start))
    known = {edition.id: edition for edition in catalogue.editions()}
    return sum(
        len(_settle(one, ask, []))
        for variant, marked in kept.items()
        if variant in known
        for ask in asks(one, marked, known[variant])
    )


def recompute(
    period: Period,
    edition: str,
    rules: Iterable[Rule] | None = None,
    progress: Progress | None = None,
) -> int:
    """Judge a past period again as if another edition, and the editions of the other standards of
    its time, had been in force; returns how many verdicts said something new. Kept as a variant
    labelled with that edition's id, beside the verdicts of the day's own rules: see
    `verdicts.variants`. Readings and derived daily series stay as they are."""
    named = catalogue.edition(edition)
    new = done = 0
    for one in rule.in_order() if rules is None else rules:
        judged = verdicts.within(one.id, period).values_list("subject_id", "start")
        for ask in (ask for block in _by_month(judged) for ask in asks(one, block, named)):
            new += len(_settle(one, ask, []))
            done += ask.periods.height
            if progress:
                progress(done, 0)
    return new


def _by_month(judged: Iterable[tuple[int, datetime]]) -> list[list[tuple[int, datetime]]]:
    """Together what begins in one civil month and at one instant or day by day: a rule of months
    or years takes subjects of one period at a time, and days of a month are read at once."""
    blocks: dict[date, list[tuple[int, datetime]]] = {}
    for subject, start in judged:
        blocks.setdefault(civil(start).date().replace(day=1), []).append((subject, start))
    return list(blocks.values())


def asks(
    one: Rule,
    subjects_and_starts: Iterable[tuple[int, datetime]],
    instead: Edition | None = None,
) -> list[Assessment]:
    """One ask per set of editions in force, or one under the edition named `instead`. Periods that
    no edition covers are not judged: before the first edition there is nothing to judge by."""
    as_of = rule.rules_of(instead) if instead else None
    found: dict[tuple[str, ...], list[tuple[int, datetime, datetime]]] = {}
    days: dict[tuple[str, ...], date] = {}
    for subject, start in subjects_and_starts:
        period = period_at(one.span, start)
        on = as_of or period.last_day
        try:
            editions = tuple(catalogue.in_force(standard, on).id for standard in one.standards)
        except NotFound:
            continue
        found.setdefault(editions, []).append((subject, start, period.end))
        days[editions] = max(on, days.get(editions, on))
    schema: Schema = {"subject": pl.Int64, "period": INSTANT, "end": INSTANT}
    return [
        Assessment(
            span=one.span,
            periods=(periods := pl.DataFrame(rows, schema, orient="row").sort(KEYS)),
            members=inputs.in_periods(one, periods),
            standards=one.standards,
            on=days[editions],
            variant=instead.id if instead else "",
            attributes=inputs.attributes(one, periods["subject"].unique()),
        )
        for editions, rows in found.items()
    ]


def judge(one: Rule, ask: Assessment) -> pl.DataFrame:
    """One row per period asked about, in the order asked, whether or not there were readings."""
    result = one.evaluate(inputs.gather(one, ask), ask)
    missing = [name for name in KEYS if name not in result.columns]
    if missing:
        raise BadInput(
            "assess.rule-shape",
            f"规则 {one.id} 的结果缺少列 {'、'.join(missing)}",
            f"the result of rule {one.id} lacks the columns {', '.join(missing)}",
        )
    counts = [pl.lit(0, pl.Int64).alias(name) for name in COVERAGE if name not in result.columns]
    return (
        ask.periods.join(result.with_columns(counts), on=KEYS, how="left", maintain_order="left")
        .with_columns(pl.col(COVERAGE).fill_null(0))
        .with_columns(pl.selectors.float().fill_nan(None))
    )


def _settle(one: Rule, ask: Assessment, marks: list[Dirty]) -> list[Change]:
    """Judge, write derived series, then keep verdicts, marks and outbox in one transaction."""
    version = open_lake().version()
    result = judge(one, ask)
    if not ask.variant:
        _derive(one, result)
    now = utc_now()
    told = [_verdict(one, ask, row, version, now) for row in result.iter_rows(named=True)]
    with transaction.atomic():
        changes = verdicts.add(told)
        if not ask.variant:
            days = ask.periods.select(pl.col("subject").alias("member"), day="period")
            for other in rule.all():
                if one.feeds(other):
                    dirty.mark(_marks(other, days), now)
        if changes:
            outbox.put("verdicts.changed", _news(one, ask, changes))
        dirty.clear(marks)
    return changes


def _marks(one: Rule, days: pl.DataFrame) -> list[Mark]:
    """The periods of a rule that depend on these members' days and have begun."""
    subjects = inputs.subjects_of(one, days["member"].unique())
    hit = (
        days.join(subjects, on="member")
        .pipe(inputs.reaching, "day", one)
        .filter(pl.col("period") <= utc_now())
        .select("subject", "period")
        .unique()
    )
    return [Mark(subject, one.id, start) for subject, start in hit.iter_rows()]


def _derive(one: Rule, result: pl.DataFrame) -> None:
    """Write the daily series a rule derives; readings that say nothing new are not appended."""
    if not one.derives:
        return
    long = pl.concat(
        result.select(
            pl.col("subject"),
            pl.col("period").alias("start"),
            pl.col(item.column).cast(pl.Float64).alias("value"),
            property=pl.lit(item.property),
            statistic=pl.lit(item.statistic),
        )
        for item in one.derives
    )
    known = _ensure_series(long.select("subject", "property", "statistic").unique(), one.span)
    frame = long.join(known, on=["subject", "property", "statistic"]).select(
        "series",
        "start",
        "value",
        qualifier=pl.when(pl.col("value").is_null())
        .then(int(Qualifier.MISSING_BLANK))
        .otherwise(int(Qualifier.EXACT))
        .cast(pl.Int8),
    )
    readings.append(frame, resolution=one.span, source=SOURCE)


def _ensure_series(wanted: pl.DataFrame, resolution: str) -> pl.DataFrame:
    """series, subject, property, statistic; those that are not there yet are made."""
    Series.objects.bulk_create(
        [
            Series(
                object_id=subject,
                property=property,
                statistic=statistic,
                resolution=resolution,
                source=SOURCE,
            )
            for subject, property, statistic in wanted.sort(wanted.columns).iter_rows()
        ],
        ignore_conflicts=True,
    )
    found = Series.objects.filter(
        object_id__in=wanted["subject"].unique().to_list(), resolution=resolution, source=SOURCE
    ).values_list("id", "object_id", "property", "statistic")
    schema = {
        "series": pl.Int32,
        "subject": pl.Int64,
        "property": pl.String,
        "statistic": pl.String,
    }
    return pl.DataFrame(list(found), schema, orient="row")


def _emitted(series: list[int]) -> pl.DataFrame:
    """series, member, property, statistic, resolution of measured series (not our own)."""
    found = (
        Series.objects.filter(pk__in=series)
        .exclude(source=SOURCE)
        .values_list("id", "object_id", "property", "statistic", "resolution")
    )
    schema = {
        "series": pl.Int32,
        "member": pl.Int64,
        "property": pl.String,
        "statistic": pl.String,
        "resolution": pl.String,
    }
    return pl.DataFrame(list(found), schema, orient="row")


def _verdict(
    one: Rule, ask: Assessment, row: Mapping[str, Any], version: int, now: datetime
) -> Verdict:
    return Verdict(
        subject_id=row["subject"],
        rule=one.id,
        variant=ask.variant,
        start=row["period"],
        end=row["end"],
        edition=ask.editions,
        values={key: row[key] for key in row if key not in NOT_VALUES and key[0] != "_"},
        category=row.get("category") or "",
        expected=row["expected"],
        observed=row["observed"],
        lake_version=version,
        computed_at=now,
    )


def _news(one: Rule, ask: Assessment, changes: list[Change]) -> dict[str, Any]:
    """What later stages need in order to look the changes up."""
    return {
        "rule": one.id,
        "variant": ask.variant,
        "start": min(change.new.start for change in changes).isoformat(),
        "end": max(change.new.end for change in changes).isoformat(),
        "subjects": sorted({change.new.subject_id for change in changes}),
    }
