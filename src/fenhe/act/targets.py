"""What is planned for a metric: asked by the domains that measure it, who know nothing of plans."""

from __future__ import annotations

from django.db.models import F, QuerySet

from fenhe.act.models_plan import Target
from fenhe.registry.models import Object


def planned(rows: QuerySet[Target], metric: str, subject: Object, year: int) -> Target | None:
    """Of the rows a person may see, the target of the year: that of the newest plan where several
    have one; a target of the whole plan stands before one of a part."""
    found = rows.filter(metric=metric, subject=subject, year=year)
    first = F("objective__parent").asc(nulls_first=True)
    ordered = found.order_by("-objective__plan__year", first, "pk")
    return ordered.select_related("objective__plan").first()
