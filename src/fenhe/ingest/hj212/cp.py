"""The grammar of CP (6.3.3), read leniently: `key=value`, separated by `;` or `,`.

A key with a `-` belongs to a factor (`a21026-Rtd`), any other to the packet (`DataTime`). Values
stay text. Log text between `//` and `//` may hold anything, separators included.

Devices send the same items in the same order for years: `read_usual` reads such a text by the
layout of its keys, learnt once, and leaves everything else to `read`. Both say the same.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter

Globals = dict[str, str]
Factors = dict[str, dict[str, str]]

NUMERIC = frozenset(
    [
        "Rtd",
        "Min",
        "Avg",
        "Max",
        "ZsRtd",
        "ZsMin",
        "ZsAvg",
        "ZsMax",
        "Cou",
        "Data",
        "DayData",
        "NightData",
        "RS",
        "RT",
        "SampleRd",
        "StandardValue",
    ]
)
_blank = re.compile(r"\s").search


def read(text: str, reasons: list[str], letters: bool = False) -> tuple[Globals, Factors]:
    """Global items and factors. `letters`: `-Rtd` may carry a condition letter (ST=45)."""
    cp: Globals = {}
    factors: Factors = {}
    if "//" not in text and _blank(text) is None:
        items = text.replace(",", ";").split(";")
    else:
        items = list(_items(text, reasons))
    for item in items:
        key, equals, value = item.partition("=")
        code, dash, suffix = key.partition("-")
        if dash:
            factor = factors.get(code)
            if factor is None:
                factors[code] = {suffix: value}
            elif suffix in factor:
                reasons.append(f"duplicate_item:{key}")
            else:
                factor[suffix] = value
        elif key:
            if key in cp:
                reasons.append(f"duplicate_item:{key}")
            else:
                cp[key] = value
        elif equals:
            reasons.append(f"malformed_item:{item}")
        if not equals and key:
            reasons.append(f"malformed_item:{key}")
    reasons.extend(_not_numbers(factors, letters))
    return cp, factors


number = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII).fullmatch


def _not_numbers(factors: Factors, letters: bool) -> Iterator[str]:
    for code, values in factors.items():
        for suffix, value in values.items():
            if suffix not in NUMERIC or number(value) or (letters and value.isalpha()):
                continue
            yield f"non_numeric:{code}-{suffix}"


def _items(text: str, reasons: list[str]) -> Iterator[str]:
    """Items where there are blanks or logs: trimmed; a log's separators are its own."""
    blank = False
    for raw in _cut(text):
        item = raw.strip()
        if not item:
            continue
        key, equals, value = item.partition("=")
        trimmed = f"{key.rstrip()}{equals}{value.lstrip()}"
        blank = blank or trimmed != raw
        yield trimmed
    if blank:
        reasons.append("blank_around_item")


_separator = re.compile(r"[;,]").search
_log_start = re.compile(r"=\s*//").search
_log_end = re.compile(r"//\s*(?=[;,]|$)").search


def _cut(text: str) -> Iterator[str]:
    """The text between separators. A log that is never closed ends at the next separator."""
    position, size = 0, len(text)
    logs = True
    while position < size:
        found = _separator(text, position)
        end = found.start() if found else size
        if logs and (opened := _log_start(text, position, end)):
            closed = _log_end(text, opened.end())
            if closed is None:
                logs = False
            else:
                end = closed.end()
        yield text[position:end]
        position = end + 1


# -- the usual text --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the values of a known sequence of keys belong; `numbers` picks the numeric ones."""

    shared: tuple[tuple[str, int], ...]
    factors: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    numbers: Callable[[list[str]], tuple[str, ...]] | None


LAYOUTS_KEPT = 2048
_layouts: dict[tuple[str, ...], Layout | None] = {}
_STRUCTURE = b";,=/ \t\r\n\v\f" + bytes(range(0x80, 0x100)) + bytes(range(0x1C, 0x20))
_REST = bytes(byte for byte in range(256) if byte not in _STRUCTURE)
_COMMA = bytes.maketrans(b",", b";")
_ITEMS = b"=;" * 5000


def read_usual(body: bytes) -> tuple[Globals, Factors] | None:
    """What `read` would say of these bytes, where it would say it without any reason; else None."""
    structure = body.translate(_COMMA, _REST)
    if not structure or not _ITEMS.startswith(structure):
        return None
    words = body.decode("ascii").replace(",", ";").replace("=", ";").split(";")
    if len(structure) % 2 == 0 and words.pop():
        return None  # a key without `=` behind the last separator
    keys = tuple(words[::2])
    layout = _layouts.get(keys, _unknown)
    if layout is _unknown:
        layout = _learn(keys)
    if layout is None:
        return None
    values = words[1::2]
    if layout.numbers is not None and not _all_numbers(layout.numbers(values)):
        return None
    shared = {key: values[index] for key, index in layout.shared}
    factors = {code: {suffix: values[i] for suffix, i in items} for code, items in layout.factors}
    return shared, factors


_unknown = Layout((), (), None)


def _all_numbers(texts: tuple[str, ...]) -> bool:
    if "".join(texts).strip("0123456789.+-"):
        return False
    try:
        deque(map(float, texts), maxlen=0)
    except ValueError:
        return False
    return True


def _learn(keys: tuple[str, ...]) -> Layout | None:
    """The layout of keys that are all there, all different."""
    if len(_layouts) >= LAYOUTS_KEPT:
        _layouts.clear()
    shared: list[tuple[str, int]] = []
    factors: dict[str, list[tuple[str, int]]] = {}
    numbers: list[int] = []
    for index, key in enumerate(keys):
        code, dash, suffix = key.partition("-")
        if not dash:
            shared.append((key, index))
            continue
        factors.setdefault(code, []).append((suffix, index))
        if suffix in NUMERIC:
            numbers.append(index)
    layout = None
    if len(set(keys)) == len(keys) and "" not in keys:
        # With the first index twice the picker yields a tuple also for a single number.
        pick = itemgetter(numbers[0], *numbers) if numbers else None
        items = tuple((code, tuple(own)) for code, own in factors.items())
        layout = Layout(tuple(shared), items, pick)
    _layouts[keys] = layout
    return layout
