"""One search over everything a person may see: objects, series, alarms, publications, standards.

A source is a function (Asked) -> what it found, the best first; a stage above, such as cases, joins
with `register` from its own module of pages. Each gives a few and an address where the rest is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from django.db.models import Q

from fenhe.access import gate
from fenhe.alert.models import Alarm
from fenhe.app.listing_cells import kind_name
from fenhe.kernel.period import civil
from fenhe.kernel.text import Language, plain
from fenhe.publish import bulletin as bulletins
from fenhe.publish.models import Publication
from fenhe.registry import search, vocabulary
from fenhe.registry.models import Object, Series
from fenhe.standards import catalogue

FEW, MOST = 8, 100
LEAST = 1
"""Letters of a query; Chinese needs no more than one."""


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    hits: list[Hit]
    more: str = ""
    """Where the rest is."""


@dataclass(frozen=True)
class Asked:
    """Who looks for what. `objects`: the first of the objects that fit, looked up once for all."""

    person: object
    query: str
    language: Language

    @cached_property
    def objects(self) -> list[Object]:
        return self.fitting(self.query)

    def fitting(self, query: str) -> list[Object]:
        things = gate.visible(self.person, Object.objects.filter(search.matching(query)))
        return list(things.select_related("area").order_by("kind", "code")[:MOST])


Find = Callable[[Asked], Found]


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    title: str
    find: Find


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    _sources[source.id] = source


def everywhere(person: object, query: str, language: Language) -> list[tuple[Source, Found]]:
    """What each source found; those that found nothing are left out."""
    if len(plain(query)) < LEAST:
        return []
    asked = Asked(person, query, language)
    answers = ((source, source.find(asked)) for source in _sources.values())
    return [(source, found) for source, found in answers if found.hits]


def _objects(asked: Asked) -> Found:
    rows, language, query = asked.objects, asked.language, asked.query
    kinds = list(dict.fromkeys(one.kind for one in rows))
    more = f"/objects/{kinds[0]}?q={quote(query)}" if len(rows) > FEW else ""
    return Found(
        [
            Hit(
                f"{one.name(language)} {one.code}",
                f"/object/{one.pk}",
                " · ".join(
                    filter(None, [kind_name(one.kind, language),
                                  one.area.name(language) if one.area else ""])
                ),
            )
            for one in rows[:FEW]
        ],
        more,
    )  # fmt: skip


def _series(asked: Asked) -> Found:
    """Words that spell a property choose it; the others are of the object."""
    language, words = asked.language, plain(asked.query).split()
    spelled = {word: vocabulary.spelled(word) for word in words}
    properties = [about.id for about in spelled.values() if about]
    rest = " ".join(word for word, about in spelled.items() if about is None)
    if not properties:
        return Found([])
    found = gate.visible(asked.person, Series.objects.filter(property__in=properties))
    if rest:
        found = found.filter(object__in=[one.pk for one in asked.fitting(rest)])
    rows = list(found.select_related("object").order_by("id")[: FEW + 1])
    return Found(
        [
            Hit(
                f"{one.object.name(language)} {vocabulary.shown(one.property).symbol}",
                f"/object/{one.object_id}/data?series={one.pk}",
                kind_name(one.object.kind, language),
            )
            for one in rows[:FEW]
        ],
        f"/series?property={properties[0]}&q={quote(rest)}" if len(rows) > FEW else "",
    )


def _alarms(asked: Asked) -> Found:
    told, language = Q(), asked.language
    for word in asked.query.split()[: search.MOST_WORDS]:
        told &= Q(message_zh__icontains=word) | Q(message_en__icontains=word)
    about = Q(subject__in=[one.pk for one in asked.objects])
    found = gate.visible(asked.person, Alarm.objects.filter(told | about))
    rows = found.select_related("subject").order_by("-last_seen", "-pk")
    return Found(
        [
            Hit(
                one.message_en if language == "en" else one.message_zh,
                f"/object/{one.subject_id}/alarms",
                f"{one.subject.name(language)} · {civil(one.last_seen):%Y-%m-%d %H:%M}",
            )
            for one in rows[:FEW]
        ],
        "/alarms",
    )


def _publications(asked: Asked) -> Found:
    language = asked.language
    about = Publication.objects.filter(subject__in=[one.pk for one in asked.objects])
    found = gate.visible(asked.person, about)
    if not gate.may(asked.person, "publication.draft"):
        found = found.exclude(state="draft")
    names = {one.id: one.name[language] for one in bulletins.all()}
    rows = found.select_related("subject").order_by("-start", "-edition")[:FEW]
    return Found(
        [
            Hit(
                f"{one.subject.name(language)} {names.get(one.kind, one.kind)}",
                f"/bulletins/{one.pk}",
                f"{civil(one.start):%Y-%m-%d} · {one.edition}",
            )
            for one in rows
        ],
        "/bulletins",
    )


def _standards(asked: Asked) -> Found:
    query, language, words = asked.query, asked.language, plain(asked.query).split()
    hits = [
        Hit(f"{one.id} {one.title[language]}", f"/standards?edition={quote(one.id)}", "")
        for one in catalogue.editions()
        if _has(words, (one.id, one.title.zh, one.title.en))
    ]
    return Found(hits[:FEW], f"/standards?q={quote(query)}")


def _has(words: Iterable[str], texts: Iterable[str]) -> bool:
    whole = plain(" ".join(texts))
    return all(word in whole for word in words)


for _source in (
    Source("objects", "search.objects", _objects),
    Source("series", "search.series", _series),
    Source("alarms", "search.alarms", _alarms),
    Source("publications", "search.publications", _publications),
    Source("standards", "search.standards", _standards),
):
    register(_source)
