from __future__ import annotations

from django.db import models


class Latest(models.Model):
    """The newest valid-time reading of a series, for live pages. Derived from the lake; never
    moved by a stamp that lies in the future."""

    series = models.IntegerField(primary_key=True)
    start = models.DateTimeField()
    value = models.FloatField(null=True)
    qualifier = models.SmallIntegerField(default=0)
    known_at = models.DateTimeField()


class Parameter(models.Model):
    """A parameter of an instrument (range, slope, intercept, detection limit …) as its logger
    reported it. Appended where it differs from what was reported before, never overwritten; a
    change is two rows next to each other in the order of `at`."""

    device = models.ForeignKey("ingest.Device", on_delete=models.PROTECT, related_name="+")
    factor = models.CharField(max_length=20, blank=True)  # what it measures; empty: the logger's
    code = models.CharField(max_length=20)  # of HJ 212: i13008
    at = models.DateTimeField()  # DataTime of the report; its receipt where that is no time
    value = models.CharField(max_length=200)
    received = models.DateTimeField()
    frame = models.CharField(max_length=80)  # gateway/day/number in the spool

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["device", "factor", "code", "at", "value"], name="parameter_once"
            )
        ]
        indexes = [models.Index(fields=["at"], name="parameter_at")]
