"""The words on pages, from `text/zh…` and `text/en…` of the app and of each domain.

Keys are dotted paths; a domain's keys begin with its id: `air.today.title`. `{% t "key" name=x %}`
says one in a template; `missing_keys` is what the domain checker refuses a folder for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from fenhe.app import discovery
from fenhe.app.domain import read_text
from fenhe.kernel.text import LANGUAGES, Text

HERE = Path(__file__).parent
_USED = re.compile(r"""\{%\s*t\s+["']([\w.\-]+)["']\s*[%\w|]""")
_PLACEHOLDER = re.compile(r"\{(\w+)[^}]*\}")


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """language -> key -> sentence."""
    found = read_text(HERE)
    for domain in discovery.load():
        for language in LANGUAGES:
            found[language] |= {f"{domain.id}.{key}": s for key, s in domain.text[language].items()}
    return found


def say(key: str, language: str, **values: Any) -> str:
    """The sentence; the key itself where there is none, so that a gap shows and breaks nothing."""
    sentence = words()[language].get(key)
    if sentence is None:
        return key
    return sentence.format(**values) if values else sentence


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    """Language -> "column.limit", "cell.annual" -> its name; the app's, then any domain's."""
    found: dict[str, dict[str, str]] = {}
    for language, sentences in words().items():
        found[language] = {}
        for key, sentence in sentences.items():
            for sort in ("column.", "cell."):
                start = key.find(sort)
                if start == 0 or (
                    start > 0 and key[:start].count(".") == 1 and key[start - 1] == "."
                ):
                    found[language].setdefault(key[start:], sentence)
    return found


def said(sort: Literal["column", "cell"], name: str, language: str) -> str:
    """What a column of our tables, or a word in one, is called; itself where nobody names it."""
    return _names()[language].get(f"{sort}.{name}", name)


def both(key: str, **values: Any) -> Text:
    return Text(*(say(key, language, **values) for language in LANGUAGES))


def missing_keys() -> list[str]:
    """What is said in one language only, with other placeholders, or used and said nowhere."""
    zh, en = words()["zh"], words()["en"]
    lonely = [f"{key}: said in one language only" for key in sorted(zh.keys() ^ en.keys())]
    uneven = [
        f"{key}: placeholders differ between zh and en"
        for key in sorted(zh.keys() & en.keys())
        if set(_PLACEHOLDER.findall(zh[key])) != set(_PLACEHOLDER.findall(en[key]))
    ]
    unsaid = [
        f"{key}: used in {template}, said nowhere"
        for template, key in _used_in_templates()
        if key not in zh and key not in en
    ]
    untold = [
        f"told.kind.{action}: recorded in {file}, said nowhere"
        for file, action in sorted(set(recorded_acts()))
        if f"told.kind.{action}" not in zh
    ]
    return [*lonely, *uneven, *unsaid, *untold]


def recorded_acts() -> Iterable[tuple[str, str]]:
    """The kinds of act that some module writes to the evidence ledger: file, action. The audit
    trail needs a name for each (text/…/told.yaml: told.kind), and a sentence where it has one."""
    for path in sorted(HERE.parent.rglob("*.py")):
        source = "" if path.name.startswith("test_") else path.read_text(encoding="utf-8")
        if "ledger.record(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="ledger"), attr="record")):
                    named = [word.value for word in node.keywords if word.arg == "action"]
                    match [*named, *node.args[1:2]]:
                        case [ast.Constant(value=str(action)), *_]:
                            yield path.name, action


def _used_in_templates() -> Iterable[tuple[str, str]]:
    for folder in (HERE, *(domain.folder for domain in discovery.load())):
        for template in sorted((folder / "templates").rglob("*.html")):
            for key in _USED.findall(template.read_text(encoding="utf-8")):
                yield template.name, key
