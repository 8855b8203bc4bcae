"""What a domain shows the public without signing in: a copy made for it, field by field.

A domain names the function in views.yaml (`public: pages.public`): Ask -> Public, or None while it
has nothing to show. The Ask looks with the eyes of the public (`public.view`), so rows that are not
public are not there; and what is not one of the fields below cannot be handed out. The tables are
the domain's open data, a file each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fenhe.publish.page import Table


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as printed; `look` is the class of its official colour ("air-2")."""

    shown: str
    look: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the list, and a point of the map where it has one."""

    name: str
    cells: Sequence[Cell]
    longitude: float | None = None
    latitude: float | None = None
    look: str = ""


@dataclass(frozen=True, slots=True)
class OpenData:
    """One table to download, made when somebody asks. `quality` says how far its figures have been
    reviewed."""

    id: str
    title: str
    quality: str
    data_to: datetime
    table: Callable[[], Table]


@dataclass(frozen=True, slots=True)
class Public:
    title: str
    value: str  # the figure of the whole: an AQI, a share
    word: str  # its category in words
    look: str  # class of its official colour
    sentence: str
    advice: str
    basis: str  # edition and averaging period
    columns: Sequence[str]
    places: Sequence[Place]
    data_to: datetime
    observed: int = 0
    expected: int = 0
    open_data: Sequence[OpenData] = ()
