"""Whether a file stays within what its bringer may write: every object in it, one by one.

The terminal and the platform itself bring files without a person; whoever holds the terminal holds
the platform.
"""

from __future__ import annotations

from typing import Any

from fenhe.access import gate
from fenhe.ingest.profile import Profile
from fenhe.ingest.report import Report
from fenhe.kernel.errors import Forbidden
from fenhe.registry import kinds
from fenhe.registry.models import Object


def require_reach(person: Any, action: str, profile: Profile, report: Report) -> None:
    """Raises Forbidden `access.beyond-reach` and names some of what lies beyond."""
    if person is None:
        return
    domain = kinds.get(profile.object_kind).domain
    if gate.may(person, action, gate.Place(domain=domain)):
        return
    named = {one.code for one in report.series}
    there = Object.objects.filter(kind=profile.object_kind, code__in=named)
    beyond = named - set(gate.visible(person, there, action).values_list("code", flat=True))
    if beyond:
        some = sorted(beyond)[:5]
        raise Forbidden(
            "access.beyond-reach",
            f"有 {len(beyond)} 个对象不在您的权限范围内：{'、'.join(some)}",
            f"{len(beyond)} objects are beyond your rights: {', '.join(some)}",
        )
