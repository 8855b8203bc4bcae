"""What the interface answers, as types: the OpenAPI description is made of these."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict

Item = TypeVar("Item")


class Out(Schema):
    model_config = ConfigDict(extra="forbid")


class ProblemOut(Out):
    code: str
    zh: str
    en: str
    file: str
    row: int | None
    column: str
    value: str


class ErrorOut(Out):
    code: str
    zh: str
    en: str
    retryable: bool
    problem_count: int
    problems: list[ProblemOut]


class Refusal(Out):
    """The one shape of every refusal."""

    error: ErrorOut


class Named(Out):
    zh: str
    en: str


class Page(Out, Generic[Item]):
    items: list[Item]
    next: str | None
    """Give it as `after` for what follows; null: this was the last page."""


class AreaOut(Out):
    id: int
    adcode: str
    name: Named
    level: str
    parent: str | None
    geometry: dict[str, Any] | None = None


class OrganOut(Out):
    id: int
    code: str
    name: Named
    kind: str
    parent: str | None


class AttributeOut(Out):
    id: str
    name: Named
    type: str
    unit: str
    required: bool
    choices: dict[str, Named]


class RelationToOut(Out):
    predicate: str
    name: Named
    to: str


class KindOut(Out):
    id: str
    name: Named
    domain: str
    attributes: list[AttributeOut]
    relations: list[RelationToOut]
    series: list[str]


class PropertyOut(Out):
    id: str
    name: Named
    symbol: str
    unit: str
    decimals: int
    domain: str


class ObjectOut(Out):
    id: int
    kind: str
    code: str
    name: Named
    area: str | None
    longitude: float | None
    latitude: float | None
    attributes: dict[str, Any]
    valid_from: date | None
    valid_to: date | None


class RelationOut(Out):
    id: int
    subject: int
    predicate: str
    object: int
    valid_from: date | None
    valid_to: date | None


class SeriesOut(Out):
    id: int
    object: int
    property: str
    unit: str
    resolution: str
    statistic: str
    source: str


class ReadingOut(Out):
    series: int
    start: datetime
    end: datetime | None
    value: float | None
    qualifier: str
    flag: str | None
    known_at: datetime
    source: str


class ReadingsOut(Out):
    unit: str
    known_at: datetime | None
    """As asked: only what was known then. Null: what is known now."""
    data_up_to: datetime | None
    items: list[ReadingOut]
    next: str | None


class VersionOut(Out):
    value: float | None
    qualifier: str
    known_at: datetime
    source: str


class FlagOut(Out):
    check: str
    flag: str
    detail: str
    known_at: datetime
    source: str


class HistoryOut(Out):
    series: int
    start: datetime
    versions: list[VersionOut]
    flags: list[FlagOut]


class LatestOut(Out):
    series: int
    object: int
    property: str
    unit: str
    start: datetime
    value: float | None
    qualifier: str
    known_at: datetime


class CoverageOut(Out):
    series: int
    start: datetime
    end: datetime
    expected: int
    observed: int
    percent: float | None


class GapOut(Out):
    start: datetime
    end: datetime
    hours: float
    reason: str
    qualifier: str | None


class GapsOut(Out):
    series: int
    coverage: CoverageOut
    items: list[GapOut]


class VerdictOut(Out):
    id: int
    subject: int
    rule: str
    variant: str
    start: datetime
    end: datetime
    edition: str
    values: dict[str, Any]
    category: str
    expected: int
    observed: int
    lake_version: int
    computed_at: datetime
    current: bool


class VerdictWithSteps(VerdictOut):
    steps: list[dict[str, Any]]


class AlarmOut(Out):
    id: int
    key: str
    kind: str
    severity: str
    subject: int
    message: Named
    state: str
    first_seen: datetime
    last_seen: datetime
    count: int
    owner: str | None
    muted_until: datetime | None
    level: int
    """How many steps of its escalation it has climbed."""
    revision: int
    detail: dict[str, Any]


class EditionOut(Out):
    id: str
    standard: str
    title: Named
    valid_from: date
    last_day: date | None
    source: Named
    hash: str
    tables: list[str]


class RowOut(Out):
    cells: dict[str, Any]
    clause: str
    confidence: str
    note: Named | None


class TableOut(Out):
    id: str
    title: Named
    columns: list[str]
    rows: list[RowOut]


class EditionWithTables(EditionOut):
    content: list[TableOut]


class PublicationOut(Out):
    id: int
    kind: str
    subject: int
    start: datetime
    end: datetime
    edition: int
    state: str
    content_hash: str
    drafted_at: datetime
    published_at: datetime | None
    superseded_at: datetime | None
    supersedes: int | None


class PublicationWithContent(PublicationOut):
    content: dict[str, Any]
    reason: dict[str, Any]


class ImportOut(Out):
    id: str
    file: str
    content_hash: str
    profile: str
    state: str
    created_at: datetime
    committed_at: datetime | None
    lake_version: int | None


class ImportWithReport(ImportOut):
    report: dict[str, Any]


class ProfileOut(Out):
    id: str
    name: Named
    kind: str
    resolution: str
    layout: str


class UploadOut(Out):
    """What a bulk upload did. The same rows again: all unchanged."""

    rows: int
    new: int
    changed: int
    unchanged: int
    lake_version: int | None
    import_id: str | None
