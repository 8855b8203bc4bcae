"""The permission fuzzer: random people, grants and things; more than ten thousand requests through
pages, interface and exports; each answer compared with the policy oracle (world.py)."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.test import Client, RequestFactory
from django.urls import resolve

sys.path.insert(0, str(Path(__file__).parent))
from world import KINDS, Oracle, Row, Somebody, World

from fenhe.access import roles
from fenhe.app import map_data
from fenhe.app.boot import boot
from fenhe.registry import kinds
from fenhe.registry.models import Object

boot()
pytestmark = [pytest.mark.django_db, pytest.mark.slow]

SEEDS = (20261123, 20261124, 20261125, 20261126)
PEOPLE, DETAILS = 15, 150
LEAST = 2_600  # of each world; of all together more than ten thousand
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
    "case": "/cases/{pk}",
    "attachment": "/attachments/{pk}",
}
LISTS = {"alarm": "/alarms", "publication": "/bulletins", "case": "/cases"}
"""Pages that list all rows of a model, by the address that each row leads to."""


@pytest.mark.parametrize("seed", SEEDS)
def test_ten_thousand_requests_agree_with_the_policy(seed: int) -> None:
    KINDS.update({kind.id: kind.domain for kind in kinds.all()})
    world = World(seed, people=PEOPLE, things=50)
    added = {action: set(having) for action, having in roles._added.items()}
    fuzz = Fuzz(world, Oracle(world, added))
    for who in world.people:
        client = Client()
        client.force_login(who.person)
        fuzz.details(who)
        fuzz.lists(client, who)
        fuzz.pages(client, who)
        fuzz.listings(client, who)
        fuzz.exports(client, who)
        fuzz.map(client, who)
        fuzz.search(client, who)
        fuzz.acts(client, who)
    assert fuzz.wrong == [], fuzz.wrong[:10]
    assert fuzz.requests >= LEAST, fuzz.requests
    print(f"{fuzz.requests} requests, {fuzz.granted} granted: {fuzz.by_way}")  # noqa: T201
    assert 0.05 < fuzz.granted / fuzz.requests < 0.95, "the drawing decides nothing"
    ways = {*API.values(), *PAGES, *LISTS, "list", "export", "map", "search", "acknowledge"}
    assert ways == {way for way, granted in fuzz.by_way.items() if granted}, "a way never passed"


def asked(who: Somebody, url: str) -> int:
    """The view behind the address, asked directly: ten thousand sessions would take minutes."""
    request = RequestFactory().get(url)
    request.user = who.person
    request.resolver_match = resolve(url)
    view, places = request.resolver_match.func, request.resolver_match.kwargs
    status: int = view(request, **places).status_code
    return status


def numbers(answer: object, before: str) -> set[int]:
    """Of the addresses that begin so, and have a number and nothing else behind it."""
    html = answer.content.decode()  # type: ignore[attr-defined]
    return {int(pk) for pk in re.findall(rf'href="{before}/(\d+)"', html)}


class Fuzz:
    def __init__(self, world: World, oracle: Oracle) -> None:
        self.world, self.oracle = world, oracle
        self.requests = self.granted = 0
        self.by_way: Counter[str] = Counter()
        self.wrong: list[str] = []

    def _agree(self, way: str, what: str, who: Somebody, got: object, wanted: object) -> None:
        passed = bool(wanted) and wanted not in (403, 404)
        self.requests += 1
        self.granted += passed
        self.by_way[way] += passed
        if got != wanted:
            self.wrong.append(f"{what} {who.person.username} {who.held}: {got}, policy {wanted}")

    def _of(self, model: str) -> list[Row]:
        return [row for row in self.world.rows if row.model == model]

    def _seen(self, who: Somebody, model: str, kind: str = "") -> set[int]:
        rows = (row for row in self._of(model) if not kind or row.thing.kind == kind)
        return {row.pk for row in rows if self.oracle.sees(who, row)}

    def _is_out(self, way: str, what: str, who: Somebody, status: int) -> bool:
        """Whoever may see no page at all is refused; the rest does not matter then."""
        if self.oracle.may_at_all(who, "page.view"):
            return False
        self._agree(way, what, who, status, 403)
        return True

    def _wanted(self, who: Somebody, row: Row) -> int:
        if not self.oracle.may_at_all(who, "page.view"):
            return 403
        return 200 if self.oracle.sees(who, row) else 404

    def details(self, who: Somebody) -> None:
        rows = [row for row in self.world.rows if row.model in API]
        for row in self.world.random.sample(rows, DETAILS):
            url = f"/api/v1/{API[row.model]}/{row.pk}"
            self._agree(API[row.model], url, who, asked(who, url), self._wanted(who, row))

    def lists(self, client: Client, who: Somebody) -> None:
        for model, name in API.items():
            answer = client.get(f"/api/v1/{name}?limit=500")
            if self._is_out(name, name, who, answer.status_code):
                continue
            assert answer.json()["next"] is None
            got = {item["id"] for item in answer.json()["items"]}
            self._agree(name, name, who, got, self._seen(who, model))

    def pages(self, client: Client, who: Somebody) -> None:
        for model, pattern in PAGES.items():
            for row in self.world.random.sample(self._of(model), 2):
                url = pattern.format(pk=row.pk)
                answer = client.get(url)
                if answer.streaming:
                    list(answer.streaming_content)
                self._agree(model, url, who, answer.status_code, self._wanted(who, row))

    def listings(self, client: Client, who: Somebody) -> None:
        for model, url in LISTS.items():
            answer = client.get(url)
            if not self._is_out(model, url, who, answer.status_code):
                self._agree(model, url, who, numbers(answer, url), self._seen(who, model))
        for kind in self._kinds(2):
            url = f"/objects/{kind}?size=200"
            answer = client.get(url)
            if not self._is_out("list", url, who, answer.status_code):
                got, wanted = numbers(answer, "/object"), self._seen(who, "object", kind)
                own = {pk for pk, one in self.world.things.items() if one.kind == kind}
                self._agree("list", url, who, got & own, wanted)
                self._agree("list", f"{url}, named", who, got - self._seen(who, "object"), set())

    def _kinds(self, count: int) -> list[str]:
        """Of things that are there."""
        return self.world.random.sample(
            sorted({one.kind for one in self.world.things.values()}), count
        )

    def exports(self, client: Client, who: Somebody) -> None:
        for kind in self._kinds(2):
            for url in (f"/import/objects/{kind}.csv", f"/objects/{kind}.csv"):
                answer = client.get(url)
                if self._is_out("export", url, who, answer.status_code):
                    continue
                table = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
                got = {int(row["code"][1:]) for row in table}
                pks = self._seen(who, "object", kind)
                numbered = {pk: at for at, pk in enumerate(sorted(self.world.things))}
                self._agree("export", url, who, got, {numbered[pk] for pk in pks})

    def map(self, client: Client, who: Somebody) -> None:
        for kind in self._kinds(2):
            layers = [key for key, (_, one) in map_data.layers().items() if one.kind == kind]
            url = f"/map/data?layer={layers[0]}"
            answer = client.get(url)
            assert answer.status_code in (200, 403), (url, answer.content.decode()[:5000])
            if not self._is_out("map", url, who, answer.status_code):
                got, wanted = set(answer.json()["ids"]), self._seen(who, "object", kind)
                self._agree("map", url, who, got, wanted)

    def search(self, client: Client, who: Somebody) -> None:
        for row in self.world.random.sample(self._of("object"), 2):
            code = Object.objects.values_list("code", flat=True).get(pk=row.pk)
            answer = client.get(f"/search?q={code}")
            if not self._is_out("search", code, who, answer.status_code):
                wanted = {row.pk} if self.oracle.sees(who, row) else set()
                self._agree("search", code, who, numbers(answer, "/object"), wanted)

    def acts(self, client: Client, who: Somebody) -> None:
        """Acknowledging: 404 for what may not be seen, 403 for what may not be done."""
        for row in self.world.random.sample(self._of("alarm"), 3):
            wanted = self._wanted(who, row)
            if wanted == 200 and not self.oracle.sees(who, row, "alarm.acknowledge"):
                wanted = 403
            answer = client.post(f"/alarms/{row.pk}/acknowledge", {"note": ""})
            got = 200 if answer.status_code in (302, 409) else answer.status_code
            self._agree("acknowledge", f"acknowledge {row.pk}", who, got, wanted)
