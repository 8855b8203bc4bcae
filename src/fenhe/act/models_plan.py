"""The year's plan: objectives, decomposed to offices and districts, and the targets that measure
them. Tasks of an objective are cases that name its code."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Plan(models.Model):
    """年度目标任务: what a bureau has set itself for a year."""

    code = models.CharField(max_length=40, unique=True)
    year = models.SmallIntegerField()
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    area = models.CharField(max_length=20, blank=True, default="")  # adcode
    organ = models.ForeignKey("access.Organ", null=True, on_delete=models.PROTECT, related_name="+")
    procedure = models.CharField(max_length=60)  # of its tasks
    basis = models.CharField(max_length=300, blank=True, default="")  # the document it was set by
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-year", "code"]

    def __str__(self) -> str:
        return self.code

    def name(self, language: str) -> str:
        return (self.name_en or self.name_zh) if language == "en" else self.name_zh


class Objective(models.Model):
    """目标: one line of the plan; below another where it was decomposed to a district."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="objectives")
    code = models.CharField(max_length=40, unique=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")
    place = models.SmallIntegerField(default=0)  # order within the plan
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200, blank=True)
    lead_unit = models.CharField(max_length=120, blank=True, default="")
    co_units = models.CharField(max_length=300, blank=True, default="")
    county = models.CharField(max_length=60, blank=True, default="")
    area = models.CharField(max_length=20, blank=True, default="")  # adcode; of the plan where none
    weight = models.FloatField(null=True)

    class Meta:
        ordering = ["plan", "place", "id"]

    def __str__(self) -> str:
        return self.code

    def name(self, language: str) -> str:
        return (self.name_en or self.name_zh) if language == "en" else self.name_zh


class Target(models.Model):
    """目标值: a planned value of a metric that a domain declares (`publish.metric`)."""

    objective = models.ForeignKey(Objective, on_delete=models.PROTECT, related_name="targets")
    metric = models.CharField(max_length=60)  # "air.pm2_5"
    subject = models.ForeignKey("registry.Object", on_delete=models.PROTECT, related_name="targets")
    year = models.SmallIntegerField()
    baseline = models.FloatField(null=True)
    value = models.FloatField()
    owner = models.CharField(max_length=120, blank=True, default="")
    weight = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["objective", "metric", "subject", "year"], name="target_once"
            ),
            models.CheckConstraint(condition=Q(year__gte=1970), name="target_year"),
        ]
        indexes = [models.Index(fields=["metric", "subject", "year"], name="target_of")]
        ordering = ["objective", "id"]

    def __str__(self) -> str:
        return f"{self.objective_id}:{self.metric}:{self.subject_id}:{self.year}"
