"""What differs between two editions: every printed number, its note, every remark below the sheet.

Pure; works on contents (`Sheet.as_dict`). Two editions print the same exactly when this finds
nothing: where no number moved, the sentences themselves are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

Content = Mapping[str, Any]
NOT_PRINTED = ("computed_at", "data", "figures", "doubts")
"""Parts of a content that may differ between two editions that print the same."""
NOTHING = {"zh": "—", "en": "—"}
WORDING = {"zh": "文字", "en": "wording"}
REMARK = {"zh": "说明", "en": "remark"}


def says_the_same(one: Content, other: Content) -> bool:
    """Apart from when it was computed."""
    return _without(one, ("computed_at",)) == _without(other, ("computed_at",))


def prints_the_same(one: Content, other: Content) -> bool:
    return _without(one, NOT_PRINTED) == _without(other, NOT_PRINTED)


def changes(old: Content, new: Content) -> list[dict[str, Any]]:
    """[{key, label, from, to, unit}], `from` and `to` in both languages."""
    numbers = [*_differing(_figures(old), _figures(new)), *_differing(_notes(old), _notes(new))]
    remarks = _beside(_remarks(old), _remarks(new), "remark", REMARK)
    return [*numbers, *remarks] or _beside(_texts(old), _texts(new), "wording", WORDING)


def _figures(content: Content) -> dict[str, Mapping[str, Any]]:
    return {figure["key"]: figure for figure in content["figures"]}


def _notes(content: Content) -> dict[str, Mapping[str, Any]]:
    """What stands below a number in small type, such as its change on the year before."""
    return {
        f"{figure['key']}.note": {
            "label": figure["label"], "text": figure["note"], "unit": ""
        }
        for figure in content["figures"]
        if any(figure["note"].values())
    }  # fmt: skip


def _differing(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    for key in [*after, *(key for key in before if key not in after)]:
        figure = after.get(key) or before[key]
        old, new = (side[key]["text"] if key in side else NOTHING for side in (before, after))
        if old != new:
            yield _change(key, figure["label"], old, new, figure["unit"])


def _remarks(content: Content) -> list[Mapping[str, str]]:
    return [item for block in content["blocks"] for item in block["items"]]


def _texts(content: Content) -> list[Mapping[str, str]]:
    up_to = {"zh": content["data_up_to"], "en": content["data_up_to"]}
    return [content["title"], content["subtitle"], *_block_texts(content), up_to]


def _block_texts(content: Content) -> Iterator[Mapping[str, str]]:
    for block in content["blocks"]:
        yield block["text"]
        yield from (column["label"] for column in block["columns"])
        yield from (cell for row in block["rows"] for cell in row)


def _beside(
    old: list[Mapping[str, str]],
    new: list[Mapping[str, str]],
    key: str,
    label: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Texts that only one side has, paired in the order they stand."""
    gone = [text for text in old if text not in new]
    come = [text for text in new if text not in old]
    pairs = zip_longest(gone, come, fillvalue=NOTHING)
    return [_change(f"{key}.{at}", label, *pair, "") for at, pair in enumerate(pairs, start=1)]


def _change(
    key: str, label: Mapping[str, str], old: Mapping[str, str], new: Mapping[str, str], unit: str
) -> dict[str, Any]:
    return {"key": key, "label": dict(label), "from": dict(old), "to": dict(new), "unit": unit}


def _without(content: Content, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: part for key, part in content.items() if key not in keys}
