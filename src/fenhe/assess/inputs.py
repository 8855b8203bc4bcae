"""What a rule reads: who the members of its subjects are, which series they emit, and the readings
of the periods asked about, as one frame of the shape `rule.READINGS`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from fenhe.assess.rule import INSTANT, READINGS, Assessment, Rule
from fenhe.kernel.period import DAY, Period
from fenhe.observe import readings
from fenhe.observe.flags import Flag
from fenhe.registry.models import Object, Relation, Series

CIVIL_OFFSET = pl.duration(hours=8)
TRUNCATE = {"day": "1d", "month": "1mo", "quarter": "1q", "year": "1y"}
UNUSABLE = (int(Flag.FAIL), int(Flag.MISSING))


def members(rule: Rule, subjects: Iterable[int]) -> pl.DataFrame:
    """subject, member, and from when to when (UTC, null for open) the one counts for the other."""
    found = Object.objects.filter(kind__in=rule.kinds, pk__in=list(subjects))
    if rule.members is None:
        return _membership([(pk, pk, None, None) for pk in found.values_list("pk", flat=True)])
    without = rule.members.without
    relations = Relation.objects.filter(
        predicate=rule.members.predicate, object__in=found
    ).select_related("subject")
    return _membership(
        [
            (relation.object_id, relation.subject_id, relation.valid_from, relation.valid_to)
            for relation in relations.order_by("object_id", "subject_id")
            if not (without and relation.subject.attributes.get(without))
        ]
    )


def subjects_of(rule: Rule, members: Iterable[int]) -> pl.DataFrame:
    """The other way round: subject, member for everyone whose verdict depends on these members."""
    wanted = list(members)
    if rule.members is None:
        own = Object.objects.filter(kind__in=rule.kinds, pk__in=wanted)
        pairs = [(pk, pk) for pk in own.values_list("pk", flat=True)]
    else:
        relations = Relation.objects.filter(
            predicate=rule.members.predicate, object__kind__in=rule.kinds, subject__in=wanted
        )
        pairs = list(relations.values_list("object_id", "subject_id"))
    return pl.DataFrame(pairs, {"subject": pl.Int64, "member": pl.Int64}, orient="row").unique()


def attributes(rule: Rule, subjects: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What the rule has to know of each subject itself, such as the limits it is held to."""
    if not rule.attributes:
        return {}
    found = Object.objects.filter(pk__in=list(subjects)).values_list("pk", "attributes")
    return {pk: {name: own.get(name) for name in rule.attributes} for pk, own in found}


def in_periods(rule: Rule, periods: pl.DataFrame) -> pl.DataFrame:
    """subject, period, member: who counts in each of the periods."""
    found = periods.join(members(rule, periods["subject"].unique()), on="subject")
    return found.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") < pl.col("end")))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("period")))
    ).select("subject", "period", "member")


def series(rule: Rule, members: Iterable[int]) -> pl.DataFrame:
    """series, member, property, statistic (as `Input.label()` says it), resolution. Where two
    sources emit the same, the first counts."""
    wanted = {
        (item.property, item.statistic, item.resolution or rule.resolution): item.label()
        for item in rule.inputs
    }
    found = Series.objects.filter(
        object_id__in=list(members),
        resolution__in={resolution for _, _, resolution in wanted},
        property__in={property for property, _, _ in wanted},
    ).order_by("id")
    rows = [
        (one.pk, one.object_id, one.property, wanted[key], one.resolution)
        for one in found
        if (key := (one.property, one.statistic, one.resolution)) in wanted
    ]
    schema = {
        "series": pl.Int32, "member": pl.Int64, "property": pl.String, "statistic": pl.String,
        "resolution": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema, orient="row").unique(
        ["member", "property", "statistic"], keep="first", maintain_order=True
    )


def gather(rule: Rule, ask: Assessment) -> pl.DataFrame:
    """Current readings of the periods asked about, of all members, with unusable values null."""
    emitted = series(rule, ask.members["member"].unique())
    if emitted.is_empty() or ask.periods.is_empty():
        return pl.DataFrame(schema=READINGS)
    # min and max of a column of instants are instants; Polars types them more widely
    first, end = ask.periods["period"].min(), ask.periods["end"].max()
    whole = Period(first - rule.days_back * DAY, end)  # type: ignore[operator, arg-type]
    rows = pl.concat(
        readings.current(own["series"].to_list(), whole, resolution=str(resolution), flags=True)
        for (resolution,), own in emitted.group_by("resolution", maintain_order=True)
    )
    return (
        rows.join(emitted, on="series")
        .pipe(reaching, "start", rule, ask.members["period"].unique())
        .join(ask.members, on=["period", "member"])
        .with_columns(flag=pl.col("flag").fill_null(int(Flag.NOT_EVALUATED)))
        .with_columns(value=pl.when(~pl.col("flag").is_in(UNUSABLE)).then(pl.col("value")))
        .select(pl.col(name).cast(kind) for name, kind in READINGS.items())
        .sort("subject", "period", "member", "property", "statistic", "start")
    )


def reaching(
    rows: pl.DataFrame, column: str, rule: Rule, among: pl.Series | None = None
) -> pl.DataFrame:
    """Each row once for every `period` of the rule that its instant takes part in, or of those
    `among` them."""
    copies = (
        rows.with_columns(period=beginning(pl.col(column) + pl.duration(days=days), rule.span))
        for days in range(rule.days_back + 1)
    )
    if among is not None:
        copies = (one.filter(pl.col("period").is_in(among.implode())) for one in copies)
    return pl.concat(copies)


def beginning(start: pl.Expr, span: str) -> pl.Expr:
    """The beginning (UTC) of the civil day, month, quarter or year in which an instant lies."""
    return ((start + CIVIL_OFFSET).dt.truncate(TRUNCATE[span]) - CIVIL_OFFSET).cast(INSTANT)


def _membership(rows: list[tuple[int, int, object, object]]) -> pl.DataFrame:
    schema = {"subject": pl.Int64, "member": pl.Int64, "from": pl.Date, "to": pl.Date}
    midnight = {
        f"valid_{end}": (pl.col(end).cast(pl.Datetime("us")) - CIVIL_OFFSET).dt.replace_time_zone(
            "UTC"
        )
        for end in ("from", "to")
    }
    return pl.DataFrame(rows, schema, orient="row").with_columns(**midnight).drop("from", "to")
