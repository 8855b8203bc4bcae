"""Values as people write them: number, `<` and `>` of a detection limit, or a reason for nothing.

`read_values` reads a whole text column at once. A blank is missing; any other text that means
"no value" (`—`, NA, -9999) must be declared by whoever knows the source. NaN, infinity, thousands
commas and full-width digits are refused (ok = False): a typing slip must not pass as a measurement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

import polars as pl


class Qualifier(IntEnum):
    """What a value's number means, or why there is none. Stored as int8 beside the value."""

    EXACT = 0
    BELOW = 1  # '<': below the detection limit, the number is the limit
    ABOVE = 2  # '>': above the range, the number is the range's end
    MISSING_BLANK = 10
    MISSING_MARKED = 12  # the source says so with a mark it has declared: NA, —, -9999
    NOT_MEASURED = 13  # the declared mark is '/': not planned here
    OUT_OF_RANGE = 20

    @property
    def missing(self) -> bool:
        return self >= Qualifier.MISSING_BLANK


DASHES = ("-", "--", "—", "——", "–", "―", "−", "-;", "—;", "&mdash;", "mdash")
"""How feeds and spreadsheets write "no value", for sources that declare it."""
NOT_PLANNED = "/"
BELOW_LIMIT = r"^[+]?(\d+(?:\.\d*)?|\.\d+)\s*[LlＬ]$"
"""0.01L: below the detection limit 0.01, as HJ standards have laboratories write it."""
NUMBER = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$")

BLANKS = " \t\r\n\u00a0\u3000\ufeff"
_FULL_WIDTH = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)} | {"　": " ", "−": "-", "。": "."}


def plain_text(expr: pl.Expr) -> pl.Expr:
    """Codes and stamps with full-width letters and digits made plain, blanks trimmed (NBSP, BOM).
    Not for measured values: see `read_values`."""
    folded = expr.cast(pl.String).str.replace_many(list(_FULL_WIDTH), list(_FULL_WIDTH.values()))
    return folded.str.strip_chars(BLANKS)


def read_values(texts: pl.Series, missing: Iterable[str] = ()) -> pl.DataFrame:
    """Columns value (Float64, null when missing), qualifier (Int8), ok (Boolean), row by row.

    `missing`: the texts that mean "no value" in this source, whatever their case. `<0.01` and
    `0.01L` are below a detection limit of 0.01; the value is the limit. A number column passes
    through; its NaN and infinities are not ok.
    """
    if texts.dtype.is_numeric():
        return _from_numbers(texts)
    marks = [mark.lower() for mark in missing]
    text = pl.col("text")
    sign = text.str.slice(0, 1)
    marked = text.str.to_lowercase().is_in(marks)
    qualified = sign.is_in(["<", ">", "≤", "≥"]) & ~marked
    limit = text.str.extract(BELOW_LIMIT, 1)
    body = (
        pl.when(qualified).then(text.str.slice(1).str.strip_chars(" "))
        .otherwise(pl.coalesce(limit, text))
    )  # fmt: skip
    blank = text.is_null() | (text == "")
    reason = (
        pl.when(blank).then(int(Qualifier.MISSING_BLANK))
        .when(marked & (text == NOT_PLANNED)).then(int(Qualifier.NOT_MEASURED))
        .when(marked).then(int(Qualifier.MISSING_MARKED))
        .when(sign.is_in(["<", "≤"]) | limit.is_not_null()).then(int(Qualifier.BELOW))
        .when(sign.is_in([">", "≥"])).then(int(Qualifier.ABOVE))
        .otherwise(int(Qualifier.EXACT))
    )  # fmt: skip
    number = pl.when(body.str.contains(f"(?i){NUMBER.pattern}")).then(body)
    frame = texts.cast(pl.String).alias("text").to_frame().select(text.str.strip_chars(BLANKS))
    frame = frame.select(
        value=number.cast(pl.Float64, strict=False), qualifier=reason.cast(pl.Int8)
    )
    absent = pl.col("qualifier") >= Qualifier.MISSING_BLANK
    finite = pl.col("value").is_not_null() & pl.col("value").is_finite()
    return frame.select(
        value=pl.when(~absent & finite).then(pl.col("value")),
        qualifier="qualifier",
        ok=absent | finite,
    )


def _from_numbers(numbers: pl.Series) -> pl.DataFrame:
    value = pl.col("value")
    blank = pl.when(value.is_null()).then(int(Qualifier.MISSING_BLANK)).otherwise(0)
    return numbers.cast(pl.Float64).alias("value").to_frame().select(
        value=pl.when(value.is_finite()).then(value),
        qualifier=blank.cast(pl.Int8),
        ok=value.is_null() | value.is_finite(),
    )  # fmt: skip
