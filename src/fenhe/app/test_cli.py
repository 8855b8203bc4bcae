from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fenhe.app.cli import tell
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text


def _fenhe(*arguments: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fenhe", *arguments],
        env={**os.environ, "FENHE_DATA_DIR": str(data), **environment},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_bad_settings_are_bad_input_in_the_language_asked_for(tmp_path: Path) -> None:
    for language, first in (
        ("zh", "✗ 设置文件有误"),
        ("en_US.UTF-8", "✗ the settings have errors"),
    ):
        ran = _fenhe("migrate", data=tmp_path, FENHE_PORT="many", FENHE_LANGUAGE=language[:2])
        assert ran.returncode == 2
        assert ran.stderr.startswith(first)


def test_json_errors_have_the_one_shape(tmp_path: Path) -> None:
    ran = _fenhe("doctor", "--json", data=tmp_path, FENHE_PORT="many")
    assert (ran.returncode, ran.stdout) == (2, "")
    error = json.loads(ran.stderr)["error"]
    assert (error["code"], error["problems"][0]["column"]) == ("settings.invalid", "port")


def test_an_unknown_verb_is_bad_input(tmp_path: Path) -> None:
    assert _fenhe("nothing", data=tmp_path).returncode == 2
    assert not list(tmp_path.iterdir())


def test_a_problem_is_told_with_its_place_in_both_languages() -> None:
    problem = Problem("x.y", Text("不对", "wrong"), file="a.csv", row=3, column="pm10")
    lines = tell(BadInput("x", "有误", "has errors", [problem])).splitlines()
    assert lines[-1] == "  · a.csv，第 3 行，“pm10”列：不对 | wrong [x.y]"


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m fenhe standards list --json | head -c 1"
    ran = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={**os.environ, "FENHE_DATA_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.stderr == ""


VERBS_OF_RECORDS = [
    ("person", "list"), ("person", "off", "nobody"), ("evidence", "verify"), ("sign-in-link",),
    ("profiles",), ("template", "air-hourly", "-"), ("export-objects", "-k", "air_station", "-"),
    ("serve",), ("backup", "copy"),
    ("air", "recompute", "--period", "2015", "--edition", "HJ 633-2026"),
]  # fmt: skip


@pytest.mark.parametrize("words", VERBS_OF_RECORDS, ids=" ".join)
def test_where_nothing_is_set_up_a_verb_says_what_to_do(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    ran = _fenhe(*words, data=tmp_path / "data")
    assert ran.returncode == 1, ran.stderr
    assert "[records.not-set-up]" in ran.stderr
    assert "fenhe migrate" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_doctor_of_an_empty_place_names_the_next_step(tmp_path: Path) -> None:
    ran = _fenhe("doctor", "--json", data=tmp_path)
    told = {check["name"]: check for check in json.loads(ran.stdout)["checks"]}
    assert "fenhe migrate" in told["database"]["zh"]
    assert told["worker"]["en"] == "has not run yet"
    assert ran.returncode == 1


def test_the_doctor_shows_origins_and_masks_secrets(tmp_path: Path) -> None:
    url = "postgresql://fenhe:secret@127.0.0.1:1/none"
    ran = _fenhe("doctor", "--json", data=tmp_path, FENHE_DATABASE_URL=url)
    assert ran.returncode == 1
    assert "secret@" not in ran.stdout
    told = json.loads(ran.stdout)
    shown = {row["key"]: row for row in told["settings"]}
    assert shown["database_url"]["origin"] == "FENHE_DATABASE_URL"
    assert shown["database_url"]["value"] == "postgresql://fenhe:****@127.0.0.1:1/none"
    assert shown["port"]["origin"] == "default"
    assert not {check["name"]: check["ok"] for check in told["checks"]}["database"]
