"""The tables beneath: files, commits, order. What rows mean is tested in `fenhe.observe`."""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from fenhe.kernel.errors import Conflict, NotFound, Unavailable
from fenhe.kernel.period import Period
from fenhe.store import handles
from fenhe.store import lake as lake_module
from fenhe.store.batches import scan_batches
from fenhe.store.lake import Lake
from fenhe.store.tables import COLUMNS, sorted_by

T0 = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = Period(T0, T0 + timedelta(days=365))


def rows(series: list[int], days: list[int], known: int, value: float = 1.0) -> pl.DataFrame:
    return (
        pl.DataFrame({"series": series})
        .join(pl.DataFrame({"start": [T0 + timedelta(days=day) for day in days]}), how="cross")
        .with_columns(
            value=pl.lit(value),
            qualifier=pl.lit(0),
            known_at=pl.lit(T0 + timedelta(days=400, seconds=known)),
            source=pl.lit("test"),
        )
        .select([pl.col(name).cast(kind) for name, kind in COLUMNS["readings"].items()])
    )


def test_every_file_is_sorted_and_holds_one_month(lake: Lake) -> None:
    frame = pl.concat([rows([3, 1, 2], [0, 40, 80], known) for known in (2, 1)])
    lake.append("readings", frame.sample(fraction=1.0, shuffle=True, seed=1), "hour")
    assert len(lake.snapshot().files) == 3
    for file in lake.snapshot().files:
        found = pl.read_parquet(file.path)
        assert found.equals(found.sort(sorted_by("readings")))
        assert set(found["start"].dt.strftime("%Y-%m")) == {file.month}
        assert (file.rows, file.series) == (6, (1, 3))


def test_large_writings_are_cut_between_series(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_module, "ROWS_PER_FILE", 7)
    frame = rows([1, 2, 3, 4], [0, 1, 2], 1)
    frame = pl.concat([frame, rows([2], list(range(3, 20)), 1)])  # one series longer than a file
    lake.append("readings", frame, "hour")
    spans = sorted(file.series for file in lake.snapshot().files)
    assert spans == [(1, 1), (2, 2), (3, 4)]
    assert lake.scan("readings", "hour", YEAR).equals(frame.sort(sorted_by("readings")))


def test_an_engine_that_knows_nothing_of_us_reads_the_table(lake: Lake) -> None:
    lake.append("readings", rows([1], [0, 40], 1), "hour")
    lake.append("readings", rows([2], [0], 2), "day")
    table = DeltaTable(f"{lake.root}/readings").to_pyarrow_table()
    assert sorted(table["resolution"].to_pylist()) == ["day", "hour", "hour"]


def test_a_file_of_a_foreign_engine_is_sorted_on_the_way_in(lake: Lake) -> None:
    for known, value in [(1, 1.0), (2, 2.0), (3, 3.0)]:
        lake.append("readings", rows([2, 1], [0, 1], known, value), "hour")
    before = lake.scan("readings", "hour", YEAR)
    DeltaTable(f"{lake.root}/readings").optimize.compact()  # keeps the order of insertion
    assert len(lake.snapshot().files) == 1
    assert lake.scan("readings", "hour", YEAR).equals(before)
    ((batch,),) = scan_batches(lake, "hour", YEAR, [(1, 2)], ["series", "start", "known_at"])
    assert isinstance(batch, pl.DataFrame)
    keyed = batch.sort(["series", "start"], maintain_order=True)
    assert keyed.equals(before.select(keyed.columns))


def test_a_transaction_seen_before_adds_nothing(lake: Lake) -> None:
    first = lake.append("readings", rows([1], [0], 1), "hour", transaction="import-1")
    assert lake.committed("import-1")
    assert not lake.committed("import-2")
    assert lake.append("readings", rows([1], [0], 1), "hour", transaction="import-1") == first
    assert lake.scan("readings", "hour", YEAR).height == 1


def test_a_commit_compared_with_an_older_version_is_refused(lake: Lake) -> None:
    seen = lake.version()
    Lake(lake.root).append("readings", rows([1], [0], 1), "hour")
    with pytest.raises(Conflict, match=r"lake\.moved-on"):
        lake.append("readings", rows([1], [0], 2), "hour", based_on=seen)
    lake.append("readings", rows([1], [0], 2), "hour", based_on=lake.version())


def test_two_commits_from_one_version_exclude_each_other_without_any_lock(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What protects several writers on object storage, where no lock can be held."""
    other = Lake(lake.root)
    version = other.version()
    lake.append("readings", rows([1], [0], 1), "hour")
    monkeypatch.setattr(other._handles, "is_newest", lambda *_: True)  # it has not looked again
    with pytest.raises(Conflict):
        other.append("readings", rows([1], [0], 2), "hour", based_on=version)


def test_a_long_lived_handle_sees_every_commit_of_others(lake: Lake) -> None:
    other = Lake(lake.root)
    for number in range(2 * handles.REOPEN_AFTER + 3):
        other.append("readings", rows([number], [0], number), "hour")
        assert lake.scan("readings", "hour", YEAR, [number]).height == 1
    assert lake.version() == other.version()


def test_a_version_answers_until_its_files_are_gone(lake: Lake) -> None:
    lake.append("readings", rows([1], [0], 1), "hour")
    old = lake.append("readings", rows([2], [0], 2), "hour")
    files = lake.snapshot().files
    added = lake.write("readings", lake.scan("readings", "hour", YEAR), "hour")
    lake.replace("readings", files, added)
    assert lake.scan("readings", "hour", YEAR, version=old).height == 2
    lake.vacuum("readings", timedelta(0))
    assert lake.scan("readings", "hour", YEAR).height == 2
    for gone in (old, 99):
        with pytest.raises(NotFound, match=r"lake\.version-gone"):
            lake.scan("readings", "hour", YEAR, version=gone)


def test_files_are_replaced_once(lake: Lake) -> None:
    lake.append("readings", rows([1], [0], 1), "hour")
    files = lake.snapshot().files
    written = [lake.write("readings", rows([1], [0], 1), "hour") for _ in range(2)]
    lake.replace("readings", files, written[0])
    with pytest.raises(Conflict):
        Lake(lake.root).replace("readings", files, written[1])
    assert lake.scan("readings", "hour", YEAR).height == 1


def test_vacuum_takes_old_orphans_and_leaves_young_files_to_their_writers(lake: Lake) -> None:
    lake.append("readings", rows([1], [0], 1), "hour")
    folder = Path(lake.snapshot().files[0].path).parent
    young, old = folder / "sorted-young.parquet", folder / "sorted-old.parquet"
    for orphan in (young, old):
        orphan.write_bytes(b"left by a killed writer")
    hours_ago = time.time() - 5 * 3600
    os.utime(old, (hours_ago, hours_ago))
    lake.vacuum("readings", timedelta(hours=2))
    assert young.exists()
    assert not old.exists()


def test_a_full_disk_is_said_so_and_nothing_is_half_written(lake: Lake) -> None:
    before = lake.append("readings", rows([1], [0], 1), "hour")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # no file may grow beyond
    try:
        with pytest.raises(Unavailable, match=r"lake\.not-written") as caught:
            lake.append("readings", rows(list(range(50_000)), [0], 2), "hour")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.retryable
    assert lake.version() == before
    on_disk = {str(path) for path in Path(lake.root).rglob("*.parquet")}
    assert on_disk == {file.path for file in lake.snapshot().files}
    lake.append("readings", rows([2], [0], 2), "hour")
    assert lake.scan("readings", "hour", YEAR).height == 2
