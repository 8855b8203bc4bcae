"""The desk: what people do with an alarm, two of them at once, and what the clock does instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import close_old_connections

from fenhe.access.models import Person
from fenhe.alert import alarms, declared, desk, escalation
from fenhe.alert.models import Alarm
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.period import DAY, HOUR
from fenhe.kernel.text import Text
from fenhe.registry.models import Object

NOW = datetime(2024, 5, 4, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ENTRY = {
    "name": "high",
    "kind": "well",
    "silence_hours": 3,
    "message": "x",
    "to": ["duty_officer"],
    "escalate": [
        {"after_minutes": 30, "to": ["office_head"]},
        {"after_minutes": 90, "to": ["director", "duty_officer"]},
    ],
}

Act_ = Callable[[Alarm], Any]


@pytest.fixture(autouse=True)
def declared_here() -> Iterator[None]:
    kept = declared.all()
    declared.clear()
    declared.register_file({"alerts": {"wells.high": ENTRY}}, "wells", "wells/alerts.yaml")
    yield
    declared.clear()
    for one in kept:
        declared.register(one)


def raised(severity: str = "yellow") -> Alarm:
    well, _ = Object.objects.get_or_create(kind="well", code="1", name_zh="一号井")
    steps = escalation.steps_of("wells.high")
    return alarms.raise_(
        f"wells.high:{well.pk}",
        "wells.high",
        severity,
        well.pk,
        Text("一", "one"),
        NOW,
        {"to": ["duty_officer"]},
        escalate_at=escalation.first(steps, NOW),
    )


def person(name: str = "duty") -> Person:
    return Person.objects.get_or_create(username=name)[0]


def acts() -> list[str]:
    return list(Act.objects.values_list("action", flat=True))


@pytest.mark.django_db
def test_who_acknowledges_owns_it_and_the_clock_stops() -> None:
    alarm = desk.acknowledge(raised(), person(), NOW, " on it ", seen=0)
    assert (alarm.state, alarm.owner, alarm.acknowledged_at) == ("acknowledged", person(), NOW)
    assert alarm.escalate_at is None
    act = Act.objects.get()
    assert (act.action, act.subject) == ("alarm.acknowledge", f"alarm:{alarm.pk}")
    assert act.detail["note"] == "on it"
    assert not ledger.verify().problems


@pytest.mark.django_db
def test_acknowledging_twice_is_refused_and_names_the_first() -> None:
    alarm = raised()
    desk.acknowledge(alarm, person("li"), NOW)
    with pytest.raises(Conflict, match="li") as refused:
        desk.acknowledge(alarm, person("wang"), NOW)
    assert refused.value.code == "alert.not-open"
    assert acts() == ["alarm.acknowledge"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "act",
    [
        lambda alarm: desk.assign(alarm, person(), person("wang"), NOW, seen=0),
        lambda alarm: desk.mute(alarm, person(), NOW + HOUR, "calibration", NOW, seen=0),
        lambda alarm: desk.unmute(alarm, person(), NOW, seen=0),
        lambda alarm: desk.escalate(alarm, person(), "too big", NOW, seen=0),
        lambda alarm: desk.clear(alarm, person(), "false alarm", NOW, seen=0),
    ],
)
def test_who_decided_on_an_old_view_is_told(act: Act_) -> None:
    alarm = raised()
    desk.note(alarm, person("wang"), "looking")
    with pytest.raises(Conflict) as refused:
        act(alarm)
    assert refused.value.code == "alert.changed"
    assert acts() == ["alarm.note"]


@pytest.mark.django_db
def test_muting_needs_a_reason_and_an_end() -> None:
    alarm = raised()
    for until, reason in (
        (NOW + HOUR, "  "),
        (NOW, "works"),
        (NOW - HOUR, "works"),
        (NOW + desk.LONGEST_MUTE + MINUTE, "works"),
    ):
        with pytest.raises(BadInput):
            desk.mute(alarm, person(), until, reason, NOW)
    assert acts() == []
    muted = desk.mute(alarm, person(), NOW + desk.LONGEST_MUTE, "works", NOW)
    assert muted.mute_reason == "works"
    assert Act.objects.get().reason == "works"


@pytest.mark.django_db
def test_a_muted_alarm_waits_and_a_graver_sighting_opens_it() -> None:
    alarm = desk.mute(raised(), person(), NOW + 5 * HOUR, "works", NOW)
    assert escalation.due(NOW + 5 * HOUR) == 0
    assert escalation.due(NOW + 5 * HOUR + 30 * MINUTE) == 1
    desk.mute(alarm, person(), NOW + DAY, "works", NOW)
    raised("red")
    alarm.refresh_from_db()
    assert (alarm.muted_until, alarm.mute_reason, alarm.level) == (None, "", 0)
    assert alarm.escalate_at == NOW + 30 * MINUTE


@pytest.mark.django_db
def test_the_steps_are_climbed_one_by_one_until_somebody_answers() -> None:
    alarm = raised()
    assert escalation.due(NOW + 29 * MINUTE) == 0
    assert escalation.due(NOW + 30 * MINUTE) == 1
    assert escalation.due(NOW + 30 * MINUTE) == 0
    alarm.refresh_from_db()
    assert escalation.duties(alarm) == ["duty_officer", "office_head"]
    assert alarm.escalate_at == NOW + 90 * MINUTE
    assert Act.objects.get().person == escalation.PLATFORM
    desk.acknowledge(alarm, person(), NOW)
    assert escalation.due(NOW + DAY) == 0


@pytest.mark.django_db
def test_the_last_step_is_the_last() -> None:
    alarm = raised()
    desk.escalate(alarm, person(), "at once", NOW)
    assert escalation.due(NOW + 60 * MINUTE) == 1
    alarm.refresh_from_db()
    assert escalation.duties(alarm) == ["duty_officer", "office_head", "director"]
    assert alarm.escalate_at is None
    with pytest.raises(Conflict) as refused:
        desk.escalate(alarm, person(), "higher", NOW)
    assert refused.value.code == "alert.no-step"


@pytest.mark.django_db
def test_cleared_by_hand_it_comes_back_when_seen_again() -> None:
    desk.clear(raised(), person(), "sensor cable", NOW)
    assert raised().state == "open"
    assert Alarm.objects.count() == 2


@pytest.mark.django_db
def test_notes_are_kept_in_evidence_even_of_a_cleared_alarm() -> None:
    alarm = desk.clear(raised(), person(), "cable", NOW)
    desk.note(alarm, person(), "replaced on Monday")
    with pytest.raises(BadInput):
        desk.note(alarm, person(), "   ")
    assert Act.objects.filter(subject=alarm.subject_text).count() == 2


def test_the_steps_of_an_escalation_must_rise() -> None:
    falling = {**ENTRY, "escalate": list(reversed(ENTRY["escalate"]))}
    with pytest.raises(BadInput):
        declared.register_file({"alerts": {"wells.falling": falling}}, "wells", "alerts.yaml")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["acknowledge", "climb"])
def test_of_two_at_once_one_wins(what: str) -> None:
    alarm = raised()
    people = [person("li"), person("wang")]
    together, won = Barrier(2), list[bool]()

    def act(who: Person) -> None:
        together.wait()
        try:
            if what == "acknowledge":
                desk.acknowledge(alarm, who, NOW, seen=0)
                won.append(True)
            else:
                won.append(escalation.climb(alarm, who, NOW))
        except Conflict:
            won.append(False)
        finally:
            close_old_connections()

    threads = [Thread(target=act, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(won) == [False, True]
    assert Act.objects.count() == 1
