"""A restored platform answers as the old one did; a damaged backup restores nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

FILL = """
from datetime import UTC, datetime, timedelta
import io
import polars as pl
from fenhe.app.boot import boot
boot()
from fenhe.app import records
records.migrate()
from fenhe.access import sign_in
from fenhe.evidence import ledger
from fenhe.observe import readings
from fenhe.registry.models import Object, Series
from fenhe.store.files import open_files
person = sign_in.person_for_link()
station = Object.objects.create(kind="air_station", code="X1", name_zh="站")
series = Series.objects.create(object=station, property="pm2_5", resolution="hour")
start = datetime(2026, 1, 1, tzinfo=UTC)
for value in (35.5, 36.5):
    frame = pl.DataFrame({"series": [series.id], "start": [start], "value": [value],
        "qualifier": [0]}, schema={"series": pl.Int32, "start": pl.Datetime("us", "UTC"),
        "value": pl.Float64, "qualifier": pl.Int8})
    readings.append(frame, "hour", "import")
from fenhe.app.worker import beat
beat()
ledger.record(person, "import.commit", station, {"rows": 1, "mean": 35.5})
open_files().put(io.BytesIO(b"raw bytes"))
"""
ASK = """
from datetime import UTC, datetime
from fenhe.app.boot import boot
boot()
from fenhe.access.models import Person
from fenhe.evidence import ledger
from fenhe.observe import readings
from fenhe.registry.models import Series
from fenhe.store.config import settings
from fenhe.store.files import open_files
series = Series.objects.get()
start = datetime(2026, 1, 1, tzinfo=UTC)
print(Person.objects.get().username, series.object.name_zh)
print(readings.versions(series.id, start).rows())
print(ledger.verify())
print(list(open_files().verify()), (settings().data_dir / "secret_key").read_text())
"""


def _fenhe(data: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FENHE_DATA_DIR": str(data), **more}
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _answers(data: Path, **more: str) -> str:
    ran = _fenhe(data, "-c", ASK, **more)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("platform") / "data"
    ran = _fenhe(data, "-c", FILL, FENHE_DATABASE_URL="")
    assert ran.returncode == 0, ran.stderr
    return data


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_restored_platform_answers_as_before(filled: Path, tmp_path: Path, name: str) -> None:
    sqlite = {"FENHE_DATABASE_URL": ""}
    made = _fenhe(filled, "-m", "fenhe", "backup", str(tmp_path / name), "--json", **sqlite)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["lake"]["readings"] >= 2
    target = tmp_path / "restored"
    back = _fenhe(target, "-m", "fenhe", "restore", str(tmp_path / name), **sqlite)
    assert back.returncode == 0, back.stderr
    assert _answers(target, **sqlite) == _answers(filled, **sqlite)
    assert not list(tmp_path.glob(".*"))
    doctor = _fenhe(target, "-m", "fenhe", "doctor", **sqlite)
    assert "is not running" in doctor.stdout  # the worker that beat was that of the other place
    again = _fenhe(target, "-m", "fenhe", "restore", str(tmp_path / name), **sqlite)
    assert (again.returncode, "restore.not-empty" in again.stderr) == (1, True)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _damage(backup: Path, how: str) -> None:
    parquet = next(backup.rglob("*.parquet"))
    match how:
        case "changed":
            _flip(parquet)
        case "missing":
            parquet.unlink()
        case "added":
            (backup / "files" / "extra").write_text("x")
        case "incomplete":
            (backup / "manifest.json").unlink()


@pytest.mark.parametrize("how", ["changed", "missing", "added", "incomplete"])
def test_a_damaged_backup_restores_nothing(filled: Path, tmp_path: Path, how: str) -> None:
    backup = tmp_path / "copy"
    _fenhe(filled, "-m", "fenhe", "backup", str(backup), FENHE_DATABASE_URL="")
    _damage(backup, how)
    ran = _fenhe(tmp_path / "restored", "-m", "fenhe", "restore", str(backup))
    assert ran.returncode == 2, ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]


def test_a_truncated_archive_restores_nothing(filled: Path, tmp_path: Path) -> None:
    backup = tmp_path / "copy.tar"
    _fenhe(filled, "-m", "fenhe", "backup", str(backup), FENHE_DATABASE_URL="")
    with backup.open("r+b") as handle:
        handle.truncate(backup.stat().st_size // 2)
    ran = _fenhe(tmp_path / "restored", "-m", "fenhe", "restore", str(backup))
    assert ran.returncode == 2, ran.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar"]


def test_an_archive_cannot_write_outside_its_target(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x").write_text("x")
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.add(tmp_path / "in" / "x", arcname="../escaped")
    ran = _fenhe(tmp_path / "restored", "-m", "fenhe", "restore", str(tmp_path / "evil.tar"))
    assert ran.returncode == 2
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.skipif(
    "FENHE_TEST_DATABASE_URL" not in os.environ, reason="FENHE_TEST_DATABASE_URL is not set"
)
@pytest.mark.django_db
def test_records_of_postgresql_come_back(tmp_path: Path) -> None:
    import psycopg

    url = os.environ["FENHE_TEST_DATABASE_URL"].rsplit("/", 1)[0]
    names = [f"fenhe_backup_{os.getpid()}_{side}" for side in ("old", "new")]
    with psycopg.connect(f"{url}/postgres", autocommit=True) as server:
        for name in names:
            server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            old, new = ({"FENHE_DATABASE_URL": f"{url}/{name}"} for name in names)
            filled = _fenhe(tmp_path / "old", "-c", FILL, **old)
            assert filled.returncode == 0, filled.stderr
            made = _fenhe(tmp_path / "old", "-m", "fenhe", "backup", str(tmp_path / "copy"), **old)
            assert made.returncode == 0, made.stderr
            back = _fenhe(tmp_path / "new", "-m", "fenhe", "restore", str(tmp_path / "copy"), **new)
            assert back.returncode == 0, back.stderr
            before = _answers(tmp_path / "old", **old)
            shutil.rmtree(tmp_path / "old")
            assert _answers(tmp_path / "new", **new) == before
        finally:
            for name in names:
                server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]
