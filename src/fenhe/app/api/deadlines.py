"""Statutory time limits: the rules, and one limit counted from its trigger."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import Field

from fenhe.act import notices
from fenhe.act.deadlines.asked import answer
from fenhe.act.deadlines.listed import rules_listed
from fenhe.app.api.operations import reads
from fenhe.app.api.shapes import Named, Out
from fenhe.app.api.words import Word

router = Router(tags=["deadlines"])


class CaseOut(Named):
    id: str


class RuleOut(Out):
    id: str
    procedure: Named
    step: Named
    trigger: Named
    limit: Named
    cases: list[CaseOut]
    extensions: list[int]
    approvers: list[str]
    excluded: list[str]
    roll: bool
    owner: str
    article: str
    confidence: str
    written: dict[str, str]
    """The cells of the reference table, word for word."""


class DeadlineOut(Out):
    """`due` is the last day (of hour rules the last minute, civil time), for rules that count back
    the last permissible day; null where the rule yields no day."""

    rule: str
    variant: str
    start: str
    due: str | None
    earliest: str | None
    provisional: bool
    reason: Named | None
    article: str
    calendar: str
    confidence: str
    alternatives: dict[str, str | None]
    steps: list[Named]


@router.get("/deadlines", response=reads(list[RuleOut]), summary="期限规则 · time limits")
def rules(request: HttpRequest) -> list[RuleOut]:
    """Every rule with its limit, article and confidence."""
    return [RuleOut(**one) for one in rules_listed()]


@router.get("/deadlines/{rule}", response=reads(DeadlineOut), summary="计算一条期限 · one limit")
def deadline(
    request: HttpRequest,
    rule: Word,
    start: Annotated[Word, Query(alias="from")],
    extend: Annotated[int, Field(ge=0, le=100)] = 0,
    exclude: Annotated[int, Field(ge=0, le=3660)] = 0,
    case: Word | None = None,
) -> DeadlineOut:
    """The last day, counted from `from` (a civil day, or day and hour as 2026-11-23T08:30)."""
    result = answer(
        rule, start, notices.current(), variant=case or "", extend=extend, exclude=exclude
    )
    return DeadlineOut(**result.as_dict())
