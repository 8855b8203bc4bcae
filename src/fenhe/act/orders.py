"""Alarms become cases: every procedure that names an alarm's kind in `starts_on` opens one.

Handler of the outbox topic `alarm.raised`, which is told at least once; the case's `source` is
unique, so each alarm has exactly one case per procedure, whatever was killed in between. When
somebody takes the case in hand, the alarm is acknowledged in that person's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models_case import Case, CaseEntry
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import OPENING, Procedure
from fenhe.alert import desk
from fenhe.alert.models import Alarm
from fenhe.kernel.errors import Conflict
from fenhe.kernel.period import civil

BY = "platform"
"""Who opened it, in the history."""
LEVELS = {"red": "红色", "orange": "橙色", "yellow": "黄色", "notice": "提示"}


def alarm_raised(news: Mapping[str, Any], now: datetime) -> list[Case]:
    """The cases of one alarm; those that are there already are left alone."""
    alarm = Alarm.objects.select_related("subject__area").filter(pk=news["alarm"]).first()
    if alarm is None:
        return []
    opened = []
    for procedure in register.started_by(alarm.kind, civil(now).date()):
        source = f"alarm:{alarm.pk}:{procedure.id}"
        if Case.objects.filter(source=source).exists():
            continue
        try:
            with transaction.atomic():
                opened.append(_open(alarm, procedure, source, now))
        except IntegrityError:
            continue  # another worker was first
    return opened


def _open(alarm: Alarm, procedure: Procedure, source: str, now: datetime) -> Case:
    asked = {*procedure.opening.fields, *procedure.opening.may_fill}
    known = {
        "what": alarm.message_zh,
        "conduct": alarm.message_zh,
        "party": alarm.subject.name_zh,
        "discovered_on": civil(alarm.first_seen).date().isoformat(),
        "received_on": civil(alarm.first_seen).date().isoformat(),
        "place": alarm.subject.name_zh,
        "longitude": alarm.subject.longitude,
        "latitude": alarm.subject.latitude,
        "severity": LEVELS.get(alarm.severity, alarm.severity),
    }
    given = {key: value for key, value in known.items() if key in asked and value is not None}
    wanted = cases.Opening(
        procedure.id, given, organ=_organ(alarm), subject=alarm.subject, source=source
    )
    return cases.begin(wanted, procedure, BY, "", now)


def _organ(alarm: Alarm) -> Organ | None:
    """The organ that acts where the alarm lies: the issuing one of that area, else the one of the
    widest area around it."""
    area = alarm.subject.area.adcode if alarm.subject.area else ""
    issuing = Organ.objects.filter(issuing=True).order_by("pk")
    here = issuing.filter(area=area).first() if area else None
    return here or issuing.filter(parent=None).first() or issuing.first()


def case_changed(news: Mapping[str, Any], now: datetime) -> None:
    """Handler of `case.changed`: the first person who takes a step acknowledges the alarm."""
    case = Case.objects.filter(pk=news["case"], source__startswith="alarm:").first()
    if case is None or case.source is None:
        return
    first = CaseEntry.objects.filter(case=case).exclude(step=OPENING).order_by("seq").first()
    alarm = Alarm.objects.filter(pk=int(case.source.split(":")[1]), state="open").first()
    if first is None or alarm is None:
        return
    person = Person.objects.filter(username=first.person).first()
    if person is not None:
        try:
            desk.acknowledge(alarm, person, now, case.number)
        except Conflict:
            return  # cleared or acknowledged meanwhile
