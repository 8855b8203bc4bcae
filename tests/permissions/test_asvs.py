"""The table of ASVS: every file and test it names is there, and what it says is complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fenhe.store import yaml

ROOT = Path(__file__).resolve().parents[2]
ROWS: list[dict[str, Any]] = yaml.read(ROOT / "docs/reference/asvs.yaml")["rows"]
UNTESTED_AT_MOST = 16
"""Rows that apply and whose test is not named yet: may only become fewer."""


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_row_is_true(row: dict[str, Any]) -> None:
    assert re.fullmatch(r"V\d+\.\d+\.\d+", row["id"])
    assert row["level"] in (1, 2, 3)
    assert row["known"] in ("list", "memory")
    assert row["applies"] in ("yes", "partly", "no", "operator")
    assert bool(row.get("why")) == (row["applies"] != "yes")
    assert row["where"] or row["applies"] in ("no", "operator")
    for place in row["where"]:
        assert (ROOT / place).is_file(), place
    for named in row["test"]:
        file, _, name = named.partition("::")
        assert re.search(rf"^ *def {name}\(", (ROOT / file).read_text("utf-8"), re.M), named


def test_each_requirement_stands_once_and_in_order() -> None:
    ids = [tuple(map(int, row["id"][1:].split("."))) for row in ROWS]
    assert ids == sorted(set(ids))


def test_tests_only_become_more() -> None:
    untested = [
        row["id"] for row in ROWS if row["applies"] in ("yes", "partly") and not row["test"]
    ]
    assert len(untested) <= UNTESTED_AT_MOST, untested
