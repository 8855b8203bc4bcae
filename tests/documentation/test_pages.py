"""The hand-written pages are there in both languages, say the same commands, and call pages and
buttons what the screen calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fenhe
from fenhe.app import text
from fenhe.app.boot import boot
from fenhe.store import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCE = Path(fenhe.__file__).parent
FOLDERS = ("tutorials", "how-to", "explanation")
GUIDES = sorted(page for name in FOLDERS[:2] for page in (DOCS / name).glob("*.md"))
ENGLISH = [
    *(page for name in FOLDERS for page in sorted((DOCS / name).glob("*.md"))),
    DOCS / "README.md",
    ROOT / "README.md",
]
ENGLISH = [page for page in ENGLISH if not page.name.endswith(".zh.md")]
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
BOLD = re.compile(r"\*\*(.+?)\*\*")
COMMENT = re.compile(r"\s+#\s")
HOLE = re.compile(r"\{[^}]*\}")
PLACE = re.compile(r"\\\{\w+[^}]*\\\}")


def twin(page: Path) -> Path:
    return page.with_name(f"{page.stem}.zh.md")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", ENGLISH, ids=name_of)
def test_every_page_has_its_chinese_twin_with_the_same_code(page: Path) -> None:
    assert twin(page).is_file(), f"{twin(page)} is missing"
    assert code(page) == code(twin(page))
    assert headings(page) == headings(twin(page)), "levels of headings differ"


def test_no_chinese_page_stands_alone() -> None:
    lonely = [
        name_of(page)
        for name in FOLDERS
        for page in (DOCS / name).glob("*.zh.md")
        if not page.with_name(page.name.replace(".zh.md", ".md")).is_file()
    ]
    assert lonely == []


def test_the_index_names_every_page() -> None:
    for index, ending in ((DOCS / "README.md", ".md"), (DOCS / "README.zh.md", ".zh.md")):
        said = index.read_text("utf-8")
        pages = [twin(page) if ending == ".zh.md" else page for page in ENGLISH[:-2]]
        missing = [
            page.name for page in pages if f"({page.relative_to(DOCS).as_posix()})" not in said
        ]
        assert missing == [], f"{index.name} does not name {missing}"


def code(page: Path) -> list[tuple[str, list[str]]]:
    """Blocks of code without their comments, which are in the page's language."""
    return [
        (sort, [COMMENT.split(line)[0] for line in body.splitlines() if line[:1] != "#"])
        for sort, body in FENCE.findall(page.read_text("utf-8"))
    ]


def headings(page: Path) -> list[int]:
    prose = FENCE.sub("", page.read_text("utf-8"))
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


@pytest.fixture(scope="module")
def shown() -> dict[str, re.Pattern[str]]:
    """Language -> what may stand on the screen: every sentence of the text files and every name the
    data declare, with anything at all for what they fill in."""
    boot()
    said: dict[str, set[str]] = {
        tongue: set(text.words()[tongue].values()) for tongue in ("zh", "en")
    }
    for file in SOURCE.rglob("*.yaml"):
        for zh, en in _names(yaml.read(file, file.name)):
            said["zh"].add(zh)
            said["en"].add(en)
    for sentences in said.values():
        sentences -= {one for one in sentences if not re.search(r"\w", HOLE.sub("", one))}
    return {
        tongue: re.compile(
            "|".join(sorted((PLACE.sub(".+", re.escape(one)) for one in said[tongue]), key=len))
        )
        for tongue in said
    }


def _names(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("zh"), str) and isinstance(node.get("en"), str):
            yield node["zh"], node["en"]
        for value in node.values():
            yield from _names(value)
    elif isinstance(node, list):
        for value in node:
            yield from _names(value)


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_pages_and_buttons_are_called_what_the_screen_calls_them(
    page: Path, shown: dict[str, re.Pattern[str]]
) -> None:
    tongue = "zh" if page.name.endswith(".zh.md") else "en"
    prose = FENCE.sub("", page.read_text("utf-8"))
    unknown = [word for word in BOLD.findall(prose) if not shown[tongue].fullmatch(word)]
    assert unknown == [], f"not on the screen: {unknown}"
