"""The ledgers: procedures of outfalls and black-odorous waters, milestones, the page."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import networkx as nx
import pytest
from django.test import Client

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case
from fenhe.act.procedures import checks, register
from fenhe.act.procedures.shape import Procedure
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.domains.water.rules import milestones
from fenhe.kernel.errors import FenheError
from fenhe.registry.models import Object

boot()
FOLDER = Path(__file__).parents[1] / "procedures"
NAMES = ("outfall", "black_odorous")


def procedure(name: str) -> Procedure:
    return register.read_file(FOLDER / f"{name}.yaml", f"water/procedures/{name}.yaml")


def bureau() -> Organ:
    return Organ.objects.create(
        code="140100", name_zh="局", name_en="o", kind="bureau", area="140100", issuing=True
    )


@pytest.mark.parametrize("name", NAMES)
def test_procedures_hold_together_and_accuse_nobody_on_remembered_law(name: str) -> None:
    made = procedure(name)
    assert checks.findings(made) == []
    assert not made.confidence.firm
    assert made.note is not None
    assert not made.clocks  # no time limit of either work was confirmed
    reopened = made.transitions["reopen"]
    assert reopened.rebound


def test_an_outfall_goes_from_found_to_closed_out_in_the_order_of_the_four_works() -> None:
    way = ["found", "measured", "traced", "planned", "remedying", "reported", "accepted", "closed"]
    drawn = nx.DiGraph(checks.graph(procedure("outfall")))
    assert nx.shortest_path(drawn, "found", "closed") == way
    made = procedure("outfall").transitions
    assert "report" in made["accept"].not_same_as
    assert "accept" in made["close"].not_same_as


def test_a_water_needs_three_points_three_rounds_and_the_public(db: None) -> None:
    """城市黑臭水体整治工作指南 (2015): at least 3 points and 3 rounds (reference/water.md §6)."""
    organ = bureau()
    office = Person.objects.create(username="a", role="office", organ=organ)
    now = datetime(2026, 9, 1, 2, tzinfo=UTC)
    given = {"water": "某渠", "reach": "起止", "scope": "urban", "identified_on": "2026-08-30"}
    case = cases.open_(cases.Opening("water.black_odorous", given), office, now)
    result = {"points": "2", "rounds": "3", "grade": "heavy", "graded_by": "点位"}
    with pytest.raises(FenheError) as refused:
        cases.take(case.pk, "grade", office, now, revision=case.revision, given=result)
    assert refused.value.code == "act.not-met"
    enough = {**result, "points": "3"}
    cases.take(case.pk, "grade", office, now, revision=case.revision, given=enough)
    case.refresh_from_db()
    assert case.state == "graded"


def test_milestones_are_read_in_order_and_slips_refused() -> None:
    found = milestones.read("2026-09-30 通水; 2026-03-31 开工 = 2026-04-02")
    assert [one.name for one in found] == ["开工", "通水"]
    now = milestones.standing(found, date(2026, 10, 10))
    assert (now.done, now.whole) == (1, 2)
    assert [(one.name, one.late(date(2026, 10, 10))) for one in now.overdue] == [("通水", 10)]
    assert found[0].late(date(2026, 12, 1)) == 2
    before = milestones.standing(found, date(2026, 4, 1))
    assert before.next is not None
    assert (before.done, before.next.name, len(before.overdue)) == (0, "开工", 1)
    assert milestones.read("") == []
    for wrong in ("开工", "2026-13-01 开工", "2026-03-31 开工 = soon", "2026-03-31"):
        with pytest.raises(ValueError, match=r"."):
            milestones.read(wrong)


pages = pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
)


@pytest.fixture
def ledger(db: None) -> None:
    Object.objects.bulk_create(
        Object(
            kind="water_outfall", code=f"O{n}", name_zh=f"排口{n}",
            attributes={"district": "甲区", "stage": stage, "type": "overflow"},
        )
        for n, stage in enumerate(("found", "measured", "measured", "closed"))
    )  # fmt: skip
    Object.objects.create(
        kind="water_project", code="P1", name_zh="工程甲",
        attributes={"type": "wwtp_upgrade", "milestones": "2020-01-31 开工"},
    )  # fmt: skip
    Object.objects.create(
        kind="water_project", code="P2", name_zh="工程乙", attributes={"milestones": "soon"}
    )
    organ = bureau()
    worker = Person.objects.create(username="w", role="office", organ=organ)
    given = {"outfall_code": "O1", "place": "左岸", "river": "河", "found_on": "2026-08-30",
             "found_by": "on_foot"}  # fmt: skip
    cases.open_(cases.Opening("water.outfall", given), worker, datetime(2026, 9, 1, 2, tzinfo=UTC))


@pages
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_counts_stages_names_cases_and_late_milestones(
    client: Client, ledger: None, language: str
) -> None:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    client.cookies["language"] = language
    page = client.get("/water/works").content.decode()
    counts = '<td class="num">4</td><td class="num">4</td><td class="num">2</td>'
    assert counts in page  # of four all are found, two measured: the case of O1 is at its first
    (link,) = re.findall(r'href="(/cases/\d+)"', page)
    assert client.get(link).status_code == 200
    assert client.get("/cases/new/water.outfall").status_code == 200
    assert ("已排查</a>" if language == "zh" else "found</a>") in page
    assert ("节点超期：工程甲" if language == "zh" else "Behind their milestones: 工程甲") in page
    assert ("节点写法不能识别" if language == "zh" else "milestones cannot be read") in page
    for table in ("outfalls", "waters", "projects"):
        assert client.get(f"/water/works?csv={table}").status_code == 200


@pages
def test_the_ledgers_ask_as_often_for_many_as_for_few(
    client: Client, ledger: None, django_assert_max_num_queries: object
) -> None:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    Object.objects.bulk_create(
        Object(kind="water_outfall", code=f"X{n}", name_zh=f"X{n}") for n in range(50)
    )
    client.get("/water/works")
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        client.get("/water/works")


@pages
def test_nobody_without_rights_sees_a_ledger(client: Client, ledger: None) -> None:
    client.force_login(Person.objects.create(username="nobody", role=""))
    assert "排口1" not in client.get("/water/works").content.decode()


@pages
def test_an_outfall_with_a_case_is_counted_by_its_case(client: Client, ledger: None) -> None:
    """The register says measured; the work has come further, and what is done has no deadline."""
    case = Case.objects.get(procedure="water.outfall")
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    for state, counts, due in (("traced", (4, 3, 2), True), ("closed", (4, 3, 2, 2, 2), False)):
        Case.objects.filter(pk=case.pk).update(
            state=state, fields=case.fields | {"due": "2026-12-31"}
        )
        page = client.get("/water/works").content.decode()
        assert "".join(f'<td class="num">{n}</td>' for n in (4, *counts)) in page
        assert ("2026-12-31" in page) is due
