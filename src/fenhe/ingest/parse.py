"""A batch of text → readings: whole columns at a time, every wrong cell found.

Pure: what is registered comes in as `Known`. Out comes a long frame (READINGS); a cell that is
wrong goes to the findings and yields no reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from fenhe.ingest import stamps
from fenhe.ingest.columns import Cell, Columns, Vocabulary, cell_of, spellings
from fenhe.ingest.findings import Findings
from fenhe.ingest.profile import Profile
from fenhe.ingest.table import Table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.text import plain
from fenhe.kernel.values import Qualifier, read_values

READINGS = {
    "row": pl.UInt32(),
    "column": pl.Int16(),  # position in the file, to point at the cell again
    "object": pl.Int32(),
    "property": pl.Int16(),  # position in Profile.used_properties
    "start": pl.Datetime("us", "UTC"),
    "value": pl.Float64(),
    "qualifier": pl.Int8(),
}
_CELL_TABLE = {"cell": pl.Int32(), "property": pl.Int16(), "up": pl.Float64(), "down": pl.Float64()}


@dataclass(frozen=True)
class Known:
    """What is registered: objects by `plain` spelling (-1 where it names more than one)."""

    objects: Mapping[str, int]
    vocabulary: Vocabulary
    codes: Mapping[str, str] = field(default_factory=dict)  # the profile's own names -> codes


@dataclass
class Parser:
    table: Table
    profile: Profile
    columns: Columns
    known: Known
    findings: Findings
    now: datetime

    def readings(self, batch: pl.DataFrame) -> pl.DataFrame:
        """READINGS of a batch, in the order of its cells."""
        base = self._stamped(batch)
        if self.profile.layout == "wide":
            cells = self._wide(base)
        elif self.profile.layout == "long":
            cells = self._long(base)
        else:
            cells = self._across(base)
        return self._valued(cells)

    # -- who and when, per row ------------------------------------------------------------------

    def _stamped(self, batch: pl.DataFrame) -> pl.DataFrame:
        time = self.profile.time
        pieces = [pl.col(str(self.columns.time[name])) for name in time.columns]
        form = time.pattern
        for name in time.columns:
            form = form.replace("{" + name + "}", "{}")
        text = batch.select(pl.format(form, *pieces).alias("value"))["value"]
        read = stamps.starts(text, self.profile, self.now)
        frame = batch.with_columns(start=read["start"])
        wrong = batch.select("row").with_columns(value=text.fill_null(""), problem=read["problem"])
        title = " + ".join(time.columns)
        for code in wrong["problem"].drop_nulls().unique().sort():
            self.findings.add_cells(code, wrong.filter(pl.col("problem") == code), title)
        if self.columns.object_at is not None:
            frame = self._named(frame, self.columns.object_at)
        return frame

    def _named(self, frame: pl.DataFrame, position: int) -> pl.DataFrame:
        """Adds `object`; names that fit none or several go to the findings."""
        texts = frame[str(position)].unique()
        ids = pl.DataFrame(
            {"text": texts, "object": [self._object(text) for text in texts]},
            {"text": pl.String(), "object": pl.Int32()},
        )
        named = frame.join(
            ids, left_on=str(position), right_on="text", how="left",
            maintain_order="left", nulls_equal=True,
        )  # fmt: skip
        cells = named.select("row", "object", value=pl.col(str(position)).fill_null(""))
        blank = pl.col("value").str.strip_chars() == ""
        unknown, title = pl.col("object").is_null(), self.table.header[position]
        for code, wrong in (
            ("ingest.object-blank", unknown & blank),
            ("ingest.object-unknown", unknown & ~blank),
            ("ingest.object-ambiguous", pl.col("object") == -1),
        ):
            self.findings.add_cells(code, cells.filter(wrong), title)
        return named.with_columns(pl.when(pl.col("object") >= 0).then("object").alias("object"))

    def _object(self, text: str | None) -> int | None:
        # Our own exports put an apostrophe before what a spreadsheet would take for a formula.
        name = plain(text or "").removeprefix("'")
        return self.known.objects.get(plain(self.known.codes.get(name, name)))

    # -- layouts: one row per cell, with property and factor ----------------------------------

    def _wide(self, base: pl.DataFrame) -> pl.DataFrame:
        used = list(self.columns.cells)
        cells = base.unpivot(
            [str(i) for i in used], index=["row", "object", "start"],
            variable_name="column", value_name="text",
        ).with_columns(pl.col("column").cast(pl.Int16))  # fmt: skip
        table = self._cell_table(dict(self.columns.cells))
        return cells.join(
            table, left_on=pl.col("column").cast(pl.Int32), right_on="cell", how="left"
        )

    def _long(self, base: pl.DataFrame) -> pl.DataFrame:
        columns = self.columns
        unit = pl.lit("") if columns.unit_at is None else pl.col(str(columns.unit_at)).fill_null("")
        cells = base.with_columns(
            pl.lit(columns.value_at, pl.Int16()).alias("column"),
            pl.col(str(columns.value_at)).alias("text"),
            unit.str.strip_chars().alias("unit"),
        )
        return self._by_property(cells)

    def _across(self, base: pl.DataFrame) -> pl.DataFrame:
        columns = self.columns
        cells = base.unpivot(
            [str(i) for i in columns.objects], index=["row", "start", str(columns.property_at)],
            variable_name="column", value_name="text",
        )  # fmt: skip
        ids = [self._object(title) for title in columns.objects.values()]
        objects = pl.DataFrame(
            {"position": [str(i) for i in columns.objects], "object": ids},
            {"position": pl.String(), "object": pl.Int32()},
        )
        cells = cells.join(objects, left_on="column", right_on="position", how="left")
        return self._by_property(
            cells.with_columns(pl.col("column").cast(pl.Int16), pl.lit("").alias("unit"))
        )

    def _by_property(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Adds property and factor from the property and unit texts of each row; rows of a
        property the profile leaves out are dropped."""
        position = str(self.columns.property_at)
        pairs = cells.select(position, "unit").unique().with_row_index("cell")
        found: dict[int, Cell] = {}
        left_out: list[int] = []
        roles = spellings(self.profile, self.known.vocabulary)
        for pair in pairs.iter_rows(named=True):
            name = plain(pair[position] or "")
            if name in roles and roles[name] is None:
                left_out.append(pair["cell"])
                continue
            cell = self._pair(cells, pair, name)
            if cell is not None:
                found[pair["cell"]] = cell
        cells = cells.join(pairs, on=[position, "unit"], how="left", nulls_equal=True)
        cells = cells.filter(~pl.col("cell").is_in(left_out)).with_columns(
            pl.col("cell").cast(pl.Int32)
        )
        return cells.join(self._cell_table(found), on="cell", how="left")

    def _pair(self, cells: pl.DataFrame, pair: dict[str, str], name: str) -> Cell | None:
        position = str(self.columns.property_at)
        role = spellings(self.profile, self.known.vocabulary).get(name)
        same = pl.col(position).eq_missing(pl.lit(pair[position])) & (
            pl.col("unit") == pair["unit"]
        )
        title = self.table.header[self.columns.property_at or 0]
        if role is None:
            wrong = cells.filter(same).select("row", value=pl.col(position).fill_null(""))
            self.findings.add_cells("ingest.property-unknown", wrong.unique("row"), title)
            return None
        unit_title = self.profile.unit_column
        if unit_title and not pair["unit"]:
            wrong = cells.filter(same).select("row", value=pl.lit(""))
            self.findings.add_cells("ingest.unit-blank", wrong, unit_title)
            return None
        try:
            return cell_of(role, pair["unit"], self.known.vocabulary)
        except BadInput as error:
            wrong = cells.filter(same).select("row", value=pl.col("unit"))
            self.findings.add_error_cells(error, wrong, unit_title)
            return None

    def _cell_table(self, cells: Mapping[int, Cell]) -> pl.DataFrame:
        order = {name: i for i, name in enumerate(self.profile.used_properties)}
        rows = [
            (i, order[c.property], float(c.factor.numerator), float(c.factor.denominator))
            for i, c in cells.items()
        ]
        return pl.DataFrame(rows, _CELL_TABLE, orient="row")

    # -- values -----------------------------------------------------------------------------------

    def _valued(self, cells: pl.DataFrame) -> pl.DataFrame:
        read = read_values(cells["text"], self.profile.missing)
        # Multiply before dividing: 700 × 1 / 1000 is 0.7, 700 × 0.001 is 0.7000000000000001.
        value = read["value"] * cells["up"] / cells["down"]
        frame = cells.select("row", "column", "object", "property", "start", "text").with_columns(
            value=value, qualifier=read["qualifier"], ok=read["ok"]
        )
        self._report("ingest.value-unreadable", frame.filter(~pl.col("ok")))
        possible = self._possible()
        self._report("ingest.value-impossible", frame.filter(pl.col("ok") & ~possible))
        sound = pl.all_horizontal("ok", possible) & pl.all_horizontal(
            pl.col("object", "property", "start").is_not_null()
        )
        if self.profile.blank == "skip":
            sound &= pl.col("qualifier") != int(Qualifier.MISSING_BLANK)
        return frame.filter(sound).select(pl.col(name).cast(t) for name, t in READINGS.items())

    def _possible(self) -> pl.Expr:
        """Within what the vocabulary says can be at all; quality control looks closer later."""
        known = [self.known.vocabulary[name] for name in self.profile.used_properties]
        bounds = {
            i: (float("-inf") if p.minimum is None else p.minimum,
                float("inf") if p.maximum is None else p.maximum)
            for i, p in enumerate(known)
        }  # fmt: skip
        position, value = pl.col("property"), pl.col("value")
        lowest = position.replace_strict({i: b[0] for i, b in bounds.items()}, default=None)
        highest = position.replace_strict({i: b[1] for i, b in bounds.items()}, default=None)
        return value.is_between(lowest, highest).fill_null(True)

    def _report(self, code: str, wrong: pl.DataFrame) -> None:
        if wrong.is_empty():
            return
        titles = dict(enumerate(self.table.header))
        cells = wrong.select(
            "row",
            pl.col("column").cast(pl.Int32).replace_strict(titles, return_dtype=pl.String),
            value=pl.col("text").fill_null(""),
        )
        self.findings.add_cells(code, cells)
