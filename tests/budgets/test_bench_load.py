"""The load bench runs and nobody is refused or dropped; its figures are not judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fenhe.app.assets import BUILT


@pytest.mark.slow
@pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)")
def test_forty_people_reading_at_once_see_no_error(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    environment = {**os.environ, "FENHE_DATA_DIR": str(tmp_path / "data"), "FENHE_DATABASE_URL": ""}
    script = pytestconfig.rootpath / "bench" / "load.py"
    figures = tmp_path / "figures.json"
    for words in (
        ["-m", "fenhe", "migrate"],
        [str(script), "--people", "40", "--seconds", "3", "--json", str(figures)],
    ):
        done = subprocess.run(
            [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text())
    assert found["fenhe"]["errors"] == found["bare"]["errors"] == 0
    assert found["fenhe"]["answers"] >= 40
    assert found["bare"]["per_second"] > 0
