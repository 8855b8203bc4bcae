"""Measures a metric for those who show it; kept while no verdict says anything new."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import Max

from fenhe.assess.models import Verdict
from fenhe.publish import metric as metrics
from fenhe.publish.metric import Aim, Measured, Metric
from fenhe.registry.models import Object


def measured(metric: Metric, subject: Object, aim: Aim) -> Measured | None:
    """The same, kept until a verdict says something new: verdicts are only ever added. None while
    there is nothing to measure."""
    newest = Verdict.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return _kept(metric.id, subject.pk, aim, newest)


@lru_cache(maxsize=512)
def _kept(id: str, subject: int, aim: Aim, newest: int) -> Measured | None:
    return metrics.get(id).measure(Object.objects.get(pk=subject), aim)
