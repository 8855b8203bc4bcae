"""A small drainage model through pyswmm where it is installed (`fenhe[sewers]`)."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from fenhe.domains.water import swmm_file
from fenhe.domains.water.commands import app
from fenhe.kernel.errors import BadInput, Unavailable

MODEL = """[TITLE]
A manhole that takes in 100 L/s and a pipe too small for it

[OPTIONS]
FLOW_UNITS           LPS
FLOW_ROUTING         DYNWAVE
LINK_OFFSETS         DEPTH
ALLOW_PONDING        NO
START_DATE           06/01/2026
START_TIME           00:00:00
REPORT_START_DATE    06/01/2026
REPORT_START_TIME    00:00:00
END_DATE             06/01/2026
END_TIME             02:00:00
REPORT_STEP          00:01:00
ROUTING_STEP         1

[JUNCTIONS]
;;Name  Elevation  MaxDepth  InitDepth  SurDepth  Aponded
J1      10.0       1.5       0          0         0

[OUTFALLS]
O1      9.9        FREE      NO

[CONDUITS]
;;Name  From  To  Length  Roughness  InOffset  OutOffset  InitFlow  MaxFlow
C1      J1    O1  100     0.013      0         0          0         0

[XSECTIONS]
C1      CIRCULAR  0.2  0  0  0  1

[INFLOWS]
J1      FLOW  ""  FLOW  1.0  1.0  100
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    pytest.importorskip("pyswmm", reason="the optional extra fenhe[sewers]")
    path = tmp_path / "model.inp"
    path.write_text(MODEL, encoding="utf-8")
    return path


def test_what_flows_in_leaves_by_the_outfall_or_the_manhole(model: Path, tmp_path: Path) -> None:
    """100 L/s over two hours is 720 m³; what the pipe does not take is lost at the manhole."""
    run = swmm_file.run(model)
    of = {one.node: one for one in run.found}
    assert (of["J1"].kind, of["O1"].kind) == ("flooding", "outfall")
    assert abs(run.flow_error) < 1
    assert of["J1"].volume + of["O1"].volume == pytest.approx(720, rel=0.01)
    assert of["J1"].volume > of["O1"].volume
    assert of["J1"].peak < 0.1
    assert of["J1"].hours == pytest.approx(2, abs=0.1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.inp"]


def test_the_command_writes_volumes_that_say_where_they_come_from(
    model: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out.csv"
    answer = CliRunner().invoke(app, ["overflow", str(model), str(target)])
    assert answer.exit_code == 0, answer.output
    rows = pl.read_csv(target)
    assert rows["node"].to_list() == ["J1", "O1"]
    assert set(rows["note_zh"]) == {"模型结果，需地面点位核实"}


def test_a_model_that_does_not_run_is_refused(model: Path) -> None:
    model.write_text(MODEL.replace("C1      J1    O1", "C1      J1    O9"), encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        swmm_file.run(model)
    assert refused.value.code == "water.model-failed"


def test_without_pyswmm_the_command_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyswmm", None)
    with pytest.raises(Unavailable) as missing:
        swmm_file.run(tmp_path / "x.inp")
    assert missing.value.code == "water.no-pyswmm"
    assert "fenhe[sewers]" in str(missing.value)
