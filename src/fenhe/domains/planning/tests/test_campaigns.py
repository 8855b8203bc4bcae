"""Special campaigns: a checklist laid over places once, filled in with a photo, mended and closed
by somebody else; who may not."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.domains.planning import campaigns
from fenhe.domains.planning.rules import checklists
from fenhe.kernel.errors import BadInput, Conflict, Forbidden
from fenhe.kernel.period import utc_now

boot()
pytestmark = pytest.mark.django_db
built = pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
)
GIVEN = {"what": "扬尘专项", "goal": "合格", "lead_unit": "大气科", "start": "2026-11-01",
         "due": "2026-12-01"}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n picture"


@pytest.fixture
def bureau() -> Organ:
    return Organ.objects.create(
        code="140100", name_zh="某市局", name_en="Bureau", kind="bureau", area="140100",
        issuing=True,
    )  # fmt: skip


@pytest.fixture
def person(bureau: Organ) -> Callable[[str], Person]:
    def one(role: str) -> Person:
        found, _ = Person.objects.get_or_create(
            username=role, defaults={"role": role, "organ": bureau}
        )
        return found

    return one


@pytest.fixture
def running(person: Callable[[str], Person], bureau: Organ) -> Case:
    wanted = cases.Opening("planning.campaign", GIVEN, organ=bureau)
    case = cases.open_(wanted, person("office"), utc_now())
    cases.take(case.pk, "launch", person("deputy_director"), utc_now(), revision=1)
    case.refresh_from_db()
    return case


def client(who: Person) -> Client:
    made = Client()
    made.force_login(who)
    return made


def test_every_list_has_items_in_both_languages_and_says_how_sure_it_is() -> None:
    for name in checklists.lists():
        items = checklists.items(name)
        assert items
        assert len({one.code for one in items}) == len(items)
        assert all(one.item.zh and one.item.en and one.wanted.zh for one in items)
    assert {row.confidence for row in checklists.edition().table("items")} == {"from_memory"}


def test_a_list_is_laid_once_over_each_place(
    running: Case, person: Callable[[str], Person]
) -> None:
    office = person("office")
    places = ["一号工地", "二号工地", "一号工地", "  "]
    made = campaigns.lay(running, "dust", places, office, utc_now())
    assert len(made) == 12
    assert campaigns.lay(running, "dust", places, office, utc_now()) == []
    assert len(campaigns.lay(running, "dust", ["三号工地"], office, utc_now())) == 6
    assert {one.parent for one in made} == {running}


@pytest.mark.parametrize(
    ("name", "places"),
    [("dust", []), ("none", ["一号"]), ("vocs", [f"点{n}" for n in range(61)])],
)
def test_a_wrong_list_or_too_many_places_are_refused(
    running: Case, person: Callable[[str], Person], name: str, places: list[str]
) -> None:
    with pytest.raises(BadInput, match=r"planning\.checklist"):
        campaigns.lay(running, name, places, person("office"), utc_now())
    assert not Case.objects.filter(procedure="planning.check").exists()


def test_only_a_running_campaign_and_only_who_may(
    running: Case, person: Callable[[str], Person], bureau: Organ
) -> None:
    with pytest.raises(Forbidden):
        campaigns.lay(running, "dust", ["一号"], person("viewer"), utc_now())
    draft = cases.open_(
        cases.Opening("planning.campaign", GIVEN, organ=bureau), person("office"), utc_now()
    )
    with pytest.raises(Conflict, match=r"planning\.not-running"):
        campaigns.lay(draft, "dust", ["一号"], person("office"), utc_now())


@built
def test_a_check_is_filled_with_a_photo_mended_and_closed_by_another(
    running: Case, person: Callable[[str], Person]
) -> None:
    office, worker = client(person("office")), client(person("grid_worker"))
    sent = {"list": "dust", "places": "一号工地"}
    laid = office.post(f"/planning/campaign/{running.pk}", sent)
    assert laid.status_code == 200
    assert laid.context["laid"] == 6
    check = Case.objects.filter(procedure="planning.check").order_by("pk")[0]

    def take(who: Client, step: str, **given: object) -> int:
        check.refresh_from_db()
        body = {"seen": check.revision, **given}
        return int(who.post(f"/cases/{check.pk}/take/{step}", body).status_code)

    def photo() -> io.BytesIO:
        shot = io.BytesIO(PNG)
        shot.name = "p.png"
        return shot

    assert take(worker, "record", result="pass") == 422  # no photo
    assert take(worker, "record", result="fail", photos=photo(), found="缺口") == 302
    page = office.get(f"/planning/campaign/{running.pk}").content.decode()
    assert "不合格" in page
    assert "缺口" in page
    assert take(office, "close") == 409  # what failed is mended first
    assert take(office, "mend", mend_by="2026-12-01", reason="补齐围挡") == 302
    assert take(worker, "record", result="pass", photos=photo()) == 302
    assert take(worker, "close") == 403
    assert take(office, "close") == 302
    check.refresh_from_db()
    assert check.closed_at is not None
    running.refresh_from_db()
    with pytest.raises(Conflict):  # five checks are still open
        cases.take(
            running.pk, "sum_up", person("office"), utc_now(), revision=running.revision,
            given={"summary": "完成"},
        )  # fmt: skip


@built
def test_pages_in_both_languages_and_nothing_for_strangers(
    running: Case, person: Callable[[str], Person],
    django_assert_max_num_queries: Callable[..., object],
) -> None:  # fmt: skip
    campaigns.lay(running, "outfall", [f"排口{n}" for n in range(9)], person("office"), utc_now())
    office = client(person("office"))
    for language in ("zh", "en"):
        office.cookies["language"] = language
        for url in ("/planning/campaigns", f"/planning/campaign/{running.pk}"):
            answer = office.get(url)
            assert answer.status_code == 200
            assert "{{" not in answer.content.decode()
            with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
                office.get(url)
    away = Organ.objects.create(code="x", name_zh="外", name_en="x", kind="b", area="140200")
    stranger = client(Person.objects.create(username="s", role="office", organ=away))
    assert stranger.get(f"/planning/campaign/{running.pk}").status_code == 404
    assert "扬尘专项" not in stranger.get("/planning/campaigns").content.decode()
    viewer = client(Person.objects.create(username="v", role="viewer"))
    sent = {"list": "dust", "places": "一号工地"}
    assert viewer.post(f"/planning/campaign/{running.pk}", sent).status_code == 403
    for number in ("0", "x", "٣"):
        assert office.get(f"/planning/campaign/{number}").status_code == 404
