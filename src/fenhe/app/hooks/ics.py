"""The due dates of a person as an iCalendar file (RFC 5545) at a private address.

The address is the key: whoever has it reads the dates, with the rights its person has now. It is
made and revoked by that person, and only its hash is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event

from fenhe.access.models import Person
from fenhe.app.hooks import due
from fenhe.app.models import CalendarLink
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import LANGUAGES
from fenhe.store.config import settings


def routes() -> list[URLPattern]:
    return [path("calendar/<str:token>.ics", show, name="calendar")]


def make(person: Person) -> str:
    """A fresh token; the one before no longer opens anything."""
    revoke(person)
    token = secrets.token_urlsafe(32)
    CalendarLink.objects.create(person=person, token_hash=_hash(token), created_at=utc_now())
    return token


def revoke(person: Person) -> int:
    return CalendarLink.objects.filter(person=person, revoked_at=None).update(revoked_at=utc_now())


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    links = CalendarLink.objects.select_related("person")
    link = links.filter(token_hash=_hash(token), revoked_at=None, person__is_active=True).first()
    if link is None:
        raise NotFound(
            "calendar.unknown", "没有这份日历，或已撤销", "no such calendar, or it was revoked"
        )
    answer = HttpResponse(written(link.person), content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, max-age=300"
    return answer


def written(person: Person) -> bytes:
    language = person.language if person.language in LANGUAGES else "zh"
    calendar = Calendar()
    calendar.add("prodid", "-//Fenhe//due dates//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", "汾河 · 到期" if language == "zh" else "Fenhe · due")
    for item in due.items(person):
        calendar.add_component(_event(item, language))
    return bytes(calendar.to_ical())


def _event(item: due.DueItem, language: str) -> Event:
    event = Event()
    event.add("uid", f"{item.key}@fenhe")
    event.add("dtstamp", utc_now())
    event.add("dtstart", item.when)
    if isinstance(item.when, date) and not isinstance(item.when, datetime):
        event.add("dtend", item.when + timedelta(days=1))
    event.add("summary", item.title[language])
    event.add("description", item.detail)
    if item.path:
        event.add("url", f"{settings().public_url.rstrip('/')}{item.path}")
    return event


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
