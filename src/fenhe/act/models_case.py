"""Cases, their history, their documents, and the series their numbers are taken from."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Case(models.Model):
    """案件／事项: one run of a procedure, under the version it began with. `revision` grows with
    every step; a step is taken only on the revision its maker saw."""

    number = models.CharField(max_length=120, unique=True)
    procedure = models.CharField(max_length=60)  # "enforcement.penalty"
    version = models.SmallIntegerField()
    state = models.CharField(max_length=40)
    revision = models.IntegerField(default=1)
    round = models.SmallIntegerField(default=1)  # grows with each rebound
    title = models.CharField(max_length=300)
    organ = models.ForeignKey("access.Organ", null=True, on_delete=models.PROTECT, related_name="+")
    area = models.CharField(max_length=20, blank=True, default="")  # adcode
    subject = models.ForeignKey(
        "registry.Object", null=True, on_delete=models.PROTECT, related_name="cases"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="duplicates"
    )
    source = models.CharField(max_length=160, null=True, unique=True)  # "alarm:7:dispatch.order"
    handler = models.ForeignKey(
        "access.Person", null=True, on_delete=models.SET_NULL, related_name="cases"
    )
    fields = models.JSONField(default=dict)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)  # settled; 已解决 is not 已办结
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["procedure", "state", "-id", "area", "handler"],  # all that counts need
                name="case_open",
                condition=Q(closed_at=None),
            ),
            models.Index(fields=["-changed_at"], name="case_recent", condition=Q(closed_at=None)),
            models.Index(fields=["procedure", "-id"], name="case_of_procedure"),
            models.Index(fields=["area"], name="case_area"),
        ]

    def __str__(self) -> str:
        return self.number


class CaseEntry(models.Model):
    """One entry of a case's history. Never changed: its digest stands in the evidence ledger."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    seq = models.IntegerField()
    round = models.SmallIntegerField()
    at = models.DateTimeField()
    person = models.CharField(max_length=150)
    post = models.CharField(max_length=30)
    step = models.CharField(max_length=60)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40)
    given = models.JSONField(default=dict)  # fields filled with this step
    reason = models.TextField(blank=True, default="")
    note = models.CharField(max_length=200, blank=True, default="")  # "follows 举〔2026〕3号"
    key = models.CharField(max_length=80, null=True)  # of a phone that may send twice
    digest = models.CharField(max_length=64)
    act = models.BigIntegerField()  # seq of the act in the ledger

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="case_entry_once"),
            models.UniqueConstraint(fields=["case", "key"], name="case_entry_key_once"),
        ]
        ordering = ["case", "seq"]


class CaseDocument(models.Model):
    """文书: what a document says, fixed when it was produced; the file is rendered from it. A
    signed or stamped copy is attached once."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=60)
    edition = models.SmallIntegerField()
    round = models.SmallIntegerField()
    seq = models.IntegerField()  # of the entry that produced it
    number = models.CharField(max_length=120, blank=True, default="")
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    file_hash = models.CharField(max_length=64, blank=True, default="")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=150)
    signed_hash = models.CharField(max_length=64, blank=True, default="")
    signed_name = models.CharField(max_length=200, blank=True, default="")
    signed_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "edition"], name="case_document_once")
        ]
        ordering = ["case", "id"]


class NumberSeries(models.Model):
    """The last number given per sequence, organ and year. Taken in the transaction that uses it,
    so that what is rolled back leaves no gap."""

    sequence = models.CharField(max_length=120)  # "enforcement.penalty", "….penalty/decision"
    organ = models.BigIntegerField(default=0)  # 0: no organ
    year = models.SmallIntegerField()
    last = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sequence", "organ", "year"], name="number_series_once")
        ]
