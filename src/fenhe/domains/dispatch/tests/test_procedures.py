"""A work order: from the alarm to the verified report, and who may not verify."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import networkx as nx

from fenhe.act.procedures import checks, register

FILE = Path(__file__).parents[1] / "procedures" / "order.yaml"


def test_the_way_of_an_order() -> None:
    order = register.read_file(FILE, "dispatch/procedures/order.yaml")
    way = ["ordered", "accepted", "on_site", "reported", "closed"]
    drawn = nx.DiGraph(checks.graph(order))
    assert all(drawn.has_edge(one, other) for one, other in pairwise(way))
    assert set(order.transitions["verify"].not_same_as) == {"accept", "report"}
    assert "air.heavy-pollution" in order.starts_on
