"""Rows of text that name their series by number -> readings, every wrong cell found at once.

Shared by the bulk upload and SensorThings: one gate, one set of checks, one way into the lake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import polars as pl
from django.http import HttpRequest

from fenhe.app.api.caller import visible
from fenhe.app.api.words import instant
from fenhe.evidence import ledger
from fenhe.kernel import units
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.period import CIVIL, utc_now
from fenhe.kernel.text import Text
from fenhe.kernel.values import Qualifier, read_values
from fenhe.observe import readings
from fenhe.observe.versions import TOLERANCE
from fenhe.registry import vocabulary
from fenhe.registry.models import Series
from fenhe.store.lake import open_lake

LISTED = 1000
_WORDS = {one.name.lower(): one for one in Qualifier}
_GRID = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


@dataclass
class Rows:
    """`frame`: row (as a person counts), series, start, value, qualifier, unit; all text."""

    frame: pl.DataFrame
    problems: list[Problem] = field(default_factory=list)
    total: int = 0

    def blame(self, where: pl.Series, column: str, code: str, text: Text) -> None:
        marked = where.fill_null(value=False).arg_true()
        self.total += marked.len()
        cells = self.frame.select("row", column)[marked.head(LISTED - len(self.problems))]
        for row, value in cells.iter_rows():
            self.problems.append(Problem(code, text, row=row, column=column, value=value or ""))

    def refuse(self) -> None:
        if self.total:
            raise BadInput(
                "api.observations-refused",
                f"有 {self.total} 处错误，未写入任何数据",
                f"{self.total} problems; nothing was written",
                sorted(self.problems, key=lambda one: (one.row or 0, one.column)),
                total=self.total,
            )


@dataclass(frozen=True, slots=True)
class Planned:
    frame: pl.DataFrame  # series, start, value, qualifier, row
    resolution: str
    source: str
    person: str


def plan(request: HttpRequest, rows: Rows) -> Planned:
    """Everything checked against registry and vocabulary; nothing written. Raises BadInput
    `api.observations-refused` with every problem."""
    ids = rows.frame["series"].cast(pl.Int64, strict=False)
    known = _series(request, ids)
    rows.blame(
        ~ids.is_in(list(known)).fill_null(value=False),
        "series",
        "api.series-unknown",
        Text("没有这个监测序列，或您无权写入", "no such series, or you may not write to it"),
    )
    starts = _starts(rows)
    values = _values(rows)
    values = _in_unit(rows, ids, values, known)
    resolution = _one_resolution(rows, ids, known)
    _on_grid(rows, starts, resolution)
    _repeated(rows, ids, starts, values)
    rows.refuse()
    frame = pl.DataFrame({"series": ids, "start": starts, "row": rows.frame["row"]}).hstack(
        values.select("value", "qualifier")
    )
    return Planned(frame, resolution or "hour", "api", str(request.user))


def write(made: Planned, transaction: str | None = None) -> readings.Commit:
    """In one commit of the lake, with an act in the ledger."""
    if made.frame.is_empty():
        return readings.Commit(open_lake().version(), 0, 0, 0)
    done = readings.append(made.frame, made.resolution, made.source, transaction=transaction)
    if done.known_at is not None:
        counts = {"new": done.new, "changed": done.changed, "lake_version": done.version}
        ledger.record(made.person, "observation.upload", f"lake {done.version}", counts)
    return done


def _series(request: HttpRequest, ids: pl.Series) -> dict[int, Series]:
    wanted = [one for one in ids.drop_nulls().unique().to_list() if 0 < one < 2**31]
    found: dict[int, Series] = {}
    for batch in range(0, len(wanted), 500):
        rows = Series.objects.filter(pk__in=wanted[batch : batch + 500])
        found |= {row.pk: row for row in visible(request, rows, "import.commit")}
    return found


def _starts(rows: Rows) -> pl.Series:
    read: dict[str | None, datetime | None] = {None: None}
    for text in rows.frame["start"].unique().drop_nulls():
        try:
            read[text] = instant(text)
        except ValueError:
            read[text] = None
    starts = pl.Series(
        "start", [read[text] for text in rows.frame["start"]], pl.Datetime("us", "UTC")
    )
    rows.blame(
        starts.is_null(),
        "start",
        "api.start-unreadable",
        Text(
            "请写带时区的时刻，如 2026-03-01T08:00:00+08:00",
            "write an instant with its offset, such as 2026-03-01T08:00:00+08:00",
        ),
    )
    rows.blame(
        starts > utc_now() + TOLERANCE,
        "start",
        "observe.future",
        Text(
            "时间在未来；请检查设备时钟与时区", "lies in the future; check the clock and the zone"
        ),
    )
    return starts


def _values(rows: Rows) -> pl.DataFrame:
    read = read_values(rows.frame["value"])
    rows.blame(
        ~read["ok"],
        "value",
        "ingest.value-unreadable",
        Text("不是数值", "this is not a number"),
    )
    said = rows.frame["qualifier"].str.strip_chars().str.to_lowercase()
    blank = said.is_null() | (said == "")
    rows.blame(
        ~blank & ~said.is_in(list(_WORDS)),
        "qualifier",
        "api.qualifier-unknown",
        Text(f"请写下列之一：{'、'.join(_WORDS)}", f"write one of: {', '.join(_WORDS)}"),
    )
    number = said.replace_strict(
        {word: int(one) for word, one in _WORDS.items()}, default=None, return_dtype=pl.Int8
    )
    missing = number.fill_null(0) >= int(Qualifier.MISSING_BLANK)
    empty = read["value"].is_null() & read["ok"]
    rows.blame(
        empty & (blank | ~missing),
        "value",
        "observe.no-reason",
        Text("空值没有缺测原因（qualifier）", "an empty value needs a qualifier that says why"),
    )
    rows.blame(
        ~empty & missing,
        "qualifier",
        "api.qualifier-value",
        Text("有数值却标为缺测", "there is a value, yet it is called missing"),
    )
    frame = read.with_columns(said=number)
    return frame.select(
        "value", qualifier=pl.coalesce(pl.col("said"), pl.col("qualifier")).cast(pl.Int8)
    )


def _in_unit(
    rows: Rows, ids: pl.Series, values: pl.DataFrame, known: dict[int, Series]
) -> pl.DataFrame:
    """Values in the unit of the vocabulary, and within what can be at all."""
    asked = pl.DataFrame({"series": ids, "unit": rows.frame["unit"].fill_null("")})
    pairs = asked.unique()
    properties = {item.id: item for item in vocabulary.all()}
    table: list[tuple[int | None, str, float, float, float, float, bool]] = []
    for number, unit in pairs.iter_rows():
        series = known.get(number) if number is not None else None
        item = properties.get(series.property) if series else None
        factor, good = Fraction(1), True
        if unit and item:
            try:
                factor = units.factor(unit, item.unit)
            except BadInput:
                good = False
        low = item.minimum if item and item.minimum is not None else float("-inf")
        high = item.maximum if item and item.maximum is not None else float("inf")
        up, down = float(factor.numerator), float(factor.denominator)
        table.append((number, unit, up, down, low, high, good))
    kinds = {"series": pl.Int64(), "unit": pl.String()} | dict.fromkeys(
        ("up", "down", "low", "high"), pl.Float64()
    )
    lookup = pl.DataFrame(table, {**kinds, "good": pl.Boolean()}, orient="row")
    both = asked.join(
        lookup, on=["series", "unit"], how="left", nulls_equal=True, maintain_order="left"
    )
    rows.blame(
        ~both["good"],
        "unit",
        "api.unit",
        Text("单位不认识，或与监测项目量纲不同", "unknown unit, or it measures something else"),
    )
    # Multiply before dividing: 700 × 1 / 1000 is 0.7, 700 × 0.001 is 0.7000000000000001.
    value = values["value"] * both["up"] / both["down"]
    rows.blame(
        (value < both["low"]) | (value > both["high"]),
        "value",
        "ingest.value-impossible",
        Text("超出此项目可能的范围", "beyond what this property can be"),
    )
    return values.with_columns(value=value)


def _one_resolution(rows: Rows, ids: pl.Series, known: dict[int, Series]) -> str | None:
    """One commit holds one resolution, so that all or nothing is true."""
    there = {row.resolution for row in known.values()}
    if len(there) > 1:
        main = next(iter(known.values())).resolution
        others = [row.pk for row in known.values() if row.resolution != main]
        rows.blame(
            ids.is_in(others),
            "series",
            "api.resolutions",
            Text(
                "一次上传只能是同一时间分辨率，请分开上传",
                "one upload holds one resolution; send the others by themselves",
            ),
        )
    return next(iter(there), None)


def _on_grid(rows: Rows, starts: pl.Series, resolution: str | None) -> None:
    step = _GRID.get(resolution or "")
    if step is None:
        return
    origin = datetime(2000, 1, 1, tzinfo=CIVIL).astimezone(UTC)
    every = int(step.total_seconds() * 1_000_000)
    off = (starts - origin).dt.total_microseconds() % every != 0
    rows.blame(
        off,
        "start",
        "api.start-off-grid",
        Text(
            f"不是一个时段（{resolution}）的开始",
            f"is not the beginning of a period ({resolution})",
        ),
    )


def _repeated(rows: Rows, ids: pl.Series, starts: pl.Series, values: pl.DataFrame) -> None:
    frame = pl.DataFrame({"series": ids, "start": starts}).hstack(values)
    several = frame.select(
        (pl.struct("value", "qualifier").n_unique().over("series", "start") > 1)
        & pl.col("start").is_not_null()
    ).to_series()
    rows.blame(
        several,
        "value",
        "observe.duplicate-key",
        Text(
            "同一序列同一时间有不同的值，请只留一个",
            "two different values for one series and time; keep one",
        ),
    )
