"""Stamps as people write them → the UTC start of the period they mark.

Reads ISO and Chinese spellings, slashes and dots, compact digits, an hour of 24, and a zone at the
end (`Z`, `+08:00`). Day-first and month-first dates are refused unless the profile gives a format:
03/04 has two meanings.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from fenhe.ingest.profile import Profile
from fenhe.kernel.values import plain_text

EARLIEST = datetime(1950, 1, 1, tzinfo=UTC)
_UTC = pl.Datetime("us", "UTC")
_CLOCK = (
    r"(?:[ T]*(?P<hour>\d{1,2})(?:(?:[:时点]|时)(?P<minute>\d{1,2})?分?"
    r"(?::?(?P<second>\d{1,2})(?:\.\d+)?秒?)?)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?$"
)
_SPELLINGS = (
    r"^(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?" + _CLOCK,
    r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})" + _CLOCK,
)


def starts(texts: pl.Series, profile: Profile, now: datetime) -> pl.DataFrame:
    """Columns start (UTC, null where wrong) and problem (a code, null where right), row by row."""
    # A file repeats each stamp for every station: read each spelling once.
    spelled = texts.alias("text").to_frame()
    unique = spelled.unique()
    length, offset = profile.length, profile.time.zone.utcoffset(None)
    end = profile.time.side == "end"
    read = unique.with_columns(stamp=_instants(unique["text"], profile)).with_columns(
        start=pl.col("stamp") - length if end else pl.col("stamp")
    )
    start = pl.col("start")
    on_grid = (start + offset).dt.truncate(_every(length)) == start + offset
    problem = (
        pl.when(start.is_null()).then(pl.lit("ingest.time-unreadable"))
        .when(start < EARLIEST).then(pl.lit("ingest.time-too-early"))
        .when(~on_grid).then(pl.lit("ingest.time-off-grid"))
        .when(start + length > now).then(pl.lit("ingest.time-future"))
    )  # fmt: skip
    judged = read.select("text", "start", problem=problem).with_columns(
        start=pl.when(pl.col("problem").is_null()).then(start)
    )
    return spelled.join(
        judged, on="text", how="left", maintain_order="left", nulls_equal=True
    ).select("start", "problem")


def _instants(texts: pl.Series, profile: Profile) -> pl.Series:
    """The instants the texts name; null where none does."""
    text = texts.to_frame("text").select(plain_text(pl.col("text")))["text"]
    if profile.time.formats:
        parsed = [
            text.str.to_datetime(form, time_unit="us", strict=False)
            for form in profile.time.formats
        ]
        naive = pl.select(pl.coalesce(parsed)).to_series()
        return (naive - profile.time.zone.utcoffset(None)).dt.replace_time_zone("UTC")
    return text.to_frame("text").select(
        pl.coalesce(_spelling(pattern, profile) for pattern in _SPELLINGS)
    ).to_series()  # fmt: skip


def _spelling(pattern: str, profile: Profile) -> pl.Expr:
    parts = pl.col("text").str.extract_groups(pattern)

    def number(name: str, default: int | None = None) -> pl.Expr:
        value = parts.struct.field(name).cast(pl.Int32, strict=False)
        return value if default is None else value.fill_null(default)

    hour, minute, second = number("hour", 0), number("minute", 0), number("second", 0)
    # 24:00 closes a day; 24:30 and 25:00 are nothing.
    right = ((hour < 24) & (minute < 60) & (second < 60)) | (
        (hour == 24) & (minute == 0) & (second == 0)
    )
    # An impossible date such as 2015-02-30 must become null, not an error for the whole file.
    iso = pl.format("{}-{}-{}", *(parts.struct.field(name) for name in ("year", "month", "day")))
    day = iso.str.to_datetime("%Y-%m-%d", time_unit="us", time_zone="UTC", strict=False)
    clock = pl.duration(hours=hour, minutes=minute, seconds=second)
    return pl.when(right).then(day + clock - _offset(parts.struct.field("zone"), profile))


def _offset(zone: pl.Expr, profile: Profile) -> pl.Expr:
    """Zone text → duration; the profile's where the stamp carries none."""
    digits = zone.str.replace(":", "")
    sign = pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)
    minutes = digits.str.slice(1, 2).cast(pl.Int32, strict=False) * 60 + digits.str.slice(
        3, 2
    ).cast(pl.Int32, strict=False)
    stated = pl.when(zone == "Z").then(0).otherwise(sign * minutes)
    own = int(profile.time.zone.utcoffset(None) / timedelta(minutes=1))
    return pl.duration(minutes=stated.fill_null(own))


def _every(length: timedelta) -> str:
    return f"{int(length.total_seconds())}s"
