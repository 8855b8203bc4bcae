"""The plan brought in and shown: the table with its faults, the dry run that writes nothing, what a
second table changes, targets measured, pages, who may see and do what. `targets` of other domains
are bound through what they declare."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from django.test import Client

from fenhe.access.models import Grant, Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case, Objective, Plan, Target
from fenhe.act.targets import planned
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.domains.planning import importing, table
from fenhe.domains.planning.importing import Head
from fenhe.domains.planning.pages import facts
from fenhe.domains.planning.pages.tasks import owes
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput, Forbidden
from fenhe.kernel.period import civil, utc_now
from fenhe.kernel.text import Text
from fenhe.publish import measuring, metric
from fenhe.publish.metric import Aim, Measured, Metric
from fenhe.publish.page import Ask
from fenhe.registry.models import Area, Object

boot()
pytestmark = pytest.mark.django_db
built = pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
)

NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)
YEAR = civil(utc_now()).year
HEAD = Head(YEAR, "某市年度目标任务", "140100")
HEADER = ["level", "code", "parent", "name", "lead_unit", "county", "metric", "subject", "value",
          "baseline", "start", "due"]  # fmt: skip
ROWS = [
    ["目标", "A", "", "蓝天", "大气科"],
    ["目标", "A1", "A", "细颗粒物下降", "大气科", "某区"],
    ["指标", "", "A1", "", "大气科", "", "PM2.5 年均浓度", "C1", "40", "45"],
    ["任务", "A1-1", "A1", "淘汰锅炉", "大气科", "某区", "", "", "", "", f"{YEAR}-01-01",
     f"{YEAR}/12/20"],
]  # fmt: skip


def lines(rows: list[list[str]] = ROWS) -> table.Lines:
    cells = [dict(zip(HEADER, [*row, *[""] * 12], strict=False)) for row in rows]
    frame = pl.DataFrame(
        [{**one, "row": number} for number, one in enumerate(cells, start=2)],
        infer_schema_length=99,
    )
    return table.read(frame, "plan.csv")


@pytest.fixture
def bureau() -> Organ:
    return Organ.objects.create(
        code="140100", name_zh="某市局", name_en="Bureau", kind="bureau", area="140100",
        issuing=True,
    )  # fmt: skip


@pytest.fixture
def office(bureau: Organ) -> Person:
    return Person.objects.create(username="office", role="office", organ=bureau)


@pytest.fixture
def city() -> Object:
    area = Area.objects.create(adcode="140100", name_zh="某市", name_en="City", level="city")
    return Object.objects.create(kind="air_city", code="C1", name_zh="某市", area=area)


@pytest.fixture
def plan(office: Person, city: Object) -> Plan:
    return importing.commit(importing.check(lines(), HEAD, office), office, utc_now())


def ask(person: Person, **params: str) -> Ask:
    return Ask(person, params, "zh", utc_now())


# --- the table ------------------------------------------------------------------------------------


def test_a_dry_run_says_everything_and_writes_nothing(office: Person, city: Object) -> None:
    draft = importing.check(lines(), HEAD, office)
    assert [draft.count(level, "new") for level in ("objective", "target", "task")] == [2, 1, 1]
    assert not Plan.objects.exists()
    assert not Case.objects.exists()


def test_every_fault_is_told_with_its_row_and_column(office: Person, city: Object) -> None:
    bad = [
        *ROWS,
        ["目标", "A1", "", "重复"],
        ["标", "X", "", "层级不明"],
        ["指标", "", "B9", "", "", "", "没有的指标", "C1", "四十"],
        ["指标", "", "A1", "", "", "", "air.pm2_5", "C9", "40"],
        ["任务", "A1-2", "A1", "倒着的日期", "水科", "", "", "", "", "", f"{YEAR}-05-01",
         f"{YEAR}-02-30"],
        ["任务", "A1-3", "A1", "早于开始", "水科", "", "", "", "", "", f"{YEAR}-05-01",
         f"{YEAR}-04-01"],
        ["任务", "A1-4", "A1", "缺单位"],
    ]  # fmt: skip
    with pytest.raises(BadInput) as caught:
        importing.check(lines(bad), HEAD, office)
    places = {(one.row, one.column) for one in caught.value.problems}
    assert places >= {
        (6, "编号"), (7, "层级"), (8, "上级编号"), (8, "指标"), (8, "目标值"), (9, "对象"),
        (10, "完成期限"), (11, "完成期限"), (12, "牵头单位"), (12, "完成期限"),
    }  # fmt: skip
    assert not Objective.objects.exists()


def test_objectives_in_a_circle_are_refused(office: Person) -> None:
    circle = [["目标", "A", "B", "甲"], ["目标", "B", "A", "乙"]]
    with pytest.raises(BadInput) as caught:
        importing.check(lines(circle), HEAD, office)
    assert {one.row for one in caught.value.problems} == {2, 3}


def test_what_is_written_is_the_table(plan: Plan, city: Object, bureau: Organ) -> None:
    assert Objective.objects.get(code="A1").parent == Objective.objects.get(code="A")
    target = Target.objects.get()
    assert (target.metric, target.subject, target.value) == ("air.pm2_5", city, 40)
    case = Case.objects.get()
    assert (case.procedure, case.state, case.organ) == ("planning.task", "draft", bureau)
    assert case.fields["objective"] == "A1"
    assert case.fields["due"] == f"{YEAR}-12-20"
    assert Act.objects.filter(action="plan.import", subject=plan.code).count() == 1


def test_a_second_table_changes_targets_and_leaves_tasks(
    plan: Plan, office: Person, city: Object
) -> None:
    rows = [list(row) for row in ROWS]
    rows[2][8], rows[3][3] = "38", "另一种说法"
    draft = importing.check(lines(rows), HEAD, office)
    assert draft.count("target", "changed") == 1
    assert draft.count("task", "same") == 1
    importing.commit(draft, office, utc_now())
    assert Target.objects.get().value == 38
    assert Case.objects.get().title == "淘汰锅炉"
    act = Act.objects.filter(action="plan.import").order_by("-seq").first()
    assert act is not None
    assert act.detail["changes"][0]["value"] == ["40.0", "38.0"]


def test_an_objective_belongs_to_one_plan(plan: Plan, office: Person) -> None:
    other = Head(YEAR + 1, "明年", "140100")
    with pytest.raises(BadInput, match=r"planning\.table"):
        importing.check(lines([["目标", "A1", "", "偷换"]]), other, office)


@pytest.mark.parametrize(
    ("role", "area"),
    [("viewer", "140100"), ("enforcer", "140100"), ("office", "140200"), ("office", "140105")],
)
def test_who_may_not_bring_a_plan_in(role: str, area: str, city: Object) -> None:
    organ = Organ.objects.create(code=area, name_zh="外", name_en="x", kind="branch", area=area)
    person = Person.objects.create(username="p", role=role, organ=organ)
    with pytest.raises(Forbidden):
        importing.check(lines(), HEAD, person)


def test_no_row_reaches_beyond_the_rights_of_who_brings_it(office: Person, city: Object) -> None:
    """The dry run says it of each row, and not the first task that cannot be opened."""
    header = [*HEADER, "area"]
    blank = [""] * 12

    def placed(area: str, *cells: str) -> dict[str, str]:
        return dict(zip(header, [*[*cells, *blank][:12], area], strict=True))

    rows = [
        placed("140105", "目标", "A", "", "蓝天"),
        placed("310000", "目标", "B", "", "别处的目标"),
        placed("", "指标", "", "B", "", "大气科", "", "PM2.5 年均浓度", "C1", "40"),
        placed("310000", "任务", "A-1", "A", "别处的任务", "大气科", *blank[:6], f"{YEAR}-12-20"),
        placed("", "任务", "B-1", "B", "随目标", "大气科", *blank[:6], f"{YEAR}-12-20"),
        placed("140105", "任务", "B-2", "B", "本区", "大气科", *blank[:6], f"{YEAR}-12-20"),
    ]
    frame = pl.DataFrame([{**one, "row": row} for row, one in enumerate(rows, start=2)])
    local = Person.objects.create(username="local")
    Grant.objects.create(person=local, role="office", area="140100")
    with pytest.raises(BadInput, match=r"planning\.table") as caught:
        importing.check(table.read(frame, "plan.csv"), HEAD, local)
    assert [(one.row, one.column) for one in caught.value.problems] == [
        (row, "区划代码") for row in (3, 4, 5, 6)
    ]
    assert not Objective.objects.exists()


def test_an_objective_is_not_taken_out_of_an_area_beyond_the_rights(
    plan: Plan, office: Person
) -> None:
    Objective.objects.filter(code="A1").update(area="310000")
    local = Person.objects.create(username="local")
    Grant.objects.create(person=local, role="office", area="140100")
    with pytest.raises(BadInput, match=r"planning\.table") as caught:
        importing.check(lines(), HEAD, local)
    assert [one.row for one in caught.value.problems] == [3, 4]


def test_a_target_is_of_the_object_that_was_checked(
    office: Person, city: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One code in two kinds, and one that this person may not see."""
    away = Area.objects.create(adcode="310000", name_zh="别处", name_en="x", level="city")
    two = replace(metric.get("air.pm2_5"), kinds=("air_station", "air_city"))
    monkeypatch.setattr(metric, "named", lambda text: two)
    Object.objects.create(kind="air_station", code="C1", name_zh="站", area=away)
    local = Person.objects.create(username="local", organ=office.organ)
    Grant.objects.create(person=local, role="office", area="140100")
    importing.commit(importing.check(lines(ROWS[:3]), HEAD, local), local, utc_now())
    assert Target.objects.get().subject == city


# --- targets --------------------------------------------------------------------------------------


def test_every_metric_is_declared_whole() -> None:
    assert {"air.pm2_5", "air.good_days", "air.composite", "water.good_share",
            "water.section_class"} <= {one.id for one in metric.all()}  # fmt: skip
    for one in metric.all():
        assert metric.named(one.name.zh) is one
        assert metric.named(one.name.en) is one


def measure(value: float, then: float, left: int = 100) -> Measured:
    return Measured(
        value=value, as_of=date(2026, 9, 22), days_left=left, met=value <= 40, reachable=True,
        room=Text("余", "room"), forecast=then, forecast_met=then <= 40, method=Text("法", "way"),
        why=None, link="/air/",
    )  # fmt: skip


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> Callable[[Measured | None], list[Aim]]:
    """The metric's own measurement stands in the domains' tests; here its answer is given."""

    def give(answer: Measured | None) -> list[Aim]:
        asked: list[Aim] = []

        def of(one: Metric, subject: Object, aim: Aim) -> Measured | None:
            asked.append(aim)
            return answer

        monkeypatch.setattr(measuring, "measured", of)
        return asked

    return give


def test_a_target_is_judged_by_what_the_domain_measures(
    plan: Plan, office: Person, measured: Callable[[Measured | None], list[Aim]]
) -> None:
    asked = measured(measure(41, 39))
    [one] = facts.targets(ask(office), plan)
    assert one.judged.course == "at_risk"
    assert one.progress == 80
    assert asked == [Aim(YEAR, 40)]
    measured(None)
    [none] = facts.targets(ask(office), plan)
    assert none.judged.course == "unknown"
    assert none.row("zh")["value"] == "—"


def test_no_figure_of_an_object_that_may_not_be_seen(
    plan: Plan, office: Person, city: Object, measured: Callable[[Measured | None], list[Aim]]
) -> None:
    asked = measured(measure(41, 39))
    city.area = Area.objects.create(adcode="310000", name_zh="别处", name_en="x", level="city")
    city.save()
    [one] = facts.targets(ask(office), plan)
    assert one.measured is None
    assert asked == []


def test_what_is_planned_is_told_to_who_may_see_it(
    plan: Plan, office: Person, city: Object, bureau: Organ
) -> None:
    rows = Target.objects.all()
    found = planned(ask(office).visible(rows), "air.pm2_5", city, YEAR)
    assert found is not None
    assert found.value == 40
    away = Organ.objects.create(code="x", name_zh="外", name_en="x", kind="b", area="140200")
    stranger = Person.objects.create(username="s", role="office", organ=away)
    assert planned(ask(stranger).visible(rows), "air.pm2_5", city, YEAR) is None
    assert planned(rows, "air.pm2_5", city, YEAR - 1) is None


# --- weekly reports ---------------------------------------------------------------------------


def test_no_report_is_owed_for_a_week_before_the_task_was_taken_on(
    office: Person, bureau: Organ
) -> None:
    """Drafted four weeks ago, accepted on the Wednesday of last week: one week is owed."""
    now = datetime(2026, 6, 10, 2, tzinfo=UTC)  # a Wednesday
    given = {"what": "淘汰锅炉", "lead_unit": "大气科", "start": "2026-01-01", "due": "2026-12-20"}
    wanted = cases.Opening("planning.task", given, organ=bureau)
    case = cases.open_(wanted, office, now - timedelta(weeks=5))
    deputy = Person.objects.create(username="deputy", role="deputy_director", organ=bureau)
    cases.take(case.pk, "issue", deputy, now - timedelta(weeks=4), revision=1)
    cases.take(case.pk, "accept", office, now - timedelta(weeks=1), revision=2)
    [task] = facts.tasks(Ask(office, {}, "zh", now))
    weeks = [date(2026, 5, 18), date(2026, 5, 25), date(2026, 6, 1)]
    assert [owes(task, monday) for monday in weeks] == [False, False, True]


# --- pages ----------------------------------------------------------------------------------------

PAGES = ("", "objective/A1", "tasks", "tasks?by=unit&light=red", "tasks?unit=大气科", "slow",
         "weekly", "weekly?week=2026-01-05", "month", "month?month=2026-12", "appraisal",
         "appraisal?by=county", "?on=2026-03-31")  # fmt: skip


def signed_in(person: Person, language: str = "zh") -> Client:
    client = Client()
    client.force_login(person)
    client.cookies["language"] = language
    return client


@built
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_answers_with_and_without_a_plan(
    office: Person, city: Object, language: str
) -> None:
    client = signed_in(office, language)
    for page in ("", "tasks", "slow", "weekly", "month", "appraisal", "bring"):
        assert client.get(f"/planning/{page}").status_code == 200, page
    importing.commit(importing.check(lines(), HEAD, office), office, utc_now())
    for page in PAGES:
        answer = client.get(f"/planning/{page}")
        assert answer.status_code == 200, page
        assert "{{" not in answer.content.decode()
    assert "淘汰锅炉" in client.get("/planning/objective/A1").content.decode()
    assert client.get("/planning/objective/none").status_code == 404
    assert client.get("/planning/?csv=plan").getvalue().count(b"\n") == 5


@built
def test_a_file_is_run_dry_and_then_written_from_the_page(office: Person, city: Object) -> None:
    client = signed_in(office)
    text = ",".join(HEADER) + "\n" + "\n".join(",".join([*r, *[""] * 12][:12]) for r in ROWS)
    head = {"year": str(YEAR), "name": "某市年度目标任务", "area": "140100"}
    sent = {"go": "check", "table": io.BytesIO(text.encode()), **head}
    checked = client.post("/planning/bring", sent)
    assert checked.status_code == 200
    assert not Plan.objects.exists()
    kept = checked.context["kept"]
    done = client.post("/planning/bring", {"go": "commit", "table": kept, **head})
    assert done.status_code == 200
    assert Plan.objects.get().name_zh == "某市年度目标任务"
    bad = {**sent, "table": io.BytesIO("层级,编号,上级编号,名称\n目标,,,无编号\n".encode())}
    refused = client.post("/planning/bring", bad)
    assert refused.status_code == 422
    assert "必填" in refused.content.decode()


@built
def test_another_area_sees_nothing_and_a_viewer_brings_nothing(plan: Plan) -> None:
    away = Organ.objects.create(code="x", name_zh="外", name_en="x", kind="b", area="140200")
    stranger = signed_in(Person.objects.create(username="s", role="office", organ=away))
    for page in PAGES:
        answer = stranger.get(f"/planning/{page}")
        assert "淘汰锅炉" not in answer.content.decode()
        assert "细颗粒物下降" not in answer.content.decode()
    assert stranger.get("/planning/objective/A1").status_code == 404
    viewer = signed_in(Person.objects.create(username="v", role="viewer"))
    assert viewer.get("/planning/bring").status_code == 403
    assert viewer.post("/planning/bring", {"go": "commit", "table": "0" * 64}).status_code == 403


@built
def test_the_pages_cost_the_same_for_many(
    plan: Plan, office: Person, django_assert_max_num_queries: Callable[..., object]
) -> None:
    rows = [
        *ROWS,
        *(["任务", f"A1-{n}", "A1", f"任务{n}", "水科", "", "", "", "", "", "", f"{YEAR}-11-30"]
          for n in range(10, 30)),
    ]  # fmt: skip
    importing.commit(importing.check(lines(rows), HEAD, office), office, utc_now())
    client = signed_in(office)
    for page in ("", "tasks", "slow", "weekly", "month", "appraisal", "objective/A1"):
        client.get(f"/planning/{page}")
        with django_assert_max_num_queries(20):  # type: ignore[attr-defined]
            client.get(f"/planning/{page}")
