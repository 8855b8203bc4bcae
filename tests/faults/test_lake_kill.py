"""SIGKILL at any moment of a write leaves a readable lake: whatever was acknowledged is there once,
whatever was not can be replayed, and compaction never costs a row."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from fenhe.observe import maintenance
from fenhe.store.files import Files
from fenhe.store.lake import Lake

WRITER = Path(__file__).with_name("writer.py")
ROWS = 20  # series of one batch, as in writer.py
BATCHES = 8

# (seed, rounds, writers): a little every time, much when there is time.
TRIALS = [
    pytest.param(1, 2, [1], id="short"),
    *(pytest.param(seed, 25, [1, 2], id=f"long-{seed}", marks=pytest.mark.slow) for seed in (2, 3)),
]


@pytest.fixture(scope="module")
def empty_records(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The database file of records before anything has happened."""
    home = tmp_path_factory.mktemp("records")
    command = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
    settings = {"DJANGO_SETTINGS_MODULE": "fenhe.store.django_settings"}
    subprocess.run(command, env=environment(home) | settings, check=True)
    return (home / "fenhe.sqlite3").read_bytes()


@pytest.fixture
def home(tmp_path: Path, empty_records: bytes) -> Path:
    (tmp_path / "fenhe.sqlite3").write_bytes(empty_records)
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return kept | {"FENHE_DATA_DIR": str(home)}


def start(home: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), *(str(argument) for argument in arguments)]
    return subprocess.Popen(
        command, env=environment(home), stdout=subprocess.PIPE, text=True, cwd=home
    )


def kill_after(process: subprocess.Popen[str], seconds: float) -> list[str]:
    """Let it say its first word, then kill it some time later; what it said, whole lines only."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    rest = process.stdout.read()
    process.wait()
    return [line for line in (first + rest).split("\n")[:-1] if line]


def rows_of(home: Path) -> pl.DataFrame:
    return Lake(home / "lake").scan("readings", "hour", None)


def assert_acknowledged_once(home: Path, acknowledged: set[tuple[int, int]]) -> None:
    counts = (
        rows_of(home)
        .select(writer=pl.col("series") // ROWS, number=pl.col("value").cast(pl.Int64))
        .group_by("writer", "number")
        .len()
    )
    found = {(writer, number): rows for writer, number, rows in counts.rows()}
    assert {key: found.get(key) for key in acknowledged} == dict.fromkeys(acknowledged, ROWS)
    assert set(found.values()) <= {ROWS}, "a batch is there as a whole or not at all, and once"


@pytest.mark.parametrize(("seed", "rounds", "names"), TRIALS)
def test_killed_appends_and_compactions_lose_and_double_nothing(
    home: Path, seed: int, rounds: int, names: list[int]
) -> None:
    chance = random.Random(seed)  # noqa: S311 (when to kill, no secret)
    acknowledged: set[tuple[int, int]] = set()
    for _ in range(rounds):
        # Every writer starts from its first batch again: a replay of all it ever sent.
        writers = {name: start(home, "append", name, 0, 10_000) for name in names}
        tidier = start(home, "tidy")
        for name, writer in writers.items():
            said = kill_after(writer, chance.uniform(0.0, 0.7))
            acknowledged |= {(name, int(line)) for line in said}
        kill_after(tidier, chance.uniform(0.0, 0.1))
        assert_acknowledged_once(home, acknowledged)
    assert acknowledged

    lake = Lake(home / "lake")
    before = rows_of(home)
    maintenance.tidy(lake, hot=0, closed=0)
    assert rows_of(home).equals(before)
    last = {name: max(n for w, n in acknowledged if w == name) + 5 for name in names}
    for writer in [start(home, "append", name, 0, count) for name, count in last.items()]:
        writer.communicate()
    everything = {(name, number) for name, count in last.items() for number in range(count)}
    assert_acknowledged_once(home, everything)


def test_a_killed_put_leaves_no_half_file(home: Path) -> None:
    chance = random.Random(5)  # noqa: S311 (when to kill, no secret)
    kept: set[str] = set()
    for _ in range(2):
        kept |= set(kill_after(start(home, "files"), chance.uniform(0.0, 0.3))) - {"ready"}
    verified = dict(Files(home / "files").verify())
    assert all(verified.values())
    assert kept <= verified.keys()


@pytest.fixture
def writers(home: Path) -> Iterator[list[subprocess.Popen[str]]]:
    started = [start(home, "same", BATCHES) for _ in range(3)]
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_three_writers_of_the_same_readings_add_each_once(
    home: Path, writers: list[subprocess.Popen[str]]
) -> None:
    new = [sum(int(line) for line in writer.communicate()[0].split()) for writer in writers]
    assert sum(new) == BATCHES * ROWS
    assert rows_of(home).height == BATCHES * ROWS
