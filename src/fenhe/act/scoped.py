"""How clocks and cases are scoped: a clock lies where the object it concerns lies; a case lies in
its own area and belongs to the domain of its procedure."""

from __future__ import annotations

from django.db.models import Q

from fenhe.access import gate
from fenhe.act import holding
from fenhe.act.models_case import Case, CaseDocument, CaseEntry, NumberSeries
from fenhe.act.models_obligation import Obligation, Reminder
from fenhe.act.models_plan import Objective, Plan, Target
from fenhe.kernel.text import Text

PLAN_EDIT = "plan.edit"


def declare() -> None:
    gate.scoped(Obligation, to="subject")
    gate.scoped(Reminder, to="obligation")
    gate.scoped(
        Case, area="area", domain="procedure", objects=lambda ids: Q(subject__in=ids),
        person="handler",
    )  # fmt: skip
    gate.scoped(CaseEntry, to="case")
    gate.scoped(CaseDocument, to="case")
    gate.exempt(NumberSeries, "the last number given; a case shows its own")
    gate.scoped(Plan, area="area", domain="procedure")
    gate.scoped(Objective, area="area", domain="plan__procedure")
    gate.scoped(Target, to="objective")
    gate.declare_action(
        PLAN_EDIT,
        Text("编制和导入年度目标任务", "set and import the year's plan"),
        ("office", "officer", "leader"),
    )
    holding.declare()
