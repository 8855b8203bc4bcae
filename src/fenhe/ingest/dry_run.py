"""The first half of a dry-run: a file → staged readings, with everything wrong in it collected.

Knows the registry, not the lake; comparing with what is known is `observe.imports`' part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from fenhe.ingest.columns import assign
from fenhe.ingest.findings import Findings
from fenhe.ingest.parse import Known, Parser
from fenhe.ingest.profile import Profile
from fenhe.ingest.readers import open_table
from fenhe.ingest.staging import Staging
from fenhe.kernel.text import plain
from fenhe.registry import kinds, vocabulary
from fenhe.registry.series import spellings
from fenhe.store.config import settings

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Staged:
    rows: int
    readings: int
    header: list[str]


def stage(
    path: Path,
    profile: Profile,
    staging: Staging,
    findings: Findings,
    now: datetime,
    progress: Progress = lambda share: None,
) -> Staged:
    """Read the whole file into `staging`. What is wrong with single cells goes to `findings`;
    BadInput is raised only where the file cannot be read as a table at all."""
    table = open_table(path, profile, findings.file, settings().max_upload_mb * 1024 * 1024)
    known = known_to(profile)
    columns = assign(table, profile, known.vocabulary, known.objects, findings)
    staging.begin()
    rows = readings = 0
    if findings.total == 0:
        # With a wrong header every row would be wrong too: that list helps nobody.
        parser = Parser(table, profile, columns, known, findings, now)
        for batch, share in table.batches(columns.used, findings):
            parsed = parser.readings(batch)
            staging.add(parsed)
            rows += batch.height
            readings += parsed.height
            progress(share)
        if rows == 0:
            findings.add("ingest.no-rows", table.row_of_header or 1)
    staging.finish()
    return Staged(rows, readings, table.header)


def known_to(profile: Profile) -> Known:
    """What the registry knows that files of this profile may name."""
    kinds.get(profile.object_kind)  # NotFound when its domain is switched off
    role = profile.object
    return Known(
        objects=spellings(profile.object_kind, role.match if role else ["code"]),
        vocabulary={name: vocabulary.get(name) for name in profile.used_properties},
        codes={plain(name): code for name, code in role.codes.items()} if role else {},
    )


def collapse(readings: pl.DataFrame, findings: Findings, header: list[str]) -> pl.DataFrame:
    """READINGS with equal repetitions dropped, sorted by key; keys with different values are
    reported at every row they stand in, and none of them is kept."""
    key, content = ["object", "property", "start"], ["value", "qualifier"]
    readings = readings.sort([*key, "row"])
    same_key = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in key)
    differs = ~pl.all_horizontal(pl.col(n).eq_missing(pl.col(n).shift(1)) for n in content)
    marked = readings.with_columns(
        again=same_key.fill_null(False), differs=(same_key & differs).fill_null(False)
    )
    clashing = marked.filter("differs").select(key).unique()
    if clashing.is_empty():
        return marked.filter(~pl.col("again")).drop("again", "differs")
    clashes = readings.join(clashing, on=key, how="semi")
    texts = clashes.group_by(key).agg(
        pl.col("value").cast(pl.String).fill_null("—").unique(maintain_order=True)
        .head(5).str.join(" / ").alias("shown")
    )  # fmt: skip
    titles = dict(enumerate(header))
    findings.add_cells(
        "ingest.duplicate",
        clashes.join(texts, on=key, how="left").select(
            "row",
            pl.col("column").cast(pl.Int32).replace_strict(titles, return_dtype=pl.String),
            value=pl.col("shown"),
        ),
    )
    rest = marked.filter(~pl.col("again")).drop("again", "differs")
    return rest.join(clashing, on=key, how="anti", maintain_order="left")
