"""What the register says of a section on the day that is judged: its own target class, and whether
its station was being maintained. From there the two channels of alarms: water against the target,
and the instrument."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl

from fenhe.assess.rule import KEYS, Assessment
from fenhe.domains.water.rules import tables, targets
from fenhe.kernel.period import HOUR

ATTRIBUTES = ("targets", "maintenance")
ALARMING = 5
"""The class from which a section without a target alarms."""
FAR = 2
"""So many classes past the target, or worse than V, is more than a notice."""
MOST_DAYS = 366


def maintained(written: object) -> list[tuple[date, date]]:
    """First and last day of each: "2026-03-01~2026-03-03 换试剂; 2026-04-02" as it is written.
    Raises ValueError for what it cannot read."""
    found = []
    for part in str(written or "").replace("；", ";").split(";"):
        if not part.strip():
            continue
        first, _, last = part.split()[0].replace("～", "~").partition("~")
        begun = date.fromisoformat(first)
        ended = date.fromisoformat(last) if last else begun
        if not timedelta() <= ended - begun <= timedelta(days=MOST_DAYS):
            raise ValueError(f"no maintenance: {part.strip()}")
        found.append((begun, ended))
    return found


def of(ask: Assessment) -> pl.DataFrame:
    """subject, period, `target` (1 to 6, null where there is none) and `maintenance` (true on a
    day of it). What cannot be read counts as not written; the register's page shows it."""
    day = (pl.col("period") + 8 * HOUR).dt.date()
    periods = ask.periods.select(*KEYS, day=day).sort("day")
    known = _targets(ask.attributes)
    work = _maintenance(ask.attributes)
    return (
        periods.join_asof(
            known, left_on="day", right_on="since", by="subject", check_sortedness=False
        )
        .join(work, on=["subject", "day"], how="left")
        .select(*KEYS, "target", maintenance=pl.col("maintenance").fill_null(value=False))
    )


def _targets(attributes: Mapping[int, Mapping[str, Any]]) -> pl.DataFrame:
    rows = []
    for subject, own in attributes.items():
        try:
            history = targets.history(own.get("targets"))
        except ValueError:
            continue
        rows += [(subject, since, level) for since, level in history]
    schema = {"subject": pl.Int64, "since": pl.Date, "target": pl.Int64}
    return pl.DataFrame(rows, schema, orient="row").sort("since")


def _maintenance(attributes: Mapping[int, Mapping[str, Any]]) -> pl.DataFrame:
    rows = []
    for subject, own in attributes.items():
        try:
            spans = maintained(own.get("maintenance"))
        except ValueError:
            continue
        rows += [
            (subject, first + timedelta(days=step), True)
            for first, last in spans
            for step in range((last - first).days + 1)
        ]
    schema = {"subject": pl.Int64, "day": pl.Date, "maintenance": pl.Boolean}
    return pl.DataFrame(rows, schema, orient="row").unique(["subject", "day"])


def channels(judged: pl.DataFrame) -> pl.DataFrame:
    """Adds the metrics that alarm, from `level`, `target`, `maintenance` and `flagged` (the share
    of readings a check objects to): `instrument` 1 where most are in doubt and nobody was at work;
    `alarm_level` of a section without a target; `beyond`: one or more classes past its own target,
    with `beyond_said` in words. A day in doubt, or of maintenance, says nothing of the water."""
    level, target = pl.col("level"), pl.col("target")
    doubted = (pl.col("flagged") > 0.5).fill_null(value=False)
    quiet = doubted | pl.col("maintenance")
    over = (level > target).fill_null(value=False) & ~quiet
    far = (level - target >= FAR) | (level == tables.WORST)
    words = dict(enumerate(tables.ROMAN, 1))
    roman, aimed = (
        one.replace_strict(words, default="", return_dtype=pl.String) for one in (level, target)
    )
    said = pl.struct(
        zh=pl.format("日均{}类，目标{}类", roman, aimed),
        en=pl.format("class {}, target {}", roman, aimed),
    )
    return judged.with_columns(
        instrument=pl.when(doubted & ~pl.col("maintenance")).then(1),
        alarm_level=pl.when((level >= ALARMING) & target.is_null() & ~quiet).then(level),
        beyond=pl.when(over & far).then(pl.lit("more")).when(over).then(pl.lit("one")),
        beyond_said=pl.when(over).then(said),
    )


def missed(judged: pl.DataFrame) -> pl.DataFrame:
    """Adds to a month or year `missed` (1 where its class is past the target) and the words."""
    over = (pl.col("level") > pl.col("target")).fill_null(value=False)
    words = dict(enumerate(tables.ROMAN, 1))
    roman, aimed = (
        pl.col(name).replace_strict(words, default="", return_dtype=pl.String)
        for name in ("level", "target")
    )
    said = pl.struct(
        zh=pl.format("{}类，目标{}类", roman, aimed),
        en=pl.format("class {}, target {}", roman, aimed),
    )
    return judged.with_columns(
        missed=pl.when(over).then(1), missed_said=pl.when(over).then(said)
    ).drop("maintenance")
