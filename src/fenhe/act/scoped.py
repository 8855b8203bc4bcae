"""How clocks and cases are scoped: a clock lies where the object it concerns lies; a case lies in
its own area and belongs to the domain of its procedure."""

from __future__ import annotations

from django.db.models import Q

from fenhe.access import gate
from fenhe.act import holding
from fenhe.act.models_case import Case, CaseDocument, CaseEntry, NumberSeries
from fenhe.act.models_obligation import Obligation, Reminder


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
    holding.declare()
