"""How the ledger is scoped: whole or not at all, for a chain has no parts that stand alone."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.evidence.models import Act, Attachment


def declare() -> None:
    gate.scoped(Act)
    gate.exempt(Attachment, "reached through its subject, which attachments.open_for asks for")
