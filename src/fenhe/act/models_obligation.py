"""Running clocks, and the reminders that came of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

OPEN = ("running", "overdue")


class Obligation(models.Model):
    """期限: one clock that runs by a rule of `act.deadlines`, or to a day that an organ set. `key`
    says whose it is and is taken once, so that starting it twice starts it once."""

    key = models.CharField(max_length=160)  # "case:17:decision"
    rule = models.CharField(max_length=40, blank=True, default="")  # none: the day was set
    set_day = models.DateField(null=True)  # the last day as it was set first
    variant = models.CharField(max_length=40, default="", blank=True)
    about = models.CharField(max_length=120, default="", blank=True)  # "case:17"
    subject = models.ForeignKey(
        "registry.Object", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    organ = models.ForeignKey(
        "access.Organ", null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip
    trigger = models.DateTimeField()
    due_day = models.DateField(null=True)  # the last day; none where the rule yields none
    due = models.DateTimeField(null=True)  # the first instant that is too late
    provisional = models.BooleanField(default=False)
    accuses = models.BooleanField(default=True)  # whether it may be called overdue
    calendar = models.CharField(max_length=300, blank=True, default="")
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
        # A sweep moves a million clocks in one night: what it writes (state, step) stands in no
        # index, so that PostgreSQL writes none anew.
        constraints = [models.UniqueConstraint(fields=["key"], name="obligation_once")]
        indexes = [
            models.Index(
                fields=["policy", "due", "id"], name="obligation_due",
                condition=Q(met_at__isnull=True),
            ),
            models.Index(
                fields=["due", "id"], name="obligation_open", condition=Q(met_at__isnull=True)
            ),
            models.Index(
                fields=["calendar"], name="obligation_provisional",
                condition=Q(provisional=True),
            ),
            models.Index(fields=["about"], name="obligation_about"),
            models.Index(
                fields=["subject"], name="obligation_subject",
                condition=Q(subject__isnull=False),
            ),
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
