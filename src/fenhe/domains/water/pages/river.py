"""What pages of the river look up: the network, what stands on it, samples as they were known at a
moment, and what other parts of the platform found of those who discharge. Everything is asked of
the gate: who may not see a reach, a source or an alarm gets an answer without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from functools import cached_property

import polars as pl
from django.db.models import Q

from fenhe.act.models import Case
from fenhe.alert.models import Alarm
from fenhe.domains.water import network_records
from fenhe.domains.water.network_records import Placed
from fenhe.domains.water.pages import facts
from fenhe.domains.water.rules import pulse, tables
from fenhe.domains.water.sky.lines import Chart
from fenhe.domains.water.sky.network import Reach
from fenhe.domains.water.sky.trace import Evidence, Source
from fenhe.kernel.period import CIVIL, Period, civil
from fenhe.kernel.text import Text
from fenhe.observe import readings
from fenhe.observe.flags import Flag
from fenhe.publish.page import Ask
from fenhe.registry.models import Object, Relation

SECTION, INTAKE, STRUCTURE = "water_section", "water_intake", "water_structure"
PROFILE = ("nh3n", "tp", "codmn", "tn", "ec")
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Basin:
    """The river a person sees, with everything on it that they may see."""

    chart: Chart
    things: Mapping[int, Object]  # by id, of every kind that stands on the river
    placed: Mapping[int, Placed]
    reaches: Mapping[str, Object]

    def of(self, *kinds: str) -> list[Object]:
        """Those of these kinds that stand on the river."""
        return [one for pk, one in self.things.items() if one.kind in kinds and pk in self.placed]

    def reach(self, thing: Object) -> Reach:
        return self.chart.river.reach(self.placed[thing.pk].place.reach)

    @cached_property
    def sources(self) -> dict[str, Object]:
        """By the id `trace` knows them by."""
        return {str(one.pk): one for one in self.of(*discharging())}


def discharging() -> dict[str, str]:
    """Kind of object -> what it is called among the candidates."""
    return {row["kind"]: row["role"] for row in tables.latest(pulse.STANDARD).table("discharging")}


def basin(ask: Ask) -> Basin | None:
    """None where no river is registered, or none may be seen."""
    today = civil(ask.now).date()
    reaches = ask.visible(Object.objects.filter(kind=network_records.REACH))
    chart = network_records.load(reaches, today)
    if chart is None:
        return None
    kinds = [SECTION, INTAKE, STRUCTURE, *discharging()]
    things = {one.pk: one for one in ask.visible(Object.objects.filter(kind__in=kinds))}
    known = {one.code: one for one in reaches.filter(code__in=list(chart.river.reaches))}
    return Basin(chart, things, network_records.places(chart, things.values()), known)


def source(thing: Object, at: Placed, language: str) -> Source:
    given = thing.attributes
    profile = {
        item: float(value) for item in PROFILE if (value := given.get(f"usual_{item}")) is not None
    }
    return Source(
        id=str(thing.pk),
        name=thing.name(language),
        kind=discharging().get(thing.kind, thing.kind),
        place=at.place,
        profile=profile,
        flow=given.get("flow_m3_h"),
    )


def samples(
    things: Iterable[Object], first: datetime, until: datetime, known_at: datetime | None = None
) -> pl.DataFrame:
    """station (object id as text), time (civil), the items watched; from `first` to `until`, both
    counted, as they were known at a moment or as they are known now. Instants."""
    series = facts.series_of(things).filter(pl.col("property").is_in(pulse.items()))
    rows = readings.current(
        series["series"].to_list(), Period(first, until + TICK), known_at=known_at, flags=True
    )
    unusable = pl.col("flag").fill_null(int(Flag.NOT_EVALUATED)).is_in(facts.UNUSABLE)
    found = rows.join(series, on="series").select(
        pl.col("object").alias("subject"),
        "property",
        "start",
        "qualifier",
        "known_at",
        value=pl.when(~unusable).then(pl.col("value")),
    )
    return pulse.samples(found)


def first_known(thing: Object, first: datetime, until: datetime) -> datetime | None:
    """When the platform first had a sample of the thing in this time."""
    series = facts.series_of([thing])["series"].to_list()
    rows = readings.current(series, Period(first, until + TICK), flags=False)
    found: datetime | None = rows["known_at"].min()  # type: ignore[assignment]  # of instants
    return found


def instant(moment: datetime) -> datetime:
    """A civil moment without a zone, as an instant."""
    return moment.replace(tzinfo=CIVIL).astimezone(UTC)


def findings(
    ask: Ask, sources: Sequence[Object], first: datetime, last: datetime
) -> list[Evidence]:
    """What alarms and cases say of the sources, and of whoever answers for them, in a time."""
    owners = _answering(ask, sources)
    everyone = {pk for pks in owners.values() for pk in pks}
    alarms = ask.visible(Alarm.objects.filter(subject__in=everyone)).filter(
        first_seen__lte=last, last_seen__gte=first
    )
    cases = ask.visible(Case.objects.filter(subject__in=everyone)).filter(
        opened_at__gte=first, opened_at__lte=last
    )
    told = [
        (one.subject_id, one.kind, one.first_seen, one.last_seen, _alarm_text(one))
        for one in alarms
    ]
    told += [
        (one.subject_id or 0, one.procedure, one.opened_at, one.opened_at, _case_text(one))
        for one in cases
    ]
    return [
        Evidence(source, kind, _civil(start), _civil(end), text)
        for subject, name, start, end, text in told
        if (kind := _evidence_kind(name))
        for source, pks in owners.items()
        if subject in pks
    ]


def _answering(ask: Ask, sources: Sequence[Object]) -> dict[str, set[int]]:
    """Source -> itself, what its `owner` names, what is part of that, and what it is part of."""
    codes = {str(one.attributes["owner"]): one for one in sources if one.attributes.get("owner")}
    named: dict[str, set[int]] = {}
    for one in ask.visible(Object.objects.filter(code__in=list(codes))):
        named.setdefault(one.code, set()).add(one.pk)
    owners = {
        str(one.pk): {one.pk} | named.get(str(one.attributes.get("owner")), set())
        for one in sources
    }
    asked = {pk for pks in owners.values() for pk in pks}
    related = ask.visible(
        Relation.objects.filter(Q(object__in=asked) | Q(subject__in=asked), predicate="part_of")
    ).values_list("subject_id", "object_id")
    for part, whole in related:
        for pks in owners.values():
            if part in pks or whole in pks:
                pks |= {part, whole}
    return owners


def _evidence_kind(name: str) -> str | None:
    rows = tables.latest(pulse.STANDARD).table("evidence_from")
    return next((row["kind"] for row in rows if fnmatch(name, row["from"])), None)


def _alarm_text(one: Alarm) -> Text:
    return Text(f"告警：{one.message_zh}", f"alarm: {one.message_en}")


def _case_text(one: Case) -> Text:
    return Text(f"案件 {one.number}：{one.title}", f"case {one.number}: {one.title}")


def _civil(moment: datetime) -> datetime:
    return civil(moment).replace(tzinfo=None)
