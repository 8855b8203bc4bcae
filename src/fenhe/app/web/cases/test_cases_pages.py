"""The pages of cases: what people see and may do, in both languages; what was refused stays filled
in; other areas' cases and other people's secrets are not told."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from docx import Document

from fenhe.access.models import Grant, Organ, Person
from fenhe.act import clocks
from fenhe.act.models import Case, CaseDocument, Obligation
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.kernel.period import civil, utc_now
from fenhe.registry.models import Area, Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
As = Callable[..., Client]
CLUE = {"party": "某化工有限公司", "conduct": "废水超标排放"}


@pytest.fixture
def bureau(db: None) -> Organ:
    return Organ.objects.create(
        code="140100", name_zh="太原市生态环境局", name_en="Taiyuan Bureau", kind="bureau",
        area="140100", issuing=True,
    )  # fmt: skip


@pytest.fixture
def sign_in(bureau: Organ) -> As:
    def one(role: str, organ: Organ | None = None, language: str = "zh") -> Client:
        person, _ = Person.objects.get_or_create(
            username=f"{role}{organ.pk if organ else ''}",
            defaults={"role": role, "organ": organ or bureau},
        )
        client = Client()
        client.force_login(person)
        client.cookies["language"] = language
        return client

    return one


def today() -> str:
    return civil(utc_now()).date().isoformat()


def opened(client: Client, procedure: str = "enforcement.penalty", **given: str) -> Case:
    sent = {
        **(CLUE if procedure == "enforcement.penalty" else {}),
        "discovered_on": today(),
        **given,
    }
    answer = client.post(f"/cases/new/{procedure}", sent)
    assert answer.status_code == 302, answer.content.decode()
    return Case.objects.get(pk=int(answer["Location"].rsplit("/", 1)[1]))


def take(client: Client, case: Case, step: str, **given: str) -> int:
    case.refresh_from_db()
    sent = {"seen": case.revision, **given}
    return client.post(f"/cases/{case.pk}/take/{step}", sent).status_code


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_answers_with_and_without_cases(sign_in: As, language: str) -> None:
    officer = sign_in("enforcer", language=language)
    pages = ["/cases", "/cases/board", "/cases/mine", "/cases/statistics", "/cases/new",
             "/cases/new/enforcement.penalty", "/procedures", "/procedures/enforcement.penalty",
             "/cases?scope=overdue", "/cases?scope=all&q=x&before=9",
             "/cases?scope=closed"]  # fmt: skip
    for _ in range(2):
        for url in pages:
            answer = officer.get(url)
            assert answer.status_code == 200, url
            assert "{{" not in answer.content.decode()
        case = opened(officer)
        pages.append(f"/cases/{case.pk}")


def test_the_case_page_offers_what_may_be_done_and_says_why_not(sign_in: As) -> None:
    officer = sign_in("enforcer")
    case = opened(officer)
    page = officer.get(f"/cases/{case.pk}").content.decode()
    assert case.number in page
    assert 'id="take-examine"' in page
    assert 'id="take-extend_filing"' not in page
    assert "须由 分局负责人、支队长／分管局长、局主要负责人 办理" in page
    assert "部令30(2023) 第18条" in page  # the article beside the clock
    assert 'class="state work here"' in page  # where it stands in the drawing


def test_what_was_refused_stays_filled_in(sign_in: As) -> None:
    officer = sign_in("enforcer")
    case = opened(officer)
    sent = {"seen": 1, "party_code": "91140100MA0", "place": ""}
    answer = officer.post(f"/cases/{case.pk}/take/examine", sent)
    assert answer.status_code == 422
    assert 'value="91140100MA0"' in answer.content.decode()
    assert "act.fields" in answer.content.decode()


def test_who_came_second_is_told(sign_in: As) -> None:
    officer = sign_in("enforcer")
    case = opened(officer)
    given = {"party_code": "91", "place": "小店区", "source": "alarm"}
    assert take(officer, case, "examine", **given) == 302
    answer = officer.post(f"/cases/{case.pk}/take/examine", {"seen": 1, **given})
    assert answer.status_code == 409
    assert "act.moved-on" in answer.content.decode()


def test_a_draft_sent_twice_opens_one_case(sign_in: As) -> None:
    officer = sign_in("enforcer")
    first, second = (opened(officer, key="k-1") for _ in range(2))
    assert first == second


def test_documents_are_seen_opened_and_signed_once(sign_in: As) -> None:
    officer, head = sign_in("enforcer"), sign_in("deputy_director")
    case = opened(officer)
    take(officer, case, "examine", party_code="91", place="小店区", source="alarm")
    assert take(head, case, "file", officers="张三、李四") == 302
    made = CaseDocument.objects.get(case=case)
    assert "立案审批表" in officer.get(f"/cases/document/{made.pk}").content.decode()
    raw = officer.get(f"/cases/document/{made.pk}.docx").content
    assert "立案审批表" in "".join(one.text for one in Document(io.BytesIO(raw)).paragraphs)
    scan = io.BytesIO(b"%PDF-1.7 x")
    scan.name = "scan.pdf"
    url = f"/cases/document/{made.pk}/signed"
    assert officer.get(url).status_code == 404
    assert officer.post(url, {"file": scan}).status_code == 302
    assert b"".join(officer.get(url)).startswith(b"%PDF")  # type: ignore[arg-type]


def test_another_area_sees_nothing(sign_in: As, bureau: Organ) -> None:
    case = opened(sign_in("enforcer"))
    other = Organ.objects.create(
        code="140200", name_zh="大同", name_en="Datong", kind="bureau", area="140200"
    )
    stranger = sign_in("enforcer", other)
    assert stranger.get(f"/cases/{case.pk}").status_code == 404
    assert case.number not in stranger.get("/cases?scope=all").content.decode()
    assert stranger.post(f"/cases/{case.pk}/take/examine", {"seen": 1}).status_code == 404


def test_who_reported_is_told_to_few(sign_in: As) -> None:
    office = sign_in("office")
    given = {"channel": "phone", "topic": "odour", "what": "异味", "reporter": "赵某某",
             "received_on": today(), "place": "龙城街"}  # fmt: skip
    case = opened(office, "complaints.report", **given)
    assert "赵某某" in office.get(f"/cases/{case.pk}").content.decode()
    page = sign_in("enforcer").get(f"/cases/{case.pk}").content.decode()
    assert "赵某某" not in page
    assert "（保密）" in page


def test_photos_of_a_report_belong_to_their_case(sign_in: As) -> None:
    office, worker = sign_in("office"), sign_in("grid_worker")
    order = opened(office, "dispatch.order", what="查看扬尘")
    assert take(worker, order, "accept") == 302
    order.refresh_from_db()
    shot = io.BytesIO(b"\xff\xd8\xff\xe0 jpeg")
    shot.name = "p.jpg"
    sent = {"seen": order.revision, "found": "裸土", "done": "已覆盖", "photos": shot,
            "here_longitude": "112.55", "here_latitude": "37.87"}  # fmt: skip
    assert worker.post(f"/cases/{order.pk}/take/report", sent).status_code == 302
    order.refresh_from_db()
    [photo] = order.fields["photos"]
    url = f"/cases/{order.pk}/photo/{photo['hash']}"
    assert url in worker.get(f"/cases/{order.pk}").content.decode()
    assert worker.get(url).status_code == 200
    other = opened(office, "dispatch.order", what="另一件")
    assert worker.get(f"/cases/{other.pk}/photo/{photo['hash']}").status_code == 404
    text = io.BytesIO(b"not a photo")
    text.name = "p.jpg"
    take(office, order, "return_report", reason="看不清")
    order.refresh_from_db()
    again = {**sent, "seen": order.revision, "photos": text}
    assert worker.post(f"/cases/{order.pk}/take/report", again).status_code == 422


def test_a_supporting_case_carries_what_is_known(sign_in: As) -> None:
    officer, head = sign_in("enforcer"), sign_in("deputy_director")
    case = opened(officer)
    take(officer, case, "examine", party_code="91", place="小店区", source="alarm")
    take(head, case, "file", officers="张三、李四")
    page = officer.get(f"/cases/{case.pk}/child/enforcement.seizure").content.decode()
    assert "某化工有限公司" in page
    answer = officer.post(f"/cases/{case.pk}/child/enforcement.seizure", CLUE)
    assert answer.status_code == 302
    assert case.children.get().procedure == "enforcement.seizure"


def test_likely_duplicates_stand_together(sign_in: As, bureau: Organ) -> None:
    office = sign_in("office")
    given = {"channel": "phone", "topic": "odour", "received_on": today(), "place": "龙城街"}
    alike = [
        opened(office, "complaints.report", **given, what=what)
        for what in (
            "某化工厂夜间排放刺鼻气味",
            "某化工厂夜里排放刺鼻气味",
            "夜间某化工厂排放刺鼻气味",
        )
    ]
    other = opened(
        office, "complaints.report", **{**given, "place": "迎泽街"}, what="工地凌晨打桩噪声扰民"
    )
    page = office.get("/cases/duplicates").content.decode()
    assert all(one.number in page for one in alike)
    assert other.number not in page
    assert "相近的 3 件" in page
    assert "建议专项核查" in page
    elsewhere = Organ.objects.create(
        code="140200", name_zh="大同", name_en="Datong", kind="bureau", area="140200"
    )
    assert alike[0].number not in sign_in("office", elsewhere).get(
        "/cases/duplicates"
    ).content.decode()  # fmt: skip


def test_the_list_costs_the_same_for_many(
    sign_in: As, django_assert_max_num_queries: Callable[..., object]
) -> None:
    officer = sign_in("enforcer")
    for _ in range(12):
        opened(officer)
    for url in ("/cases", "/cases/board", "/cases/mine", "/cases/duplicates"):
        officer.get(url)
        with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
            officer.get(url)


def test_medians_are_narrowed_to_an_organ_and_a_procedure(sign_in: As, bureau: Organ) -> None:
    officer = sign_in("enforcer")
    case = opened(officer)
    take(officer, case, "examine", party_code="91", place="小店区", source="alarm")
    url = f"/cases/statistics?organ={bureau.pk}&procedure=enforcement.penalty"
    assert [row["count"] for row in officer.get(url).context["states"]] == [1]
    other = officer.get("/cases/statistics?procedure=dispatch.order")
    assert other.context["states"] == []
    away = Organ.objects.create(
        code="140200", name_zh="大同", name_en="Datong", kind="bureau", area="140200"
    )
    stranger = sign_in("enforcer", away).get(url)
    assert stranger.context["states"] == []
    assert stranger.context["choices"]["organs"] == []


def test_clocks_are_counted_with_the_cases_that_may_be_seen(sign_in: As, bureau: Organ) -> None:
    """Of a case without an object too; and not of a case elsewhere about an object here."""
    opened(sign_in("enforcer"))
    here = Area.objects.create(adcode="140100", name_zh="太原", name_en="Taiyuan", level="city")
    thing = Object.objects.create(kind="air_city", code="C", name_zh="城", area=here)
    away = Organ.objects.create(
        code="140200", name_zh="大同", name_en="Datong", kind="bureau", area="140200", issuing=True
    )
    other = opened(sign_in("enforcer", away))
    Obligation.objects.filter(about=clocks.about(other)).update(subject=thing)
    Obligation.objects.update(accuses=True)
    local = Person.objects.create(username="local")
    Grant.objects.create(person=local, role="enforcer", area="140100")
    client = Client()
    client.force_login(local)
    [row] = client.get("/cases/statistics").context["organs"]
    assert row["name"] == bureau.name_zh
    assert row["running"] == Obligation.objects.filter(organ=bureau).count() > 0
