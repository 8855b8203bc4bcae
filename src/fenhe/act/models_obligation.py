"""Running clocks, and the reminders that came of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

OPEN = ("running", "overdue")


class Obligation(models.Model):
    """期限: one clock that runs by a rule of `act.deadlines`. `key` says whose it is and is taken
    once, so that starting it twice starts it once."""

    key = models.CharField(max_length=160, unique=True)  # "case:17:decision"
    rule = models.CharField(max_length=40)
    variant = models.CharField(max_length=40, default="", blank=True)
    about = models.CharField(max_length=120, default="", blank=True)  # "case:17"
    subject = models.ForeignKey(
        "registry.Object", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    organ = models.ForeignKey(
        "access.Organ", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    trigger = models.DateTimeField()
    due_day = models.DateField(null=True)  # the last day; none where the rule yields none
    due = models.DateTimeField(null=True)  # the first instant that is too late
    provisional = models.BooleanField(default=False)
    accuses = models.BooleanField(default=True)  # whether it may be called overdue
    calendar = models.CharField(max_length=300)
    article = models.CharField(max_length=300)
    state = models.CharField(max_length=10, default="running")  # running, suspended, overdue, met
    policy = models.CharField(max_length=20)
    step = models.SmallIntegerField(default=0)  # the gravest step of the policy reached so far
    round = models.SmallIntegerField(default=0)  # goes up whenever the due day moves
    excluded = models.JSONField(default=list)  # [{first, last, why}]: days that do not count
    suspended_from = models.DateField(null=True)
    suspended_why = models.CharField(max_length=40, default="", blank=True)
    extensions = models.JSONField(default=list)  # [{by, at, approval, reason}]
    started_at = models.DateTimeField()
    met_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["policy", "step", "due"], name="obligation_due",
                condition=Q(state__in=OPEN),
            ),
            models.Index(
                fields=["calendar"], name="obligation_provisional",
                condition=Q(provisional=True),
            ),
            models.Index(fields=["about"], name="obligation_about"),
        ]  # fmt: skip


class Reminder(models.Model):
    """提醒: one step of the policy that took effect for one clock; the database holds it to one."""

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="reminders")
    round = models.SmallIntegerField()
    step = models.CharField(max_length=20)
    light = models.CharField(max_length=10, default="")
    to = models.CharField(max_length=60)
    due_day = models.DateField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["obligation", "round", "step"], name="reminder_once")
        ]
