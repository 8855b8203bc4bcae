"""What may be asked of a logger, and whether a request is well formed (asks.yaml).

Parameters are checked by the standard's own ranges (2017 table 4). 3021 sets one parameter: its
`Value` travels as `<InfoId>-Info`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fenhe.ingest.hj212 import vocabulary
from fenhe.kernel.declared import Declared, read
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text
from fenhe.store import yaml


class _Declared(Declared):
    control: bool = False
    notice: bool = False
    cp: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Ask:
    cn: str
    is_control: bool
    is_notice: bool
    parameters: Mapping[str, str]

    @property
    def name(self) -> Text:
        return vocabulary.command(self.cn) or Text(self.cn, self.cn)


_RANGES = {
    "over_time": (1, 99), "re_count": (1, 99), "rtd_interval": (30, 3600), "hours": (1, 24),
}  # fmt: skip
_FORMS = {
    "time": re.compile(r"\d{14}", re.ASCII),
    "clock": re.compile(r"\d{6}", re.ASCII),
    "code": re.compile(r"[0-9A-Za-z]{2,12}", re.ASCII),
    "password": re.compile(r"[0-9A-Za-z]{6}", re.ASCII),
    "number": re.compile(r"[+-]?\d{1,14}(?:\.\d{1,4})?", re.ASCII),
}


@cache
def all() -> dict[str, Ask]:
    raw = yaml.read(Path(__file__).with_name("asks.yaml"))["asks"]
    declared = {cn: read(_Declared, item, "asks.yaml", cn) for cn, item in raw.items()}
    return {cn: Ask(cn, item.control, item.notice, item.cp) for cn, item in declared.items()}


def get(cn: str) -> Ask:
    found = all().get(cn)
    if found is None:
        raise BadInput(
            "hj212.cannot-ask", f"平台不发出命令 {cn}", f"the platform does not ask {cn}"
        )
    return found


def checked(cn: str, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters as they travel, or BadInput `hj212.ask-invalid` with all that is wrong."""
    ask = get(cn)
    wrong = [key for key in given if key not in ask.parameters]
    for key, kind in ask.parameters.items():
        value = str(given.get(key, "")).strip()
        if not (_fits(kind.rstrip("!"), value) if value else not kind.endswith("!")):
            wrong.append(key)
    if wrong:
        text = Text("参数缺少或不合规定", "is missing or out of range")
        raise BadInput(
            "hj212.ask-invalid",
            f"命令 {cn} 的参数有误",
            f"the parameters of {cn} are wrong",
            [Problem("hj212.ask-invalid", text, cn, column=key) for key in wrong],
        )
    said = {
        key: str(given[key]).strip() for key in ask.parameters if str(given.get(key, "")).strip()
    }
    if "Value" in said:
        said[f"{said['InfoId']}-Info"] = said.pop("Value")
    return said


def in_order(cn: str, said: Mapping[str, str]) -> dict[str, str]:
    """The parameters in the order of the command: a database gives a JSON object's keys in its
    own."""
    place = {key: k for k, key in enumerate(get(cn).parameters)}
    return {key: str(said[key]) for key in sorted(said, key=lambda key: place.get(key, len(place)))}


def _fits(kind: str, value: str) -> bool:
    if kind in _RANGES:
        low, high = _RANGES[kind]
        return value.isascii() and value.isdigit() and low <= int(value) <= high
    if kind == "min_interval":
        return value in {str(minutes) for minutes in vocabulary.tables()["min_intervals"]}
    return _FORMS[kind].fullmatch(value) is not None
