"""Events at stations, on made-up series and on the national feed of April 2021."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from conftest import SHARED

from fenhe.domains.water.rules import tables
from fenhe.domains.water.sky.events import Event, events, table
from fenhe.domains.water.sky.lag import lag

EDITION = tables.edition("sky eye")
DATA = SHARED / "data" / "water"
T0 = datetime(2026, 5, 1)  # noqa: DTZ001  # civil and naive, like the feed


def series(values: list[float | None], **others: list[float]) -> pl.DataFrame:
    """NH3-N every four hours, with a little of a daily course, and other items."""
    return pl.DataFrame(
        {
            "station": ["S"] * len(values),
            "time": [T0 + timedelta(hours=4 * k) for k in range(len(values))],
            "nh3n": values,
            **others,
        }
    )


def quiet(n: int, level: float = 0.4) -> list[float | None]:
    return [level + 0.02 * (k % 6) for k in range(n)]


def april(name: str) -> pl.DataFrame:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    items = ["do", "ec", "turb", "codmn", "nh3n", "tp", "tn"]
    return (
        pl.read_csv(path, infer_schema_length=0)
        .with_columns(
            pl.col(items).cast(pl.Float64, strict=False),
            time=pl.col("time").str.to_datetime("%Y-%m-%d %H:%M", strict=False, time_unit="us"),
            station=pl.col("province") + "/" + pl.col("section"),
        )
        .filter(pl.col("time").is_not_null())
    )


def test_a_quiet_series_has_no_event() -> None:
    assert events(series(quiet(120)), EDITION) == []
    assert table([]).is_empty()


def test_a_pulse_has_beginning_peak_end_and_multiple() -> None:
    (event,) = events(series([*quiet(40), 1.6, 2.7, 2.0, 1.5, *quiet(12)]), EDITION)
    assert event.start == T0 + timedelta(hours=160)
    assert event.peak == event.start + timedelta(hours=4)
    assert event.end == event.start + timedelta(hours=12)
    assert event.samples == 4
    assert not event.is_open
    assert event.value == 2.7
    assert event.baseline == pytest.approx(0.45, abs=0.02)
    assert event.multiple == pytest.approx(6.0, abs=0.3)
    assert event.items == ("nh3n",)
    assert event.rises["nh3n"] == pytest.approx(2.25, abs=0.02)


def test_a_pulse_of_days_does_not_become_its_own_baseline() -> None:
    """Ten days at five times the level: longer than the window a baseline is taken from."""
    (event,) = events(series([*quiet(60), *[2.5] * 60, *quiet(10)]), EDITION)
    assert event.samples == 60
    assert event.baseline < 0.6


def test_one_sample_that_is_back_at_once_is_isolated_and_less_sure() -> None:
    (lonely,) = events(series([*quiet(40), 2.5, *quiet(10)]), EDITION)
    (lasting,) = events(series([*quiet(40), 2.5, 2.5, 2.5, *quiet(10)]), EDITION)
    assert lonely.isolated
    assert not lasting.isolated
    assert lonely.confidence < lasting.confidence


def test_half_detection_limits_are_no_baseline_to_count_multiples_from() -> None:
    """0.025 is half of 0.05: 0.12 is not five times what was measured."""
    assert events(series([*[0.025] * 40, 0.12, 0.12, *[0.025] * 5]), EDITION) == []


def test_maintenance_says_nothing_of_the_water() -> None:
    rows = series([*quiet(40), 3.0, 3.0, *quiet(10)]).with_columns(
        status=pl.Series(["正常"] * 40 + ["维护"] * 2 + ["正常"] * 10)
    )
    assert events(rows, EDITION) == []


def test_rain_and_sewage_look_different() -> None:
    n = 44

    def made(**raised: float) -> list[Event]:
        columns = {
            name: [base * (1 + 0.01 * (k % 5)) * (raised.get(name, 1.0) if 40 <= k < 43 else 1.0)
                   for k in range(n)]
            for name, base in {"tp": 0.08, "ec": 700.0, "turb": 20.0, "codmn": 3.0}.items()
        }  # fmt: skip
        nh3n = [v * (raised.get("nh3n", 1.0) if 40 <= k < 43 else 1.0)
                for k, v in enumerate(quiet(n)) if v is not None]  # fmt: skip
        return events(series(list(nh3n), **columns), EDITION)

    (rain,) = made(turb=12.0, tp=3.0, ec=0.75)
    assert "rain" in rain.kinds
    (sewage,) = made(nh3n=5.0, tp=2.2)
    assert sewage.kinds == ("sewage",)


def test_events_are_seen_as_known_then() -> None:
    rows = series([*quiet(40), 1.6, 2.7, 2.0, *quiet(10)])
    at = T0 + timedelta(hours=160)
    assert events(rows, EDITION, at - timedelta(minutes=1)) == []
    (early,) = events(rows, EDITION, at)
    assert early.is_open
    assert early.value == 1.6
    late = rows.with_columns(known_at=pl.col("time") + timedelta(hours=6))
    assert events(late, EDITION, at + timedelta(hours=5)) == []
    assert events(late, EDITION, at + timedelta(hours=6))[0].value == 1.6


def test_a_correction_is_known_from_its_own_moment() -> None:
    rows = series([*quiet(40), 2.5, 2.5]).with_columns(known_at=pl.col("time"))
    back = rows.tail(2).with_columns(
        nh3n=pl.lit(0.45), known_at=pl.col("time").max() + timedelta(1)
    )
    both = pl.concat([rows, back])
    assert len(events(both, EDITION, T0 + timedelta(hours=164))) == 1
    assert events(both, EDITION, T0 + timedelta(days=30)) == []


@pytest.mark.parametrize(
    ("hour", "value"),
    [
        ("2021-04-02T16:00", None),
        ("2021-04-02T20:00", None),
        ("2021-04-03T00:00", 1.594),
        ("2021-04-03T04:00", 2.675),
        ("2021-04-03T20:00", 2.675),
    ],
)
def test_the_pulse_at_dingxiang_is_found_hour_by_hour(hour: str, value: float | None) -> None:
    """定襄桥, Hutuo river: NH3-N 0.631 → 1.594 → 2.675 mg/L in the night to 3 April 2021."""
    rows = april("shanxi_auto_4h_202104.csv")
    seen = [
        one
        for one in events(rows, EDITION, datetime.fromisoformat(hour))
        if one.station.endswith("定襄桥")
    ]
    assert [one.value for one in seen] == ([] if value is None else [value])
    if hour == "2021-04-03T20:00":
        assert seen[0].start == datetime.fromisoformat("2021-04-03T00:00")
        assert seen[0].is_open
        assert "sewage" in seen[0].kinds


def test_its_echo_at_nanzhuang_is_proposed_with_its_uncertainty() -> None:
    rows = april("shanxi_auto_4h_202104.csv")
    upper, lower = (rows.filter(pl.col("section") == name) for name in ("定襄桥", "南庄"))
    found = lag(upper, lower, shortest=timedelta(hours=24), longest=timedelta(hours=72))
    assert found is not None
    assert found.hours.early <= 40 <= found.hours.late
    assert found.hours.early >= 36
    assert found.hours.late <= 48
    assert found.is_weak, "sixteen samples can propose a lag and prove none"


def test_a_lag_is_found_where_there_is_one() -> None:
    upper = series([*quiet(30), 2.0, 3.0, 1.5, *quiet(30), 1.2, 2.4, *quiet(25)])
    lower = upper.with_columns(pl.col("time") + timedelta(hours=20))
    found = lag(upper, lower, items=["nh3n"])
    assert found is not None
    assert found.hours.probable == 20
    assert not found.is_weak


def test_the_rest_of_the_country_raises_few_events() -> None:
    """About a thousand stations, four and a half days each; see the README for what they are."""
    rows = pl.concat(
        [april("shanxi_auto_4h_202104.csv"), april("national_auto_4h_202104.csv.gz")],
        how="diagonal_relaxed",
    )
    spans = rows.group_by("station").agg(pl.col("time").max() - pl.col("time").min())
    months = spans["time"].sum() / timedelta(days=30)
    found = events(rows, EDITION)
    assert 0.2 < len(found) / months < 2.0
    assert sum(one.confidence >= 0.5 for one in found) / months < 0.8


def test_the_edition_is_readable_and_marked_as_ours() -> None:
    assert Path(tables.__file__).is_file()
    assert all(row.confidence == "unconfirmed" for row in EDITION.table("detection"))
