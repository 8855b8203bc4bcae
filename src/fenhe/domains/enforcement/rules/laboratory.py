"""Checks on the reports of testing agencies: what cannot have happened as it was written down.

Frames in, findings out; each finding names check, agency, the rows it rests on and what was seen.
They are leads for an inspector, not findings of fraud. Times are civil; places WGS 84.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from scipy.stats import chi2

from fenhe.domains.enforcement.rules.tables import table
from fenhe.kernel.text import Text

EARTH = 6371.0088  # km


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    agency: str
    rows: tuple[int, ...]
    """As a person counts them in the file."""
    text: Text


def findings(rows: pl.DataFrame, scope: pl.DataFrame | None = None) -> list[Finding]:
    """`rows`: any of agency, sample, sampler, longitude, latitude, start, end; instrument,
    run_start, run_end; chromatogram, peak_area; record_time, report_time; held_h, holding_h;
    item, value_a, value_b, repeatability_pct; and `row`. `scope`: agency, item[, valid_from,
    valid_to]. A check whose columns are absent is not made."""
    found: list[Finding] = []
    for needed, check in CHECKS.values():
        if needed <= set(rows.columns):
            found += check(rows.drop_nulls(sorted(needed)))
    for column in ("chromatogram", "peak_area"):
        if {column, "sample"} <= set(rows.columns):
            found += _same_chromatogram(rows.drop_nulls([column, "sample"]), column)
    if scope is not None and {"item", "agency"} <= set(rows.columns):
        found += _out_of_scope(rows.drop_nulls(["item", "agency"]), scope)
    return sorted(found, key=lambda one: (one.agency, one.check, one.rows))


def made(rows: pl.DataFrame, scope: pl.DataFrame | None = None) -> list[str]:
    """Names of the checks the columns allow."""
    present = set(rows.columns)
    names = [name for name, (columns, _) in CHECKS.items() if columns <= present]
    if present & {"chromatogram", "peak_area"} and "sample" in present:
        names.append("same_chromatogram")
    if scope is not None and {"item", "agency"} <= present:
        names.append("out_of_scope")
    return names


def _threshold(check: str) -> float:
    return float(table("supervision checks", "laboratory").one(check=check)["threshold"])


def _two_places(rows: pl.DataFrame) -> Iterator[Finding]:
    fastest = _threshold("two_places")
    for (_, sampler), some in rows.group_by("agency", "sampler", maintain_order=True):
        for one, other in _neighbours(some.sort("start").to_dicts(), "start", "end"):
            km = _distance(one, other)
            gap = (other["start"] - one["end"]).total_seconds() / 3600
            if km < 0.1 or (gap > 0 and km / gap <= fastest):
                continue
            if gap <= 0:
                text = Text(
                    f"{sampler} 在相距 {km:.1f} km 的两处同时采样",
                    f"{sampler} sampled at two places {km:.1f} km apart at once",
                )
            else:
                text = Text(
                    f"{sampler} 须以 {km / gap:.0f} km/h 赶 {km:.1f} km",
                    f"{sampler} would have to travel {km:.1f} km at {km / gap:.0f} km/h",
                )
            yield Finding("two_places", one["agency"], (one["row"], other["row"]), text)


def _same_run(rows: pl.DataFrame) -> Iterator[Finding]:
    for (_, instrument), some in rows.group_by("agency", "instrument", maintain_order=True):
        ordered = some.sort("run_start").to_dicts()
        for one, other in _neighbours(ordered, "run_start", "run_end"):
            if other["run_start"] < one["run_end"]:
                minutes = (one["run_end"] - other["run_start"]).total_seconds() / 60
                yield Finding(
                    "same_run",
                    one["agency"],
                    (one["row"], other["row"]),
                    Text(
                        f"仪器 {instrument} 的两次进样重叠 {minutes:.0f} 分钟",
                        f"two runs on {instrument} overlap by {minutes:.0f} minutes",
                    ),
                )


def _same_chromatogram(rows: pl.DataFrame, column: str) -> Iterator[Finding]:
    """Equal hashes of raw files, or peak areas equal in all of many digits."""
    digits = _threshold("same_chromatogram")
    if column == "peak_area":
        plain = pl.col(column).cast(pl.String).str.replace_all(r"[^0-9]", "")
        rows = rows.filter(plain.str.strip_chars_start("0").str.len_chars() >= digits)
    for (agency, value), some in rows.group_by("agency", column, maintain_order=True):
        if some["sample"].n_unique() < 2:
            continue
        same = "谱图" if column == "chromatogram" else "峰面积"
        samples = "、".join(str(one) for one in some["sample"].unique(maintain_order=True)[:5])
        yield Finding(
            "same_chromatogram",
            str(agency),
            tuple(some["row"].to_list()),
            Text(
                f"不同样品的{same}相同（{value}）：{samples}",
                f"different samples share {column.replace('_', ' ')} {value}: {samples}",
            ),
        )


def _late_record(rows: pl.DataFrame) -> Iterator[Finding]:
    for one in rows.filter(pl.col("record_time") > pl.col("report_time")).to_dicts():
        yield Finding(
            "late_record",
            one["agency"],
            (one["row"],),
            Text(
                f"原始记录 {_stamp(one['record_time'])} 晚于报告 {_stamp(one['report_time'])}",
                f"raw record {_stamp(one['record_time'])}, report {_stamp(one['report_time'])}",
            ),
        )


def _held_too_long(rows: pl.DataFrame) -> Iterator[Finding]:
    for one in rows.filter(pl.col("held_h") > pl.col("holding_h")).to_dicts():
        yield Finding(
            "held_too_long",
            one["agency"],
            (one["row"],),
            Text(
                f"保存 {one['held_h']:g} h，时限 {one['holding_h']:g} h",
                f"held {one['held_h']:g} h, allowed {one['holding_h']:g} h",
            ),
        )


def _too_alike(rows: pl.DataFrame) -> Iterator[Finding]:
    """Σ d²/(2 s²) of n pairs follows χ² with n degrees where s is the method's repeatability; a
    sum too far down in the lower tail was not measured twice."""
    least = _threshold("too_alike")
    for (agency, item), some in rows.group_by("agency", "item", maintain_order=True):
        mean = (pl.col("value_a") + pl.col("value_b")) / 2
        spread = mean * pl.col("repeatability_pct") / 100
        squares = some.filter(spread > 0).select(
            ((pl.col("value_a") - pl.col("value_b")) ** 2 / (2 * spread**2)).alias("z")
        )["z"]
        if len(squares) < 5:
            continue
        chance = float(chi2.cdf(squares.sum(), len(squares)))
        if chance < least:
            yield Finding(
                "too_alike",
                str(agency),
                tuple(some["row"].to_list()),
                Text(
                    f"{item} 的 {len(squares)} 对平行样差异过小，偶然如此的概率 {chance:.1e}",
                    f"{len(squares)} duplicates of {item} differ too little; chance {chance:.1e}",
                ),
            )


def _out_of_scope(rows: pl.DataFrame, scope: pl.DataFrame) -> Iterator[Finding]:
    allowed: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in scope.to_dicts():
        allowed.setdefault((str(line["agency"]), str(line["item"])), []).append(line)
    for one in rows.to_dicts():
        lines = allowed.get((str(one["agency"]), str(one["item"])), [])
        at = one.get("report_time") or one.get("start")
        if any(_valid(line, at) for line in lines):
            continue
        yield Finding(
            "out_of_scope",
            one["agency"],
            (one["row"],),
            Text(
                f"{one['item']} 不在资质认定范围内"
                if not lines
                else f"{one['item']} 的资质当时无效",
                f"{one['item']} is outside its qualification"
                + ("" if not lines else " at that time"),
            ),
        )


def _valid(line: Mapping[str, Any], at: datetime | None) -> bool:
    if at is None:
        return True
    first, last = line.get("valid_from"), line.get("valid_to")
    return (first is None or first <= at) and (last is None or at <= last)


def _neighbours(
    ordered: list[dict[str, Any]], start: str, end: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Of rows in order of their start: each with those still going on, and with the one before."""
    going: list[dict[str, Any]] = []
    before: dict[str, Any] | None = None
    for one in ordered:
        going = [other for other in going if other[end] > one[start]]
        if before is not None and before not in going:
            yield before, one
        for other in going:
            yield other, one
        going.append(one)
        before = one


def _distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    a, b = math.radians(one["latitude"]), math.radians(other["latitude"])
    east = math.radians(other["longitude"] - one["longitude"])
    middle = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(east / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(middle))


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


CHECKS: Mapping[str, tuple[set[str], Callable[[pl.DataFrame], Iterator[Finding]]]] = {
    "two_places": ({"sampler", "longitude", "latitude", "start", "end"}, _two_places),
    "same_run": ({"instrument", "run_start", "run_end"}, _same_run),
    "late_record": ({"record_time", "report_time"}, _late_record),
    "held_too_long": ({"held_h", "holding_h"}, _held_too_long),
    "too_alike": ({"item", "value_a", "value_b", "repeatability_pct"}, _too_alike),
}
"""Check -> the columns it needs, and what makes it."""
