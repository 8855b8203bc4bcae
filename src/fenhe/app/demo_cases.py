"""Invented cases for the demonstration: of each procedure one at every stage, with clocks running.

Names of organs, people and firms are made up and say so (`demo_data/cases.yaml`). Steps are taken
through the engine like anybody's, by one account per role, on days that lie before today; so
history, documents, numbers and evidence are real. Called twice, nothing is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import as_file, files

from fenhe.access.models import Organ, Person
from fenhe.act import cases, obligations
from fenhe.act.models import Case
from fenhe.app import demo_plan
from fenhe.kernel.declared import Declared, read
from fenhe.kernel.period import DAY, civil, utc_now
from fenhe.store import yaml

FILE = "cases.yaml"
MARK = "demo:"
"""How the source of an invented case begins."""


class Move(Declared):
    step: str
    by: str
    days: float  # after the one before
    given: dict[str, str] = {}
    reason: str = ""


class Story(Declared):
    procedure: str
    by: str
    age: float  # days ago the last step lies at most
    given: dict[str, str | list[str]]
    moves: list[Move]


class Stories(Declared):
    people: dict[str, str]  # role -> name; `_b` is a second person of the role
    stories: list[Story]


@cache
def stories() -> Stories:
    with as_file(files("fenhe.app") / "demo_data" / FILE) as path:
        return read(Stories, yaml.read(path), FILE)


def tell(progress: Callable[[float], None] = lambda share: None) -> int:
    """Every story cut off after each of its moves; how many cases there are then."""
    bureau = organ()
    told = stories()
    people = {key: _person(key, name, bureau) for key, name in told.people.items()}
    wanted = [(story, length) for story in told.stories for length in range(len(story.moves) + 1)]
    for number, (story, length) in enumerate(wanted):
        source = f"{MARK}{story.procedure}:{length}"
        if not Case.objects.filter(source=source).exists():
            _live(story, length, number, people, source)
        progress((number + 1) / len(wanted))
    if demo_plan.available():
        demo_plan.bring(people, bureau)
    obligations.sweep(utc_now())
    return Case.objects.filter(source__startswith=MARK).count()


def organ() -> Organ:
    made, _ = Organ.objects.get_or_create(
        code="demo-bureau",
        defaults={
            "name_zh": "示例市生态环境局",
            "name_en": "Example City Bureau of Ecology and Environment",
            "kind": "bureau",
            "area": "110000",
            "issuing": True,
        },
    )
    return made


def _person(key: str, name: str, bureau: Organ) -> Person:
    """An account nobody can sign in to: it has no password."""
    role = key.removesuffix("_b")
    person, made = Person.objects.get_or_create(
        username=name, defaults={"role": role, "organ": bureau}
    )
    if made:
        person.set_unusable_password()
        person.save()
    return person


def _live(
    story: Story, length: int, number: int, people: Mapping[str, Person], source: str
) -> None:
    """One case from its opening through so many moves; the last of them a few days ago."""
    moves = story.moves[:length]
    lasted = sum(move.days for move in moves)
    now = utc_now() - timedelta(days=lasted + story.age * (1 + number * 7 % 11) / 11)
    given = {
        key: _said(value[number % len(value)] if isinstance(value, list) else value, now, number)
        for key, value in story.given.items()
    }
    wanted = cases.Opening(story.procedure, given, source=source)
    case = cases.open_(wanted, people[story.by], now)
    for move in moves:
        now += move.days * DAY
        case.refresh_from_db()
        cases.take(
            case.pk,
            move.step,
            people[move.by],
            now,
            revision=case.revision,
            given={key: _said(value, now, number) for key, value in move.given.items()},
            reason=move.reason,
        )


def _said(text: str, now: datetime, number: int) -> str:
    day = civil(now).date().isoformat()
    return text.replace("{day}", day).replace("{number}", str(number + 1))
