"""What the sliders of the ranking page compute in the browser equals `rules.composite`, to the last
digit, whatever the concentrations and under every scheme."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import fenhe
from fenhe.domains.air.rules import composite, tables
from fenhe.kernel.rounding import round_half_even

WEB = Path(fenhe.__file__).parents[2] / "web"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(
    NODE is None or not (WEB / "node_modules" / "esbuild").exists(),
    reason="Node or the web dependencies are not installed (./dev build)",
)


def concentrations(dice: random.Random) -> dict[str, str]:
    """Printed values of one place; some on the half, where rounding decides."""
    found = {}
    for name in tables.SYMBOLS:
        decimals = dice.choice((0, 0, 1, 1, 2))
        top = 80 if name == "co" else 4000
        found[name] = str(Decimal(dice.randrange(top * 10**decimals // 10)).scaleb(-decimals))
    return found


@needs_node
def test_the_browser_computes_what_the_rule_computes() -> None:
    dice = random.Random(20260301)  # noqa: S311 (a repeatable test, no secret)
    cases = [concentrations(dice) for _ in range(1500)]
    halves = {name: ("0.3" if name == "so2" else "7") for name in tables.SYMBOLS}  # 0.3/60 = 0.005
    cases.append(halves)
    for scheme in tables.editions("composite"):
        parts = [
            {"id": name, "limit": str(row["limit"]), "weight": row["weight"]}
            for name in tables.SYMBOLS
            for row in [scheme.table("composite").one(pollutant=tables.SYMBOLS[name])]
        ]
        lines = "\n".join(json.dumps({"values": case, "parts": parts}) for case in cases)
        done = subprocess.run(
            [str(NODE), "composite.check.mjs"],
            cwd=WEB, input=lines, capture_output=True, text=True, check=True,
        )  # fmt: skip
        browser = [json.loads(line) for line in done.stdout.splitlines()]
        frame = pl.DataFrame(
            {
                column: [float(case[name]) for case in cases]
                for name, column in composite.COLUMNS.items()
            }
        )
        rule = [
            int(round_half_even(value, 2).scaleb(2))
            for value in composite.composite(frame, scheme)["composite"]
        ]
        assert browser == rule, scheme.id
