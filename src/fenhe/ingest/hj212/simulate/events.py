"""What a script lets happen: upset, dilution, tampering, spill, and trouble of the line.

A script is YAML, times civil or as minutes after the start (`+90`):

    events:
      - {kind: upset, device: "cems 1", codes: [a21026], from: +30, minutes: 45, factor: 4}
      - {kind: spill, device: "surface_water 2", from: +60, minutes: 180, factor: 9}
      - {kind: dilution, device: "cems 2", from: +30, minutes: 600}
      - {kind: constant, device: "cems 3", codes: [a21002], from: +60, minutes: 1440}
      - {kind: slope, device: "cems 4", codes: [a21026], from: +60, minutes: 1440, factor: 0.6}
      - {kind: offline, device: "effluent 1", from: +20, minutes: 60}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from fenhe.kernel.declared import Declared, read
from fenhe.kernel.errors import BadInput
from fenhe.store import yaml

Kind = Literal["upset", "spill", "dilution", "constant", "clip", "slope", "offline", "clock"]
OXYGEN = "a19001"
AIR_OXYGEN = 20.9


class Written(Declared):
    kind: Kind
    device: str
    """`<profile> <number>`, or an MN."""
    codes: list[str] = []
    begin: str | int | float | datetime = Field(alias="from")
    minutes: float = Field(gt=0)
    factor: float = 3.0
    """Upset, spill, slope: how many times; dilution: share of added air; clock: seconds ahead."""
    level: float | None = None
    """constant, clip: the value; default: what stood there at the beginning."""


class Script(Declared):
    events: list[Written]


@dataclass(slots=True)
class Event:
    """One occurrence. Moments are civil and naive."""

    kind: Kind
    mn: str
    codes: frozenset[str]
    begin: datetime
    end: datetime
    factor: float
    level: float | None = None

    def concerns(self, mn: str, at: datetime) -> bool:
        return mn == self.mn and self.begin <= at < self.end

    def apply(self, code: str, value: float, at: datetime) -> float:
        """The value an instrument, or who touches it, would send."""
        share = (at - self.begin) / (self.end - self.begin)
        if self.kind == "dilution":
            air = min(max(self.factor, 0.0), 0.95)
            if code == OXYGEN:
                return value * (1 - air) + AIR_OXYGEN * air
            return value * (1 - air) if not self.codes or code in self.codes else value
        if self.codes and code not in self.codes:
            return value
        match self.kind:
            case "upset":  # up at once, down slowly
                return value * (1 + (self.factor - 1) * math.exp(-2.5 * share))
            case "spill":  # a cloud that passes
                return value * (1 + (self.factor - 1) * math.exp(-(((share - 0.4) / 0.18) ** 2)))
            case "slope":
                return value * self.factor
            case "constant":
                if self.level is None:
                    self.level = value
                return self.level
            case "clip":
                return min(value, self.level if self.level is not None else value)
        return value  # the line's trouble is not the instrument's


def read_script(path: Path, start: datetime, named: dict[str, str]) -> list[Event]:
    """The events of a file. `named`: `<profile> <number>` → MN."""
    script = read(Script, yaml.read(path), path.name)
    found = []
    for item in script.events:
        mn = named.get(item.device, item.device)
        if mn not in named.values():
            raise BadInput(
                "simulate.no-such-device",
                f"脚本里的设备 {item.device} 不在这座城市里",
                f"the script's device {item.device} is not in this city",
            )
        begin = _moment(item.begin, start)
        factor = 0.6 if item.kind == "dilution" and item.factor == 3.0 else item.factor
        found.append(
            Event(item.kind, mn, frozenset(item.codes), begin,
                  begin + timedelta(minutes=item.minutes), factor, item.level)
        )  # fmt: skip
    return found


def _moment(text: str | float | datetime, start: datetime) -> datetime:
    if isinstance(text, datetime):
        return text.replace(tzinfo=None)
    if not isinstance(text, str):  # YAML reads +90 as a number
        return start + timedelta(minutes=text)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise BadInput(
            "simulate.bad-time",
            f"脚本里的时间读不懂：{text}（应为 +90 或 2026-08-01 08:00）",
            f"a time of the script cannot be read: {text} (write +90 or 2026-08-01 08:00)",
        ) from error
