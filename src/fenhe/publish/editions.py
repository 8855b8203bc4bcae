"""The life of a bulletin: draft, publish, superseded by late data, next edition drafted.

A draft follows the verdicts. Publishing fixes the content for ever and is recorded as an act; a
period that has not ended or has no valid data cannot be published. When a verdict under a published
edition changes what the sheet prints, that edition is marked superseded and the next one is drafted
with the reason: which numbers changed, from what to what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from fenhe.access.models import Person
from fenhe.evidence import ledger
from fenhe.kernel.errors import Conflict, NotFound
from fenhe.kernel.period import Period, utc_now
from fenhe.publish import bulletin, sheet
from fenhe.publish.bulletin import Bulletin
from fenhe.publish.changes import changes, prints_the_same, says_the_same
from fenhe.publish.composing import compose
from fenhe.publish.models import Publication
from fenhe.registry.models import Object
from fenhe.store.config import settings

REASON_SHOWS = 6
"""How many changed numbers the reason spells out; `changes` has them all."""


def draft(kind: str, subject: Object, period: Period, now: datetime | None = None) -> Publication:
    """The open draft brought up to date, or the next edition. Asking again changes nothing."""
    now = now or utc_now()
    content = compose(kind, subject, period, now)
    with transaction.atomic():
        last = editions(kind, subject, period).first()
        if last is None or last.state != "draft":
            return _next(kind, subject, period, last, content, now)
        if not says_the_same(last.content, content):
            last.content, last.content_hash = content, sheet.content_hash(content)
            last.reason = _reason(last.supersedes, content)
            last.drafted_at = now
            last.save()
        return last


def hindrances(publication: Publication, now: datetime) -> list[Conflict]:
    """Why this draft cannot be published yet; empty where it can."""
    found = []
    if publication.end > now:
        last = Period(publication.start, publication.end).last_day
        found.append(
            Conflict(
                "publish.not-ended",
                f"时段尚未结束（至 {last} 24:00），结束之前只能起草，不能发布",
                f"the period has not ended (it runs to {last} 24:00); until then it can be drafted "
                "and not published",
            )
        )
    if not publication.content["coverage"]["observed"]:
        found.append(
            Conflict(
                "publish.no-data",
                "时段内没有有效数据，不能发布；请先导入数据，评价之后草稿会自动更新",
                "the period has no valid data, so it cannot be published; import data first, the "
                "draft follows once they are judged",
            )
        )
    return found


def publish(
    publication: Publication,
    person: Person,
    now: datetime | None = None,
    seen: str | None = None,
) -> Publication:
    """Fix the draft for ever. `seen`: the hash of the content the person agreed to publish."""
    now = now or utc_now()
    with transaction.atomic():
        publication = Publication.objects.select_for_update().get(pk=publication.pk)
        _require_publishable(publication, now, seen)
        publication.state = "published"
        publication.published_at = now
        publication.published_by = person.get_username()
        publication.issuer = issuer_of(person)
        publication.save()
        if publication.supersedes_id:
            Publication.objects.filter(pk=publication.supersedes_id, state="published").update(
                state="superseded", superseded_at=now
            )
        ledger.record(
            person=person,
            action="publish.publish",
            subject=_called(publication),
            detail={"content_hash": publication.content_hash},
        )
    return publication


def _require_publishable(publication: Publication, now: datetime, seen: str | None) -> None:
    if publication.state != "draft":
        raise Conflict(
            "publish.not-a-draft",
            f"第 {publication.edition} 版已发布，不能再发布一次",
            f"edition {publication.edition} is already published",
        )
    if seen not in (None, publication.content_hash):
        raise Conflict(
            "publish.draft-moved",
            "确认之后草稿已随新数据更新；请重新查看再发布",
            "the draft has followed new data since you looked; read it again before publishing",
        )
    for hindrance in hindrances(publication, now):
        raise hindrance


def issuer_of(person: Person) -> dict[str, str]:
    """The organ printed as issuing: the one set for the platform, else the person's own."""
    if named := settings().issuer:
        return {"zh": named, "en": named}
    organ = person.organ
    return {"zh": organ.name_zh, "en": organ.name_en} if organ else {}


def editions(kind: str, subject: Object, period: Period) -> QuerySet[Publication]:
    """Every edition ever, newest first."""
    return Publication.objects.filter(
        kind=kind, subject=subject, start=period.start, end=period.end
    ).order_by("-edition")


def get(kind: str, subject: Object, period: Period, edition: int) -> Publication:
    found = editions(kind, subject, period).filter(edition=edition).first()
    if found is None:
        raise NotFound("publish.unknown", f"没有第 {edition} 版", f"there is no edition {edition}")
    return found


def verdicts_changed(news: Mapping[str, Any], now: datetime | None = None) -> list[Publication]:
    """Look at every sheet the changed verdicts may stand on; returns the drafts made or renewed."""
    now = now or utc_now()
    changed = Period(datetime.fromisoformat(news["start"]), datetime.fromisoformat(news["end"]))
    touched = []
    for one in bulletin.all():
        latest = Publication.objects.filter(kind=one.id, state__in=("draft", "published"))
        for publication in latest.select_related("subject").order_by("start", "edition"):
            if _stands_on(one, publication, news, changed) and (new := revise(publication, now)):
                touched.append(new)
    return touched


def revise(publication: Publication, now: datetime) -> Publication | None:
    """Compose again. A draft is brought up to date; a published edition that would read otherwise
    today is superseded and the next one drafted. None where it still says the same."""
    period = Period(publication.start, publication.end)
    content = compose(publication.kind, publication.subject, period, now)
    same = says_the_same if publication.state == "draft" else prints_the_same
    if same(publication.content, content):
        return None
    with transaction.atomic():
        new = draft(publication.kind, publication.subject, period, now)
        Publication.objects.filter(pk=publication.pk, state="published").update(
            state="superseded", superseded_at=now
        )
    return new


def _next(
    kind: str,
    subject: Object,
    period: Period,
    last: Publication | None,
    content: dict[str, Any],
    now: datetime,
) -> Publication:
    return Publication.objects.create(
        kind=kind,
        subject=subject,
        start=period.start,
        end=period.end,
        edition=last.edition + 1 if last else 1,
        state="draft",
        content=content,
        content_hash=sheet.content_hash(content),
        reason=_reason(last, content),
        drafted_at=now,
        supersedes=last,
    )


def _reason(last: Publication | None, content: Mapping[str, Any]) -> dict[str, Any]:
    """Why there is this edition, against the one it supersedes."""
    if last is None:
        return {}
    found = changes(last.content, content)
    if not found:
        return {
            "zh": f"所印内容与第 {last.edition} 版相同",
            "en": f"prints the same as edition {last.edition}",
            "changes": [],
        }
    shown = found[:REASON_SHOWS]
    zh = "；".join(_change(item, "zh") for item in shown)
    en = "; ".join(_change(item, "en") for item in shown)
    more = len(found) - len(shown)
    return {
        "zh": f"数据更新后与第 {last.edition} 版不同：{zh}" + (f"；另有 {more} 项" if more else ""),
        "en": f"later data differ from edition {last.edition}: {en}"
        + (f"; and {more} more" if more else ""),
        "changes": found,
    }


def _change(item: Mapping[str, Any], language: str) -> str:
    unit = f" {item['unit']}" if item["unit"] else ""
    return f"{item['label'][language]} {item['from'][language]} → {item['to'][language]}{unit}"


def _stands_on(
    one: Bulletin, publication: Publication, news: Mapping[str, Any], changed: Period
) -> bool:
    if news["variant"]:
        return False
    wanted = one.wants(Period(publication.start, publication.end)).values()
    return any(want.rule == news["rule"] and want.period.overlaps(changed) for want in wanted)


def _called(publication: Publication) -> str:
    period = Period(publication.start, publication.end)
    return f"{publication.kind}:{publication.subject.code}:{period}:{publication.edition}"
