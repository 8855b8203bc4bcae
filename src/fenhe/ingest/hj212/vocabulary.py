"""The words of HJ 212 as data: factor codes, commands, systems, answers, marks (YAML beside this).

What a file of the reference says stands here once; `test_vocabulary` compares the two. Codes that
are not listed are no error: they are kept as they came.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from fenhe.kernel.declared import Declared, read
from fenhe.kernel.text import Text
from fenhe.store import yaml

HERE = Path(__file__).parent


class Code(Declared):
    """A factor code of Annex B. `unit` is the annex's default; `old` the code of 2005."""

    code: str
    zh: str
    en: str
    medium: str
    unit: str
    emission_unit: str = ""
    type: str = ""
    old: str = ""
    source: str = ""
    note: str = ""

    @property
    def name(self) -> Text:
        return Text(self.zh, self.en)


class Command(Declared):
    """A command number in one direction."""

    cn: str
    zh: str
    en: str
    direction: str
    type: str
    editions: tuple[str, ...]
    note: str = ""

    @property
    def name(self) -> Text:
        return Text(self.zh, self.en)


@cache
def all_codes() -> tuple[Code, ...]:
    raw = yaml.read(HERE / "codes.yaml")["codes"]
    return tuple(read(Code, item, "codes.yaml") for item in raw)


@cache
def codes() -> dict[str, Code]:
    """By code; of a code printed twice the first counts."""
    found: dict[str, Code] = {}
    for item in all_codes():
        found.setdefault(item.code, item)
    return found


@cache
def old_codes() -> dict[str, str]:
    """Code of 2005 → code of 2017, where one belongs to one."""
    found: dict[str, str] = {}
    for item in all_codes():
        if item.old:
            found.setdefault(item.old, item.code)
    return found


@cache
def commands() -> tuple[Command, ...]:
    raw = yaml.read(HERE / "commands.yaml")["commands"]
    return tuple(read(Command, item, "commands.yaml") for item in raw)


@cache
def tables() -> dict[str, Any]:
    content: dict[str, Any] = yaml.read(HERE / "tables.yaml")
    return content


def code(text: str) -> Code | None:
    """The factor of a code, also of the 2005 edition."""
    return codes().get(text) or codes().get(old_codes().get(text, ""))


def command(cn: str) -> Text | None:
    """What a command number means; a number reused between editions keeps all its names."""
    names = dict.fromkeys(item.name for item in commands() if item.cn == cn)
    if not names:
        return None
    return Text("／".join(name.zh for name in names), " / ".join(name.en for name in names))


def word(table: str, key: str) -> Text | None:
    """An entry of a table (`st`, `qn_rtn`, `exe_rtn`, `data_flag`, `facility_status`)."""
    entry = tables()[table].get(key)
    return Text(entry["zh"], entry["en"]) if entry else None
