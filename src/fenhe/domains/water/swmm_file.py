"""Runs a drainage model somebody supplies (SWMM .inp) and tells where water left the pipes. pyswmm
is an optional extra. The model is the operator's: nothing of it is judged here but its own balance.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenhe.domains.water.above_file import unreadable
from fenhe.kernel.errors import BadInput, Unavailable
from fenhe.kernel.text import Text

NOTE = Text("模型结果，需地面点位核实", "a model's result, needs local points")
CUBIC_METRES = {
    "CMS": 1.0, "LPS": 0.001, "MLD": 1000 / 86400, "CFS": 0.028316846592,
    "GPM": 0.003785411784 / 60, "MGD": 3785.411784 / 86400,
}  # fmt: skip
"""m³/s of one flow unit of the model."""


@dataclass(slots=True)
class Overflow:
    """Of one node: water lost at a flooded node, or sent out at an outfall; m³, m³/s, hours."""

    node: str
    kind: str  # flooding, outfall
    volume: float = 0.0
    peak: float = 0.0
    hours: float = 0.0


@dataclass(frozen=True)
class Run:
    found: list[Overflow]
    flow_error: float  # the model's own routing continuity error, %
    start: str
    end: str


def _pyswmm() -> Any:
    try:
        import pyswmm
    except ImportError:
        raise Unavailable(
            "water.no-pyswmm",
            "运行排水模型需要可选组件 pyswmm：pip install 'fenhe[sewers]'。",
            "A drainage model needs the optional package pyswmm: pip install 'fenhe[sewers]'.",
        ) from None
    return pyswmm


def run(path: Path) -> Run:
    """Every node that lost water and every outfall that had any, largest volume first. The model's
    files stay as they are: it runs in a folder of its own. Raises BadInput, Unavailable."""
    tools = _pyswmm()
    if not path.is_file():
        raise unreadable(path, FileNotFoundError())
    with _copied(path) as copy:
        try:
            with tools.Simulation(str(copy)) as simulation:
                return _followed(tools, simulation)
        except BadInput:
            raise
        except Exception as error:  # pyswmm raises classes of its own making, and bare ones
            raise BadInput(
                "water.model-failed",
                f"{path.name} 运行失败：{error}",
                f"{path.name} could not be run: {error}",
            ) from error


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """The model beside its rain and climate files in a folder that goes away: SWMM writes reports
    next to what it reads."""
    with tempfile.TemporaryDirectory(prefix="fenhe-swmm-") as folder:
        for one in path.parent.iterdir():
            if one.is_file() and one.suffix.lower() in (".dat", ".txt", ".csv", ".hsf", ".rff"):
                shutil.copy(one, folder)
        yield Path(shutil.copy(path, folder))


def _followed(tools: Any, simulation: Any) -> Run:
    factor = CUBIC_METRES[str(simulation.flow_units)]
    nodes = list(tools.Nodes(simulation))
    found = {node.nodeid: Overflow(node.nodeid, _kind(node)) for node in nodes}
    start = last = simulation.start_time
    for _ in simulation:
        now = simulation.current_time
        seconds = (now - last).total_seconds()
        last = now
        for node in nodes:
            rate = node.total_inflow if node.is_outfall() else node.flooding
            if rate > 0:
                _add(found[node.nodeid], rate * factor, seconds)
    lost = sorted((one for one in found.values() if one.volume > 0), key=lambda one: -one.volume)
    return Run(lost, float(simulation.flow_routing_error), f"{start}", f"{last}")


def _kind(node: Any) -> str:
    return "outfall" if node.is_outfall() else "flooding"


def _add(one: Overflow, rate: float, seconds: float) -> None:
    one.volume += rate * seconds
    one.peak = max(one.peak, rate)
    one.hours += seconds / 3600
