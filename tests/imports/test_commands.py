"""The import verbs on a real command line: exit codes, pipes, JSON, both languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEADER = "station,time,so2,no2,pm10,pm2_5,co,o3\n"
GOOD = HEADER + "1001A,2015-01-01 00:00,1,2,3,4,0.5,6\n"
BAD = HEADER + "9999X,2015-01-01 00:30,x,2,3,4,0.5,6\n"


def fenhe(home: Path, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return subprocess.run(
        [sys.executable, "-m", "fenhe", *arguments],
        env=kept | {"FENHE_DATA_DIR": str(home), "LC_ALL": "zh_CN.UTF-8"},
        cwd=home,
        input=text if text is not None else "",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("commands")
    assert fenhe(home, "migrate").returncode == 0
    (home / "stations.csv").write_text("编码\n1\n", encoding="utf-8")
    refused = fenhe(home, "import-objects", "stations.csv", "--kind", "air_station", "--yes")
    assert refused.returncode == 2
    assert "编码" in refused.stderr
    (home / "stations.csv").write_text("code,name_zh\n1001A,万寿西宫\n", encoding="utf-8")
    done = fenhe(home, "import-objects", "stations.csv", "--kind", "air_station", "--yes", "--json")
    assert json.loads(done.stdout)["new"] == 1
    return home


def test_bad_input_exits_2_and_names_rows_in_both_languages(home: Path) -> None:
    ran = fenhe(home, "import", "-", text=BAD)
    assert ran.returncode == 2
    assert ran.stdout == ""
    for part in ("第 2 行", "“so2”列", "“time”列", "“station”列", "is not registered"):
        assert part in ran.stderr


def test_bad_input_as_json(home: Path) -> None:
    ran = fenhe(home, "import", "-", "--json", text=BAD)
    assert ran.returncode == 2
    error = json.loads(ran.stderr)["error"]
    assert error["code"] == "ingest.refused"
    assert {(p["row"], p["column"]) for p in error["problems"]} == {
        (2, "station"), (2, "time"), (2, "so2"),
    }  # fmt: skip


def test_a_pipe_checks_only_until_told_yes(home: Path) -> None:
    checked = fenhe(home, "import", "-", text=GOOD)
    assert checked.returncode == 0
    assert "--yes" in checked.stderr
    dry = fenhe(home, "import", "-", "--dry-run", "--yes", "--json", text=GOOD)
    assert json.loads(dry.stdout)["state"] == "checked"
    done = json.loads(fenhe(home, "import", "-", "--yes", "--json", text=GOOD).stdout)
    assert (done["state"], done["new"]) == ("committed", 6)
    again = json.loads(fenhe(home, "import", "-", "--yes", "--json", text=GOOD).stdout)
    assert (again["new"], again["unchanged"]) == (0, 6)
    template = fenhe(home, "template", "air-hourly", "-", "--period", "2015-01-01")
    assert "1001A,2015-01-01 00:00,1,2,3,4,0.5,6" in template.stdout


def test_objects_are_written_out_and_registered_again_unchanged(home: Path) -> None:
    out = fenhe(home, "export-objects", "--kind", "air_station").stdout
    assert out.startswith("\ufeffcode,name_zh")
    again = fenhe(home, "import-objects", "-", "--kind", "air_station", "--json", text=out)
    assert json.loads(again.stdout)["unchanged"] == 1
    empty = fenhe(home, "export-objects", "--kind", "air_city").stdout
    assert empty.count("\n") == 1  # a form to fill in


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "nowhere.csv"),
        ("template", "air-hourly", "-", "--period", "last week"),
    ],
)
def test_mistakes_on_the_command_line_exit_2(home: Path, arguments: tuple[str, ...]) -> None:
    assert fenhe(home, *arguments).returncode == 2


def test_an_unknown_profile_lists_the_known_ones(home: Path) -> None:
    ran = fenhe(home, "import", "-", "--profile", "nope", text=GOOD)
    assert ran.returncode == 1
    assert "air-hourly" in ran.stderr
    listed = json.loads(fenhe(home, "profiles", "--json").stdout)
    assert "air-hourly" in {profile["id"] for profile in listed}
