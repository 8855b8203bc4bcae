"""Stored pulses: the verdicts of `water.section-pulse` and `water.lake-pulse` read as events, and
the page that lists them. Of an event the newest day's verdict counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fenhe.assess.models import Verdict
from fenhe.domains.water.pages import facts, levels
from fenhe.domains.water.rules import pulse, tables
from fenhe.domains.water.sky.events import kind_names
from fenhe.kernel.period import DAY, Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.page import Ask, Class, Table
from fenhe.registry import vocabulary

RULES = tuple(facts.rule_for(kind, "pulse") for kind in facts.KINDS)
DAYS = 92
MOST_VERDICTS = 20_000
PER_PAGE = 50
STANDING = {
    "likely": Text("较可信", "likely"),
    "weak": Text("弱信号", "weak"),
}
LOOKS = {"likely": "warn", "weak": ""}


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as the newest verdict tells it."""

    section: int
    code: str
    name: str
    told: dict[str, Any]
    verdict: int
    url: str

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.told["start"])

    @property
    def end(self) -> datetime:
        return datetime.fromisoformat(self.told["end"])


def classes() -> list[Class]:
    return [Class(id, STANDING[id], LOOKS[id]) for id in ("weak", "likely")]


def stored(ask: Ask, period: Period, subjects: Iterable[int] | None = None) -> list[Stored]:
    """Events of the days of a period, the newest first."""
    found: dict[tuple[int, str], Stored] = {}
    for row in _rows(ask, period, subjects):
        for told in row["values"].get("events") or []:
            name = row["subject__name_en"] if ask.language == "en" else ""
            found.setdefault(
                (row["subject"], told["key"]),
                Stored(
                    section=row["subject"],
                    code=row["subject__code"],
                    name=name or row["subject__name_zh"],
                    told=told,
                    verdict=row["pk"],
                    url=f"/water/event/{row['subject__code']}/{told['key']}",
                ),
            )
    return sorted(found.values(), key=lambda one: (one.told["start"], one.code), reverse=True)


def _rows(ask: Ask, period: Period, subjects: Iterable[int] | None) -> Iterable[dict[str, Any]]:
    rows = ask.visible(
        Verdict.objects.filter(
            rule__in=RULES, variant="", current=True, start__gte=period.start, end__lte=period.end
        ).exclude(category="")
    )
    if subjects is not None:
        rows = rows.filter(subject__in=list(subjects))
    names = ("pk", "subject", "subject__code", "subject__name_zh", "subject__name_en", "values")
    ordered = rows.order_by("-start", "subject_id").values(*names)
    return [dict(row) for row in ordered[:MOST_VERDICTS]]


def newest_day(ask: Ask) -> date | None:
    """The last day of which an event was told."""
    rows = ask.visible(
        Verdict.objects.filter(rule__in=RULES, variant="", current=True).exclude(category="")
    )
    last = rows.order_by("-start").values_list("start", flat=True).first()
    return civil(last).date() if last else None


def events(ask: Ask) -> dict[str, Any]:
    newest = newest_day(ask)
    last = _date(ask.params.get("to")) or newest or civil(ask.now).date()
    first = max(_date(ask.params.get("from")) or last - DAYS * DAY, last - 4 * DAYS * DAY)
    every = stored(ask, Period.days(min(first, last), last))
    chosen = _chosen(ask, every)
    number = ask.params.get("page", "")
    place = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    pages = max(1, -(-len(chosen) // PER_PAGE))
    place = min(max(place, 1), pages)
    shown = [row(one, ask.language) for one in chosen[(place - 1) * PER_PAGE : place * PER_PAGE]]
    return {
        **marks(ask.language),
        "rows": shown,
        "count": len(chosen),
        "open": sum(1 for one in chosen if one.told["open"]),
        "likely": sum(1 for one in chosen if pulse.standing(one.told) == "likely"),
        "first": min(first, last),
        "last": last,
        "newest": newest,
        "sections": sorted({(one.code, one.name) for one in every}),
        "items": [
            {"id": item, "symbol": facts.symbol(item)}
            for item in sorted({item for one in every for item in one.told["items"]})
        ],
        "kinds": [
            {"id": id, "name": name[ask.language]}
            for id, name in kind_names(tables.latest(pulse.STANDARD)).items()
        ],
        "standings": [{"id": id, "name": text[ask.language]} for id, text in STANDING.items()],
        "asked": {
            name: ask.params.get(name, "") for name in ("section", "item", "kind", "standing")
        },
        "page_number": place,
        "pages": pages,
        "previous": place - 1,
        "next": place + 1,
        "query": _query(ask),
        "tables": {"events": _table(chosen)},
    }


def marks(language: str) -> dict[str, str]:
    """What stands between the words and the sentences of a list."""
    return {"sep": "、", "stop": "；"} if language == "zh" else {"sep": ", ", "stop": "; "}


def row(one: Stored, language: str) -> dict[str, Any]:
    told, about = one.told, vocabulary.get(one.told["item"])
    names = kind_names(tables.latest(pulse.STANDARD))
    standing = pulse.standing(told)
    return {
        "url": one.url,
        "code": one.code,
        "section": one.name,
        "start": one.start,
        "peak": datetime.fromisoformat(told["peak"]),
        "end": one.end,
        "hours": int((one.end - one.start) / timedelta(hours=1)),
        "open": told["open"],
        "item": about.symbol,
        "item_name": about.name[language],
        "value": facts.printed(told["value"], told["item"]),
        "baseline": facts.printed(told["baseline"], told["item"]),
        "unit": about.unit,
        "multiple": f"{told['multiple']:.1f}" if told["multiple"] else "—",
        "items": [facts.symbol(item) for item in told["items"]],
        "kinds": [names[kind][language] for kind in told["kinds"] if kind in names],
        "before": levels.of(told["class_before"]),
        "peak_class": levels.of(told["class_peak"]),
        "standing": STANDING[standing][language],
        "look": LOOKS[standing],
        "confidence": f"{told['confidence']:.2f}",
        "isolated": told["isolated"],
        "why": f"/explain/{one.verdict}?metric=events",
        "sentence": pulse.sentence(told, tables.latest(pulse.STANDARD))[language],
    }


def _chosen(ask: Ask, every: list[Stored]) -> list[Stored]:
    tests: dict[str, Callable[[Stored, str], bool]] = {
        "section": lambda one, wanted: one.code == wanted,
        "item": lambda one, wanted: wanted in one.told["items"],
        "kind": lambda one, wanted: wanted in one.told["kinds"],
        "standing": lambda one, wanted: pulse.standing(one.told) == wanted,
    }
    asked = [(test, wanted) for name, test in tests.items() if (wanted := ask.params.get(name))]
    return [one for one in every if all(test(one, wanted) for test, wanted in asked)]


def _query(ask: Ask) -> str:
    names = ("section", "item", "kind", "standing", "from", "to")
    return urlencode({name: ask.params[name] for name in names if ask.params.get(name)})


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if facts.EARLIEST <= found.year <= facts.LATEST else None


def _table(chosen: list[Stored]) -> Table:
    names = [
        "start", "peak", "end", "open", "item", "value", "baseline", "multiple", "items", "kinds",
        "class_before", "class_peak", "isolated", "confidence",
    ]  # fmt: skip
    return Table(
        "events",
        ["code", "section", *names],
        [
            [
                one.code, one.name,
                *(",".join(value) if isinstance(value := one.told[name], list) else value
                  for name in names),
            ]
            for one in chosen
        ],
    )  # fmt: skip
