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
