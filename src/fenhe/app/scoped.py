"""How the rows of the composition root are scoped."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.app.models import Answered, CalendarLink, Delivery, Heartbeat, Hook, LedgerCheck
from fenhe.kernel.text import Text


def declare() -> None:
    gate.exempt(Heartbeat, "which processes run; shown by health and doctor alone")
    gate.exempt(Answered, "what a write sent with a key was answered; looked up by that key alone")
    gate.exempt(LedgerCheck, "what the ledger's verifications found; shown with the ledger")
    gate.scoped(Hook, to="person", person="person")
    gate.scoped(Delivery, to="hook", person="hook__person")
    gate.exempt(CalendarLink, "hashes of private addresses; no page shows them")
    gate.declare_action(
        "hook.manage", Text("管理告警推送", "manage hooks of alarms"), roles=("officer", "leader")
    )
