"""登录: how long a session lasts, and what its person sees and ends of it.

A session ends when it is `session_hours` old, and when it was not used for
`session_idle_minutes` (not for roles that stay, `access/roles.yaml`). What changes how somebody
signs in asks for a proof that is at most `CONFIRMED` old. The session itself carries its moments;
the row `Visit` is what is shown of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from fenhe.access import rights, roles
from fenhe.access.models import Person, Visit
from fenhe.kernel.period import utc_now
from fenhe.store.config import settings

USED, PROVED = "used", "proved"  # seconds since 1970, in the session
STEP = timedelta(minutes=1)  # a busy session does not write a row per request
CONFIRMED = timedelta(minutes=10)


def signed_in(sender: object, request: Any, user: Person, **_: Any) -> None:
    """With every sign-in: the absolute end, counted from now, and the first use."""
    now, session = utc_now(), request.session
    session.set_expiry(now + timedelta(hours=settings().session_hours))
    session[USED] = session[PROVED] = now.timestamp()


def begin(session: SessionBase, person: Person, how: str, address: str, agent: str) -> Visit:
    """The row of a session that has just begun; rows whose sessions are gone go."""
    if session.session_key is None:
        session.create()
    gone = Visit.objects.filter(person=person)
    gone.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return Visit.objects.create(
        person=person,
        session_key=session.session_key or "",
        how=how[:30],
        address=address[:45],
        agent=" ".join(agent.split())[:200],
    )


def is_over(session: SessionBase, person: Person, now: datetime | None = None) -> bool:
    """Whether the session was idle for too long; one that carries no moment is over."""
    used = session.get(USED)
    if used is None:
        return True
    minutes = settings().session_idle_minutes
    idle = (now or utc_now()).timestamp() - used
    return bool(minutes) and idle > minutes * 60 and not _stays(person)


def _stays(person: Person) -> bool:
    held = [one.role for one in rights.of(person) if not one.public]
    return bool(held) and all(role in roles.ROLES and roles.ROLES[role].stays for role in held)


def use(session: SessionBase, now: datetime | None = None) -> None:
    """Notes that the session is in use, once a minute."""
    moment = now or utc_now()
    if moment.timestamp() - session[USED] >= STEP.total_seconds():
        session[USED] = moment.timestamp()
        Visit.objects.filter(session_key=session.session_key).update(seen_at=moment)


def confirm(session: SessionBase) -> None:
    """The person has proved again who it is; the session goes on under another key."""
    before = session.session_key
    session.cycle_key()
    renamed(session, before)
    session[PROVED] = utc_now().timestamp()


def is_confirmed(session: SessionBase) -> bool:
    """Whether the person proved lately who it is."""
    age = utc_now().timestamp() - session.get(PROVED, 0)
    return bool(0 <= age <= CONFIRMED.total_seconds())


def renamed(session: SessionBase, before: str | None) -> None:
    """The session was given another key; its row follows."""
    Visit.objects.filter(session_key=before).update(session_key=session.session_key)


def of(person: Person) -> QuerySet[Visit]:
    """The sessions that are not over, the last used first."""
    now = utc_now()
    kept = Session.objects.filter(expire_date__gt=now).values("session_key")
    rows = Visit.objects.filter(person=person, session_key__in=kept)
    minutes = settings().session_idle_minutes
    if minutes and not _stays(person):
        rows = rows.filter(seen_at__gt=now - timedelta(minutes=minutes) - STEP)
    return rows.order_by("-seen_at", "-pk")


def end(person: Person, pk: int) -> bool:
    """Ends one session of the person at once; whether there was such a one."""
    row = Visit.objects.filter(pk=pk, person=person).first()
    if row is None:
        return False
    _end([row.session_key])
    return True


def end_all(person: Person, but: str | None = None) -> None:
    """Ends the listed sessions of the person, save the one with this key."""
    rows = Visit.objects.filter(person=person).exclude(session_key=but or "")
    _end(list(rows.values_list("session_key", flat=True)))


def _end(keys: list[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    Visit.objects.filter(session_key__in=keys).delete()
