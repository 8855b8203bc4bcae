"""Series by what they are of: numbers of the lake ↔ object, property.

A series comes to be with its first reading; looking never makes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from fenhe.kernel.text import plain
from fenhe.registry.models import Object, Series

SCHEMA = {"series": pl.Int32(), "object": pl.Int32(), "code": pl.String(), "property": pl.String()}


def series_ids(
    kind: str,
    resolution: str = "hour",
    source: str = "import",
    statistic: str = "value",
    codes: Iterable[str] | None = None,
    properties: Iterable[str] | None = None,
) -> pl.DataFrame:
    """The series there are: columns series, object (its id), code, property; sorted by series."""
    rows = Series.objects.filter(
        object__kind=kind, resolution=resolution, source=source, statistic=statistic
    )
    if codes is not None:
        rows = rows.filter(object__code__in=list(codes))
    if properties is not None:
        rows = rows.filter(property__in=list(properties))
    values = rows.order_by("id").values_list("id", "object_id", "object__code", "property")
    return pl.DataFrame(list(values), SCHEMA, orient="row")


def ensure_series(
    pairs: pl.DataFrame,
    kind: str,
    resolution: str = "hour",
    source: str = "import",
    statistic: str = "value",
) -> pl.DataFrame:
    """`pairs` (columns object, property) with `series` added; series that are missing are made.
    Safe beside another process that does the same."""
    wanted = pairs.select(
        pl.col("object").cast(pl.Int32), pl.col("property").cast(pl.String)
    ).unique(maintain_order=True)
    there = series_ids(kind, resolution, source, statistic)
    new = wanted.join(there, on=["object", "property"], how="anti")
    if not new.is_empty():
        Series.objects.bulk_create(
            (
                Series(
                    object_id=object_id,
                    property=property,
                    resolution=resolution,
                    source=source,
                    statistic=statistic,
                )
                for object_id, property in new.iter_rows()
            ),
            batch_size=500,
            ignore_conflicts=True,
        )
        there = series_ids(kind, resolution, source, statistic)
    return wanted.join(
        there.select("object", "property", "series"), on=["object", "property"], how="left",
        maintain_order="left",
    )  # fmt: skip


def spellings(kind: str, match: Sequence[str]) -> dict[str, int]:
    """Every text by which objects of a kind may be named, by `plain`, and the object's id; -1
    where a text names more than one. `match`: code, name_zh, name_en or attributes.<id>; a text
    means what the first of them that knows it says."""
    found: dict[str, int] = {}
    objects = list(Object.objects.filter(kind=kind).order_by("id"))
    for field in match:
        here: dict[str, int] = {}
        for item in objects:
            attribute = field.removeprefix("attributes.")
            value = (
                getattr(item, field, "") if attribute == field else item.attributes.get(attribute)
            )
            name = plain(str(value or ""))
            if name:
                here[name] = -1 if name in here else item.id
        found = {**here, **found}
    return found
