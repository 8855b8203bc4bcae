"""The home page: today in one minute. Where do we stand, what is wrong now, what is due.

The cards come from the domains (views.yaml `home`) and from stages (`CARDS`); what is due from
`DUES`. Which role sees what, and in which order, stands in `app/home.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import structlog
from django.http import HttpRequest, HttpResponse

from fenhe.access import gate, rights
from fenhe.access.models import Person
from fenhe.app import discovery
from fenhe.app.text import say
from fenhe.app.views import function, of_domains
from fenhe.app.web import home_blocks, work_home
from fenhe.app.web.preferences import language
from fenhe.app.web.render import page
from fenhe.kernel.declared import Declared, read
from fenhe.kernel.errors import FenheError, Forbidden
from fenhe.kernel.period import utc_now
from fenhe.publish.card import Card
from fenhe.publish.page import Ask
from fenhe.store import yaml

log = structlog.get_logger(__name__)

HERE = Path(__file__).parent.parent

CARDS: list[tuple[str, Callable[[Ask], Card | None]]] = [("work", work_home.card)]
"""Cards of stages, each with the name by which home.yaml places it."""


class Layout(Declared):
    cards: tuple[str, ...] = ()
    only: bool = False  # no cards but the named ones
    blocks: tuple[str, ...] = ()


class Layouts(Declared):
    default: Layout
    roles: dict[str, Layout] = {}


@cache
def layouts() -> Layouts:
    return read(Layouts, yaml.read(HERE / "home.yaml", "home.yaml"), "home.yaml")


def layout(role: str) -> Layout:
    return layouts().roles.get(role, layouts().default)


def go(request: HttpRequest) -> HttpResponse:
    if not request.user.is_active:  # a fragment asked for by nobody, or a closed account
        raise Forbidden("access.forbidden", "请先登录", "sign in first")
    ask = asked(request)
    chosen = layout(role_of(request.user))
    blocks = [
        {"name": name, "title": say(f"home.block.{name}", ask.language), **found}
        for name in chosen.blocks
        if (found := home_blocks.BLOCKS[name](request, ask)) is not None
    ]
    shown = cards(ask, chosen) if gate.may(request.user, "page.view") else []
    data = {
        "cards": shown,
        "blocks": blocks,
        "now": ask.now,
        "data_to": max((card.data_to for card in shown if card.data_to), default=None),
        "empty": not shown and not chosen.only and gate.may(request.user, "page.view"),
    }
    return page(request, "pages/home.html", data)


def role_of(person: object) -> str:
    """The role whose page it is: the standing one, else that of the eldest grant."""
    held = [right.role for right in rights.of(person) if not right.public]
    return str(getattr(person, "role", "")) or next(iter(held), "")


def asked(request: HttpRequest) -> Ask:
    return Ask(
        person=request.user if isinstance(request.user, Person) else None,
        params={key: str(value) for key, value in request.GET.dict().items()},
        language=language(request),
        now=utc_now(),
    )


def cards(ask: Ask, chosen: Layout) -> list[Card]:
    """In the layout's order; a card that fails is logged and left out, the rest must stand."""
    offered = dict(_offered())
    first = [name for name in chosen.cards if name in offered]
    names = first if chosen.only else [*first, *(n for n in offered if n not in first)]
    found = [_card(name, offered[name], ask) for name in names]
    return [card for card in found if card is not None]


def _offered() -> Sequence[tuple[str, Callable[[Ask], Card | None]]]:
    views = of_domains()
    domains = [
        (domain.id, function(domain.id, views[domain.id].home))
        for domain in discovery.load()
        if domain.id in views and views[domain.id].home
    ]
    return [*domains, *CARDS]


def _card(name: str, offer: Callable[[Ask], Card | None], ask: Ask) -> Card | None:
    try:
        return offer(ask)
    except FenheError as error:
        log.warning("home.card-failed", card=name, code=error.code)
        return None
