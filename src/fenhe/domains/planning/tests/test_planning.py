"""Tasks and listed supervision against the reference; standards, targets and commands."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest
import yaml
from conftest import SHARED
from hypothesis import given
from hypothesis import strategies as st

from fenhe.act.deadlines.calendar import Calendar
from fenhe.act.procedures import checks, register
from fenhe.act.procedures.shape import Procedure
from fenhe.domains.planning.rules.lights import Light, edition, seen
from fenhe.domains.planning.rules.targets import standing
from fenhe.kernel.errors import BadInput

FOLDER = Path(__file__).parents[1] / "procedures"
WORKFLOWS = SHARED / "reference" / "governance_workflows.yaml"
reference = pytest.mark.skipif(not WORKFLOWS.exists(), reason="the reference is not here")
CALENDAR = Calendar()
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def procedure(name: str) -> Procedure:
    return register.read_file(FOLDER / f"{name}.yaml", f"planning/procedures/{name}.yaml")


# --- procedures -----------------------------------------------------------------------------------


@reference
def test_a_task_has_every_state_and_field_of_the_reference() -> None:
    told = yaml.safe_load(WORKFLOWS.read_text("utf-8"))["task"]
    task = procedure("task")
    assert set(told["states"]) == set(task.states)
    named = {str(field).partition("(")[0] for field in told["fields"]}
    renamed = {"progress_pct": "progress", "forecast": ""}  # the forecast is computed, not typed
    assert {renamed.get(name, name) for name in named} - {""} <= set(task.fields)


@reference
def test_supervision_has_every_trigger_of_the_reference() -> None:
    told = yaml.safe_load(WORKFLOWS.read_text("utf-8"))["supervision_board"]
    triggers = procedure("supervision").fields["trigger"].choices
    assert len(triggers) == len(told["triggers"])


def test_the_way_of_a_task_and_who_may_not_verify_it() -> None:
    task = procedure("task")
    drawn = nx.DiGraph(checks.graph(task))
    way = ["draft", "issued", "accepted", "in_progress", "reported_done", "verifying", "closed"]
    assert all(drawn.has_edge(one, other) for one, other in pairwise(way))
    assert set(task.transitions["close"].not_same_as) == {"report_done", "report_week"}
    assert task.transitions["change_due"].reason
    assert "first_due" in task.transitions["change_due"].fields
    assert task.transitions["reopen"].rebound


def test_supervision_is_extended_once_and_only_the_six_months() -> None:
    listed = procedure("supervision")
    assert listed.transitions["extend"].times == 1
    assert listed.transitions["extend"].extends == ("half",)
    assert {clock.rule for clock in listed.clocks.values()} == {"super.mee", "super.prov_ah"}


# --- lights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "progress", "light"),
    [
        (date(2026, 7, 1), 40.0, Light.GREEN),  # planned 49.9
        (date(2026, 8, 3), 40.0, Light.YELLOW),  # planned 58.9
        (date(2026, 12, 1), 95.0, Light.GREEN),
        (date(2026, 12, 14), 79.0, Light.YELLOW),  # 13 working days left and below 80 %
        (date(2026, 12, 31), 100.0, Light.GREEN),
        (date(2027, 1, 1), 100.0, Light.RED),  # due and not closed
    ],
)
def test_lights(today: date, progress: float, light: Light) -> None:
    assert seen(*YEAR, progress, today, CALENDAR).light == light


def test_a_closed_task_is_neither_late_nor_reminded_of() -> None:
    found = seen(*YEAR, 30.0, date(2027, 5, 1), CALENDAR, closed=True)
    assert (found.light, found.remind) == (Light.DONE, None)


def test_reminders_climb_with_the_working_days() -> None:
    """Due on Friday 2026-05-15; the 1st to 5th of May are the holiday, 9 May is a working day."""
    due = date(2026, 5, 15)

    def told(today: date) -> str | None:
        found = seen(date(2026, 1, 1), due, 50.0, today, CALENDAR).remind
        return found.en if found else None

    assert told(date(2026, 4, 20)) is None
    assert told(date(2026, 5, 8)) == "whoever handles it"
    assert told(date(2026, 5, 9)) == "head of office"
    assert told(due) == "head of office"
    assert told(date(2026, 5, 18)) == "deputy director"
    assert told(date(2026, 5, 29)) == "director, with a supervision sheet"
    assert told(date(2026, 7, 31)) == "city office; an interview is proposed"


@given(
    start=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    days=st.integers(0, 400),
    progress=st.floats(0, 100),
    gone=st.integers(-30, 500),
)
def test_more_progress_never_makes_a_light_worse(
    start: date, days: int, progress: float, gone: int
) -> None:
    order = [Light.GREEN, Light.YELLOW, Light.RED]
    due, today = start + timedelta(days=days), start + timedelta(days=gone)
    one = seen(start, due, progress, today, CALENDAR)
    more = seen(start, due, min(progress + 7, 100), today, CALENDAR)
    assert order.index(more.light) <= order.index(one.light)
    assert 0 <= one.planned <= 100
    assert (one.light == Light.RED) == (today > due)
    assert (one.working_days_left < 0) <= (today > due)


def test_an_unpublished_year_is_provisional() -> None:
    found = seen(date(2040, 1, 1), date(2040, 12, 31), 0.0, date(2040, 6, 1), CALENDAR)
    assert found.provisional
    assert not seen(*YEAR, 0.0, date(2026, 6, 1), CALENDAR).provisional


def test_the_standards_are_the_bureaus_own_and_say_so() -> None:
    assert {row.confidence for row in edition().table("lights")} == {"unconfirmed"}


# --- targets --------------------------------------------------------------------------------------


def test_what_the_rest_may_be_and_what_comes() -> None:
    """PM2.5 of 42 over 292 days, 40 wanted over 365: the rest may have 32 on average."""
    found = standing(42, 292, 365, 40, baseline=45)
    assert found.rest == pytest.approx((40 * 365 - 42 * 292) / 73)
    assert found.rest == pytest.approx(32)
    assert found.progress == pytest.approx(60)
    assert found.forecast == pytest.approx(42)
    assert found.met is False
    assert standing(42, 292, 365, 40, last_year_rest=30).met is True


def test_shares_of_days_have_a_ceiling() -> None:
    hard = standing(60, 300, 365, 80, lower=False, most=100)
    assert hard.rest is not None
    assert hard.rest > 100
    assert hard.reachable is False
    assert standing(90, 300, 365, 80, lower=False, most=100).met is True


def test_the_last_day_settles_it() -> None:
    found = standing(40.0, 365, 365, 40.0)
    assert (found.rest, found.reachable, found.met) == (None, True, True)
    with pytest.raises(BadInput):
        standing(1, 0, 365, 1)


@given(value=st.floats(1, 200), days=st.integers(1, 364), target=st.floats(1, 200))
def test_a_rest_at_the_room_left_meets_the_target_exactly(
    value: float, days: int, target: float
) -> None:
    rest = standing(value, days, 365, target).rest
    assert rest is not None
    again = standing(value, days, 365, target, last_year_rest=rest)
    assert again.forecast == pytest.approx(target)


# --- commands -----------------------------------------------------------------------------------


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fenhe", "planning", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_commands(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text(
        "what,start,due,progress,closed\n"
        "a,2026-01-01,2026-12-31,40,\nb,2026-01-01,2026/03/31,90,\nc,2026-01-01,2026-03-31,100,是\n"
    )
    done = run(tmp_path, "lights", "tasks.csv", "-", "--on", "2026-08-03", "--json")
    assert done.returncode == 0, done.stderr
    assert [row["light"] for row in json.loads(done.stdout)] == ["yellow", "red", "done"]
    (tmp_path / "targets.csv").write_text(
        "name,value,days,year_days,target,baseline,direction\n"
        "PM2.5,42,292,365,40,45,\ngood days,75.0,292,365,76,70,higher\n"
    )
    done = run(tmp_path, "targets", "targets.csv", "-", "--json")
    assert done.returncode == 0, done.stderr
    assert [row["met"] for row in json.loads(done.stdout)] == [False, False]


def test_bad_rows_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "tasks.csv").write_text(
        "start,due,progress\n2026-02-01,2026-01-01,5\nsoon,2026-01-01,\n"
    )
    done = run(tmp_path, "lights", "tasks.csv", "-", "--json")
    assert done.returncode == 2
    problems = json.loads(done.stderr.strip().splitlines()[-1])["error"]["problems"]
    places = {(one["row"], one["column"]) for one in problems}
    assert places >= {(2, "due"), (3, "start"), (3, "progress")}
