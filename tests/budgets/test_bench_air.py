"""The benchmark of air runs, and everything it compares is equal; figures are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_small_scale_runs_and_all_results_are_equal(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    figures = tmp_path / "figures.json"
    script = pytestconfig.rootpath / "bench" / "air.py"
    words = [
        "--scale",
        "small",
        "--repeats",
        "1",
        "--json",
        str(figures),
        "--folder",
        str(tmp_path),
    ]
    subprocess.run([sys.executable, str(script), *words], check=True, capture_output=True)
    found = json.loads(figures.read_text())
    assert all(shape["equal"] for shape in found["nation"].values())
    assert found["late"]["equal"]
    assert found["spark"] is None or found["spark"]["equal"]
    assert found["aqi"]["rate"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"], "the data are deleted"
