"""What a domain declares to have a bulletin: whom it is about, which verdicts it is made from, and
a pure `compose` from those verdicts to a `Sheet`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from fenhe.kernel.period import Period
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text
from fenhe.publish.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Wanted:
    """Verdicts a bulletin is made from: of the subject, or of everyone `of` it ("part_of")."""

    rule: str
    period: Period
    of: str = ""
    each: Literal["exactly", "within"] = "exactly"  # of the period itself, or all inside it


@dataclass(frozen=True, slots=True)
class Fact:
    """One verdict as a bulletin sees it."""

    code: str
    name: Text
    attributes: Mapping[str, Any]
    period: Period
    values: Mapping[str, Any]
    category: str
    edition: str
    expected: int
    observed: int


@dataclass(frozen=True, slots=True)
class Material:
    """Everything `compose` gets. `facts` has one list per name the bulletin wanted."""

    subject: Text
    code: str
    period: Period
    facts: Mapping[str, Sequence[Fact]]
    data_up_to: datetime | None  # the end of the last reading that counts
    computed_at: datetime

    def one(self, name: str) -> Fact | None:
        return next(iter(self.facts[name]), None)


@dataclass(frozen=True)
class Bulletin:
    id: str  # "air.city-bulletin"
    name: Text
    kinds: tuple[str, ...]
    wants: Callable[[Period], Mapping[str, Wanted]]
    compose: Callable[[Material], Sheet]


_bulletins: Register[Bulletin] = Register(
    "publish.bulletin", Text("通报", "bulletin"), lambda bulletin: bulletin.id
)
register = _bulletins.add
get = _bulletins.get
freeze = _bulletins.freeze
clear = _bulletins.clear


def all() -> tuple[Bulletin, ...]:
    return tuple(_bulletins)
