from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import models

from fenhe.assess.rule import Assessment, get


class Verdict(models.Model):
    """评价结果: what a rule says of a subject over a period. Appended, never overwritten: the
    current one is the newest of its key."""

    subject = models.ForeignKey("registry.Object", on_delete=models.PROTECT)
    rule = models.CharField(max_length=60)  # "air.daily", "air.period"
    variant = models.CharField(max_length=60, default="")  # "", "GB 3095-2026", "dust-deducted"
    start = models.DateTimeField()
    end = models.DateTimeField()
    edition = models.TextField()  # the ids of all editions it was judged by
    values = models.JSONField()  # metric -> value (or null), units as the rule declares them
    category = models.CharField(max_length=30, default="")
    expected = models.IntegerField()  # coverage: how many inputs there should be …
    observed = models.IntegerField()  # … and how many there were
    lake_version = models.BigIntegerField()
    computed_at = models.DateTimeField()
    current = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "rule", "variant", "start", "end"],
                condition=models.Q(current=True),
                name="verdict_current_once",
            )
        ]
        indexes = [models.Index(fields=["rule", "variant", "start"], name="verdict_rule_start")]

    @cached_property
    def steps(self) -> list[dict[str, Any]]:
        """How each value came about: a pure function of the values and the editions cited, so it
        is worked out when somebody asks and not kept a million times."""
        one = get(self.rule)
        row = {
            **self.values,
            "subject": self.subject_id,
            "period": self.start,
            "end": self.end,
            "category": self.category,
            "expected": self.expected,
            "observed": self.observed,
        }
        ask = Assessment.cited(one, self.end, self.variant)
        return [step.as_dict() for step in one.explain(row, ask)]


class Dirty(models.Model):
    """A subject's day whose inputs have changed since it was last assessed."""

    subject = models.ForeignKey("registry.Object", on_delete=models.CASCADE)
    rule = models.CharField(max_length=60)
    start = models.DateTimeField()
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject", "rule", "start"], name="dirty_once")
        ]


class WatchRun(models.Model):
    """One look of a domain's watch over its subjects: what was looked at, when, over which period.
    State: running, done, failed."""

    watch = models.CharField(max_length=60)  # "sources.fraud"
    state = models.CharField(max_length=10, default="running")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    person = models.CharField(max_length=150, blank=True)  # who asked; empty: the night
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    edition = models.CharField(max_length=60, blank=True)
    subjects = models.IntegerField(default=0)
    left_out = models.JSONField(default=dict)  # why -> how many subjects
    error = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["watch", "-began_at"], name="watch_run_newest")]


class Lead(models.Model):
    """线索: a suspicion of a watch about a subject over a period, with its numbers; never proof."""

    run = models.ForeignKey(WatchRun, on_delete=models.CASCADE, related_name="leads")
    subject = models.ForeignKey("registry.Object", on_delete=models.PROTECT, related_name="+")
    test = models.CharField(max_length=40)
    start = models.DateTimeField()
    end = models.DateTimeField()
    strength = models.FloatField()  # orders leads, 0 to 1; no probability
    values = models.JSONField()  # statistic, threshold, p, reason in zh and en

    class Meta:
        indexes = [models.Index(fields=["run", "subject"], name="lead_of_run")]
