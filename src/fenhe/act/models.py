"""The tables of `act`, each declared beside what it belongs to; Django looks for them here."""

from fenhe.act.models_case import Case, CaseDocument, CaseEntry, NumberSeries
from fenhe.act.models_obligation import Obligation, Reminder
from fenhe.act.models_plan import Objective, Plan, Target

__all__ = [
    "Case",
    "CaseDocument",
    "CaseEntry",
    "NumberSeries",
    "Objective",
    "Obligation",
    "Plan",
    "Reminder",
    "Target",
]
