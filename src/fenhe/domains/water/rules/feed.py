"""The class the national real-time feed prints, computed again, and why the two differ.

The feed's class is that of the worst of five items (pH, DO, CODMn, NH3-N, TP) on unrounded values;
TN does not count. What the feed shows is rounded, its midnight rows often carry the class of the
20:00 sample before, and it does not say which stations are judged by the limits of lakes.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from fenhe.domains.water.rules import classes, rounding, tables
from fenhe.domains.water.rules.tables import LAKE, RIVER
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition

REASONS = {
    "same": Text("与公布一致", "as published"),
    "no_class_published": Text("未公布类别", "no class published"),
    "no_values": Text("没有参评数据", "no values to class"),
    "stale_midnight": Text(
        "00:00 公布的是前一样品的类别", "the class at 00:00 is that of the sample before"
    ),
    "stale": Text("公布的是前一样品的类别", "the class published is that of the sample before"),
    "rounding": Text(
        "展示值已修约，落在限值上；公布类别按未修约值",
        "the shown value is rounded onto a limit; the class is of the unrounded value",
    ),
    "other_tp_limits": Text(
        "按另一种水体的总磷限值可得公布类别",
        "the published class follows from the TP limits of the other kind of water",
    ),
    "item_missing": Text("缺项，公布时可能有值", "an item is missing here"),
    "unexplained": Text("原因不明，请复核", "unexplained: look at it"),
}


def infer_waterbody(rows: pl.DataFrame, edition: Edition, names: Sequence[str]) -> pl.DataFrame:
    """Per station (`_station`) the TP limits that reproduce more of its published classes
    (`published`, levels); a tie is a river. The feed does not say; this is an inference."""
    judged = rows.select("_station", "published", *names)
    for kind in (RIVER, LAKE):
        of = judged.select(*names).with_columns(waterbody=pl.lit(kind))
        judged = judged.with_columns(
            classes.classify(of, edition, tables.feed_items())["level"].alias(kind)
        )
    hits = judged.group_by("_station", maintain_order=True).agg(
        *(
            (pl.col(kind) == pl.col("published")).sum().alias(f"{kind}_hits")
            for kind in (RIVER, LAKE)
        )
    )
    lake = pl.col(f"{LAKE}_hits") > pl.col(f"{RIVER}_hits")
    return hits.select(
        "_station", waterbody=pl.when(lake).then(pl.lit(LAKE)).otherwise(pl.lit(RIVER))
    )


def compare(rows: pl.DataFrame, edition: Edition, *, shown: bool) -> pl.DataFrame:
    """Adds `level`, `level_<item>` and `difference` (a key of `REASONS`).

    Columns: the five items, `waterbody`, `published` (level), `_station`, `time` (naive civil;
    null where unknown). `shown`: the values are rounded as displayed, not raw.
    """
    names = [name for name in tables.feed_items() if name in rows.columns]
    judged = classes.classify(rows, edition, tables.feed_items())
    turned = judged.select(*names).with_columns(
        waterbody=pl.when(judged["waterbody"] == LAKE).then(pl.lit(RIVER)).otherwise(pl.lit(LAKE))
    )
    level = pl.col("level")
    judged = judged.with_columns(
        _before=level.shift(1).over("_station", order_by="time"),
        _turned=classes.classify(turned, edition, tables.feed_items())["level"],
        _edge=_at_edge(judged, edition, names) if shown else pl.lit(value=False),
        _lacks=pl.any_horizontal(pl.col(names).is_null()),
    )
    published = pl.col("published")
    midnight = (pl.col("time").dt.hour() == 0) & (pl.col("time").dt.minute() == 0)
    reason = (
        pl.when(published.is_null()).then(pl.lit("no_class_published"))
        .when(level.is_null()).then(pl.lit("no_values"))
        .when(level == published).then(pl.lit("same"))
        .when(pl.col("_edge")).then(pl.lit("rounding"))
        .when((pl.col("_before") == published) & midnight).then(pl.lit("stale_midnight"))
        .when(pl.col("_before") == published).then(pl.lit("stale"))
        .when(pl.col("_turned") == published).then(pl.lit("other_tp_limits"))
        .when(pl.col("_lacks")).then(pl.lit("item_missing"))
        .otherwise(pl.lit("unexplained"))
    )  # fmt: skip
    return judged.with_columns(difference=reason).drop("_before", "_turned", "_edge", "_lacks")


def _at_edge(judged: pl.DataFrame, edition: Edition, names: Sequence[str]) -> pl.Series:
    """Whether moving shown values by half their last digit gives the published class: then the
    unrounded value lay on the other side of a limit."""
    kept = rounding.decimals("hourly")
    known = tables.items(edition.id)
    moved = []
    for worse in (1, -1):
        step = [
            (pl.col(name) + sign * 0.5 * 10.0 ** -kept[name]).alias(name)
            for name in names
            if name in kept
            # less oxygen is worse, more of anything else
            for sign in [-worse if known[name].rule == "at_least" else worse]
        ]
        moved.append(
            classes.classify(
                judged.select(*names, "waterbody").with_columns(step), edition, tables.feed_items()
            )["level"]
        )
    published = judged["published"]
    between = pl.DataFrame({"a": moved[0], "b": moved[1], "p": published}).select(
        hit=(pl.col("p") >= pl.min_horizontal("a", "b"))
        & (pl.col("p") <= pl.max_horizontal("a", "b"))
    )
    return between["hit"].fill_null(value=False)


def half_limits(frame: pl.DataFrame) -> pl.Series:
    """Per row the items whose value is what the feed publishes for "not detected" (0.025 mg/L of
    NH3-N is half of 0.05): no measured concentration, not to be used in ratios."""
    table = tables.latest(tables.STATISTICS).table("half_limits")
    words = [
        pl.when(pl.col(row["item"]) == float(row["half"])).then(pl.lit(row["item"]))
        for row in table
        if row["item"] in frame.columns
    ]
    if not words:
        return pl.Series("half_limits", [""] * frame.height, dtype=pl.String)
    return frame.select(half_limits=pl.concat_str(words, separator=",", ignore_nulls=True))[
        "half_limits"
    ]
