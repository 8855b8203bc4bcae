"""Complaints and petitions against the reference: states, clocks, secret names."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from conftest import SHARED

from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure

HERE = Path(__file__).parents[1] / "procedures"
REFERENCE = SHARED / "reference"
reference = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not here")


def procedure(name: str) -> Procedure:
    return register.read_file(HERE / f"{name}.yaml", f"complaints/procedures/{name}.yaml")


@reference
def test_petitions_and_reports_have_every_state_of_the_reference() -> None:
    told = set(
        yaml.safe_load((REFERENCE / "governance_workflows.yaml").read_text("utf-8"))["petition"][
            "states"
        ]
    )
    assert not told - procedure("petition").states.keys()
    # Recheck and re-verification are a petitioner's rights (Regulations art. 35, 36).
    assert told - procedure("report").states.keys() == {"recheck", "reverify"}


@reference
def test_every_time_limit_of_the_reference_is_somebodys_clock() -> None:
    text = (REFERENCE / "governance_deadlines.csv").read_text("utf-8-sig")
    theirs = {
        row["id"]
        for row in csv.DictReader(text.splitlines())
        if row["id"].startswith(("petition.", "hotline."))
    }
    ours = {
        clock.rule for path in HERE.glob("*.yaml") for clock in procedure(path.stem).clocks.values()
    }
    assert theirs == ours


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda path: path.stem)
def test_who_reported_is_never_on_a_public_sheet(path: Path) -> None:
    made = procedure(path.stem)
    secret = {key for key, field in made.fields.items() if field.restricted}
    assert secret
    assert not secret & {*made.public_fields, *made.list_fields}
    for document in made.documents.values():
        assert not any(key in paragraph for key in secret for paragraph in document.body)
