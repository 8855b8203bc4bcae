from __future__ import annotations

from django.db import models


class Act(models.Model):
    """One act. `seq` has no gaps; `hash` covers the content and the hash before it."""

    seq = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    person = models.CharField(max_length=150)  # a copy: the account may go, the act stays
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    reason = models.TextField(default="")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["seq"]


class Attachment(models.Model):
    """附件: a file of a subject. Rows and files are only ever added; the ledger says the same."""

    subject_model = models.CharField(max_length=60)  # "act.case", "registry.object"
    subject_id = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    person = models.CharField(max_length=150)  # a copy, as in an act
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_model", "subject_id"], name="attachment_subject")]
