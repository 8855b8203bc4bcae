"""The permission fuzzer: random people, grants and things; more than ten thousand requests through
pages, interface and exports; each answer compared with the policy oracle (world.py)."""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

sys.path.insert(0, str(Path(__file__).parent))
from world import KINDS, Oracle, Row, Somebody, World

from fenhe.access import roles
from fenhe.app.boot import boot
from fenhe.registry import kinds

boot()
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SEED = 20261123
API = {
    "object": "objects",
    "series": "series",
    "alarm": "alarms",
    "verdict": "verdicts",
    "publication": "publications",
}
PAGES = {
    "object": "/object/{pk}",
    "alarm": "/alarms/{pk}",
}


@pytest.fixture
def world() -> World:
    KINDS.update({kind.id: kind.domain for kind in kinds.all()})
    return World(SEED)


def test_ten_thousand_requests_agree_with_the_policy(world: World) -> None:
    added = {action: set(having) for action, having in roles._added.items()}
    fuzz = Fuzz(world, Oracle(world, added))
    for who in world.people:
        client = Client()
        client.force_login(who.person)
        fuzz.details(who)
        fuzz.lists(client, who)
        fuzz.pages(client, who)
        fuzz.exports(client, who)
        fuzz.acts(client, who)
    assert fuzz.wrong == [], fuzz.wrong[:10]
    assert fuzz.requests >= 10_000, fuzz.requests
    print(f"{fuzz.requests} requests, {fuzz.granted} granted")  # noqa: T201 (the figure asked for)
    assert 0.05 < fuzz.granted / fuzz.requests < 0.95, "the drawing decides nothing"


def asked(who: Somebody, url: str) -> int:
    """The view behind the address, asked directly: ten thousand sessions would take minutes."""
    request = RequestFactory().get(url)
    request.user = who.person
    request.resolver_match = resolve(url)
    view, places = request.resolver_match.func, request.resolver_match.kwargs
    status: int = view(request, **places).status_code
    return status


class Fuzz:
    def __init__(self, world: World, oracle: Oracle) -> None:
        self.world, self.oracle = world, oracle
        self.requests = self.granted = 0
        self.wrong: list[str] = []

    def _agree(self, what: str, who: Somebody, got: object, wanted: object) -> None:
        self.requests += 1
        self.granted += bool(wanted) and wanted not in (403, 404)
        if got != wanted:
            self.wrong.append(f"{what} {who.person.username} {who.held}: {got}, policy {wanted}")

    def _wanted(self, who: Somebody, row: Row) -> int:
        if not self.oracle.may_at_all(who, "page.view"):
            return 403
        return 200 if self.oracle.sees(who, row) else 404

    def details(self, who: Somebody) -> None:
        for row in self.world.random.sample(self.world.rows, 160):
            url = f"/api/v1/{API[row.model]}/{row.pk}"
            self._agree(url, who, asked(who, url), self._wanted(who, row))

    def lists(self, client: Client, who: Somebody) -> None:
        for model, name in API.items():
            rows = [row for row in self.world.rows if row.model == model]
            answer = client.get(f"/api/v1/{name}?limit=500")
            if not self.oracle.may_at_all(who, "page.view"):
                self._agree(name, who, answer.status_code, 403)
                continue
            assert answer.json()["next"] is None
            got = {item["id"] for item in answer.json()["items"]}
            self._agree(name, who, got, {row.pk for row in rows if self.oracle.sees(who, row)})

    def pages(self, client: Client, who: Somebody) -> None:
        for model, pattern in PAGES.items():
            rows = [row for row in self.world.rows if row.model == model]
            for row in self.world.random.sample(rows, 2):
                url = pattern.format(pk=row.pk)
                self._agree(url, who, client.get(url).status_code, self._wanted(who, row))
        answer = client.get("/bulletins")
        if answer.status_code == 200:
            shown = {
                int(pk) for pk in re.findall(r'href="/bulletins/(\d+)"', answer.content.decode())
            }
            rows = [row for row in self.world.rows if row.model == "publication"]
            wanted = {row.pk for row in rows if self.oracle.sees(who, row)}
            self._agree("/bulletins", who, shown, wanted)

    def exports(self, client: Client, who: Somebody) -> None:
        for kind in ("air_city", "air_station"):
            answer = client.get(f"/import/objects/{kind}.csv")
            if not self.oracle.may_at_all(who, "page.view"):
                self._agree(kind, who, answer.status_code, 403)
                continue
            table = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
            things = [row for row in self.world.rows if row.model == "object"]
            wanted = sum(
                row.thing is not None and row.thing.kind == kind and self.oracle.sees(who, row)
                for row in things
            )
            self._agree(f"{kind}.csv", who, len(list(table)), wanted)

    def acts(self, client: Client, who: Somebody) -> None:
        """Acknowledging: 404 for what may not be seen, 403 for what may not be done."""
        rows = [row for row in self.world.rows if row.model == "alarm"]
        for row in self.world.random.sample(rows, 3):
            wanted = self._wanted(who, row)
            if wanted == 200 and not self.oracle.sees(who, row, "alarm.acknowledge"):
                wanted = 403
            answer = client.post(f"/alarms/{row.pk}/acknowledge", {"note": ""})
            got = 200 if answer.status_code in (302, 409) else answer.status_code
            self._agree(f"acknowledge {row.pk}", who, got, wanted)
