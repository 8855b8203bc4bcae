from __future__ import annotations

from django.db import models


class Alarm(models.Model):
    """告警: a condition that needs a person. One open alarm per `key`, held by the database.

    What people did with it stands in the evidence ledger under `subject_text`; the columns here
    are where it stands now. `revision` counts their acts, so that of two people who decide on the
    same view the second is told.
    """

    key = models.CharField(max_length=200)  # "air.heavy-pollution:<object id>"
    kind = models.CharField(max_length=60)
    severity = models.CharField(max_length=20)  # notice, yellow, orange, red
    subject = models.ForeignKey("registry.Object", on_delete=models.PROTECT)
    message_zh = models.CharField(max_length=300)
    message_en = models.CharField(max_length=300)
    state = models.CharField(max_length=12, default="open")  # open, acknowledged, cleared
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    count = models.IntegerField(default=1)
    detail = models.JSONField(default=dict)
    owner = models.ForeignKey(
        "access.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="alarms"
    )
    acknowledged_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    muted_until = models.DateTimeField(null=True)
    mute_reason = models.CharField(max_length=300, default="", blank=True)
    level = models.SmallIntegerField(default=0)  # how many steps of its escalation it has climbed
    escalate_at = models.DateTimeField(null=True)  # still open by then: the next step
    revision = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=~models.Q(state="cleared"), name="alarm_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["state", "severity", "first_seen"], name="alarm_desk"),
            models.Index(fields=["state", "escalate_at"], name="alarm_escalation"),
        ]

    @property
    def subject_text(self) -> str:
        """What the evidence ledger calls it."""
        return f"alarm:{self.pk}"

    def message(self, language: str) -> str:
        return self.message_en if language == "en" else self.message_zh
