"""Which of several versions of a reading counts, and what an arriving batch adds. Pure.

A version is a row of the lake: (series, start) says of what, `known_at` since when the platform
has known it. The current version is the one known last; "as known on date D" is the same question
asked of the rows with `known_at` ≤ D.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import CIVIL
from fenhe.kernel.text import Text

KEY = ["series", "start"]
TOLERANCE = timedelta(minutes=5)  # how far a station's clock may run ahead of ours
SHOWN = 100  # problems listed; more of the same helps nobody
_ARRIVING = {
    "series": pl.Int32(),
    "start": pl.Datetime("us", "UTC"),
    "value": pl.Float64(),
    "qualifier": pl.Int8(),
}


def current(rows: pl.DataFrame, key: list[str] = KEY) -> pl.DataFrame:
    """Rows sorted by key and known_at → the last one of each key."""
    following = [(pl.col(name) != pl.col(name).shift(-1)) for name in key]
    return rows.filter(pl.any_horizontal(following).fill_null(True))


def span(frame: pl.DataFrame) -> tuple[datetime, datetime]:
    """The first and the last `start` of a frame that has rows."""
    first, last = frame.select(first=pl.col("start").min(), last=pl.col("start").max()).row(0)
    return first, last


def clean(frame: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """An arriving batch, typed, sorted by key, equal rows collapsed; or `BadInput` with all that
    is wrong. A column `row`, if there is one, says where in its file a row stands."""
    missing = [name for name in ("series", "start", "value") if name not in frame.columns]
    if missing:
        raise ValueError(f"an arriving frame needs {missing}")
    if "qualifier" not in frame.columns:
        frame = frame.with_columns(qualifier=pl.lit(0, pl.Int8()))
    places = ["row"] if "row" in frame.columns else []
    frame = frame.select(*(pl.col(name).cast(kind) for name, kind in _ARRIVING.items()), *places)
    frame = frame.sort(KEY)
    same_key = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in KEY)
    differs = ~pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift(1)) for name in ("value", "qualifier")
    )
    checks = {
        "observe.no-key": pl.col("series").is_null() | pl.col("start").is_null(),
        "observe.future": pl.col("start") > now + TOLERANCE,
        "observe.not-a-number": ~pl.col("value").is_finite(),
        "observe.no-reason": pl.col("value").is_null() & (pl.col("qualifier") == 0),
        "observe.duplicate-key": same_key & differs,
    }
    problems = [
        problem
        for code, wrong in checks.items()
        for problem in _problems(code, frame.filter(wrong.fill_null(False)))
    ]
    if problems:
        raise BadInput(
            problems[0].code if len({problem.code for problem in problems}) == 1 else "observe.bad",
            "这批读数有误，未写入任何一行",
            "this batch of readings has errors; nothing was written",
            problems,
        )
    return frame.drop(places).filter(~same_key.fill_null(False))


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a clean batch means beside what is known: rows to add, and counts."""

    rows: pl.DataFrame
    new: int
    changed: int
    unchanged: int
    last_known: datetime | None  # the newest version that a changed row replaces


def compare(arriving: pl.DataFrame, known: pl.DataFrame) -> Arrival:
    """`known` is the current view of (at least) the arriving keys."""
    both = arriving.join(
        known.select(*KEY, "value", "qualifier", "known_at"),
        on=KEY,
        how="left",
        suffix="_known",
        maintain_order="left",
    )
    is_known = pl.col("known_at").is_not_null()
    equal = pl.col("value").eq_missing(pl.col("value_known")) & (
        pl.col("qualifier") == pl.col("qualifier_known")
    )
    both = both.with_columns(unchanged=is_known & equal)
    rows = both.filter(~pl.col("unchanged"))
    changed = rows.get_column("known_at").drop_nulls()
    return Arrival(
        rows=rows.select(list(_ARRIVING)),
        new=rows.height - changed.len(),
        changed=changed.len(),
        unchanged=both.height - rows.height,
        last_known=changed.max(),  # type: ignore[arg-type]  # of a column of instants
    )


_MESSAGES = {
    "observe.no-key": Text("缺少监测序列或时间", "the series or the time is missing"),
    "observe.future": Text(
        "时间在未来；请检查设备时钟、时区以及时间戳是时段之始还是之末",
        "the time lies in the future; check the clock, the time zone, and whether stamps mark the "
        "beginning or the end of the period",
    ),
    "observe.not-a-number": Text(
        "数值不是有限数；缺测请留空并写明原因",
        "the value is not a finite number; leave it empty and give the reason",
    ),
    "observe.no-reason": Text(
        "空值没有缺测原因（qualifier）", "an empty value needs a qualifier that says why"
    ),
    "observe.duplicate-key": Text(
        "同一序列同一时间出现两个不同的值；请只保留一个",
        "two different values for one series and time; keep one",
    ),
}


def _problems(code: str, rows: pl.DataFrame) -> list[Problem]:
    return [
        Problem(code, _MESSAGES[code], row=row.get("row"), column="start", value=_name(row))
        for row in rows.head(SHOWN).iter_rows(named=True)
    ]


def _name(row: dict[str, object]) -> str:
    start = row["start"]
    when = f"{start.astimezone(CIVIL):%Y-%m-%d %H:%M}" if isinstance(start, datetime) else "?"
    return f"series {row['series']} @ {when} = {row['value']}"
