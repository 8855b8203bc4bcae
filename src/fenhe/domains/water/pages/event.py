"""One event: its items with the baseline and the window, where its water came from and goes to, who
could have sent it (an order in which to look, never a verdict), when it arrives downstream, the
same with what was known at an earlier hour, and the order to verify it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fenhe.access import gate
from fenhe.access.models import Person
from fenhe.act import cases, holding
from fenhe.act.models import Case
from fenhe.act.procedures import register
from fenhe.act.procedures.shape import Procedure
from fenhe.domains.water.pages import event_parts, facts, pulses, replay, river
from fenhe.domains.water.pages.pulses import Stored
from fenhe.domains.water.pages.replay import Seen
from fenhe.domains.water.rules import pulse, tables
from fenhe.domains.water.sky.trace import DISCLAIMER
from fenhe.kernel.errors import BadInput, FenheError, Forbidden, NotFound
from fenhe.kernel.period import DAY, Period, civil
from fenhe.publish.page import Ask
from fenhe.registry.models import Object

ALERTS = {facts.SECTION: "water.pulse", facts.POINT: "water.lake-pulse"}
LONGEST_TASK = 2000


def event(ask: Ask) -> dict[str, Any]:
    thing = facts.section(ask, ask.params["code"])
    stored = _stored(ask, thing, ask.params["start"])
    basin = river.basin(ask)
    at = _moment(ask.params.get("at", ""))
    seen = replay.seen(thing, stored, basin, at)
    if at is not None and not stored.start - DAY <= at:
        at = None
    told = _as_seen(stored, seen, thing)
    candidates = replay.candidates(ask, thing, basin, seen) if basin else []
    below = replay.downstream(thing, basin, seen) if basin else []
    echoes = replay.lags(thing, basin, seen, below) if basin and below else {}
    order = _order(ask, thing, stored)
    return {
        **pulses.row(stored, ask.language),
        **pulses.marks(ask.language),
        "now": pulses.row(told, ask.language) if told else None,
        "simulated": bool(thing.attributes.get("simulated")),
        "thing": thing.pk,
        "at": at,
        "until": seen.at,
        "loaded": seen.loaded,
        "hours": _hours(stored, seen, at),
        "placed": bool(basin and thing.pk in basin.placed),
        "has_river": basin is not None,
        "charts": event_parts.charts(thing, seen, ask.language) if seen.event else [],
        "candidates": event_parts.candidates(candidates, basin, ask.language) if basin else [],
        "more": max(0, len(candidates) - event_parts.SHOWN),
        "downstream": event_parts.downstream(below, echoes, basin, seen, ask.language)
        if basin
        else [],
        "concerned": event_parts.concerned(thing, basin, candidates, below) if basin else [],
        "disclaimer": DISCLAIMER[ask.language],
        "map": event_parts.drawn(thing, basin, seen, candidates, below, ask.language)
        if basin and thing.pk in basin.placed
        else None,
        "order": order,
        "chart_query": f"at={at:%Y-%m-%dT%H:%M}" if at else "",
        "tables": event_parts.files(stored, seen, candidates, below, basin, thing, ask.language),
    }


def _stored(ask: Ask, thing: Object, key: str) -> Stored:
    try:
        start = datetime.strptime(key, "%Y%m%dT%H%M")  # noqa: DTZ007  # civil, as the key says
        period = Period.days(start.date(), start.date() + timedelta(days=20))
    except (ValueError, OverflowError):
        raise _unknown(key) from None
    found = [one for one in pulses.stored(ask, period, [thing.pk]) if one.told["key"] == key]
    if not found:
        raise _unknown(key)
    return found[0]


def _unknown(key: str) -> NotFound:
    return NotFound(
        "water.event-unknown",
        f"没有事件 {key}；数据更正后事件可能已不成立",
        f"there is no event {key}; after a correction it may no longer hold",
    )


def _moment(text: str) -> datetime | None:
    """Civil, without a zone: an offset that is given is counted, none is civil time."""
    try:
        found = datetime.fromisoformat(text)
        plain = found if found.tzinfo is None else civil(found).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return plain if facts.EARLIEST <= plain.year <= facts.LATEST else None


def _as_seen(stored: Stored, seen: Seen, thing: Object) -> Stored | None:
    """The event as it was to be seen at that hour, told like the stored one."""
    if seen.event is None:
        return None
    edition = tables.in_force(tables.SURFACE, stored.start.date())
    change = pulse.class_change([seen.event], edition, facts.waterbody(thing))
    told = pulse.told(seen.event, change[id(seen.event)])
    return Stored(stored.section, stored.code, stored.name, told, stored.verdict, stored.url)


def _hours(stored: Stored, seen: Seen, at: datetime | None) -> dict[str, Any]:
    """What the control of the replay offers: each sample from the one before the event."""
    own = seen.rows.filter(pl.col("station") == str(stored.section))
    first = stored.start - timedelta(hours=4)
    last = stored.end + timedelta(hours=24)
    every = [first + timedelta(hours=4 * n) for n in range(int((last - first).days * 6) + 7)]
    listed = [one for one in every if one <= last]
    where = at or seen.at
    return {
        "listed": listed,
        "chosen": at,
        "before": max((one for one in listed if one < where), default=None),
        "after": min((one for one in listed if one > where), default=None) if at else None,
        "samples": own.height,
    }


def _order(ask: Ask, thing: Object, stored: Stored) -> dict[str, Any]:
    """The procedures that offer themselves on such an alarm: who may open one has a form, orders
    that are there are shown. A form that was sent opens the order first."""
    offered = register.offered_on(ALERTS[thing.kind], civil(ask.now).date())
    problem: FenheError | None = None
    if ask.sent:
        try:
            _dispatch(ask, thing, stored, offered)
        except (BadInput, Forbidden) as error:
            problem = error
    sources = {_source(thing, stored, one): one for one in offered}
    opened = Case.objects.filter(source__in=list(sources))
    mine = {one.source: one for one in ask.visible(opened)}
    every = set(opened.values_list("source", flat=True))
    return {
        "problem": problem.message[ask.language] if problem else "",
        "code": problem.code if problem else "",
        "listed": [
            {
                "id": one.id,
                "name": one.name[ask.language],
                "case": mine.get(source),
                "hidden": source in every and source not in mine,
                "may": bool(holding.held(ask.person, one.opening.by)),
                "task": _task(stored, ask.language),
            }
            for source, one in sources.items()
        ],
    }


def _source(thing: Object, stored: Stored, procedure: Procedure) -> str:
    return f"pulse:{thing.pk}:{stored.told['key']}:{procedure.id}"


def _task(stored: Stored, language: str) -> str:
    said = pulse.sentence(stored.told, tables.latest(pulse.STANDARD))[language]
    if language == "en":
        return f"Verify on site the pulse at {stored.name}: {said}."
    return f"现场核查{stored.name}水质异常：{said}。"


def _dispatch(ask: Ask, thing: Object, stored: Stored, offered: list[Procedure]) -> Case:
    procedure = next((one for one in offered if one.id == ask.form.get("procedure")), None)
    if procedure is None or not isinstance(ask.person, Person):
        raise BadInput("act.no-procedure", "没有这个程序", "there is no such procedure")
    source = _source(thing, stored, procedure)  # sent twice: one pulse, one order
    gate.require(ask.person, ask.looks, thing)
    step = procedure.opening
    known = {
        "what": ask.form.get("task", "").strip()[:LONGEST_TASK],
        "place": stored.name,
        "longitude": thing.longitude,
        "latitude": thing.latitude,
        "team": ask.form.get("team", "").strip(),
    }
    asked = {*step.fields, *step.may_fill}
    given = {name: value for name, value in known.items() if name in asked and value}
    wanted = cases.Opening(procedure.id, given, subject=thing, source=source)
    return cases.open_(wanted, ask.person, ask.now)
