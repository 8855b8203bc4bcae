"""Device profiles: what a kind of device measures, in which unit it sends, and how the simulator
plays it. Data, one YAML file per profile (`profiles/`); a domain may bring its own (`register`).

    id: cems
    name: {zh: 烟气在线监测, en: flue gas monitoring}
    st: "31"
    kind: outlet                     # kind of the registry's object, as a hint to who registers
    stamps: start                    # what DataTime marks of an interval: start (standard) or end
    channels:
      a21026: {property: so2_stack, unit: mg/m³, zs: true, play: {base: 22, swing: 6}}

A code that is not listed keeps its own name as property and its value as it was sent.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from fenhe.kernel.declared import Declared, DeclaredText, read
from fenhe.kernel.errors import NotFound
from fenhe.store import yaml

FOLDER = Path(__file__).parent / "profiles"


class Play(Declared):
    """How the simulator makes values: base ± swing over the day, ± season over the year, noise as
    a share, slow drift of an hour's length; `follows` another channel by a factor."""

    base: float
    swing: float = 0.0
    peak_hour: float = 14.0
    season: float = 0.0
    noise: float = 0.03
    decimals: int = 2
    minimum: float = 0.0
    maximum: float = 1e9
    follows: str = ""
    factor: float = 1.0


class Channel(Declared):
    name: DeclaredText | None = None
    property: str = ""
    unit: str = ""
    zs: bool = False
    """Also sends values converted to reference oxygen."""
    cou: bool = False
    """Also sends the amount of the interval."""
    play: Play | None = None


class DeviceProfile(Declared):
    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: DeclaredText
    st: str = Field(pattern=r"^[0-9A-Z]{2}$")
    kind: str = ""
    edition: Literal["2005", "2017", "2025"] = "2017"
    stamps: Literal["start", "end"] = "start"
    suffixes: Literal["Rtd", "Data"] = "Rtd"
    rtd_seconds: int = Field(60, ge=1)
    minute_interval: int = 10
    reference_oxygen: float | None = None
    channels: dict[str, Channel]


_more: list[DeviceProfile] = []


@cache
def _own() -> tuple[DeviceProfile, ...]:
    return tuple(
        read(DeviceProfile, yaml.read(path), path.name) for path in sorted(FOLDER.glob("*.yaml"))
    )


def register(path: Path) -> None:
    """A profile a domain brings in its own folder."""
    profile = read(DeviceProfile, yaml.read(path), path.name)
    if profile.id not in {one.id for one in all()}:
        _more.append(profile)


def all() -> tuple[DeviceProfile, ...]:
    return (*_own(), *_more)


def get(id: str) -> DeviceProfile:
    for profile in all():
        if profile.id == id:
            return profile
    raise NotFound(
        "hj212.no-such-profile", f"没有设备方案 {id}", f"there is no device profile {id}"
    )
