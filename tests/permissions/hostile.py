"""Rows of every model that shows words of people, each with hostile words wherever words may stand:
complete rows, as the platform itself writes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fenhe.access.models import ApiKey, Grant, Organ, Person, Visit
from fenhe.act import cases
from fenhe.act.models import Case, CaseEntry
from fenhe.act.procedures import register
from fenhe.alert.models import Alarm
from fenhe.app import demo_cases
from fenhe.app.models import Delivery, Hook
from fenhe.assess.models import Verdict
from fenhe.evidence import ledger
from fenhe.evidence.models import Attachment
from fenhe.ingest.models import Device, DeviceLink, DeviceRequest, Import
from fenhe.ingest.report import Change as Corrected
from fenhe.ingest.report import Found, Report, SeriesCount
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.kernel.text import Text
from fenhe.publish.models import Publication
from fenhe.publish.sheet import Block, Column, Figure, Sheet
from fenhe.registry import kinds
from fenhe.registry.kinds import Kind
from fenhe.registry.models import Area, Change, Object, Relation, SavedView, Series

HOSTILE = "\"'><img src=x onerror=a>{{7*7}}"
TEXT = Text(HOSTILE, HOSTILE)
CODE = "S1"
"""The code of one object of every kind, so that any page of a `code` finds one."""


def fill() -> Person:
    """An administrator, who sees it all."""
    chief = Person.objects.create(username="chief", role="administrator", first_name=HOSTILE)
    area = Area.objects.create(adcode="140105", name_zh=HOSTILE, name_en=HOSTILE, level="county")
    city, station = _things(area)
    _alarms_and_verdicts(city, station)
    _publications(city)
    _imports(chief)
    _people(chief)
    _devices(station, chief)
    _cases(chief)
    _records(chief, station)
    return chief


def _things(area: Area) -> tuple[Object, Object]:
    """One object of every kind; the first two are the city and its station."""
    first = [kinds.get("air_city"), kinds.get("air_station")]
    others = [kind for kind in kinds.all() if kind not in first]
    made = [
        Object.objects.create(
            pk=number, kind=kind.id, code=CODE, name_zh=HOSTILE, name_en=HOSTILE, area=area,
            attributes=_attributes(kind), longitude=112.5, latitude=37.8,
        )
        for number, kind in enumerate([*first, *others], start=1)
    ]  # fmt: skip
    of_kind = {one.kind: one for one in made}
    for one in made:
        for predicate, to in kinds.get(one.kind).relations.items():
            if to.to in of_kind and of_kind[to.to] != one:
                Relation.objects.create(subject=one, predicate=predicate, object=of_kind[to.to])
        for name in kinds.get(one.kind).series:
            Series.objects.create(object=one, property=name, resolution="hour")
        Change.objects.create(
            object=one, at=utc_now(), person=HOSTILE, fields={"name_zh": [HOSTILE, HOSTILE]}
        )
    return made[0], made[1]


def _attributes(kind: Kind) -> dict[str, Any]:
    """What the kind asks for, and every text it may have."""
    found: dict[str, Any] = {}
    for name, one in kind.attributes.items():
        if one.type == "text":
            found[name] = HOSTILE
        elif one.required:
            found[name] = {
                "choice": next(iter(one.choices), ""),
                "boolean": True,
                "date": "2026-01-01",
                "integer": int(one.minimum or 1),
                "number": one.minimum or 1,
            }[one.type]
    return found


def _alarms_and_verdicts(city: Object, station: Object) -> None:
    now = utc_now()
    day = Period.day(civil(now).date())
    for pk, kind in ((1, "air.x"), (2, "water.x")):
        Alarm.objects.create(
            pk=pk, key=f"{kind}:1", kind=kind, severity="red", subject=station, message_zh=HOSTILE,
            message_en=HOSTILE, first_seen=now, last_seen=now, detail={"note": HOSTILE},
            mute_reason=HOSTILE,
        )  # fmt: skip
    Verdict.objects.create(
        pk=1, subject=station, rule="air.daily", start=day.start, end=day.end, edition="",
        values={"aqi": None}, expected=1, observed=1, lake_version=0, computed_at=now,
        category=HOSTILE[:30],
    )  # fmt: skip


def _publications(city: Object) -> None:
    """A draft and an edition that was published; every kind of block."""
    figure = Figure("a", TEXT, TEXT, HOSTILE, TEXT)
    share = Figure("b", TEXT, "12.5", "%")
    columns = (Column(TEXT, "left"), Column(TEXT, "right", "c"))
    sheet = Sheet(
        TEXT, TEXT,
        [Block("headline", figures=[figure]), Block("heading", TEXT), Block("paragraph", TEXT),
         Block("table", TEXT, columns=columns, rows=[(TEXT, HOSTILE)], keys=["r"]),
         Block("shares", TEXT, figures=[share]), Block("notes", items=[TEXT])],
        HOSTILE, HOSTILE, doubts=[TEXT],
    )  # fmt: skip
    content = {**sheet.as_dict(), "coverage": {"observed": 1, "expected": 1}}
    said = TEXT.as_dict()
    reason = {**said, "changes": [{"label": said, "from": said, "to": said, "unit": HOSTILE}]}
    now = utc_now()
    day = Period.day(civil(now).date())
    Publication.objects.bulk_create(
        Publication(
            pk=pk, kind="air.city-bulletin", subject=city, start=day.start, end=day.end, edition=pk,
            state=state, content=content, content_hash="0" * 64, drafted_at=now,
            reason=reason, published_by=HOSTILE, issuer=said,
            published_at=None if state == "draft" else now,
        )
        for pk, state in ((1, "draft"), (2, "published"))
    )  # fmt: skip


def _imports(chief: Person) -> None:
    now = utc_now()
    for id, state, problems in (("1", "refused", 1), ("2", "committed", 0)):
        found = Found(code="x.y", zh=HOSTILE, en=HOSTILE, row=1, column=HOSTILE, value=HOSTILE)
        named = {"code": HOSTILE, "name_zh": HOSTILE, "name_en": HOSTILE, "property": "pm2_5"}
        counts = {"readings": 1, "missing": 0, "new": 0, "changed": 1, "unchanged": 0}
        report = Report(
            id=id, file=HOSTILE, size=1, profile=HOSTILE, content_hash="0" * 64, rows=1,
            collapsed=0, first=now, last=now, series=[SeriesCount(**named, **counts)],
            changes=[Corrected(**named, start=now, old=HOSTILE, new=HOSTILE)],
            problem_count=problems, problem_counts={"x.y": problems},
            problems=[found] * problems, **counts,
        )  # fmt: skip
        Import.objects.create(
            id=id, file_name=HOSTILE, profile=HOSTILE, state=state, person=chief,
            report={"report": report.model_dump(mode="json"), "profile": {}},
        )  # fmt: skip


def _people(chief: Person) -> None:
    now = utc_now()
    organ = Organ.objects.create(
        pk=1, code=HOSTILE, name_zh=HOSTILE, name_en=HOSTILE, kind="office", area=HOSTILE[:20],
        issuing=True,
    )  # fmt: skip
    li = Person.objects.create(username="li", organ=organ, first_name=HOSTILE)
    Grant.objects.create(
        person=li, role="viewer", area=HOSTILE[:20], reason=HOSTILE, domains=[HOSTILE],
        granted_by=HOSTILE, approved_by=HOSTILE,
    )  # fmt: skip
    for number, only in enumerate(("", "screen")):
        ApiKey.objects.create(
            person=chief, name=HOSTILE, prefix=f"p{number}", key_hash=f"h{number}", only=only,
            expires_at=now, actions=[HOSTILE], domains=[HOSTILE], area=HOSTILE[:20],
        )  # fmt: skip
    for pk, kind in ((1, "webhook"), (2, "email")):
        Hook.objects.create(
            pk=pk, person=chief, kind=kind, target=HOSTILE, secret="", alarm_kinds=[HOSTILE],
            created_at=now, last_error=HOSTILE,
        )  # fmt: skip
    Delivery.objects.create(id="1", hook_id=1, event=HOSTILE, body={}, made_at=now)
    SavedView.objects.create(
        pk=1, list="air_station", name=HOSTILE, query=f"q={HOSTILE}", person=chief
    )


def visit(client_session_key: str, person: Person) -> None:
    """The session as its browser describes itself."""
    Visit.objects.create(
        person=person, session_key=client_session_key, how=HOSTILE[:30], address=HOSTILE[:45],
        agent=HOSTILE,
    )  # fmt: skip


def _devices(station: Object, chief: Person) -> None:
    now = utc_now()
    device = Device.objects.create(mn="MN1", object=station, profile="hj212-2017")
    DeviceLink.objects.create(
        mn="MN1", gateway=HOSTILE, peer=HOSTILE, edition="2017", first_heard=now, last_heard=now
    )
    DeviceRequest.objects.create(
        id="1", device=device, cn="1012", cp={"SystemTime": HOSTILE}, reason=HOSTILE,
        state="proposed", asked_by=chief, answer={"said": HOSTILE},
        approvals=[{"by": HOSTILE, "at": now.isoformat()}],
    )  # fmt: skip


def _cases(chief: Person) -> None:
    """Every story of the demonstration to its end, its texts replaced; the first is case 1."""
    organ = demo_cases.organ()
    Organ.objects.filter(pk=organ.pk).update(name_zh=HOSTILE, name_en=HOSTILE)
    told = demo_cases.stories()
    people = {
        key: Person.objects.create(
            username=f"staff {key} {HOSTILE}"[:150], role=key.removesuffix("_b"), organ=organ
        )
        for key in told.people
    }
    now = utc_now()
    for number, story in enumerate(told.stories, start=1):
        _live(story, people, now, f"hostile:{number}")
    Case.objects.exclude(pk=0).update(title=HOSTILE)
    CaseEntry.objects.update(note=HOSTILE)


def _live(story: demo_cases.Story, people: dict[str, Person], now: datetime, source: str) -> None:
    moment = now - timedelta(days=sum(move.days for move in story.moves) + 1)
    given = {key: one[0] if isinstance(one, list) else one for key, one in story.given.items()}
    wanted = cases.Opening(story.procedure, _said(story.procedure, given, moment), source=source)
    case = cases.open_(wanted, people[story.by], moment)
    for move in story.moves:
        moment += timedelta(days=move.days)
        case.refresh_from_db()
        cases.take(
            case.pk, move.step, people[move.by], moment, revision=case.revision,
            given=_said(story.procedure, move.given, moment), reason=HOSTILE,
        )  # fmt: skip


def _said(procedure: str, given: dict[str, str], now: datetime) -> dict[str, str]:
    """Texts are hostile; days, choices, figures and lists of names stay what they are."""
    fields = register.in_force(procedure, civil(now).date()).fields
    day = civil(now).date().isoformat()
    return {
        key: f"{HOSTILE}、{HOSTILE}2"
        if fields[key].type == "text" and "、" in value
        else HOSTILE
        if fields[key].type in ("text", "long")
        else value.replace("{day}", day).replace("{number}", "1")
        for key, value in given.items()
    }


def _records(chief: Person, station: Object) -> None:
    Attachment.objects.create(
        subject_model="registry.object", subject_id=str(station.pk), name=HOSTILE,
        content_hash="0" * 64, size=1, media_type="text/plain", person=HOSTILE, at=utc_now(),
    )  # fmt: skip
    ledger.record(HOSTILE, HOSTILE[:60], HOSTILE, {HOSTILE: HOSTILE}, HOSTILE)
    ledger.record("chief", "alarm.note", "air.x:1", {"note": HOSTILE}, HOSTILE)
