"""How verdicts are scoped: they lie where their subject lies and belong to their rule's domain."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.assess.models import Dirty, Verdict


def declare() -> None:
    gate.scoped(Verdict, to="subject", domain="rule")
    gate.scoped(Dirty, to="subject", domain="rule")
