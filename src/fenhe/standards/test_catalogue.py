from __future__ import annotations

import copy
from datetime import date
from pathlib import Path

import pytest

from fenhe.kernel.errors import BadInput, Conflict, NotFound
from fenhe.kernel.text import Text
from fenhe.standards import catalogue
from fenhe.standards.confidence import Confidence
from fenhe.standards.load import load_file, load_folder

FILE = """
id: T {year}
standard: T
title: {{zh: 试验, en: Trial}}
valid_from: {year}-01-01
{last}
source: made up for this test
tables:
  limits:
    title: {{zh: 限值, en: Limits}}
    columns: [pollutant, limit]
    clause: Table 1
    confidence: official
    rows:
      - [A, {limit}]
      - [B, 2.5, {{clause: note b, confidence: from_memory, note: {{zh: 注, en: note}}}}]
"""


@pytest.fixture(autouse=True)
def own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty and open: the one of the process is frozen once a test has started the platform."""
    empty = copy.deepcopy(catalogue._editions)
    empty.clear()
    monkeypatch.setattr(catalogue, "_editions", empty)


def write(folder: Path, year: int, last: str = "", limit: str = "10") -> Path:
    path = folder / f"t-{year}.yaml"
    path.write_text(FILE.format(year=year, last=last, limit=limit), encoding="utf-8")
    return path


def test_rows_take_their_own_marks_before_the_table_s(tmp_path: Path) -> None:
    table = load_file(write(tmp_path, 2001)).table("limits")
    assert table.one(pollutant="A").clause == "Table 1"
    b = table.one(pollutant="B")
    assert (b.clause, b.confidence, b.note) == (
        "note b",
        Confidence.FROM_MEMORY,
        Text("注", "note"),
    )
    assert not b.confidence.accuses
    with pytest.raises(NotFound, match="row-unknown"):
        table.one(pollutant="C")
    with pytest.raises(NotFound, match="table-unknown"):
        load_file(write(tmp_path, 2001)).table("weights")


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, 2001, limit="10, 11, 12")
    write(tmp_path, 2002, last="valid_until: 2003-01-01")
    (tmp_path / "t-2003.yaml").write_text("tables: [", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_folder(tmp_path)
    assert [p.file for p in caught.value.problems] == ["t-2001.yaml", "t-2002.yaml", "t-2003.yaml"]


def test_the_day_of_the_data_picks_the_edition(tmp_path: Path) -> None:
    write(tmp_path, 2001, last="last_day: 2001-12-31")
    write(tmp_path, 2002)
    first, second = catalogue.add_folder(tmp_path)
    assert catalogue.in_force("T", date(2001, 12, 31)).id == first
    assert catalogue.in_force("T", date(2002, 1, 1)).id == second
    with pytest.raises(NotFound, match="none-in-force"):
        catalogue.in_force("T", date(2000, 12, 31))
    assert [e.id for e in catalogue.editions("T")] == [first, second]


def test_an_edition_cannot_be_replaced(tmp_path: Path) -> None:
    edition = load_file(write(tmp_path, 2011))
    catalogue.register(edition)
    catalogue.register(load_file(write(tmp_path, 2011)))
    with pytest.raises(Conflict, match="edition-taken"):
        catalogue.register(load_file(write(tmp_path, 2011, limit="9")))
    assert catalogue.edition(edition.id).table("limits").one(pollutant="A")["limit"] == 10


def test_an_unknown_edition_names_the_known_ones() -> None:
    with pytest.raises(NotFound, match="edition-unknown"):
        catalogue.edition("GB 0000-1900")
