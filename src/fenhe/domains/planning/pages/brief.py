"""The leader's weekly brief as a page and as DOCX: what is known of the week."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from fenhe.act.models import Case, CaseEntry
from fenhe.alert.models import Alarm
from fenhe.domains.planning import brief
from fenhe.domains.planning.brief import DueLine, LateLine, TargetLine, Week
from fenhe.domains.planning.pages import calendar, facts
from fenhe.domains.planning.pages.facts import Aimed, Task
from fenhe.domains.planning.pages.plan import finding
from fenhe.domains.planning.pages.tasks import last_full_week, owes, reports
from fenhe.domains.planning.rules.course import Course
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import LANGUAGES, Language, Text
from fenhe.publish.documents import docx
from fenhe.publish.imprint import Imprint
from fenhe.publish.page import Ask, Paper

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORSE = [Course.ON, Course.RISK, Course.OFF]
NOTES = (
    Text(
        "走势与亮灯按本局约定判读，没有全国规定；预测方法见年度目标页",
        "course and lights follow the bureau's own policy; the page of targets says how each "
        "forecast is made",
    ),
)


def weekly_brief(ask: Ask) -> dict[str, Any]:
    """The week that `?on=` lies in; this one when nobody asks."""
    listed = facts.plans(ask)
    plan = facts.chosen(ask, listed)
    if plan is None:
        return {"template": "planning/empty.html", "may_edit": False}
    week = gather(ask, plan)
    content = brief.compose(week).as_dict()
    organ = plan.organ
    imprint = Imprint(
        issuer=Text(organ.name_zh, organ.name_en or organ.name_zh) if organ else Text("", ""),
        date=f"{facts.today(ask):%Y-%m-%d}",
        footer=(
            Text(
                f"数据截至 {week.data_up_to} · 生成于 {week.computed_at}（北京时间）",
                f"Data up to {week.data_up_to} · made {week.computed_at} (UTC+08:00)",
            ),
        ),
    )

    def paper(language: Language) -> Paper:
        name = f"{content['title'][language]}-{week.first:%Y-%m-%d}.docx"
        return Paper(name, DOCX, docx.render(content, language, imprint))

    return {
        "plan": plan,
        "plans": [{"code": one.code, "name": one.name(ask.language)} for one in listed],
        "content": content,
        "imprint": imprint,
        "week": week,
        "papers": {one: (lambda one=one: paper(one)) for one in LANGUAGES},
    }


def gather(ask: Ask, plan: Any) -> Week:
    today = facts.today(ask)
    monday = facts.week_of(today)
    aimed = facts.targets(ask, plan)
    tasks = facts.tasks(ask, open_only=True)
    late = sorted((one for one in tasks if one.late), key=lambda one: one.due)
    silent = _silent(ask, tasks)
    stamps = [one.measured.data_to for one in aimed if one.measured and one.measured.data_to]
    supervised = _new_supervisions(ask, monday)
    return Week(
        plan=Text(plan.name_zh, plan.name_en or plan.name_zh),
        first=monday,
        last=monday + timedelta(days=6),
        targets=[_target(one) for one in aimed],
        finding=Text(*(finding([one.row(tongue) for one in aimed])[tongue]
                       for tongue in LANGUAGES)),
        worse=[*_worse_targets(ask, aimed), *_newly_late(late, monday), *_alarms(ask, monday)],
        open_tasks=len(tasks),
        slow=sum(one.slow for one in tasks),
        late=[
            LateLine(one.case.title, one.unit, one.over, str(one.case.fields.get("trouble") or ""))
            for one in late
        ],
        owed=len(silent),
        silent=sorted({one.unit for one in silent if one.unit}),
        supervised=[one.title for one in supervised],
        supervisions=len(facts.supervisions(ask)),
        due=_due(ask),
        data_up_to=f"{civil(min(stamps) - DAY / 86400):%Y-%m-%d}" if stamps else "—",
        computed_at=f"{civil(ask.now):%Y-%m-%d %H:%M}",
        notes=[*NOTES, *_doubts(aimed)],
    )  # fmt: skip


def _target(one: Aimed) -> TargetLine:
    rows = {tongue: one.row(tongue) for tongue in LANGUAGES}
    sign = "≤" if rows["zh"]["lower"] else "≥"
    unit = f" {rows['zh']['unit']}" if rows["zh"]["unit"] else ""

    def said(key: str, before: str = "", after: str = "") -> Text:
        return Text(
            *(f"{before}{rows[tongue][key]}{after}" if rows[tongue][key] else "—"
              for tongue in LANGUAGES)
        )  # fmt: skip

    return TargetLine(
        name=Text(
            f"{rows['zh']['name']}（{rows['zh']['subject']}）",
            f"{rows['en']['name']} ({rows['en']['subject']})",
        ),
        value=said("value", after=unit),
        aim=said("aim", before=f"{sign} "),
        forecast=said("forecast"),
        course=one.judged.course.value,
    )


def _worse_targets(ask: Ask, aimed: list[Aimed]) -> list[Text]:
    """Targets whose course is worse than seven days of data earlier, from what to what."""
    found = []
    for one in aimed:
        if one.measured is None:
            continue
        [before] = facts.aimed(ask, [one.target], one.measured.as_of - timedelta(days=7))
        was, now = before.judged.course, one.judged.course
        if was in WORSE and now in WORSE and WORSE.index(now) > WORSE.index(was):
            zh, en = one.row("zh"), one.row("en")
            found.append(
                Text(
                    f"{zh['name']}由“{brief.COURSES[was].zh}”转为“{brief.COURSES[now].zh}”："
                    f"一周前 {before.row('zh')['value']}，现为 {zh['value']}（{zh['reason']}）。",
                    f"{en['name'][:1].upper()}{en['name'][1:]} went from "
                    f"{brief.COURSES[was].en} to {brief.COURSES[now].en}: "
                    f"{before.row('en')['value']} a week before, {en['value']} now "
                    f"({en['reason']}).",
                )
            )
    return found


def _newly_late(late: list[Task], monday: date) -> list[Text]:
    return [
        Text(
            f"任务“{one.case.title}”本周转为逾期（期限 {one.due}，{one.unit}）。",
            f"The task “{one.case.title}” became overdue this week (due {one.due}, {one.unit}).",
        )
        for one in late
        if one.due + timedelta(days=1) >= monday
    ]


def _alarms(ask: Ask, monday: date) -> list[Text]:
    """How many alarms were raised this week, gravest first."""
    week = Period.days(monday, monday + timedelta(days=6))
    rows = ask.visible(Alarm.objects.filter(first_seen__gte=week.start, first_seen__lt=week.end))
    count = rows.count()
    if not count:
        return []
    red = rows.filter(severity="red").count()
    orange = rows.filter(severity="orange").count()
    return [
        Text(
            f"本周新增告警 {count} 条，其中红色 {red} 条、橙色 {orange} 条。",
            f"{count} alarms were raised this week, {red} red and {orange} orange.",
        )
    ]


def _silent(ask: Ask, tasks: Iterable[Task]) -> list[Task]:
    monday = last_full_week(ask.now)
    told = {entry.case_id for entry in reports(ask, monday)}
    return [one for one in tasks if owes(one, monday) and one.case.pk not in told]


def _new_supervisions(ask: Ask, monday: date) -> list[Case]:
    """Approved in the seven days that end today, or since Monday, whichever is longer."""
    since = min(Period.day(monday).start, ask.now - timedelta(days=7))
    approved = CaseEntry.objects.filter(
        case__procedure=facts.SUPERVISION, step="approve", at__gte=since
    )
    rows = ask.visible(Case.objects.filter(pk__in=approved.values("case")))
    return list(rows.order_by("pk"))


def _due(ask: Ask) -> list[DueLine]:
    other = {tongue: calendar.next_week(_in(ask, tongue)) for tongue in LANGUAGES}
    return [
        DueLine(zh["day"], zh["title"], Text(zh["kind"], en["kind"]), zh["who"])
        for zh, en in zip(other["zh"], other["en"], strict=True)
    ]


def _in(ask: Ask, language: Language) -> Ask:
    return Ask(ask.person, ask.params, language, ask.now, ask.looks)


def _doubts(aimed: list[Aimed]) -> list[Text]:
    """What the figures themselves say of their coverage, each once."""
    found: dict[Text, None] = {}
    for one in aimed:
        for note in one.measured.notes if one.measured else ():
            found.setdefault(note)
    years = sorted({t.year for one in aimed if (t := one.target).year != t.objective.plan.year})
    if years:
        listed = "、".join(map(str, years))
        found.setdefault(
            Text(f"指标按 {listed} 年的数据计算", f"targets are measured on data of {listed}")
        )
    return list(found)
