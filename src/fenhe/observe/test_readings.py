from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period
from fenhe.observe import flags, latest, readings
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 1, 31, 12, tzinfo=UTC)
AROUND = Period(T0 - timedelta(days=3), T0 + timedelta(days=3))


def batch(*rows: tuple[int, int, float | None], qualifier: int = 0) -> pl.DataFrame:
    """Rows of (series, hours after T0, value)."""
    return pl.DataFrame(
        [(s, T0 + timedelta(hours=h), v, 10 if v is None else qualifier) for s, h, v in rows],
        schema={
            "series": pl.Int32,
            "start": pl.Datetime("us", "UTC"),
            "value": pl.Float64,
            "qualifier": pl.Int8,
        },
        orient="row",
    )


def values(frame: pl.DataFrame) -> list[float | None]:
    return frame["value"].to_list()


def test_the_same_batch_twice_changes_nothing(lake: Lake) -> None:
    frame = batch((1, 0, 5.0), (2, 0, None), (1, 14, 7.5))
    first = readings.append(frame, "hour", "file", lake=lake)
    again = readings.append(frame, "hour", "another file", lake=lake)
    assert (first.new, first.changed, first.unchanged) == (3, 0, 0)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 3)
    assert again.version == first.version
    assert values(readings.current(None, AROUND, lake=lake)) == [5.0, 7.5, None]


def test_a_correction_keeps_both_versions_and_the_past_stays_as_it_was_known(lake: Lake) -> None:
    first = readings.append(batch((1, 0, 5.0), (1, 1, 6.0)), "hour", "a", lake=lake)
    second = readings.append(batch((1, 0, 5.5), (1, 1, 6.0)), "hour", "b", lake=lake)
    assert (second.new, second.changed, second.unchanged) == (0, 1, 1)
    assert values(readings.current([1], AROUND, lake=lake)) == [5.5, 6.0]
    assert values(readings.current([1], AROUND, known_at=first.known_at, lake=lake)) == [5.0, 6.0]
    assert values(readings.current([1], AROUND, version=first.version, lake=lake)) == [5.0, 6.0]
    assert readings.versions(1, T0, lake=lake)["source"].to_list() == ["a", "b"]
    assert readings.touched(second.known_at, "hour", lake=lake).rows() == [(1, T0)]


def test_a_month_boundary_does_not_split_a_civil_day(lake: Lake) -> None:
    frame = batch(*((1, hour, float(hour)) for hour in range(24)))  # 31 January into 1 February UTC
    readings.append(frame, "hour", "a", lake=lake)
    day = Period.day(datetime(2026, 2, 1).date())  # noqa: DTZ001 - a civil date
    found = readings.current([1], day, lake=lake)
    assert found["start"][0] == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert values(found) == [float(hour) for hour in range(4, 24)]


def test_a_replayed_transaction_adds_nothing(lake: Lake) -> None:
    frame = batch((1, 0, 5.0))
    readings.append(frame, "hour", "a", transaction="import-1", lake=lake)
    readings.append(batch((1, 0, 6.0)), "hour", "a", transaction="import-2", lake=lake)
    replay = readings.append(frame, "hour", "a", transaction="import-1", lake=lake)
    assert replay.new == replay.changed == 0
    assert values(readings.current([1], AROUND, lake=lake)) == [6.0]


def test_all_that_is_wrong_is_named_at_once_and_nothing_is_written(lake: Lake) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    frame = batch((1, 0, 5.0), (1, 0, 6.0), (2, 0, 4.0), (2, 0, 4.0), (3, 0, float("nan")))
    frame = pl.concat(
        [frame, batch((4, 0, 1.0)).with_columns(start=pl.lit(later).cast(pl.Datetime("us", "UTC")))]
    )
    with pytest.raises(BadInput) as caught:
        readings.append(frame, "hour", "a", lake=lake)
    assert {problem.code for problem in caught.value.problems} == {
        "observe.duplicate-key",
        "observe.future",
        "observe.not-a-number",
    }
    assert readings.current(None, AROUND, lake=lake).is_empty()


def test_known_at_is_not_set_back(lake: Lake) -> None:
    readings.append(batch((1, 0, 5.0)), "hour", "a", known_at=T0 + timedelta(days=2), lake=lake)
    with pytest.raises(BadInput, match="observe\\.known-order"):
        readings.append(batch((1, 0, 6.0)), "hour", "a", known_at=T0 + timedelta(days=1), lake=lake)


def test_latest_moves_forward_only(lake: Lake) -> None:
    now = T0 + timedelta(hours=5)
    readings.append(batch((1, 2, 2.0)), "hour", "a", now=now, lake=lake)
    readings.append(batch((1, 1, 1.0)), "hour", "a", now=now, lake=lake)
    assert values(latest.read([1])) == [2.0]
    readings.append(batch((1, 2, 2.5)), "hour", "a", now=now, lake=lake)
    soon = batch((1, 5, 9.0)).with_columns(start=pl.col("start") + pl.duration(minutes=3))
    readings.append(soon, "minute", "a", now=now, lake=lake)
    assert values(latest.read([1])) == [2.5]
    before = latest.read()
    latest.rebuild(["hour"], lake=lake)
    assert latest.read().equals(before)


def test_flags_speak_of_the_version_they_saw(lake: Lake) -> None:
    readings.append(batch((1, 0, 5.0), (1, 1, None), (1, 2, 3.0)), "hour", "a", lake=lake)

    def flag_of(check: str, flag: flags.Flag) -> pl.DataFrame:
        return batch((1, 0, 0.0)).select(
            "series", "start", check=pl.lit(check), flag=pl.lit(int(flag)), detail=pl.lit("x")
        )

    def effective() -> list[int]:
        return readings.current([1], AROUND, lake=lake)["flag"].to_list()

    assert effective() == [2, 9, 2]
    flags.record(flag_of("range", flags.Flag.GOOD), lake=lake)
    assert effective() == [1, 9, 2]
    assert flags.record(flag_of("range", flags.Flag.GOOD), lake=lake) == 0
    flags.record(flag_of("spike", flags.Flag.SUSPECT), lake=lake)
    assert effective() == [3, 9, 2]
    flags.record(flag_of("review", flags.Flag.GOOD), lake=lake)
    assert effective() == [1, 9, 2]
    assert flags.history(1, T0, lake=lake)["check"].to_list() == ["range", "spike", "review"]
    readings.append(batch((1, 0, 5.5)), "hour", "a", lake=lake)
    assert effective() == [2, 9, 2]
