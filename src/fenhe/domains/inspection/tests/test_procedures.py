"""The rectification procedure against the reference: states, the fields of article 29, returns,
rebound."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from conftest import SHARED

from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure

FILE = Path(__file__).parents[1] / "procedures" / "rectification.yaml"
WORKFLOWS = SHARED / "reference" / "governance_workflows.yaml"
reference = pytest.mark.skipif(not WORKFLOWS.exists(), reason="the reference is not here")
MARKS = {"overdue": "a mark by the deadline, shown on lists; the work goes on in its state"}


def rectification() -> Procedure:
    return register.read_file(FILE, "inspection/procedures/rectification.yaml")


@reference
def test_it_has_every_state_of_the_reference() -> None:
    told = yaml.safe_load(WORKFLOWS.read_text("utf-8"))["rectification"]["states"]
    assert set(told) - rectification().states.keys() == MARKS.keys()


@reference
def test_it_has_every_step_of_the_reference() -> None:
    told = yaml.safe_load(WORKFLOWS.read_text("utf-8"))["rectification"]["transitions"]
    made = rectification()
    for one in told:
        for source in one["from"] if isinstance(one["from"], list) else [one["from"]]:
            assert any(step.to == one["to"] for step in made.leaving(source).values()), one


def test_no_plan_without_the_five_things_of_article_29() -> None:
    """法典29条：整改实施主体、整改目标、整改时限、重点措施、验收单位."""
    asked = set(rectification().transitions["approve_plan"].fields)
    assert {"implementer", "goal", "deadline", "measures_list", "acceptor"} <= asked


def test_whoever_carries_it_out_does_not_accept_it() -> None:
    made = rectification()
    for key in ("check_on_site", "sign"):
        assert {"self_check", "apply"} <= set(made.transitions[key].not_same_as)


def test_a_rebound_keeps_the_item() -> None:
    assert rectification().transitions["rebound"].rebound
