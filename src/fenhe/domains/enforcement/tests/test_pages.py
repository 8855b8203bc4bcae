"""The pages of enforcement (views.yaml): a draw from its form to its proof, thresholds by both
readings, fines, laboratory checks, discretion; what is refused, and to whom nothing is shown."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case, CaseDocument
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.domains.enforcement.rules.draw import commitment
from fenhe.kernel.errors import Conflict
from fenhe.kernel.period import utc_now

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
PAGES = ("draws", "draws/new", "referral", "fines", "labs", "discretion")
ROLL = "code,class,excluded\n" + "\n".join(f"E{n:02},key," for n in range(20)) + "\nE99,key,停产\n"
PEOPLE = "code,recused\nP1,E01;E02\nP2,\nP3,\nP4,\n"
PLAN = {"name": "2026年三季度抽查", "roll": ROLL, "people": PEOPLE, "shares": "key=0.25",
        "team": "2", "seed": "the-seed-2026"}  # fmt: skip


@pytest.fixture
def bureau(db: None) -> Organ:
    return Organ.objects.create(
        code="140100", name_zh="太原市生态环境局", name_en="Taiyuan Bureau", kind="bureau",
        area="140100", issuing=True,
    )  # fmt: skip


@pytest.fixture
def sign_in(bureau: Organ) -> Callable[..., Client]:
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


@pytest.fixture
def office(sign_in: Callable[..., Client]) -> Client:
    return sign_in("office")


def page(client: Client, path: str, sent: dict[str, str] | None = None, **asked: str) -> str:
    url = f"/enforcement/{path}"
    answer = client.post(url, sent) if sent is not None else client.get(url, asked)
    assert answer.status_code == 200, answer.content.decode()
    said = answer.content.decode()
    assert "enforcement.draws." not in said
    return said


def announced(client: Client, **other: str) -> Case:
    page(client, "draws/new", {**PLAN, **other, "do": "commit", "key": "k"})
    return Case.objects.get(procedure="enforcement.random_draw")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_these_views_answers_in_both_languages(
    sign_in: Callable[..., Client], language: str
) -> None:
    client = sign_in("enforcer", language=language)
    for path in PAGES:
        said = page(client, path)
        assert "{{" not in said
        assert not re.search(r">\s*enforcement\.\w", said)
        assert Client().get(f"/enforcement/{path}").status_code == 302


def test_the_preview_shows_what_will_be_fixed_and_draws_nothing(office: Client) -> None:
    said = page(office, "draws/new", {**PLAN, "do": "preview"})
    assert commitment(PLAN["seed"]) in said
    assert "E99（停产）" in said
    assert '<td class="num">5</td>' in said
    assert not Case.objects.exists()


def test_a_draw_goes_from_the_hash_to_a_proof_that_anybody_can_repeat(
    office: Client, sign_in: Callable[..., Client]
) -> None:
    case = announced(office)
    assert case.state == "announced"
    assert "the-seed-2026" not in str(case.fields)
    notice = CaseDocument.objects.get(case=case, kind="announcement")
    assert commitment(PLAN["seed"]) in "".join(notice.content["paragraphs"])
    again = page(office, "draws/new", {**PLAN, "do": "commit", "key": "k"})  # sent twice
    assert case.number in again
    assert Case.objects.count() == 1
    wrong = page(office, f"draws/{case.pk}", {"do": "draw", "seed": "another"})
    assert "enforcement.seed" in wrong
    said = page(office, f"draws/{case.pk}", {"do": "draw", "seed": PLAN["seed"]})
    case.refresh_from_db()
    assert case.state == "drawn"
    assert len(case.fields["drawn"]) == 5
    assert not any("E99" in line for line in case.fields["drawn"])
    assert said.count("✓") == 3
    table = office.get(f"/enforcement/draws/{case.pk}?csv=drawn")
    assert len(table.getvalue().decode("utf-8-sig").strip().splitlines()) == 6
    hidden = page(sign_in("enforcer"), f"draws/{case.pk}")
    assert hidden.count("✓") == 3
    code = case.fields["drawn"][0].split("：")[0]
    assert f">{code}<" in said
    assert f">{code}<" not in hidden  # secret until carried out


def test_what_was_changed_afterwards_shows_in_the_proof(office: Client) -> None:
    case = announced(office)
    page(office, f"draws/{case.pk}", {"do": "draw", "seed": PLAN["seed"]})
    case.refresh_from_db()
    case.fields["drawn"] = ["E07：P1、P2"]
    case.fields["roll"] = ROLL.replace("E05,key,", "E05,key,搬迁")
    case.save()
    assert page(office, f"draws/{case.pk}").count("✗") == 2


def test_nobody_fills_in_by_hand_what_is_drawn(office: Client) -> None:
    case = announced(office)
    person = Person.objects.get(username="office")
    given = {"seed": "x", "drawn": "E01：P1、P2", "drawn_count": "1"}
    with pytest.raises(Conflict, match=r"act\.through"):
        cases.take(case.pk, "draw", person, utc_now(), revision=1, given=given)
    assert office.get("/cases/new/enforcement.random_draw").status_code == 200
    opened = {name: PLAN[name] for name in ("name", "roll", "people", "shares", "team")}
    opened |= {"on_the_roll": "1", "seed_hash": "x", "roll_hash": "x"}
    assert office.post("/cases/new/enforcement.random_draw", opened).status_code == 422


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"roll": ROLL + "E01,key,\n"}, "enforcement.draw"),
        ({"people": "code\nP1\n"}, "enforcement.draw-team"),
        ({"shares": "key=viel"}, "enforcement.share"),
        ({"roll": ""}, "table.unreadable"),
        ({"name": " "}, "enforcement.draw-name"),
        ({"team": "1"}, "enforcement.draw"),
    ],
)
def test_a_plan_that_cannot_be_drawn_is_refused_and_stays_filled_in(
    office: Client, change: dict[str, str], code: str
) -> None:
    said = page(office, "draws/new", {**PLAN, **change, "do": "commit", "key": "k"})
    assert f"<code>{code}</code>" in said
    assert "the-seed-2026" in said
    assert not Case.objects.exists()


def test_who_holds_no_post_announces_nothing_and_other_areas_see_nothing(
    office: Client, sign_in: Callable[..., Client]
) -> None:
    refused = page(sign_in("enforcer"), "draws/new", {**PLAN, "do": "commit", "key": "k"})
    assert "act.no-post" in refused
    case = announced(office)
    other = Organ.objects.create(
        code="140200", name_zh="大同", name_en="Datong", kind="bureau", area="140200"
    )
    stranger = sign_in("office", other)
    assert case.number not in page(stranger, "draws")
    assert stranger.get(f"/enforcement/draws/{case.pk}").status_code == 404


def test_both_readings_of_three_times_over_stand_side_by_side(office: Client) -> None:
    """法释〔2023〕7号 1(3): lead at 0.35 against 0.1 is 2.5 times over, or 3.5 times the limit."""
    said = page(office, "referral", code="J1-3", concentration="0.35", limit="0.1")
    assert "(C−S)/S" in said
    assert "2.5" in said
    assert "3.5" in said
    assert "两种口径结论不同" in said
    said = page(office, "referral", code="J1-3", concentration="0.5", limit="0.1")
    assert "两种口径结论不同" not in said
    assert "须人工确认" in said  # never decided by a machine
    assert "未达到" in page(office, "referral", code="J1-2", value="2.99")
    assert "enforcement.number" in page(office, "referral", code="J1-2", value="三吨")
    assert "enforcement.limit" in page(
        office, "referral", code="J1-3", concentration="1", limit="0"
    )


def test_daily_fines_and_late_fees_are_counted_with_their_days(office: Client) -> None:
    """部令28 第17条: served 5-01, found again 5-20: 19 days; 行政处罚法 72: 3 % a day, capped."""
    said = page(office, "fines", original="100000", periods="2026-05-01..2026-05-20")
    assert "100,000.00 元 × 19 日 = 1,900,000.00 元" in said
    late = page(office, "fines", fine="10000", due="2026-05-01", paid="2026-05-11")
    assert "3,000.00" in late
    assert "已达上限" in page(office, "fines", fine="10000", due="2026-05-01", paid="2026-12-11")
    assert "enforcement.daily-days" in page(
        office, "fines", original="1", periods="2026-05-20..2026-05-01"
    )
    assert "enforcement.amount" in page(office, "fines", original="很多", periods="")


def test_a_report_is_checked_and_not_kept(office: Client) -> None:
    report = (
        "agency,sample,sampler,longitude,latitude,start,end\n"
        "某检测,S1,张三,112.5,37.8,2026-05-01 09:00,2026-05-01 09:30\n"
        "某检测,S2,张三,113.6,37.9,2026-05-01 09:10,2026-05-01 09:40\n"
    )
    said = page(office, "labs", {"report": report})
    assert "2 行，发现 1 条线索" in said
    assert "张三" in said
    assert "enforcement.labs-columns" in page(office, "labs", {"report": "agency\nx\n"})
    assert not Case.objects.exists()


def test_discretion_is_unconfirmed_and_says_how_it_counts(office: Client) -> None:
    """min(Σ weights, 100 %) × the statutory maximum, not below the minimum (Guangdong 2021)."""
    chosen = {"article": "1103.1", "harm": "grave", "malice": "malicious", "record": "often",
              "correction": "refused"}  # fmt: skip
    said = page(office, "discretion", **chosen)
    assert "未经证实" in said
    assert "取 95" in said
    assert "建议罚款 950,000.00" in said
    low = page(office, "discretion", article="1102.1")
    assert "已提到法定最低" in low
    assert low.count("不明，取最低档") == 4
    assert "已提到法定最低" not in page(office, "discretion", article="1102.1", lighter="yes")


def test_the_list_of_draws_costs_the_same_for_many(
    office: Client, django_assert_max_num_queries: Callable[..., object]
) -> None:
    for number in range(6):
        page(office, "draws/new", {**PLAN, "do": "commit", "key": str(number)})
    page(office, "draws")
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        page(office, "draws")
