"""Acts of the evidence ledger as sentences: "2026-11-23 14:02 李某确认了告警 …".

A sentence per kind of act stands in the text files under `told.<action>`; its placeholders are the
act's person, subject and what its detail holds. An act nobody wrote a sentence for is told by its
name, so that nothing is ever left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fenhe.access.models import Person
from fenhe.act.procedures import register as procedures
from fenhe.alert import declared
from fenhe.alert.models import Alarm
from fenhe.app.text import say, words
from fenhe.evidence.models import Act
from fenhe.kernel.period import civil
from fenhe.publish import bulletin
from fenhe.registry.models import Object

LISTED = 6


@dataclass(frozen=True, slots=True)
class Told:
    """One act as people read it."""

    seq: int
    at: datetime
    sentence: str
    reason: str
    action: str
    person: str
    subject: str
    url: str
    hash: str


def tell(acts: Iterable[Act], language: str) -> list[Told]:
    """In the order given. Names are looked up for all acts at once."""
    listed = list(acts)
    named = {act.person for act in listed} | {act.subject for act in listed}
    named |= {str(value) for act in listed for value in act.detail.values() if _is_name(value)}
    known = people(named)
    subjects = _subjects({act.subject for act in listed}, language)
    return [_told(act, known, subjects, language) for act in listed]


def kinds(language: str) -> list[tuple[str, str]]:
    """The kinds of act there are words for: action, name."""
    found = {
        key.removeprefix("told.kind."): sentence
        for key, sentence in words()[language].items()
        if key.startswith("told.kind.")
    }
    return sorted(found.items())


def kind_name(action: str, language: str) -> str:
    key = f"told.kind.{action}"
    return say(key, language) if key in words()[language] else action


def duty(name: str, language: str) -> str:
    """A duty of `alerts.yaml` in words; itself where nobody names it."""
    key = f"duty.{name}"
    return say(key, language) if key in words()[language] else name.replace("_", " ")


def duties(names: Iterable[str], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(duty(name, language) for name in names)


def person_name(person: Person | None) -> str:
    return (person.get_full_name() or person.get_username()) if person else ""


def _told(
    act: Act, known: Mapping[str, str], subjects: Mapping[str, tuple[str, str]], language: str
) -> Told:
    subject, url = subjects.get(act.subject, (act.subject, ""))
    subject = known.get(subject, subject)
    person = known.get(act.person) or machine(act.person, language)
    values = {
        name: _shown(name, value, known, language)
        for name, value in act.detail.items()
        if isinstance(name, str)
    }
    key = f"told.{act.action}"
    sentence = words()[language].get(key) or say("told.other", language)
    filled = defaultdict(lambda: "—", values) | {
        "person": person,
        "subject": subject,
        "action": kind_name(act.action, language),
    }
    return Told(
        seq=act.seq,
        at=act.at,
        sentence=sentence.format_map(filled),
        reason=act.reason,
        action=act.action,
        person=person,
        subject=subject,
        url=url,
        hash=act.hash,
    )


def machine(name: str, language: str) -> str:
    """Acts of no person: the platform's clock, a terminal on the server."""
    key = f"told.who.{name}"
    return say(key, language) if key in words()[language] else name


def _shown(name: str, value: Any, known: Mapping[str, str], language: str) -> str:
    """A detail as a sentence shows it."""
    if value is None or value == "":
        return "—"
    if name == "to" and isinstance(value, list):
        return duties(map(str, value), language)
    if name == "severity":
        return say(f"severity.{value}", language)
    if name == "procedure":
        return procedure(str(value), language)
    if isinstance(value, list):
        more = "…" if len(value) > LISTED else ""
        return "、".join(str(one) for one in value[:LISTED]) + more
    if isinstance(value, dict):
        return "、".join(f"{key} {one}" for key, one in list(value.items())[:LISTED])
    return _moment(str(value)) or known.get(str(value), str(value))


def _moment(text: str) -> str:
    if len(text) < 19 or text[4:5] != "-" or text[10:11] != "T":
        return ""
    try:
        return f"{civil(datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 150


def people(usernames: set[str]) -> dict[str, str]:
    """Username -> name, of those who have an account."""
    found = Person.objects.filter(username__in=usernames)
    return {one.get_username(): person_name(one) for one in found}


def _subjects(subjects: set[str], language: str) -> dict[str, tuple[str, str]]:
    """What the ledger calls by number and code, by name and address."""
    return _alarms(subjects, language) | _bulletins(subjects, language)


def _alarms(subjects: set[str], language: str) -> dict[str, tuple[str, str]]:
    numbers = {
        int(text.removeprefix("alarm:")): text
        for text in subjects
        if text.startswith("alarm:") and text[6:].isdecimal() and len(text) < 24
    }
    return {
        numbers[alarm.pk]: (alarm.message(language), f"/alarms/{alarm.pk}")
        for alarm in Alarm.objects.in_bulk(list(numbers)).values()
    }


def _bulletins(subjects: set[str], language: str) -> dict[str, tuple[str, str]]:
    """`kind:code:period:edition`, as publish.editions writes it."""
    kinds = {one.id: one for one in bulletin.all()}
    parts = {text: text.split(":") for text in subjects}
    known = {text: part for text, part in parts.items() if len(part) == 4 and part[0] in kinds}
    codes = {part[1] for part in known.values()}
    names = {one.code: one.name(language) for one in Object.objects.filter(code__in=codes)}
    return {
        text: (
            say(
                "told.bulletin",
                language,
                kind=kinds[kind].name[language],
                place=names.get(code, code),
                period=period,
                number=number,
            ),
            "",
        )
        for text, (kind, code, period, number) in known.items()
    }


def procedure(named: str, language: str) -> str:
    """The name of `dispatch.order@1`; itself where its domain is not there."""
    id = named.partition("@")[0]
    found = next((one for one in procedures.all() if one.id == id), None)
    return str(found.name[language]) if found else named


def alarm_kind(kind: str, language: str) -> str:
    found = declared.find(kind)
    return str(found.name[language]) if found else kind
