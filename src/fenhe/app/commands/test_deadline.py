"""`fenhe deadline`: the same answers as the function behind page and API, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fenhe.act import notices
from fenhe.act.deadlines import rules
from fenhe.act.deadlines.asked import answer
from fenhe.app.commands.deadline import app
from fenhe.store.config import settings

KEYS = {"due", "provisional", "rule", "article", "calendar", "confidence", "steps"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def fenhe(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fenhe", "deadline", *arguments],
        env={**os.environ, "FENHE_DATA_DIR": str(place), "FENHE_LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("number", range(len(rules())))
def test_every_rule_says_the_same_as_the_function(place: Path, number: int) -> None:
    """Thirty days of 2026 for each rule, other days for other rules."""
    rule, calendar, runner = rules()[number], notices.current(), CliRunner()
    for day in range(number % 12, 365, 12):
        start = (date(2026, 1, 1) + timedelta(days=day)).isoformat()
        said = runner.invoke(app, [rule.id, "--from", start, "--json"])
        assert said.exit_code == 0, said.output
        told = json.loads(said.stdout)
        assert told == answer(rule.id, start, calendar).as_dict()
        assert set(told) >= KEYS


def test_one_answer_from_a_shell(place: Path) -> None:
    ran = fenhe(place, "pen.decision", "--from", "2026-03-02", "--extend", "2", "--exclude", "5",
                "--json")  # fmt: skip
    told = json.loads(ran.stdout)
    assert (told["due"], told["provisional"], told["rule"]) == ("2026-08-04", False, "pen.decision")
    assert not any(place.iterdir())  # nothing is written, no database is made
    human = fenhe(place, "seize.urgent", "--from", "2026-03-02T08:30").stdout
    assert "2026-03-03T08:30" in human
    assert "部令29 第13条" in human


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pen.none", "--from", "2026-03-02"], "no deadline rule"),
        (["pen.filing", "--from", "soon"], "is no day"),
        (["pen.filing", "--from", "2026-03-02", "--extend", "2"], "at most 1"),
        (["pen.decision", "--from", "2026-03-02", "--exclude", "-1"], "negative"),
        (["pen.filing"], "--from"),
    ],
)
def test_what_is_refused_ends_with_two_and_a_sentence(
    place: Path, arguments: list[str], said: str
) -> None:
    ran = fenhe(place, *arguments)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_the_list_has_every_rule_with_article_and_confidence(place: Path) -> None:
    listed = json.loads(CliRunner().invoke(app, ["list", "--json"]).stdout)
    assert [one["id"] for one in listed] == [rule.id for rule in rules()]
    assert all(one["article"] and one["confidence"] and one["limit"]["en"] for one in listed)


def test_a_notice_makes_a_provisional_day_final(place: Path, tmp_path: Path) -> None:
    asked = ["pen.decision", "--from", "2026-11-07", "--json"]
    runner = CliRunner()
    assert json.loads(runner.invoke(app, asked).stdout)["provisional"] is True
    file = tmp_path / "notice.csv"
    file.write_text("date,kind,note\n2027-02-05,holiday,\n2027-02-06,workday,\n", "utf-8")
    load = ["load-holidays", str(file), "--year", "2027"]
    assert runner.invoke(app, load).exit_code != 0  # nobody knows where it comes from
    assert runner.invoke(app, [*load, "--source", "a notice"]).exit_code == 0
    told = json.loads(runner.invoke(app, asked).stdout)
    assert (told["due"], told["provisional"]) == ("2027-02-06", False)
    assert "notice 2027" in told["calendar"]
