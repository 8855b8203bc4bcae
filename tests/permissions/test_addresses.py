"""An address writes nothing: of every page of a domain that takes a form, the fields of the form
given in the address change no row, and sent as the form they do what it is for."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from io import BytesIO

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client

from fenhe.access.models import Organ, Person
from fenhe.act import cases
from fenhe.act.models import Case
from fenhe.app import assets, demo_river
from fenhe.app.boot import boot
from fenhe.app.views import of_domains
from fenhe.kernel.period import civil, utc_now
from fenhe.registry.models import Area, Object
from fenhe.store.files import open_files
from fenhe.store.lake import Lake

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
Form = tuple[str, dict[str, str]]
"""Where it is sent, and what."""

DRAW = {
    "do": "commit", "key": "k", "name": "双随机", "seed": "the-seed-2026", "team": "2",
    "shares": "key=0.5", "roll": "code,class,excluded\nE1,key,\nE2,key,",
    "people": "code,recused\nP1,\nP2,\nP3,",
}  # fmt: skip


@pytest.fixture
def chief() -> Person:
    organ = Organ.objects.create(
        code="140100", name_zh="某市局", name_en="Bureau", kind="bureau", area="140100",
        issuing=True,
    )  # fmt: skip
    area = Area.objects.create(adcode="140100", name_zh="某市", name_en="City", level="city")
    Object.objects.create(kind="air_city", code="C1", name_zh="某市", area=area)
    return Person.objects.create(username="chief", role="administrator", organ=organ)


def held(text: str) -> str:
    """Kept by its hash, as a dry run keeps it."""
    return open_files().put(BytesIO(text.encode())).hash


def staff(chief: Person, role: str) -> Person:
    return Person.objects.create(username=role, role=role, organ=chief.organ)


def campaign(chief: Person) -> Form:
    given = {"what": "扬尘专项", "goal": "合格", "lead_unit": "大气科", "start": "2026-11-01",
             "due": "2026-12-01"}  # fmt: skip
    opening = cases.Opening("planning.campaign", given, organ=chief.organ)
    one = cases.open_(opening, staff(chief, "office"), utc_now())
    cases.take(one.pk, "launch", staff(chief, "deputy_director"), utc_now(), revision=1)
    return f"/planning/campaign/{one.pk}", {"list": "dust", "places": "一号工地"}


def plan(chief: Person) -> Form:
    table = held("层级,编号,上级编号,名称\n目标,A,,蓝天\n")
    year = str(civil(utc_now()).year)
    return "/planning/bring", {
        "go": "commit", "table": table, "table.name": "plan.csv", "year": year, "name": "计划",
        "area": "140100",
    }  # fmt: skip


def announced(chief: Person) -> Form:
    return "/enforcement/draws/new", DRAW


def drawn(chief: Person) -> Form:
    client = Client()
    client.force_login(staff(chief, "office"))
    client.post("/enforcement/draws/new", DRAW)
    one = Case.objects.get(procedure="enforcement.random_draw")
    return f"/enforcement/draws/{one.pk}", {"do": "draw", "seed": DRAW["seed"]}


def watch(chief: Person) -> Form:
    return "/sources/fraud", {"act": "run"}


def layer(chief: Person) -> Form:
    text = (files("fenhe.app") / "demo_data" / demo_river.FILE).read_text("utf-8")
    return "/water/network", {"hash": held(text), "name": "河网", "commit": "1"}


WRITING: dict[str, tuple[str, Callable[[Person], Form]]] = {
    "planning/campaign/<str:pk>": ("office", campaign),
    "planning/bring": ("office", plan),
    "enforcement/draws/new": ("office", announced),
    "enforcement/draws/<str:pk>": ("office", drawn),
    "sources/fraud": ("administrator", watch),
    "water/network": ("administrator", layer),
}
READING = {
    "air/ranking": {"table": "name,pm2_5\nx,1"},
    "enforcement/labs": {"report": "agency,sampler,start,end\na,b,2026-01-01,2026-01-02"},
    "water/compare": {"table": "a,b\n1,2"},
}
"""Pages that work out what is sent and keep nothing of it."""

ELSEWHERE = {"water/event/<str:code>/<str:start>"}
"""Asked in the tests of their domain, which hold what they need."""


def counts() -> dict[str, int]:
    kept = (model for model in apps.get_models() if model is not Session)
    return {model.__name__: model._default_manager.count() for model in kept}


def test_every_page_that_takes_a_form_is_asked_here() -> None:
    taking = {
        f"{domain}/{view.path}"
        for domain, views in of_domains().items()
        for view in views.pages
        if "post" in view.accepts
    }
    assert taking == {*WRITING, *READING, *ELSEWHERE}


@pytest.mark.parametrize("page", WRITING)
def test_what_a_form_writes_no_address_writes(page: str, chief: Person, lake: Lake) -> None:
    role, prepare = WRITING[page]
    url, form = prepare(chief)
    client = Client()
    known = Person.objects.filter(role=role).first()
    client.force_login(known or staff(chief, role))
    before = counts()
    assert client.get(url, form).status_code == 200
    assert client.head(url, form).status_code == 200
    assert counts() == before
    assert client.post(url, form).status_code == 200
    assert counts() != before


@pytest.mark.parametrize("page", READING)
def test_what_is_worked_out_is_not_kept(page: str, chief: Person, lake: Lake) -> None:
    client = Client()
    client.force_login(chief)
    before = counts()
    assert client.get(f"/{page}", READING[page]).status_code == 200
    assert client.post(f"/{page}", READING[page]).status_code == 200
    assert counts() == before
