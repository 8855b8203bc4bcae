"""The table of ASVS: all of levels 1 and 2 stands in it, its ids and levels are those of the list,
every file and test it names is there, and nothing is said to hold without a test."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fenhe.store import yaml

ROOT = Path(__file__).resolve().parents[2]
ROWS: list[dict[str, Any]] = yaml.read(ROOT / "docs/reference/asvs.yaml")["rows"]
LEVELS = {
    f"{section}.{number}": int(level)
    for section, levels in yaml.read(Path(__file__).with_name("asvs_ids.yaml")).items()
    for number, level in enumerate(str(levels), start=1)
}
PARTLY_UNTESTED_AT_MOST = 3
"""Rows that hold in part and name no test yet: may only become fewer."""


@cache
def read(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_a_row_is_true(row: dict[str, Any]) -> None:
    assert LEVELS[row["id"]] == row["level"], "as in the published list"
    assert set(row) <= {"id", "level", "what", "applies", "why", "where", "test"}
    assert row["applies"] in ("yes", "partly", "no", "operator")
    assert bool(row.get("why")) == (row["applies"] != "yes")
    assert row["where"] or row["applies"] == "no"
    assert row["test"] or row["applies"] != "yes", "what is said to hold has a test"
    for place in row["where"]:
        assert (ROOT / place.partition("#")[0]).is_file(), place
    for named in row["test"]:
        file, _, name = named.partition("::")
        assert re.search(rf"^ *def {name}\(", read(file), re.M), named


def test_all_of_levels_1_and_2_stand_here_once_and_in_order() -> None:
    ids = [row["id"] for row in ROWS]
    assert ids == sorted(set(ids), key=lambda id: tuple(map(int, id[1:].split("."))))
    wanted = {id for id, level in LEVELS.items() if level <= 2}
    assert len(wanted) == 253
    assert wanted <= set(ids), sorted(wanted - set(ids))


def sections(file: str) -> dict[str, str]:
    """Slug of a heading -> what stands under it."""
    parts = re.split(r"^## (.+)$", read(file), flags=re.M)
    return {
        re.sub(r"\W+", "-", title.strip().lower()): text
        for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


WRITTEN = [
    (row["id"], place) for row in ROWS for place in row["where"] if "#" in place
]  # fmt: skip


@pytest.mark.parametrize(("id", "place"), WRITTEN, ids=[id for id, _ in WRITTEN])
def test_what_is_said_in_writing_stands_there(id: str, place: str) -> None:
    file, _, section = place.partition("#")
    assert len(sections(file).get(section, "")) > 200, f"{id}: {place} says next to nothing"


SAID = {
    "sessions": ("session_hours", "session_idle_minutes", "stays", "any number of browsers"),
    "signing-in": ("five failures", "thirty", "fifteen minutes"),
    "transport": ("TLS 1.2 and 1.3", "public_url", "/metrics"),
    "libraries": ("7 days", "30 days", "hash"),
    "keys": ("secret_key", "To change it"),
}


@pytest.mark.parametrize("section", SAID)
def test_it_says_what_is_decided(section: str) -> None:
    text = sections("docs/explanation/security.md")[section]
    for words in SAID[section]:
        assert words in text


def test_numbers_in_writing_are_those_of_the_program() -> None:
    from fenhe.access import sign_in, visits
    from fenhe.app.hooks import manage
    from fenhe.app.web import walls
    from fenhe.store.config import Settings

    text = read("docs/explanation/security.md")
    assert (sign_in.PER_NAME, sign_in.PER_ADDRESS) == (5, 30)
    assert sign_in.WINDOW.total_seconds() == 15 * 60
    assert visits.CONFIRMED.total_seconds() == 10 * 60
    fields = Settings.model_fields
    assert f"({fields['session_hours'].default})" in text
    assert f"({fields['session_idle_minutes'].default})" in text
    assert f"{manage.MOST_HOOKS} hooks" in text
    assert f"a wall {walls.PER_MINUTE} a minute" in text


def test_partly_untested_rows_only_become_fewer() -> None:
    untested = [row["id"] for row in ROWS if row["applies"] == "partly" and not row["test"]]
    assert len(untested) <= PARTLY_UNTESTED_AT_MOST, untested
