"""What the drawer says of the inputs: those that count, those that are there and those there should
be are three different numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from fenhe.app.boot import boot
from fenhe.app.web.explain import _counts
from fenhe.assess import rule
from fenhe.kernel.period import Period
from fenhe.observe.flags import Flag

boot()
DAILY = next(one for one in rule.all() if one.resolution == "day" and one.span == "year")
YEAR = Period.year(2015)


def rows(values: list[float | None], flags: dict[int, Flag] | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "member": [1] * len(values),
            "start": [YEAR.start + timedelta(days=n) for n in range(len(values))],
            "value": values,
            "flag": [int((flags or {}).get(n, Flag.GOOD)) for n in range(len(values))],
        },
        {
            "member": pl.Int64,
            "start": pl.Datetime("us", "UTC"),
            "value": pl.Float64,
            "flag": pl.Int8,
        },
    )


def test_missing_and_refused_days_are_told_apart() -> None:
    found = _counts(DAILY, rows([1.0] * 361 + [None, None], {0: Flag.FAIL}), 1, YEAR)
    assert found == {"valid": 360, "observed": 361, "expected": 365, "used": 360, "listed": 363}


def test_of_a_year_that_runs_only_its_days_so_far_are_expected() -> None:
    running = Period.days(YEAR.first_day, datetime(9000, 1, 1, tzinfo=UTC).date())
    assert _counts(DAILY, rows([1.0] * 31), 1, running)["expected"] == 31


def test_two_statistics_of_one_day_are_one_day() -> None:
    both = pl.concat([rows([1.0] * 5), rows([2.0] * 5)])
    assert _counts(DAILY, both, 1, YEAR)["valid"] == 5
