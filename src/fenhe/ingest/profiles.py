"""The profiles there are: those domains ship (registered at the start) and those saved here.

A saved profile never hides a shipped one of the same id: a city's own gets its own id.
"""

from __future__ import annotations

from django.utils import timezone

from fenhe.ingest import models
from fenhe.ingest import profile as shipped
from fenhe.ingest.profile import Profile
from fenhe.kernel.declared import read
from fenhe.kernel.errors import Conflict


def get(id: str) -> Profile:
    """Raises NotFound `ingest.profile-unknown`."""
    saved = None if is_shipped(id) else models.Profile.objects.filter(pk=id).first()
    return shipped.get(id) if saved is None else read(Profile, saved.definition, id)


def all() -> list[Profile]:
    """Shipped ones first, then saved ones by id."""
    saved = models.Profile.objects.order_by("pk")
    return [*shipped.all(), *(read(Profile, row.definition, row.pk) for row in saved)]


def is_shipped(id: str) -> bool:
    return any(profile.id == id for profile in shipped.all())


def save(profile: Profile) -> None:
    if is_shipped(profile.id):
        raise Conflict(
            "ingest.profile-taken",
            f"方案 {profile.id} 由领域自带，请换一个标识保存",
            f"profile {profile.id} comes with a domain; save yours under another id",
        )
    models.Profile.objects.update_or_create(
        pk=profile.id,
        defaults={"definition": profile.model_dump(mode="json"), "saved_at": timezone.now()},
    )
