"""What the running processes tell of themselves."""

from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """A long-running process, and when it last came round its loop."""

    process = models.CharField(max_length=120, primary_key=True)  # "worker@host:pid"
    at = models.DateTimeField()


class Answered(models.Model):
    """A write sent with an Idempotency-Key and what it was answered; kept for a day."""

    key = models.CharField(max_length=64, primary_key=True)  # hash of caller, address and key
    digest = models.CharField(max_length=64)  # of the body
    status = models.IntegerField(null=True)  # null: under way
    answer = models.JSONField(default=dict)
    at = models.DateTimeField()


class LedgerCheck(models.Model):
    """One verification of the whole evidence ledger. The next one asks that this head is still
    there, so that acts cut off at the end are noticed too."""

    at = models.DateTimeField()
    count = models.BigIntegerField()
    head = models.CharField(max_length=90)  # "seq:hash" of the newest act then
    problems = models.JSONField(default=list)  # zh, en, row of each


class Hook(models.Model):
    """Where a person's alarms are told to another system (webhook) or to a mailbox (e-mail).

    It hears what the person may see, and no more; `retry_at` keeps a sink that fails from costing
    the others more than one attempt now and then."""

    person = models.ForeignKey("access.Person", on_delete=models.CASCADE, related_name="hooks")
    kind = models.CharField(max_length=10)  # webhook, email
    target = models.CharField(max_length=500)  # https://… or a mail address
    secret = models.CharField(max_length=300, blank=True, default="")  # encrypted at rest
    alarm_kinds = models.JSONField(default=list, blank=True)  # empty: all
    least_severity = models.CharField(max_length=20, default="notice")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    failures = models.IntegerField(default=0)  # in a row
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")


class Delivery(models.Model):
    """One event for one hook: the database holds it to one. Its id is what the other side knows a
    repeated delivery by."""

    id = models.CharField(max_length=36, primary_key=True)
    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=80)  # "alarm.raised:17"
    body = models.JSONField()
    state = models.CharField(max_length=10, default="pending")  # pending, delivered, given_up
    attempts = models.IntegerField(default=0)
    made_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["hook", "event"], name="delivery_once")]


class CalendarLink(models.Model):
    """A private address at which a person's due dates are read. Only its hash is kept."""

    person = models.ForeignKey("access.Person", on_delete=models.CASCADE, related_name="calendars")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
