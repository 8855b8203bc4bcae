from __future__ import annotations

from typing import Any

from django.db import models

from fenhe.kernel.errors import Conflict

FIXED = ("kind", "subject_id", "start", "end", "edition", "content", "content_hash", "reason")
"""What never changes once an edition is published; triggers in the database hold it too."""


class Publication(models.Model):
    """发布: one edition of a bulletin. `draft` -> `published`; later data make it `superseded`
    and draft the next edition. A published edition's content never changes."""

    kind = models.CharField(max_length=60)  # "air.city-bulletin"
    subject = models.ForeignKey("registry.Object", on_delete=models.PROTECT)
    start = models.DateTimeField()
    end = models.DateTimeField()
    edition = models.IntegerField()
    state = models.CharField(max_length=12)  # draft, published, superseded
    content = models.JSONField()  # publish.sheet.Sheet as JSON
    content_hash = models.CharField(max_length=64)
    reason = models.JSONField(default=dict)  # why this edition: zh, en, changes [{label, from, to}]
    drafted_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by = models.CharField(max_length=150, default="")
    issuer = models.JSONField(default=dict)  # the organ it was issued by: zh, en; empty: none named
    superseded_at = models.DateTimeField(null=True)
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "start", "end", "edition"], name="publication_edition"
            )
        ]
        indexes = [models.Index(fields=["kind", "state", "start"], name="publication_state")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            stored = Publication.objects.get(pk=self.pk)
            if stored.state != "draft" and any(
                getattr(stored, name) != getattr(self, name) for name in FIXED
            ):
                raise Conflict(
                    "publish.immutable",
                    "已发布的版次不能修改；请起草下一版",
                    "a published edition cannot change; draft the next one",
                )
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.state != "draft":
            raise Conflict(
                "publish.immutable",
                "已发布的版次不能删除",
                "a published edition cannot be deleted",
            )
        return super().delete(*args, **kwargs)
