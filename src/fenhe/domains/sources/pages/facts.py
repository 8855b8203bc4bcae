"""What pages look up: outlets with their enterprises, their verdicts, their open alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote, urlencode

from fenhe.alert.models import Alarm
from fenhe.assess.models import Verdict
from fenhe.domains.sources.rules import hourly
from fenhe.domains.sources.rules.registered import OUTFALL, STACK, WORDS
from fenhe.kernel.errors import NotFound
from fenhe.kernel.period import Period, civil
from fenhe.kernel.rounding import round_half_even
from fenhe.publish.page import Ask
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Relation
from fenhe.standards.confidence import Confidence

KINDS = (STACK, OUTFALL)
ENTERPRISE = "source_enterprise"
EARLIEST, LATEST = 2000, 9000


@dataclass(frozen=True)
class Outlet:
    """`enterprise` is None where the person may not see it, or none is registered."""

    thing: Object
    enterprise: Object | None

    @property
    def gas(self) -> bool:
        return self.thing.kind == STACK

    @property
    def codes(self) -> Mapping[str, str]:
        return hourly.GAS if self.gas else hourly.WATER

    @property
    def url(self) -> str:
        return f"/sources/{WORDS[self.thing.kind]}/{quote(self.thing.code, safe='')}"

    def shown(self, language: str) -> dict[str, Any]:
        firm = self.enterprise
        return {
            "id": self.thing.pk,
            "code": self.thing.code,
            "name": self.thing.name(language),
            "url": self.url,
            "gas": self.gas,
            "simulated": bool(self.thing.attributes.get("simulated")),
            "enterprise": firm.name(language) if firm else "",
            "enterprise_url": enterprise_url(firm) if firm else "",
        }


def enterprise_url(firm: Object) -> str:
    return f"/sources/enterprise/{quote(firm.code, safe='')}"


def outlets(ask: Ask, of: Object | None = None) -> list[Outlet]:
    """The outlets this person may see, of all enterprises or of one; by enterprise and code."""
    things = ask.visible(Object.objects.filter(kind__in=KINDS))
    part = Relation.objects.filter(predicate="part_of", valid_to=None, object__kind=ENTERPRISE)
    if of is not None:
        things = things.filter(pk__in=part.filter(object=of).values("subject"))
    seen = list(things)
    firms = ask.visible(Object.objects.filter(kind=ENTERPRISE))
    pairs = part.filter(subject__in=[one.pk for one in seen], object__in=firms)
    by_outlet = {one.subject_id: one.object for one in pairs.select_related("object")}
    found = [Outlet(one, by_outlet.get(one.pk)) for one in seen]
    return sorted(found, key=_order)


def _order(one: Outlet) -> tuple[str, str, str]:
    return (one.enterprise.code if one.enterprise else "", one.thing.kind, one.thing.code)


def outlet(ask: Ask, kind: str, code: str) -> Outlet:
    thing = ask.visible(Object.objects.filter(kind=kind, code=code)).first()
    if thing is None:
        raise NotFound("sources.outlet-unknown", f"没有排放口 {code}", f"there is no outlet {code}")
    firms = ask.visible(Object.objects.filter(kind=ENTERPRISE))
    part = Relation.objects.filter(
        subject=thing, predicate="part_of", valid_to=None, object__in=firms
    )
    first = part.select_related("object").first()
    return Outlet(thing, first.object if first else None)


def enterprise(ask: Ask, code: str) -> Object:
    found = ask.visible(Object.objects.filter(kind=ENTERPRISE, code=code)).first()
    if found is None:
        raise NotFound(
            "sources.enterprise-unknown", f"没有排污单位 {code}", f"there is no enterprise {code}"
        )
    return found


def rules(span: str) -> list[str]:
    return [f"sources.{word}-{span}" for word in WORDS.values()]


def within(
    things: Iterable[Outlet], span: str, period: Period, values: Iterable[str]
) -> list[dict[str, Any]]:
    """pk, subject, start, computed_at and some values of every current verdict inside the period,
    oldest first: a month of all outlets is thousands of verdicts, so only what is wanted."""
    wanted = list(values)
    found = Verdict.objects.filter(
        subject__in=[one.thing.pk for one in things],
        rule__in=rules(span),
        variant="",
        current=True,
        start__gte=period.start,
        end__lte=period.end,
    ).order_by("start", "subject_id")
    names = ["pk", "subject_id", "start", "computed_at", *(f"values__{one}" for one in wanted)]
    return [
        {name.removeprefix("values__"): value for name, value in row.items()}
        for row in found.values(*names)
    ]


def judged(things: Iterable[Outlet], span: str, period: Period) -> dict[int, Verdict]:
    """Outlet id → its verdict of exactly this period."""
    found = Verdict.objects.filter(
        subject__in=[one.thing.pk for one in things],
        rule__in=rules(span),
        variant="",
        current=True,
        start=period.start,
        end=period.end,
    )
    return {one.subject_id: one for one in found}


def alarms(ask: Ask, things: Iterable[Outlet]) -> dict[int, Alarm]:
    """Outlet id → its gravest alarm that is not over."""
    found = ask.visible(Alarm.objects.all()).filter(
        subject__in=[one.thing.pk for one in things],
        kind__startswith="sources.",
        state__in=("open", "acknowledged"),
    )
    order = ("notice", "yellow", "orange", "red")
    graver = sorted(found, key=lambda one: (order.index(one.severity), -one.pk))
    return {one.subject_id: one for one in graver}


def alarms_of_days(
    ask: Ask, things: Iterable[Outlet], days: Iterable[str]
) -> dict[tuple[int, str], Alarm]:
    """(outlet id, day as 2026-11-23) → the alarm that stands on that day's verdict: one that is not
    over before one that is, then the gravest."""
    found = ask.visible(Alarm.objects.all()).filter(
        subject__in=[one.thing.pk for one in things],
        kind__startswith="sources.",
        detail__period__in=list(days),
    )
    order = ("notice", "yellow", "orange", "red")
    rising = sorted(
        found, key=lambda one: (one.state != "cleared", order.index(one.severity), -one.pk)
    )
    return {(one.subject_id, one.detail["period"]): one for one in rising}


def explain(verdict: int | None, metric: str, value: Any = 0) -> str | None:
    if verdict is None or value is None:
        return None
    return f"/explain/{verdict}?{urlencode({'metric': metric})}"


def why_reading(series: int | None, start: datetime) -> str | None:
    return None if series is None else f"/explain/reading/{series}/{start:%Y%m%dT%H%M%SZ}"


def today(ask: Ask) -> date:
    return civil(ask.now).date()


def asked_month(ask: Ask) -> Period:
    """The month asked for as 2026-11, else the present one; never one that is no month."""
    written = ask.params.get("month", "")
    try:
        found = Period.parse(written) if len(written) == 7 else None
    except ValueError:
        found = None
    now = today(ask)
    if found is None or not EARLIEST <= found.first_day.year <= LATEST:
        return Period.month(now.year, now.month)
    return found


def figure(value: float | None, decimals: int) -> str:
    """A figure as printed, half-even; a dash where there is none."""
    return "—" if value is None else str(round_half_even(value, decimals))


def printed(value: float | None, name: str) -> str:
    return figure(value, vocabulary.get(name).decimals)


def plain(value: float | None) -> str:
    return "—" if value is None else f"{value:g}"


def unit(name: str) -> str:
    return vocabulary.get(name).unit


def symbol(name: str) -> str:
    return vocabulary.get(name).symbol


def confidence(word: str | None) -> Confidence | None:
    return Confidence(word) if word else None
