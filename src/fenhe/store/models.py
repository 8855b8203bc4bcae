"""The outbox: a stage writes its fact and what should follow in one transaction; the worker in
`app` runs what follows, at least once, each step idempotent."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Outbox(models.Model):
    """One thing that has happened and that later stages still have to see."""

    topic = models.CharField(max_length=60)  # "readings.appended", "verdicts.changed", …
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    not_before = models.DateTimeField(default=timezone.now)
    error = models.TextField(default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["not_before", "id"],
                name="outbox_open",
                condition=models.Q(done_at__isnull=True),
            )
        ]
