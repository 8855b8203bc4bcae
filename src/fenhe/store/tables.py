"""The tables of the lake: columns, order inside a file, partitions. Data, and its translation into
the words of Delta Lake."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache

import polars as pl
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

INSTANT = pl.Datetime("us", "UTC")
COLUMNS: dict[str, dict[str, pl.DataType]] = {
    "readings": {
        "series": pl.Int32(),
        "start": INSTANT,  # the beginning of the reading's period
        "value": pl.Float64(),  # in the unit the property's vocabulary declares
        "qualifier": pl.Int8(),  # kernel.values.Qualifier
        "known_at": INSTANT,  # one per commit
        "source": pl.String(),
    },
    "flags": {
        "series": pl.Int32(),
        "start": INSTANT,
        "check": pl.String(),
        "flag": pl.Int8(),  # observe.flags.Flag
        "detail": pl.String(),
        "known_at": INSTANT,
        "source": pl.String(),
    },
}
KEY = {"readings": ["series", "start"], "flags": ["series", "start", "check"]}
PARTITIONS = ["resolution", "month"]  # not `interval`: a keyword that breaks predicates

_RANGED = ["series", "start", "known_at"]  # whose least and greatest are kept per file
_DELTA_TYPE = {
    pl.Int32(): "integer",
    pl.Int8(): "byte",
    pl.Float64(): "double",
    pl.String(): "string",
    INSTANT: "timestamp",
}


def sorted_by(table: str) -> list[str]:
    """Versions of a row stand next to one another, the one known last comes last."""
    return [*KEY[table], "known_at"]


@cache
def delta_schema(table: str) -> Schema:
    columns = {name: _DELTA_TYPE[kind] for name, kind in COLUMNS[table].items()}
    columns |= dict.fromkeys(PARTITIONS, "string")
    return Schema([Field(name, PrimitiveType(kind)) for name, kind in columns.items()])


def statistics(frame: pl.DataFrame) -> str:
    """What the commit says of a file, so that readers can leave it closed."""

    def text(value: object) -> object:
        return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value

    return json.dumps(
        {
            "numRecords": frame.height,
            "minValues": {name: text(frame[name].min()) for name in _RANGED},
            "maxValues": {name: text(frame[name].max()) for name in _RANGED},
            "nullCount": {name: frame[name].null_count() for name in frame.columns},
        }
    )
