"""Effluent: daily means weighted by flow over valid hours, and the day's kilograms (HJ 212-2017
D.1: ΣG / ΣD; HJ 356-2019 for what is valid, whose number of hours is not confirmed).

A missing hour may be given the mean of an equally long period before it (pH: the median): practice
of a public implementation; the measured value and the given one both stay.
"""

from __future__ import annotations

from itertools import groupby

import polars as pl

from fenhe.domains.sources.rules import tables, validity

PH = "w01001"


def days(hours: pl.DataFrame) -> pl.DataFrame:
    """`hours`: outlet, code, time, value, volume (m³ of the hour), valid. Out: a row per day with
    `value` (flow-weighted; pH its median), `volume`, `kg` and `valid`."""
    weighted = validity.days(hours.filter(pl.col("code") != PH).with_columns(weight="volume"))
    need = int(tables.monitoring().table("effluent").one(rule="valid_hours_of_day")["value"])
    keys = ["outlet", "code", "time"]
    day = pl.col("time").dt.truncate("1d")
    acid = (
        hours.filter(pl.col("code") == PH)
        .group_by("outlet", "code", time=day)
        .agg(
            value=pl.col("value").filter(pl.col("valid")).median(),
            parts=pl.col("value").count(),
            valid_parts=pl.col("valid").sum().cast(pl.Int64),
        )
        .with_columns(valid=pl.col("valid_parts") >= need)
    )
    sums = hours.group_by("outlet", "code", time=day).agg(
        volume=pl.col("volume").sum(),
        kg=(pl.col("value") * pl.col("volume")).filter(pl.col("valid")).sum() / 1000,
    )
    found = pl.concat([weighted, acid.select(weighted.columns)]).join(sums, on=keys, how="left")
    return (
        found.with_columns(
            valid=pl.col("valid_parts") >= need,
            kg=pl.when(pl.col("code") != PH).then(pl.col("kg")),
        ).sort(keys)
    )  # fmt: skip


def filled(hours: pl.DataFrame) -> pl.DataFrame:
    """The hours with `value_final` and `basis` (measured, mean_before, median_before, none)."""
    out = [_filled(one) for one in hours.sort("outlet", "code", "time").partition_by(
        "outlet", "code", maintain_order=True)]  # fmt: skip
    return pl.concat(out) if out else hours


def _filled(rows: pl.DataFrame) -> pl.DataFrame:
    good = (rows["valid"].fill_null(value=False) & rows["value"].is_not_null()).to_list()
    values = rows["value"].to_list()
    final: list[float | None] = []
    basis: list[str] = []
    acid = rows["code"][0] == PH
    for ok, run in groupby(range(len(good)), key=lambda place: good[place]):
        places = list(run)
        if ok:
            final += [values[place] for place in places]
            basis += ["measured"] * len(places)
            continue
        first = places[0]
        before = pl.Series([
            value for value, fine in zip(
                values[max(0, first - len(places)):first], good[max(0, first - len(places)):first],
                strict=True) if fine
        ], dtype=pl.Float64)  # fmt: skip
        whole = len(before) == len(places)
        given = (before.median() if acid else before.mean()) if whole else None
        final += [float(given) if isinstance(given, float | int) else None] * len(places)
        name = ("median_before" if acid else "mean_before") if whole else "none"
        basis += [name] * len(places)
    return rows.with_columns(
        value_final=pl.Series(final, dtype=pl.Float64), basis=pl.Series(basis, dtype=pl.String)
    )
