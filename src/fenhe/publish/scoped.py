"""How publications are scoped; what is published is anybody's to read,
a draft is for those who may draft."""

from __future__ import annotations

from django.db.models import Q

from fenhe.access import gate
from fenhe.publish.models import Publication


def declare() -> None:
    gate.scoped(
        Publication,
        to="subject",
        domain="kind",
        public=lambda: ~Q(state="draft"),
        held_back=(Q(state="draft"), "publication.draft"),
    )
