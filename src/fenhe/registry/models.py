"""Areas, supervised objects, relations, series; all with validity in time. What of an object was
changed, when and by whom stays beside it; so do the lists people keep for themselves."""

from __future__ import annotations

from typing import Any, cast

from django.db import models

from fenhe.kernel.text import plain


class Area(models.Model):
    """区域: an administrative division or a control unit."""

    adcode = models.CharField(max_length=20, unique=True)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    level = models.CharField(max_length=20)  # province, city, county, control_unit
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    geometry = models.JSONField(null=True, blank=True)  # GeoJSON, WGS84

    def name(self, language: str) -> str:
        return (self.name_en or self.name_zh) if language == "en" else self.name_zh


MOST_SEARCHED = 400


class SearchText(models.TextField):  # type: ignore[type-arg]
    """What an object is found by: its code, names and words, in one spelling (`kernel.text.plain`).

    Chinese has no spaces, so words are looked for as parts of it (`search.matching`). Written with
    the object, one at a time or in bulk."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        text = searched(cast(Object, model_instance))
        setattr(model_instance, self.attname, text)
        return text


def searched(thing: Object) -> str:
    words = [thing.code, thing.name_zh, thing.name_en]
    words += [value for value in thing.attributes.values() if isinstance(value, str)]
    return plain(" ".join(words))[:MOST_SEARCHED]


class Object(models.Model):
    """监管对象: anything supervised. `attributes` follow the schema of the kind."""

    kind = models.CharField(max_length=60)
    code = models.CharField(max_length=60)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT)
    longitude = models.FloatField(null=True, blank=True)  # WGS84
    latitude = models.FloatField(null=True, blank=True)
    geometry = models.JSONField(null=True, blank=True)  # GeoJSON, WGS84: a line or an area
    attributes = models.JSONField(default=dict, blank=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)  # the first day on which it no longer holds
    search = SearchText(default="", blank=True, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "code"], name="object_kind_code")]
        indexes = [
            models.Index(fields=["kind", "area"], name="object_kind_area"),
            models.Index(fields=["kind", "name_zh", "id"], name="object_kind_name"),
            models.Index(fields=["kind", "longitude", "latitude"], name="object_kind_place"),
        ]
        ordering = ["kind", "code"]

    def name(self, language: str) -> str:
        return (self.name_en or self.name_zh) if language == "en" else self.name_zh


class Relation(models.Model):
    """关系: subject —predicate→ object, such as station —part_of→ city."""

    subject = models.ForeignKey(Object, on_delete=models.CASCADE, related_name="relations_out")
    predicate = models.CharField(max_length=60)
    object = models.ForeignKey(Object, on_delete=models.CASCADE, related_name="relations_in")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "predicate", "object", "valid_from"], name="relation_once"
            )
        ]


class Series(models.Model):
    """监测序列: one property of one object at one resolution from one source.

    `id` is the `series` number of the lake (int32). `property` names an entry of a domain's
    vocabulary, which fixes the unit the lake holds; `statistic` tells a derived daily series
    ("mean", "mda8") from a measured one ("value").
    """

    id = models.AutoField(primary_key=True)
    object = models.ForeignKey(Object, on_delete=models.PROTECT, related_name="series")
    property = models.CharField(max_length=60)
    resolution = models.CharField(max_length=10)  # hour, day, minute, sample
    statistic = models.CharField(max_length=20, default="value")
    source = models.CharField(max_length=60, default="import")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["object", "property", "resolution", "statistic", "source"],
                name="series_once",
            )
        ]
        verbose_name_plural = "series"


class Change(models.Model):
    """变更: what of an object was changed at one moment. `fields`: name -> [before, after]; an
    attribute as `attributes.<id>`, a relation as `relations.<predicate>` with the codes."""

    object = models.ForeignKey(Object, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    person = models.CharField(max_length=150)  # a copy: the account may go, the change stays
    fields = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["object", "at"], name="change_of_object")]


class SavedView(models.Model):
    """常用视图: how somebody likes a list: its filters, columns and order, as the query string.
    `organ` set: shared with everybody of it."""

    list = models.CharField(max_length=60)  # the id of the kind
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)
    person = models.ForeignKey("access.Person", on_delete=models.CASCADE)
    organ = models.ForeignKey("access.Organ", null=True, blank=True, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "list", "name"], name="view_once")]
