"""Golden cases with their articles; what is refused; excluded time and extensions as properties."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenhe.act.deadlines import Calendar, Notice, Span, compute, rules
from fenhe.act.deadlines.asked import answer, moment, whole
from fenhe.kernel.errors import BadInput

CALENDAR = Calendar()
NOTICE_2027 = Notice(
    2027,
    {date(2027, 1, 1): False, date(2027, 2, 5): False, date(2027, 2, 6): True},
    "for the test",
)
DAYS = st.dates(date(2005, 1, 1), date(2026, 6, 30))

GOLDEN = [
    # 行政处罚法 第64条(1)+第85条: five working days over National Day; 10 October is worked.
    ("pen.hearing_request", "2026-09-30", {}, "2026-10-13"),
    # 行政处罚法 第64条(2): seven working days before a hearing on Monday 12 October.
    ("pen.hearing_notice", "2026-10-12", {}, "2026-09-24"),
    # 行政处罚法 第60条 + 部令30 第57条: 90 days end on 4 October, a holiday: 8 October.
    ("pen.decision", "2026-07-06", {}, "2026-10-08"),
    ("pen.decision", "2026-03-02", {"extend": 1}, "2026-06-30"),
    ("pen.decision", "2026-03-02", {"extend": 2}, "2026-07-30"),
    ("pen.decision", "2026-03-02", {"extend": 2, "exclude": 5}, "2026-08-04"),
    # 部令30(2023) 第18条, and the seven working days of the rule before it.
    ("pen.filing", "2023-07-03", {}, "2023-07-18"),
    ("pen.filing", "2023-06-30", {}, "2023-07-11"),
    # 行政强制法 第25条, 部令29 第15条: a burden is not prolonged by a holiday.
    ("seize.term", "2026-09-01", {}, "2026-10-01"),
    # 部令29 第13条: hours run through holidays.
    ("seize.urgent", "2026-09-30T18:20", {}, "2026-10-01T18:20"),
    ("seize.urgent", "2026-09-30", {}, "2026-10-01T00:00"),
    # 行政强制法 第53条: three months; the month without the day ends on its last day.
    ("pen.court", "2026-01-31", {}, "2026-04-30"),
    ("limit.term", "2026-11-30", {"extend": 1}, "2027-05-30"),
    ("pen.limitation", "2024-02-29", {}, "2026-02-28"),
    ("pen.limitation", "2026-08-15", {"variant": "harm"}, "2031-08-15"),
    # 排污许可管理条例 第14条: sixty days before the permit ends.
    ("permit.renew", "2026-12-31", {}, "2026-11-01"),
    # 部令24 第9条, 第19条: a day of the year.
    ("disc.annual", "2026-03-15", {}, "2026-03-15"),
    ("disc.annual", "2026-03-16", {}, "2027-03-15"),
    # 环环监〔2017〕17号 第9条: three, seven, thirty days.
    ("crim.police_decide", "2026-03-02", {"variant": "checking"}, "2026-03-09"),
    ("crim.police_decide", "2026-03-02", {"variant": "major"}, "2026-04-01"),
    # 信访工作条例 第34条
    ("petition.finish", "2026-01-05", {"extend": 1}, "2026-04-07"),
    ("damage.consult", "2026-01-05", {}, "2026-04-05"),
]


@pytest.mark.parametrize(("rule", "start", "more", "due"), GOLDEN)
def test_golden(rule: str, start: str, more: dict[str, object], due: str) -> None:
    assert answer(rule, start, CALENDAR, **more).as_dict()["due"] == due  # type: ignore[arg-type]


def test_the_law_is_that_of_the_day_of_the_act() -> None:
    """生态环境法典 第1054条 since 2026-08-15, 行政处罚法 第36条 before."""
    assert compute("pen.limitation", date(2026, 8, 14), CALENDAR).article == "行政处罚法 第36条"
    assert "第1054条" in compute("pen.limitation", date(2026, 8, 15), CALENDAR).article
    assert "第22条" in compute("eia.book", date(2026, 8, 14), CALENDAR).article
    assert "法典" in compute("eia.book", date(2026, 8, 15), CALENDAR).article
    old = compute("pen.limitation", date(2026, 8, 14), CALENDAR, variant="harm")
    assert not old.accuses  # the old text's condition for five years is from memory
    assert old.provisional


def test_least_durations_say_when_one_may_go_on() -> None:
    """部令24 第9条: at least ten working days of publicity."""
    result = compute("disc.list_publicity", date(2026, 3, 2), CALENDAR)
    assert (result.due, result.earliest) == (date(2026, 3, 16), date(2026, 3, 17))


def test_a_calendar_nobody_has_published_makes_it_provisional() -> None:
    result = compute("pen.decision", date(2026, 11, 7), CALENDAR)
    assert (result.due, result.provisional, result.accuses) == (date(2027, 2, 5), True, False)
    assert result.reason
    assert "2027" in result.reason.zh
    loaded = compute("pen.decision", date(2026, 11, 7), Calendar([NOTICE_2027]))
    assert (loaded.due, loaded.provisional, loaded.accuses) == (date(2027, 2, 6), False, True)
    assert loaded.calendar != result.calendar
    # What needs no calendar waits for none.
    assert not compute("seize.term", date(2026, 12, 20), CALENDAR).provisional
    assert not compute("permit.renew", date(2027, 3, 1), CALENDAR).provisional
    assert compute("pen.hearing_notice", date(2027, 1, 8), CALENDAR).provisional


def test_both_readings_of_an_unclear_row_are_shown() -> None:
    """排污许可管理条例 第12条 says “日”; the reference says to count working days."""
    result = compute("permit.simple", date(2026, 3, 2), CALENDAR)
    assert result.due == date(2026, 3, 30)
    assert result.alternatives == {"natural": date(2026, 3, 23)}
    assert result.confidence.value == "medium"


def test_unconfirmed_limits_warn_and_never_accuse() -> None:
    for rule in rules():
        result = compute(rule.id, date(2026, 3, 2), CALENDAR)
        if rule.confidence.value == "unconfirmed":
            assert result.provisional
            assert not result.accuses
    assert compute("hotline.12345", date(2026, 3, 2), CALENDAR).due is None


def test_overlapping_reasons_exclude_a_day_once() -> None:
    start = date(2026, 3, 2)
    spans = [
        Span(date(2026, 3, 10), date(2026, 3, 19), "监测"),
        Span(date(2026, 3, 15), date(2026, 3, 24), "鉴定"),
    ]
    assert compute("pen.decision", start, CALENDAR, spans=spans).due == date(2026, 6, 15)
    # Days before the trigger or after the last day (31 May, a Sunday) exclude nothing.
    for span in (Span(date(2026, 2, 1), start), Span(date(2026, 6, 1), date(2026, 6, 30))):
        assert compute("pen.decision", start, CALENDAR, spans=[span]).due == date(2026, 6, 1)


@given(start=DAYS, spans=st.lists(st.tuples(st.integers(-20, 200), st.integers(0, 40)), max_size=4))
def test_excluded_spans_by_walking(start: date, spans: list[tuple[int, int]]) -> None:
    """The 90 days are those days after the start that lie in no span (行政处罚法 60, 部令30 57);
    for working days (信用修复) those that are worked as well."""
    whole = [
        Span(start + timedelta(days=first), start + timedelta(days=first + length))
        for first, length in spans
    ]
    for rule, count, worked in (("pen.decision", 90, False), ("credit.repair_sx", 10, True)):
        day, left = start, count
        while left:
            day += timedelta(days=1)
            outside = not any(span.first <= day <= span.last for span in whole)
            left -= outside and (not worked or CALENDAR.working(day))
        while rule == "pen.decision" and not CALENDAR.working(day):
            day += timedelta(days=1)
        assert compute(rule, start, CALENDAR, spans=whole).due == day


@given(start=DAYS, extend=st.integers(0, 2), exclude=st.integers(0, 400))
def test_more_time_never_ends_earlier(start: date, extend: int, exclude: int) -> None:
    due = compute("pen.decision", start, CALENDAR, extend=extend, exclude=exclude).due
    more = compute("pen.decision", start, CALENDAR, extend=extend, exclude=exclude + 1).due
    assert isinstance(due, date)
    assert isinstance(more, date)
    assert due <= more
    least = start + timedelta(days=90 + 30 * extend + exclude)
    assert least <= due <= least + timedelta(days=12)
    assert CALENDAR.working(due)


@given(day=DAYS)
def test_counting_back_is_counting_forward(day: date) -> None:
    """Seven working days lie between notice and hearing, from whichever end one counts."""
    notice = compute("pen.hearing_notice", day, CALENDAR).due
    assert isinstance(notice, date)
    after = compute("pen.serve", notice, CALENDAR).due  # seven working days forward
    assert isinstance(after, date)
    assert after <= day or not CALENDAR.working(day)
    between = [notice + timedelta(days=n) for n in range((day - notice).days)]
    assert sum(CALENDAR.working(one) for one in between) == 7


REFUSED = [
    ("pen.nothing", "2026-03-02", {}, "deadline.rule-unknown"),
    ("pen.filing", "2026-02-30", {}, "deadline.date"),
    ("pen.filing", "02/03/2026", {}, "deadline.date"),
    ("pen.filing", "２０２６-03-02", {}, "deadline.date"),
    ("pen.filing", "1900-01-01", {}, "deadline.date"),
    ("pen.filing", "2026-03-02T25:00", {}, "deadline.date"),
    ("pen.filing", "2026-03-02", {"extend": 2}, "deadline.extend"),
    ("pen.filing", "2026-03-02", {"extend": -1}, "deadline.extend"),
    ("pen.serve", "2026-03-02", {"extend": 1}, "deadline.extend"),
    ("pen.pay", "2026-03-02", {"extend": 1}, "deadline.extension-unsaid"),
    ("pen.decision", "2026-03-02", {"exclude": -1}, "deadline.exclude"),
    ("pen.decision", "2026-03-02", {"exclude": 10**9}, "deadline.exclude"),
    ("pen.serve", "2026-03-02", {"exclude": 3}, "deadline.exclude-none"),
    ("pen.review_decide", "2026-03-02", {"variant": "quick"}, "deadline.variant-unknown"),
]


@pytest.mark.parametrize(("rule", "start", "more", "code"), REFUSED)
def test_refused(rule: str, start: str, more: dict[str, object], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        answer(rule, start, CALENDAR, **more)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert refused.value.zh
    assert refused.value.en


def test_a_mistyped_rule_is_told_its_neighbours() -> None:
    with pytest.raises(BadInput, match=r"pen\.decision"):
        answer("pen.decison", "2026-03-02", CALENDAR)


def test_a_span_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(BadInput, match="早于"):
        Span(date(2026, 3, 2), date(2026, 3, 1))


def test_what_is_typed() -> None:
    assert moment(" 2026-03-02T08:30 ") == datetime(2026, 3, 2, 8, 30)  # noqa: DTZ001
    assert [whole(text, "x") for text in ("", " 3 ", "-2")] == [0, 3, -2]
    with pytest.raises(BadInput, match="整数"):
        whole("two", "x")


NOTICES = {
    "date,kind,note\n2027-01-01,holiday,\n2026-12-27,workday,\n": None,
    "day,kind\n2027-01-01,holiday\n": "date",
    "date,kind,note\n2027-13-01,holiday,\n": "2027-13-01",
    "date,kind,note\n2027-01-01,free,\n": "free",
    "date,kind,note\n2028-01-01,holiday,\n": "2028-01-01",
    "date,kind,note\n2027-01-01,holiday,\n2027-01-01,workday,\n": "两次",
    "date,kind,note\n2026-12-27,workday,\n": "没有 2027",
    "date,kind,note\n": "没有 2027",
}


@pytest.mark.parametrize(("text", "wrong"), NOTICES.items())
def test_a_notice_is_read_whole_or_not_at_all(text: str, wrong: str | None) -> None:
    if wrong is None:
        calendar = Calendar([Notice.read(text, 2027, "2027.csv")])
        assert calendar.covers(2027)
        assert not calendar.working(date(2027, 1, 1))
        assert calendar.working(date(2026, 12, 27))  # a Sunday that the new year's notice works
        assert not calendar.working(date(2026, 10, 1))  # 2026 itself as before
    else:
        with pytest.raises(BadInput) as refused:
            Notice.read(text, 2027, "2027.csv")
        assert wrong in str(refused.value) + "".join(one.value for one in refused.value.problems)
