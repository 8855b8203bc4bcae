"""Counts of a dry-run, added up group by group: new, changed, unchanged, per series, a preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from fenhe.ingest.profile import Profile
from fenhe.ingest.report import Change, SeriesCount
from fenhe.ingest.written import written
from fenhe.kernel.values import Qualifier
from fenhe.registry.models import Object

CHANGES_SHOWN = 50
_KEY = ["object", "property", "start"]
_COUNTS = ["readings", "missing", "new", "changed", "unchanged"]


class Tally:
    def __init__(self, profile: Profile, collapsed: int) -> None:
        self.profile = profile
        self.collapsed = collapsed
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._counts: list[pl.DataFrame] = []
        self._changes: list[pl.DataFrame] = []

    def add(self, unique: pl.DataFrame, known: pl.DataFrame, collapsed: int) -> None:
        """`unique`: READINGS, one a key. `known`: the lake's current view, by the same key."""
        self.collapsed += collapsed
        if unique.is_empty():
            return
        first, last = unique.select(a=pl.col("start").min(), b=pl.col("start").max()).row(0)
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        both = unique.join(
            known.with_columns(there=pl.lit(True)), on=_KEY, how="left", suffix="_known"
        )
        there = pl.col("there").fill_null(False)
        equal = pl.col("value").eq_missing(pl.col("value_known")) & (
            pl.col("qualifier") == pl.col("qualifier_known")
        )
        both = both.with_columns(changed=there & ~equal, unchanged=there & equal, new=~there)
        missing = pl.col("qualifier") >= int(Qualifier.MISSING_BLANK)
        self._counts.append(
            both.group_by("object", "property").agg(
                pl.len().alias("readings"),
                missing.sum().alias("missing"),
                pl.col("new", "changed", "unchanged").sum(),
            )
        )
        wanted = CHANGES_SHOWN - sum(frame.height for frame in self._changes)
        if wanted > 0:
            shown = both.filter("changed").sort("row", "column").head(wanted)
            self._changes.append(
                shown.select(
                    "object",
                    "property",
                    "start",
                    written(pl.col("value_known"), pl.col("qualifier_known")).alias("old"),
                    written(pl.col("value"), pl.col("qualifier")).alias("new"),
                )
            )

    def as_fields(self) -> dict[str, Any]:
        """The fields of a Report that were counted here."""
        fields: dict[str, Any] = {
            "collapsed": self.collapsed, "first": self.first, "last": self.last,
        }  # fmt: skip
        if not self._counts:
            return fields | dict.fromkeys(_COUNTS, 0)
        counts = pl.concat(self._counts).group_by("object", "property").sum()
        totals = counts.select(pl.col(name).sum().cast(pl.Int64) for name in _COUNTS)
        changes = pl.concat(self._changes) if self._changes else pl.DataFrame()
        names = self._names(counts["object"].unique().to_list())
        series = [SeriesCount(**row) for row in self._named(counts, names)]
        return (
            fields
            | totals.row(0, named=True)
            | {
                "series": sorted(series, key=lambda s: (s.code, s.property)),
                "changes": [Change(**row) for row in self._named(changes, names)],
            }
        )

    def _named(self, frame: pl.DataFrame, names: dict[int, dict[str, str]]) -> list[dict[str, Any]]:
        properties = self.profile.used_properties
        return [
            {**names[row.pop("object")], **row, "property": properties[row["property"]]}
            for row in frame.iter_rows(named=True)
        ]

    def _names(self, objects: list[int]) -> dict[int, dict[str, str]]:
        fields = ("code", "name_zh", "name_en")
        rows = Object.objects.filter(pk__in=objects).values_list("id", *fields)
        return {id: dict(zip(fields, names, strict=True)) for id, *names in rows}
