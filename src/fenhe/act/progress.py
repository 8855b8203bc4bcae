"""How a report or petition stands, for whoever has its number and check code: no names, no words
of officials, only the states and fields that its procedure makes public (`progress`,
`public_fields`), its open time limits, and when each state was reached."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from fenhe.act import clocks, filling
from fenhe.act.models_case import Case
from fenhe.act.models_obligation import Obligation
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure
from fenhe.kernel.text import Language
from fenhe.store.config import settings

LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, O, 1, I: a code is read out by telephone."""
LENGTH = 10
_OPENS, _CLOSES = str.maketrans("[(（【［", "〔〔〔〔〔"), str.maketrans("])）】］", "〕〕〕〕〕")


def check_code(number: str) -> str:
    """Ten letters and digits (50 bits), the same for as long as the platform keeps its secret."""
    key = settings().secret_key().encode()
    made = hmac.new(key, f"case progress {number}".encode(), hashlib.sha256).digest()
    bits = int.from_bytes(made, "big")
    return "".join(LETTERS[bits >> 5 * place & 31] for place in range(LENGTH))


@dataclass(frozen=True, slots=True)
class Standing:
    number: str
    procedure: str
    state: str
    final: bool
    received: datetime
    milestones: tuple[tuple[datetime, str], ...]
    """(when, state) of every state that is told."""
    fields: tuple[tuple[str, str], ...]
    limits: tuple[Obligation, ...]
    """Open ones with a last day; what is provisional says so."""
    names: tuple[str, ...]
    """Of the limits, in their order."""


def standing(number: str, code: str, language: Language) -> Standing | None:
    """None where there is no such case, where its procedure tells nobody, or the code is not its
    own: nobody learns which."""
    wanted = plain_number(number)
    given = re.sub(r"[\s-]", "", code).upper()
    right = hmac.compare_digest(check_code(wanted).encode(), given.encode("utf-8", "replace"))
    case = Case.objects.filter(number=wanted).first() if right else None
    if case is None:
        return None
    procedure = register.get(case.procedure, case.version)
    return _standing(case, procedure, language) if procedure.progress else None


def _standing(case: Case, procedure: Procedure, language: Language) -> Standing:
    reached = [
        (one.at, one.after)
        for one in case.entries.order_by("seq")
        if one.after in procedure.progress and one.after != one.before
    ]
    state = reached[-1][1] if reached else procedure.progress[0]
    running = [one for one in clocks.of(case) if one.state in clocks.RUNNING and one.due_day]
    return Standing(
        number=case.number,
        procedure=procedure.name[language],
        state=procedure.states[state].name[language],
        final=procedure.states[case.state].final,
        received=case.opened_at,
        milestones=tuple((at, procedure.states[key].name[language]) for at, key in reached),
        fields=tuple(_fields(case, procedure, language)),
        limits=tuple(running),
        names=tuple(procedure.clocks[clocks.name_of(one)].name[language] for one in running),
    )


def _fields(case: Case, procedure: Procedure, language: Language) -> list[tuple[str, str]]:
    shapes = [(key, procedure.fields[key]) for key in procedure.public_fields]
    said = [
        (shape.name[language], filling.shown(shape, case.fields.get(key), language))
        for key, shape in shapes
        if not shape.restricted
    ]
    return [(name, value) for name, value in said if value]


def plain_number(number: str) -> str:
    """As people type it: any brackets, with spaces."""
    return re.sub(r"\s", "", number).translate(_OPENS).translate(_CLOSES)[:120]
