"""The wheel installed in an empty environment is a running platform: assets inside, no Node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ROOT / "src/fenhe/app/static/built/manifest.json").is_file(),
        reason="the web assets are not built: ./dev wheel builds them",
    ),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return next(out.glob("*.whl"))


def test_it_holds_what_runs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "fenhe/app/static/built/manifest.json",
        "fenhe/app/skeleton/manifest.toml",
        "fenhe/app/templates/pages/base.html",
        "fenhe/domains/air/manifest.toml",
        "fenhe/domains/air/text/zh.yaml",
        "fenhe/py.typed",
    ):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "/tests/" in name or "/test_" in name]


def test_it_runs_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    """Dependencies come from the environment of the tests; the package only from the wheel."""
    home = tmp_path / "env"
    make = [sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", str(home)]
    subprocess.run(make, check=True, capture_output=True, timeout=120)
    site = next((home / "lib").glob("python*")) / "site-packages"
    zipfile.ZipFile(wheel).extractall(site)
    others = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
    environment = {
        "PATH": str(home / "bin"),  # no Node, no system tools
        "PYTHONPATH": os.pathsep.join([str(site), others]),
        "FENHE_DATA_DIR": str(tmp_path / "data"),
        "HOME": str(tmp_path),
    }

    def fenhe(*arguments: str) -> str:
        ran = subprocess.run(
            [str(home / "bin" / "python"), "-m", "fenhe", *arguments],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr + ran.stdout
        return ran.stdout

    fenhe("migrate")
    told = json.loads(fenhe("doctor", "--json"))
    assert told["ok"], told
    assert {check["name"] for check in told["checks"]} >= {"assets", "database", "lake", "domains"}
    ready = json.loads(fenhe("demo", "--prepare-only", "--json", "--data-dir", "demo"))
    assert ready
