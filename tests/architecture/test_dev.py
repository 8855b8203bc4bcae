"""./dev fenhe … runs where the caller stands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

DEV = Path(__file__).parents[2] / "dev"
STAMP = DEV.parent / ".venv" / "fenhe.stamp"
pytestmark = pytest.mark.skipif(
    not STAMP.exists() or not (DEV.parent / "web" / "node_modules").exists(),
    reason="the environment is not the one that ./dev made",
)


def _dev(caller: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FENHE_")}
    shell = shutil.which("sh") or "/bin/sh"
    return subprocess.run(
        [shell, str(DEV), "fenhe", *words],
        cwd=caller, env=kept, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_files_are_those_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "edition,pollutant,averaging,concentration\nHJ 633-2026,PM2.5,24h,60\n"
    )
    ran = _dev(tmp_path, "air", "iaqi", "in.csv", "out.csv")
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "out.csv").read_text().endswith(",60,100\n")


def test_settings_are_those_of_the_caller(tmp_path: Path) -> None:
    (tmp_path / "fenhe.toml").write_text('data_dir = "mine"\n')
    told = json.loads(_dev(tmp_path, "doctor", "--json").stdout)
    shown = {row["key"]: row["value"] for row in told["settings"]}
    assert shown["data_dir"] == "mine"
    assert (tmp_path / "mine").is_dir()
