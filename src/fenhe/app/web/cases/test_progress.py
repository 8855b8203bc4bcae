"""How a report stands for whoever has its number and code: what is shown, what is not, to whom
nothing is said at all."""

from __future__ import annotations

import pytest
from django.test import Client

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case, CaseDocument
from fenhe.act.progress import LENGTH, LETTERS, check_code
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.app.web.cases import progress
from fenhe.app.web.kept import Rate
from fenhe.kernel.period import civil, utc_now

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
SECRETS = ("赵某某", "13900000000", "office-person", "内部理由")


@pytest.fixture(autouse=True)
def nobody_has_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no time passes, so that nothing is forgotten while a test takes its time."""
    for counted in ("_addresses", "_numbers"):
        monkeypatch.setattr(progress, counted, Rate(clock=lambda: 0.0))


@pytest.fixture
def office(db: None) -> Person:
    organ = Organ.objects.create(
        code="140100", name_zh="太原市生态环境局", name_en="Taiyuan Bureau", kind="bureau",
        area="140100", issuing=True,
    )  # fmt: skip
    return Person.objects.create(username="office-person", role="office", organ=organ)


@pytest.fixture
def report(office: Person) -> Case:
    today = civil(utc_now()).date().isoformat()
    given = {"channel": "phone", "topic": "odour", "what": "夜间异味", "received_on": today,
             "place": "龙城街", "reporter": "赵某某", "contact": "13900000000"}  # fmt: skip
    case = cases.open_(cases.Opening("complaints.report", given), office, utc_now())
    for step, filled in (
        ("compare", {}),
        ("accept", {"accepted_on": today}),
        ("dispatch", {"unit": "小店分局"}),
        ("object", {}),
    ):
        case.refresh_from_db()
        cases.take(
            case.pk, step, office, utc_now(), revision=case.revision, given=filled,
            reason="内部理由",
        )  # fmt: skip
    return case


def ask(number: str, code: str, language: str = "zh", client: Client | None = None) -> str:
    answer = (client or Client()).post(
        f"/public/progress?lang={language}", {"number": number, "code": code}
    )
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies
    return f"{answer.status_code} {answer.content.decode()}"


def test_whoever_has_number_and_code_sees_how_it_stands(report: Case) -> None:
    page = ask(report.number, check_code(report.number))
    assert page.startswith("200")
    for words in ("夜间异味", "龙城街", "已受理", "已转办", "办结", "应于"):
        assert words in page
    assert "odour" in ask(report.number, check_code(report.number), "en")


def test_nothing_personal_or_internal_is_told(report: Case) -> None:
    page = ask(report.number, check_code(report.number))
    for hidden in (*SECRETS, "小店分局", "承办单位退回"):
        assert hidden not in page


def test_it_is_found_however_it_is_typed(report: Case) -> None:
    code = check_code(report.number)
    typed = report.number.replace("〔", " [").replace("〕", "] ")
    assert ask(typed, f"{code[:5].lower()}-{code[5:]}").startswith("200")


def test_a_wrong_code_says_as_little_as_a_wrong_number(report: Case) -> None:
    wrong = ask(report.number, "AAAAAAAAAA")
    assert wrong.startswith("404")
    assert "夜间异味" not in wrong
    unknown = ask("举〔2026〕999号", "AAAAAAAAAA").replace("举〔2026〕999号", report.number)
    assert unknown == wrong
    assert ask(report.number, "查询码").startswith("404")
    assert ask(report.number, "").startswith("404")


def test_a_case_that_tells_nobody_is_not_found_by_its_own_code(office: Person) -> None:
    order = cases.open_(cases.Opening("dispatch.order", {"what": "查看"}), office, utc_now())
    assert ask(order.number, check_code(order.number)).startswith("404")


def test_codes_are_tried_slowly(report: Case) -> None:
    code = check_code(report.number)
    answers = [ask(report.number, "AAAAAAAAAA")[:3] for _ in range(progress.OF_ONE_NUMBER + 1)]
    assert answers == ["404"] * progress.OF_ONE_NUMBER + ["429"]
    assert ask(report.number, code).startswith("429")  # the right one too
    for n in range(progress.FROM_ONE_ADDRESS):
        ask(f"举〔2026〕{n + 50}号", "AAAAAAAAAA")
    assert ask("举〔2026〕90号", "AAAAAAAAAA").startswith("429")


def test_a_number_is_the_same_however_it_is_typed(report: Case) -> None:
    spelt = [report.number.replace("〔", f"{' ' * n}[") for n in range(progress.OF_ONE_NUMBER)]
    for typed in spelt:
        assert ask(typed, "AAAAAAAAAA").startswith("404")
    assert ask(report.number, "AAAAAAAAAA").startswith("429")


def test_the_code_stands_on_the_notice_and_for_those_who_may_know(
    report: Case, office: Person
) -> None:
    code = check_code(report.number)
    assert len(code) == LENGTH
    assert set(code) <= set(LETTERS)
    notice = CaseDocument.objects.get(case=report, kind="acceptance")
    assert code in "".join(notice.content["paragraphs"])
    client = Client()
    client.force_login(office)
    assert code in client.get(f"/cases/{report.pk}").content.decode()
    enforcer = Person.objects.create(username="e", role="enforcer", organ=office.organ)
    client.force_login(enforcer)
    assert code not in client.get(f"/cases/{report.pk}").content.decode()
