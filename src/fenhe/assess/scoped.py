"""How verdicts are scoped: they lie where their subject lies and belong to their rule's domain.
Leads are for those who look into them, not for everybody who may see the subject: whom they are
about is not to be warned."""

from __future__ import annotations

from fenhe.access import gate
from fenhe.assess.models import Dirty, Lead, Verdict, WatchRun
from fenhe.kernel.text import Text


def declare() -> None:
    gate.scoped(Verdict, to="subject", domain="rule")
    gate.scoped(Dirty, to="subject", domain="rule")
    gate.scoped(Lead, to="subject")
    gate.exempt(WatchRun, "when a watch looked and at how many; names nobody")
    roles = ("officer", "leader", "office", "enforcer", "branch_head", "deputy_director")
    gate.declare_action("lead.view", Text("查看线索", "see leads"), roles)
    gate.declare_action(
        "lead.run", Text("运行线索排查", "run a watch"), ("officer", "leader", "office")
    )
