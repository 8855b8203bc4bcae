"""The rules of water as the platform runs them: samples -> section day -> month, year.

A day is the mean of its four-hourly samples, each sample having its own real-time class; a month
the mean of its samples (days weighed by how many they had), a year that of its months. Automatic
values count first for the items of 环办监测函〔2020〕82号, manual ones supply the rest. Means of
periods are rounded for assessment and then classed; days are classed on unrounded means.
"""

from __future__ import annotations

import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Derived, Input
from fenhe.domains.water.rules import classes, pollutants, rounding, standing, tables
from fenhe.domains.water.rules.statistics import settled
from fenhe.kernel.period import HOUR
from fenhe.kernel.values import Qualifier
from fenhe.observe.flags import Flag

AUTOMATIC = ("wt", "ph", "do", "ec", "turb", "codmn", "nh3n", "tp", "tn")
"""What an automatic station measures every four hours."""
PER_DAY = 6
DERIVED = tuple(
    derived
    for name in AUTOMATIC
    for derived in (Derived(f"_{name}", name, "mean"), Derived(f"_n_{name}", name, "count"))
)
DOUBTED = (int(Flag.SUSPECT), int(Flag.FAIL))


def period_inputs() -> tuple[Input, ...]:
    manual = [Input(name) for name in tables.every(tables.surface().id) if name != "fc"]
    automatic = [Input(name, kind) for name in AUTOMATIC for kind in ("mean", "count")]
    return (*automatic, *manual, Input("wt"))


def _censored() -> pl.Expr:
    """The items of which some result was below its detection limit, comma-joined."""
    below = pl.col("qualifier") == int(Qualifier.BELOW)
    return pl.col("property").filter(below).unique(maintain_order=True).sort().str.join(",")


def usable() -> pl.Expr:
    """Readings with non-detects at half their limit."""
    below = pl.col("qualifier") == int(Qualifier.BELOW)
    return pl.when(below).then(pl.col("value") / 2).otherwise(pl.col("value"))


def day(readings: pl.DataFrame, ask: Assessment, waterbody: str) -> pl.DataFrame:
    """One row per section and day: the day's means, each sample's class, what was in doubt."""
    edition = ask.edition(tables.SURFACE)
    known = readings.with_columns(value=usable())
    means = _wide_means(known)
    shown = rounding.for_purpose(means, AUTOMATIC, "hourly")
    judged = classes.classify(
        means.with_columns(waterbody=pl.lit(waterbody)), edition, tables.feed_items()
    )
    five = list(tables.feed_items())
    samples = _samples(known, ask, waterbody)
    doubt = known.group_by(*KEYS).agg(
        censored=_censored(),
        flagged=pl.col("flag").is_in(DOUBTED).mean(),
        observed=pl.col("value").filter(pl.col("property").is_in(five)).count(),
    )
    level = pl.col("level")
    own = judged.select(
        *KEYS,
        *(pl.col(name).alias(f"_{name}") for name in AUTOMATIC),
        *(pl.col(f"n_{name}").cast(pl.Float64).alias(f"_n_{name}") for name in AUTOMATIC),
        level=level.cast(pl.Int64),
        levels=pl.struct(pl.col(f"level_{name}").cast(pl.Int64).alias(name) for name in five),
        category=level.cast(pl.String).fill_null(""),
    )
    return (
        ask.periods.select(KEYS)
        .join(own, on=KEYS, how="left", maintain_order="left")
        .join(shown.select(*KEYS, *AUTOMATIC), on=KEYS, how="left")
        .join(samples, on=KEYS, how="left")
        .join(doubt, on=KEYS, how="left")
        .join(standing.of(ask), on=KEYS, how="left")
        .pipe(standing.channels)
        .with_columns(
            expected=pl.lit(PER_DAY * len(five)),
            observed=pl.col("observed").fill_null(0),
            category=pl.col("category").fill_null(""),
        )
        .drop("flagged")
    )


def _wide_means(known: pl.DataFrame) -> pl.DataFrame:
    """Per key a column of the mean and one of the count per automatic item."""
    ph = pl.col("property") == "ph"
    ions = pl.when(ph).then(pl.lit(10.0) ** -pl.col("value")).otherwise(pl.col("value"))
    grouped = (
        known.with_columns(value=ions)
        .group_by(*KEYS, "property")
        .agg(pl.col("value").mean(), n=pl.col("value").count())
    )
    back = pl.when(ph).then(-pl.col("value").log(10)).otherwise(pl.col("value"))
    grouped = grouped.with_columns(value=settled(back))
    means = grouped.pivot("property", index=KEYS, values="value")
    counts = grouped.pivot("property", index=KEYS, values="n")
    return _complete(means, AUTOMATIC).join(
        _complete(counts, AUTOMATIC).rename({name: f"n_{name}" for name in AUTOMATIC}), on=KEYS
    )


def _complete(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    lacking = [name for name in names if name not in frame.columns]
    return frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in lacking).select(
        *KEYS, *names
    )


def _samples(known: pl.DataFrame, ask: Assessment, waterbody: str) -> pl.DataFrame:
    """Per key: how many samples of each class, the worst and the last one, by the feed's rule."""
    five = list(tables.feed_items())
    wide = known.filter(pl.col("property").is_in(five)).pivot(
        "property", index=[*KEYS, "start"], values="value", aggregate_function="first"
    )
    for name in five:
        if name not in wide.columns:
            wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name))
    judged = classes.classify(
        wide.with_columns(waterbody=pl.lit(waterbody)), ask.edition(tables.SURFACE), five
    ).filter(pl.col("level").is_not_null())
    hour = (pl.col("start") + 8 * HOUR).dt.strftime("%H:%M")
    return (
        judged.sort("start")
        .group_by(*KEYS)
        .agg(
            samples=pl.struct(hour.alias("at"), pl.col("level").cast(pl.Int64)),
            worst_level=pl.col("level").max().cast(pl.Int64),
            last_level=pl.col("level").last().cast(pl.Int64),
        )
    )


def period(readings: pl.DataFrame, ask: Assessment, waterbody: str) -> pl.DataFrame:
    """One row per section and month or year: means, classes, main pollutants, sources."""
    edition = ask.edition(tables.SURFACE)
    months = monthly(readings)
    names = [n for n in (*tables.every(edition.id), "wt", "ec", "turb") if n != "fc"]
    found = (
        months.with_columns(value=_ions("value"))
        .group_by(*KEYS, "property")
        .agg(
            pl.col("value").mean(),
            pl.col("samples").sum(),
            pl.col("source").first(),
            months=pl.len(),
        )
        .with_columns(value=_from_ions("value"))
    )
    wide = found.pivot("property", index=KEYS, values="value")
    lacking = [name for name in names if name not in wide.columns]
    wide = wide.with_columns(pl.lit(None, pl.Float64).alias(name) for name in lacking)
    exact = wide.select(*KEYS, pl.struct(names).alias("exact"))
    shown = rounding.for_purpose(wide, names, "assessment").with_columns(
        waterbody=pl.lit(waterbody)
    )
    judged = classes.classify(shown, edition)
    assessed = list(tables.assessed(edition.id))
    judged = pollutants.main(judged, edition, assessed)
    sources = (
        found.filter(pl.col("property").is_in(assessed))
        .group_by(KEYS)
        .agg(
            automatic=(pl.col("source") == "automatic").sum().cast(pl.Int64),
            manual=(pl.col("source") == "manual").sum().cast(pl.Int64),
            observed=pl.col("property").n_unique().cast(pl.Int64),
            samples=pl.col("samples").max().cast(pl.Int64),
            months=pl.col("months").max().cast(pl.Int64),
        )
    )
    below = readings.group_by(KEYS).agg(censored=_censored())
    own = judged.select(
        *KEYS,
        *names,
        level=pl.col("level").cast(pl.Int64),
        levels=pl.struct(pl.col(f"level_{n}").cast(pl.Int64).alias(n) for n in assessed),
        main_pollutants="main_pollutants",
        main_items="main_items",
        category=pl.col("level").cast(pl.String).fill_null(""),
    )
    return (
        ask.periods.select(KEYS)
        .join(own, on=KEYS, how="left", maintain_order="left")
        .join(exact, on=KEYS, how="left")
        .join(sources, on=KEYS, how="left")
        .join(below, on=KEYS, how="left")
        .join(standing.of(ask), on=KEYS, how="left")
        .pipe(standing.missed)
        .with_columns(
            expected=pl.lit(len(assessed)),
            observed=pl.col("observed").fill_null(0),
            category=pl.col("category").fill_null(""),
        )
    )


def monthly(readings: pl.DataFrame) -> pl.DataFrame:
    """subject, period, month, property: the month's mean, how many samples, and from where. Days
    weigh by their samples; an item with automatic values does not take manual ones."""
    month = (pl.col("start") + 8 * HOUR).dt.truncate("1mo")
    keys = [*KEYS, "month", "property"]
    rows = readings.with_columns(month=month, value=usable())
    derived = rows.filter(pl.col("statistic").is_in(["mean", "count"])).pivot(
        "statistic", index=[*keys, "start"], values="value", aggregate_function="first"
    )
    for name in ("mean", "count"):
        if name not in derived.columns:
            derived = derived.with_columns(pl.lit(None, pl.Float64).alias(name))
    derived = derived.filter(pl.col("mean").is_not_null() & (pl.col("count") > 0))
    weighed = (_ions("mean") * pl.col("count")).sum() / pl.col("count").sum()
    automatic = derived.group_by(keys).agg(
        value=weighed, samples=pl.col("count").sum(), source=pl.lit("automatic").first()
    )
    automatic = automatic.with_columns(value=_from_ions("value"))
    by_hand = rows.filter((pl.col("statistic") == "value") & pl.col("value").is_not_null())
    manual = (
        by_hand.with_columns(value=_ions("value"))
        .group_by(keys)
        .agg(
            value=pl.col("value").mean(),
            samples=pl.len().cast(pl.Float64),
            source=pl.lit("manual").first(),
        )
    )
    manual = manual.with_columns(value=_from_ions("value")).join(automatic, on=keys, how="anti")
    return pl.concat([automatic, manual])


def _ions(column: str) -> pl.Expr:
    """pH as hydrogen ions, everything else as it is."""
    ph = pl.col("property") == "ph"
    return pl.when(ph).then(pl.lit(10.0) ** -pl.col(column)).otherwise(pl.col(column))


def _from_ions(column: str) -> pl.Expr:
    ph = pl.col("property") == "ph"
    return settled(pl.when(ph).then(-pl.col(column).log(10)).otherwise(pl.col(column)))
