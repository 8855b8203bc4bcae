"""What is written in a cell reads back as the same value and qualifier."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from fenhe.ingest.written import written
from fenhe.kernel.values import Qualifier, read_values

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64).map(lambda x: x + 0.0)
READINGS = st.one_of(
    st.tuples(NUMBERS, st.sampled_from([Qualifier.EXACT, Qualifier.BELOW, Qualifier.ABOVE])),
    st.tuples(
        st.none(),
        st.sampled_from(
            [
                Qualifier.MISSING_BLANK,
                Qualifier.MISSING_MARKED,
                Qualifier.NOT_MEASURED,
            ]
        ),
    ),
)


@given(st.lists(READINGS, min_size=1))
def test_there_and_back(readings: list[tuple[float | None, Qualifier]]) -> None:
    frame = pl.DataFrame(
        {"value": [v for v, _ in readings], "qualifier": [int(q) for _, q in readings]},
        {"value": pl.Float64(), "qualifier": pl.Int8()},
    )
    texts = frame.select(text=written(pl.col("value"), pl.col("qualifier")))["text"]
    back = read_values(texts, ["NA", "/"])
    assert back["ok"].all()
    assert back.select("value", "qualifier").equals(frame)
