"""Vocabulary: the properties that can be measured, each with its unit in the lake.

A domain declares them in `vocabulary.yaml`:

    properties:
      pm2_5:
        name: {zh: 细颗粒物, en: fine particulate matter}
        symbol: PM2.5
        unit: µg/m³
        decimals: 0
        aliases: [PM25, "PM2.5_24h"]
        minimum: 0
        maximum: 2000
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from fenhe.kernel.declared import Declared, DeclaredText
from fenhe.kernel.register import Register
from fenhe.kernel.text import Text

UNKNOWN_DECIMALS = 3


class Property(Declared):
    """One property; values outside [minimum, maximum] cannot be real and are flagged."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: DeclaredText
    symbol: str
    unit: str
    decimals: int = Field(ge=0, le=9)
    domain: str
    aliases: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


_properties: Register[Property] = Register(
    "registry.property", Text("监测项目", "property"), lambda property: property.id
)
register = _properties.add
get = _properties.get
freeze = _properties.freeze
clear = _properties.clear


def all() -> tuple[Property, ...]:
    return tuple(_properties)


def shown(id: str) -> Property:
    """The property as pages show it. What a device sends under a code nobody has mapped keeps that
    code as its name, without a unit; so has what is its own unit (pH)."""
    if id in _properties:
        found = _properties.get(id)
        return found.model_copy(update={"unit": ""}) if found.unit == found.symbol else found
    return Property.model_construct(
        id=id, name=Text(id, id), symbol=id, unit="", decimals=UNKNOWN_DECIMALS, domain=""
    )


def spelled(text: str, among: Iterable[Property] | None = None) -> Property | None:
    """The property somebody means by its id, symbol or one of its aliases, whatever the case."""
    wanted = _plain(text)
    for property in _properties if among is None else among:
        if wanted in map(_plain, (property.id, property.symbol, *property.aliases)):
            return property
    return None


def _plain(text: str) -> str:
    return text.strip().casefold().replace("₂", "2").replace("₃", "3").replace("₅", "5")
