"""A made-up city with people in it, and what each may do by the policy, in plain words.

`World` draws places, things and people from one seed and writes them to the database. `Oracle`
decides from the same drawing, without the gate, its rights, or a query: it is the policy said a
second time. What both agree on ten thousand times is hardly wrong in both.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

import fenhe.access
from fenhe.access.models import Grant, Organ, Person
from fenhe.act.models import Case
from fenhe.alert.models import Alarm
from fenhe.assess.models import Verdict
from fenhe.evidence import attachments
from fenhe.evidence.models import Attachment
from fenhe.ingest.models import Import
from fenhe.kernel.period import utc_now
from fenhe.publish.models import Publication
from fenhe.registry.models import Area, Object, Relation, Series

ROLES = yaml.safe_load(
    (Path(fenhe.access.__file__).parent / "roles.yaml").read_text(encoding="utf-8")
)["roles"]
AREAS = ["140000", "140100", "140105", "140105001", "140106", "140200", "140201", "150000", "CU-7"]
KINDS = {"air_city": "air", "air_station": "air"}  # kind -> domain, filled up from the registry
DAY = timedelta(days=1)
LABELS = {"object": "registry.object", "alarm": "alert.alarm", "case": "act.case"}
"""What a file may be attached to here."""


@dataclass
class Thing:
    pk: int
    kind: str
    area: str  # "" nowhere
    parts: set[int] = field(default_factory=set)  # what belongs to it, at any depth


@dataclass
class Row:
    """A row of any model: what it is about, whose field it is, and what more decides."""

    model: str
    pk: int
    thing: Thing | None
    domain: str
    draft: bool = False
    by: int | None = None  # the person whose own row it is
    area: str | None = None  # where it lies by itself; None: where its thing lies
    of: Row | None = None  # what it is attached to and seen with


@dataclass
class Held:
    """A grant, or a standing role, as drawn."""

    role: str
    area: str = ""
    domains: tuple[str, ...] = ()
    things: tuple[int, ...] = ()
    in_force: bool = True


@dataclass
class Somebody:
    person: Person
    organ_area: str
    organ_thing: int | None
    held: list[Held]


class World:
    def __init__(self, seed: int, people: int = 60, things: int = 60) -> None:
        self.random = random.Random(seed)  # noqa: S311 (a drawing, not a secret)
        self.things: dict[int, Thing] = {}
        self.rows: list[Row] = []
        self.people: list[Somebody] = []
        self.now = utc_now()
        self._draw_things(things)
        self._draw_rows()
        self._draw_people(people)

    def _draw_things(self, count: int) -> None:
        areas = {
            code: Area.objects.create(adcode=code, name_zh=code, name_en=code, level="x")
            for code in AREAS
        }
        for number in range(count):
            kind, area = self.random.choice(sorted(KINDS)), self.random.choice([*AREAS, ""])
            made = Object.objects.create(
                kind=kind, code=f"T{number:03}", name_zh=f"对象{number}", area=areas.get(area),
                longitude=112 + number / 100, latitude=37.5,
            )  # fmt: skip
            self.things[made.pk] = Thing(made.pk, kind, area)
        ids = sorted(self.things)
        above: dict[int, int] = {}
        for pk in ids[len(ids) // 4 :]:
            whole = self.random.choice(ids[: ids.index(pk)])
            predicate = self.random.choice(["part_of", "belongs_to", "near", "downstream_of"])
            ended = self.random.random() < 0.2
            Relation.objects.create(
                subject_id=pk,
                predicate=predicate,
                object_id=whole,
                valid_to=(self.now - 2 * DAY).date() if ended else None,
            )
            if predicate in ("part_of", "belongs_to") and not ended:
                above[pk] = whole
        for pk in ids:
            at, steps = pk, 0
            while at in above and steps < 3:
                at, steps = above[at], steps + 1
                self.things[at].parts.add(pk)

    def _draw_rows(self) -> None:
        for thing in self.things.values():
            own = KINDS[thing.kind]
            self.rows.append(Row("object", thing.pk, thing, own))
            made = Series.objects.create(object_id=thing.pk, property="pm2_5", resolution="hour")
            self.rows.append(Row("series", made.pk, thing, own))
            for domain in {own, self.random.choice(["air", "water"])}:
                self.rows.append(Row("alarm", self._alarm(thing, domain), thing, domain))
            self.rows.append(Row("verdict", self._verdict(thing), thing, "air"))
            draft = self.random.random() < 0.5
            pk = self._publication(thing, draft)
            self.rows.append(Row("publication", pk, thing, "air", draft=draft))
            if self.random.random() < 0.6:
                self.rows.append(self._case(thing))
        stored = attachments.files().put(io.BytesIO(b"a photo"))
        subjects = [row for row in self.rows if row.model in LABELS]
        for row in self.random.sample(subjects, min(60, len(subjects))):
            self.rows.append(self._attachment(row, stored.hash))

    def _case(self, thing: Thing) -> Row:
        """In a field and an area of its own: what it is about may lie elsewhere."""
        area = self.random.choice([*AREAS, ""])
        made = Case.objects.create(
            number=f"案{thing.pk}",
            procedure="enforcement.penalty",
            version=1,
            state="clue",
            title="案件",
            area=area,
            subject_id=self.random.choice([thing.pk, None]),
            opened_at=self.now,
            changed_at=self.now,
        )
        about = thing if made.subject_id else None
        return Row("case", made.pk, about, "enforcement", area=area)

    def _attachment(self, row: Row, content_hash: str) -> Row:
        made = Attachment.objects.create(
            subject_model=LABELS[row.model],
            subject_id=str(row.pk),
            name="a.txt",
            content_hash=content_hash,
            size=7,
            media_type="text/plain",
            person="a",
            at=self.now,
        )
        return Row("attachment", made.pk, row.thing, row.domain, of=row)

    def _alarm(self, thing: Thing, domain: str) -> int:
        return Alarm.objects.create(
            key=f"{domain}.x:{thing.pk}",
            kind=f"{domain}.x",
            severity="notice",
            subject_id=thing.pk,
            message_zh="告警",
            message_en="alarm",
            first_seen=self.now,
            last_seen=self.now,
        ).pk

    def _verdict(self, thing: Thing) -> int:
        return Verdict.objects.create(
            subject_id=thing.pk,
            rule="air.gone",
            start=self.now,
            end=self.now + DAY,
            edition="",
            values={},
            expected=1,
            observed=1,
            lake_version=1,
            computed_at=self.now,
        ).pk

    def _publication(self, thing: Thing, draft: bool) -> int:
        return Publication.objects.create(
            kind="air.gone",
            subject_id=thing.pk,
            start=self.now,
            end=self.now + DAY,
            edition=1,
            state="draft" if draft else "published",
            content={},
            content_hash="0" * 64,
            drafted_at=self.now,
        ).pk

    def _draw_people(self, count: int) -> None:
        organs = []
        for number in range(12):
            area = self.random.choice([*AREAS, ""])
            thing = self.random.choice([None, *sorted(self.things)])
            made = Organ.objects.create(
                code=f"O{number}",
                name_zh="机构",
                name_en="organ",
                kind="office",
                area=area,
                object_id=thing,
            )
            grants = [self._grant(organ=made)] if self.random.random() < 0.4 else []
            organs.append((made, area, thing, grants))
        for number in range(count):
            standing = self.random.choice([*ROLES, "", "", "", ""])
            organ = self.random.choice([*organs, None])
            person = Person.objects.create(
                username=f"p{number}", role=standing, organ=organ[0] if organ else None
            )
            held = [Held(standing)] if standing else []
            held += organ[3] if organ else []
            held += [self._grant(person=person) for _ in range(self.random.choice([0, 1, 1, 2, 3]))]
            self.people.append(
                Somebody(person, organ[1] if organ else "", organ[2] if organ else None, held)
            )
            cases = [row for row in self.rows if row.model == "case" and row.by is None]
            if cases and self.random.random() < 0.5:
                handled = self.random.choice(cases)
                handled.by = person.pk
                Case.objects.filter(pk=handled.pk).update(handler=person)
            if self.random.random() < 0.3:
                pk = f"import-{number}"
                Import.objects.create(id=pk, profile="gone", state="checked", person=person)

    def _grant(self, **to: Any) -> Held:
        pick = self.random
        role = pick.choice(sorted(ROLES))
        area = pick.choice([*AREAS, "", "", "140110", "14"])
        domains = tuple(pick.choice([[], [], ["air"], ["water"], ["air", "water"], ["noise"]]))
        things = tuple(pick.sample(sorted(self.things), pick.choice([0, 0, 0, 1, 3])))
        begins, ends, revoked, in_force = self._time()
        by, approved = pick.choice([("a", ""), ("a", "b"), ("a", "a")])
        weighty = ROLES[role].get("grants_need_second", False)
        Grant.objects.create(
            role=role,
            area=area,
            domains=list(domains),
            subjects=list(things),
            valid_from=begins,
            valid_to=ends,
            revoked_at=revoked,
            granted_by=by,
            approved_by=approved,
            **to,
        )
        return Held(role, area, domains, things, in_force and (not weighty or approved == "b"))

    def _time(self) -> tuple[datetime, datetime | None, datetime | None, bool]:
        now = self.now
        return self.random.choice(
            [
                (now - DAY, None, None, True),
                (now - DAY, None, None, True),
                (now - DAY, now + DAY, None, True),
                (now + DAY, None, None, False),
                (now - 2 * DAY, now - DAY, None, False),
                (now - DAY, None, now, False),
            ]
        )


class Oracle:
    """The policy in plain words; see THREAT_MODEL.md and docs/decisions/0009."""

    def __init__(self, world: World, added: dict[str, set[str]]) -> None:
        self.world, self.added = world, added

    def may_at_all(self, who: Somebody, action: str) -> bool:
        return any(self._acts(who, held, action) for held in who.held)

    def sees(self, who: Somebody, row: Row, action: str = "page.view") -> bool:
        if row.of is not None:
            return self.sees(who, row.of, action)
        if row.draft and action == "page.view":
            action = "publication.draft"
        if row.by == who.person.pk and self._officially(who, action):
            return True
        return any(
            self._acts(who, held, action) and self._covers(who, held, row) for held in who.held
        )

    def _officially(self, who: Somebody, action: str) -> bool:
        """Whether by a role that is not only the public's: somebody's own rows take no less."""
        return any(
            self._acts(who, held, action) and ROLES[held.role]["scope"] != "public"
            for held in who.held
        )

    def _acts(self, who: Somebody, held: Held, action: str) -> bool:
        """Whether the role has the action and is in force for this person."""
        role = ROLES[held.role]
        knows = role["may"] == "all" or action in role["may"]
        knows = knows or held.role in self.added.get(action, set())
        if not knows or not held.in_force:
            return False
        if role["scope"] == "own":
            return who.organ_thing is not None
        if role["scope"] == "area":
            return bool(held.area or held.things or who.organ_area)
        return True

    def _covers(self, who: Somebody, held: Held, row: Row) -> bool:
        scope = ROLES[held.role]["scope"]
        if scope == "public":
            return False
        area, things = held.area, set(held.things)
        if scope == "own":
            things = {who.organ_thing}
        elif scope == "area" and not area and not things:
            area = who.organ_area
        thing = row.thing
        place = row.area if row.area is not None else thing.area if thing else ""
        if area and not self._lies_in(place, area):
            return False
        if held.domains and row.domain not in held.domains:
            return False
        if things and row.model == "case":  # of the very object; its parts have cases of their own
            return thing is not None and thing.pk in things
        if things:
            return thing is not None and any(
                thing.pk == one or thing.pk in self.world.things[one].parts for one in things
            )
        return True

    @staticmethod
    def _lies_in(inner: str, outer: str) -> bool:
        if inner == outer:
            return True
        if not outer.isdigit() or not inner:
            return False
        whole = outer
        while whole.endswith("00") and len(whole) % 2 == 0 and len(whole) <= 6:
            whole = whole[:-2]
        return inner.startswith(whole)
