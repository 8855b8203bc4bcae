"""What stands in the cells of a list: for the rows of one page, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe

from fenhe.access import gate
from fenhe.app.listing import Column
from fenhe.app.text import say
from fenhe.app.views import classes
from fenhe.assess.models import Verdict
from fenhe.kernel.period import civil
from fenhe.observe.models import Latest
from fenhe.registry import kinds, vocabulary
from fenhe.registry.models import Object, Relation, Series


@dataclass(frozen=True, slots=True)
class Cell:
    """`shown` is text; `value` sorts; `url` explains or leads on."""

    shown: str = ""
    value: Any = None
    url: str = ""
    number: bool = False
    title: str = ""
    look: str = ""

    @property
    def html(self) -> str:
        """Written here and not in a template: a page has thousands of cells."""
        if not self.url:
            return escape(self.shown)
        style = f"level {self.look}" if self.look else "why" if self.number else ""
        return format_html(
            '<a href="{}"{}{}>{}</a>',
            self.url,
            format_html(' class="{}"', style) if style else "",
            format_html(' title="{}"', self.title) if self.title else "",
            self.shown,
        )


EMPTY = Cell("—")


def row_html(cells: Sequence[Cell]) -> str:
    """The cells of one row; the first is its header."""
    first, *rest = cells
    parts = [f'<th scope="row">{first.html}</th>']
    parts += [f'<td class="num">{c.html}</td>' if c.number else f"<td>{c.html}</td>" for c in rest]
    return mark_safe("".join(parts))  # noqa: S308 (every cell is escaped)


def table(
    things: Sequence[Object], columns: Sequence[Column], language: str, person: object
) -> list[list[Cell]]:
    """A row of cells per object; what lies beyond the objects only where the person may see it."""
    looked = {
        sort: look_up(things, [c for c in columns if c.sort == sort], language, person)
        for sort, look_up in _LOOKED_UP.items()
        if any(c.sort == sort for c in columns)
    }
    return [
        [
            looked[column.sort].get((thing.pk, column.id), EMPTY)
            if column.sort in looked
            else plain_cell(thing, column, language)
            for column in columns
        ]
        for thing in things
    ]


def plain_cell(thing: Object, column: Column, language: str) -> Cell:
    """What the object itself says."""
    if column.sort == "field":
        match column.id:
            case "name":
                return Cell(thing.name(language), url=f"/object/{thing.pk}")
            case "code":
                return Cell(thing.code, url=f"/object/{thing.pk}")
            case "area":
                return Cell(thing.area.name(language)) if thing.area else EMPTY
            case name:
                value = getattr(thing, name)
    else:
        value = thing.attributes.get(column.id)
    return written(value, column, language)


def written(value: Any, column: Column, language: str) -> Cell:
    """A value of the schema as people read it."""
    if value is None or value == "":
        return EMPTY
    match column.shape:
        case "boolean":
            return Cell(say("lists.yes" if value else "lists.no", language))
        case "choice":
            return Cell((column.choices or {}).get(str(value), str(value)))
        case "number":
            return Cell(
                f"{value:g}" if isinstance(value, float) else str(value), value, number=True
            )
        case _:
            return Cell(str(value))


def _related(
    things: Sequence[Object], columns: Sequence[Column], language: str, person: object
) -> Cells:
    rows = Relation.objects.filter(
        subject__in=things,
        predicate__in=[c.id for c in columns],
        valid_to=None,
        object__in=gate.visible(person, Object.objects.all()),
    ).select_related("object")
    return {
        (row.subject_id, row.predicate): Cell(
            row.object.name(language), url=f"/object/{row.object_id}"
        )
        for row in rows
    }


def _latest(
    things: Sequence[Object], columns: Sequence[Column], language: str, person: object
) -> Cells:
    """The newest reading of each property; the newest of all series that measure it."""
    names = [c.id.partition(".")[2] for c in columns]
    series = {
        pk: (thing, name)
        for pk, thing, name in gate.visible(person, Series.objects.all())
        .filter(object__in=things, property__in=names, statistic="value")
        .values_list("id", "object_id", "property")
    }
    found: dict[tuple[int, str], Cell] = {}
    for one in Latest.objects.filter(series__in=list(series)).order_by("start"):
        thing, name = series[one.series]
        if one.value is None:
            continue
        about = vocabulary.get(name)
        found[thing, f"latest.{name}"] = Cell(
            f"{one.value:.{about.decimals}f}",
            one.value,
            f"/explain/reading/{one.series}/{one.start:%Y%m%dT%H%M%SZ}",
            number=True,
            title=f"{civil(one.start):%Y-%m-%d %H:%M}",
        )
    return found


def newest(things: Iterable[int], rule: str, person: object) -> dict[int, Verdict]:
    """Object -> its newest current verdict of the rule."""
    ids = Object.objects.filter(pk__in=list(things)).values_list(
        Subquery(
            gate.visible(person, Verdict.objects.all())
            .filter(subject=OuterRef("pk"), rule=rule, variant="", current=True)
            .order_by("-start")
            .values("id")[:1]
        ),
        flat=True,
    )
    found = Verdict.objects.in_bulk([id for id in ids if id])
    return {one.subject_id: one for one in found.values()}


def _judged(
    things: Sequence[Object], columns: Sequence[Column], language: str, person: object
) -> Cells:
    found: dict[tuple[int, str], Cell] = {}
    asked = {c.id.partition(":")[0].removeprefix("verdict.") for c in columns}
    judged = {rule: newest((thing.pk for thing in things), rule, person) for rule in asked}
    for column in columns:
        base, _, metric = column.id.partition(":")
        for pk, verdict in judged[base.removeprefix("verdict.")].items():
            value = verdict.values.get(metric) if metric else verdict.category
            if value in (None, ""):
                continue
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            found[pk, column.id] = Cell(
                category(verdict, language) if not metric else shown,
                value,
                f"/explain/{verdict.pk}" + (f"?metric={metric}" if metric else ""),
                number=isinstance(value, int | float),
                title=period(verdict),
                look="" if metric else look(verdict),
            )
    return found


def category(verdict: Verdict, language: str) -> str:
    """The class of a verdict in words, where the domain says them."""
    said = classes(verdict.rule).get(verdict.category)
    return said.name[language] if said else verdict.category


def look(verdict: Verdict) -> str:
    """The palette's class of a verdict's category."""
    said = classes(verdict.rule).get(verdict.category)
    return said.look if said else ""


def period(verdict: Verdict) -> str:
    first, last = civil(verdict.start), civil(verdict.end)
    return f"{first:%Y-%m-%d %H:%M} – {last:%Y-%m-%d %H:%M}"


Cells = dict[tuple[int, str], Cell]
_LOOKED_UP = {"relation": _related, "latest": _latest, "verdict": _judged}


def kind_name(kind: str, language: str) -> str:
    found = next((one for one in kinds.all() if one.id == kind), None)
    return found.name[language] if found else kind
