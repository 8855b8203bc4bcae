"""Administration over the web: who may do what to whom, two persons where two are needed, and the
page that says why."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from fenhe.access import gate, keys, why
from fenhe.access.models import ApiKey, Grant, Organ, Person
from fenhe.app.boot import boot
from fenhe.evidence.models import Act
from fenhe.registry.models import Area, Object

boot()
pytestmark = pytest.mark.django_db


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def chief() -> Person:
    return Person.objects.create(username="chief", role="administrator")


@pytest.fixture
def deputy() -> Person:
    return Person.objects.create(username="deputy", role="administrator")


@pytest.fixture
def li() -> Person:
    return Person.objects.create(username="li")


@pytest.fixture
def station() -> Object:
    area = Area.objects.create(adcode="140105", name_zh="县", name_en="c", level="county")
    return Object.objects.create(kind="air_station", code="S1", name_zh="站", area=area)


PAGES = ("/administration/people", "/administration/organs", "/administration/keys")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_pages_answer(chief: Person, page: str, language: str) -> None:
    client = signed_in(chief)
    client.cookies["language"] = language
    shown = client.get(page).content.decode()
    assert "people." not in re.sub(r"<[^>]*>", "", shown)


@pytest.mark.parametrize("page", [*PAGES, "/administration/people/1"])
@pytest.mark.parametrize("role", ["viewer", "officer", "leader", "enterprise", ""])
def test_they_are_not_for_everybody(role: str, page: str) -> None:
    person = Person.objects.create(username="x", role=role)
    assert signed_in(person).get(page).status_code == 403
    assert Client().get(page).status_code == 302


def test_somebody_new_signs_in_by_link_and_may_nothing(chief: Person) -> None:
    client = signed_in(chief)
    answer = client.post("/administration/people/add", {"username": "王芳"}, follow=True)
    link = re.search(r"<code>http[^<]*(/sign-in/[^<]+)</code>", answer.content.decode())
    assert link
    assert link[1] not in client.get(answer.request["PATH_INFO"]).content.decode(), "shown once"
    fresh = Client()
    assert fresh.post("/sign-in", {"token": link[1].rpartition("/")[2]}).status_code == 302
    assert fresh.get("/standards").status_code == 403
    assert fresh.get("/account").status_code == 200
    again = client.post("/administration/people/add", {"username": "王芳"})
    assert again.status_code == 409
    assert client.post("/administration/people/add", {"username": "a b"}).status_code == 422
    assert link[1].rpartition("/")[2] not in str(list(Act.objects.values()))


def test_a_grant_reaches_and_its_end_ends_it(chief: Person, li: Person, station: Object) -> None:
    client, theirs = signed_in(chief), signed_in(li)
    sent = {
        "person": li.pk,
        "role": "viewer",
        "area": "140105",
        "domains": ["air"],
        "reason": "值班",
    }
    assert theirs.get("/standards").status_code == 403
    assert client.post("/administration/grants/add", sent).status_code == 302
    assert theirs.get("/standards").status_code == 200
    assert gate.may(li, "page.view", station)
    row = Grant.objects.get()
    assert client.post(f"/administration/grants/{row.pk}/revoke").status_code == 302
    assert theirs.get("/standards").status_code == 302, "the session ended with the right"
    assert client.post(f"/administration/grants/{row.pk}/revoke").status_code == 409
    acts = list(Act.objects.order_by("seq").values_list("action", flat=True))
    assert acts == ["grant.made", "grant.revoked"]


def test_a_weighty_role_takes_two(chief: Person, deputy: Person, li: Person) -> None:
    sent = {"person": li.pk, "role": "administrator", "reason": "接任"}
    assert (
        signed_in(chief).post("/administration/grants/add", sent | {"reason": ""}).status_code
        == 422
    )
    assert signed_in(chief).post("/administration/grants/add", sent).status_code == 302
    row = Grant.objects.get()
    url = f"/administration/grants/{row.pk}/approve"
    assert signed_in(chief).post(url).status_code == 403
    assert not gate.may(li, "person.manage")
    assert signed_in(deputy).post(url).status_code == 302
    assert gate.may(li, "person.manage")
    assert signed_in(deputy).post(url).status_code == 409


def test_nobody_serves_himself(chief: Person, deputy: Person) -> None:
    client = signed_in(chief)
    sent = {"person": chief.pk, "role": "auditor", "reason": "x"}
    assert client.post("/administration/grants/add", sent).status_code == 403
    row = Grant.objects.create(
        person=chief, role="security_administrator", granted_by="deputy", reason="x"
    )
    assert client.post(f"/administration/grants/{row.pk}/approve").status_code == 403
    for verb in ("off", "second-factor-off"):
        assert client.post(f"/administration/people/{chief.pk}/{verb}").status_code == 403
    assert Person.objects.get(pk=chief.pk).is_active


def test_roles_that_exclude_one_another_are_not_joined(chief: Person, li: Person) -> None:
    client = signed_in(chief)
    first = {"person": li.pk, "role": "auditor"}
    assert client.post("/administration/grants/add", first).status_code == 302
    second = {"person": li.pk, "role": "system_administrator"}
    assert client.post("/administration/grants/add", second).status_code == 403


def test_who_manages_a_county_does_not_reach_beyond_it(li: Person) -> None:
    keeper = Person.objects.create(username="keeper")
    Grant.objects.create(
        person=keeper, role="administrator", area="140105", granted_by="a", approved_by="b"
    )
    client = signed_in(keeper)
    assert client.get(f"/administration/people/{li.pk}").status_code == 404
    county = Organ.objects.create(
        code="C", name_zh="分局", name_en="C", kind="branch", area="140105"
    )
    Person.objects.filter(pk=li.pk).update(organ=county)
    assert client.get(f"/administration/people/{li.pk}").status_code == 200
    for area, status in (("140106", 403), ("", 403), ("140105001", 302)):
        sent = {"person": li.pk, "role": "viewer", "area": area}
        assert client.post("/administration/grants/add", sent).status_code == status


def test_a_link_lends_no_rights_its_maker_lacks(chief: Person) -> None:
    keeper = Person.objects.create(username="keeper", role="system_administrator")
    client = signed_in(keeper)
    assert client.post(f"/administration/people/{chief.pk}/link").status_code == 403
    plain = Person.objects.create(username="plain")
    assert client.post(f"/administration/people/{plain.pk}/link").status_code == 302


def test_switching_off_and_on(chief: Person, li: Person) -> None:
    Person.objects.filter(pk=li.pk).update(role="viewer")
    theirs = signed_in(Person.objects.get(pk=li.pk))
    assert theirs.get("/standards").status_code == 200
    assert signed_in(chief).post(f"/administration/people/{li.pk}/off").status_code == 302
    assert theirs.get("/standards").status_code == 302
    assert signed_in(chief).post(f"/administration/people/{li.pk}/on").status_code == 302
    assert theirs.get("/standards").status_code == 302, "the old session stays dead"


def test_keys_are_shown_once_and_revoked(chief: Person) -> None:
    client = signed_in(chief)
    sent = {"name": "学校", "actions": ["page.view"], "days": "30", "area": "140105"}
    shown = client.post("/administration/keys/add", sent, follow=True).content.decode()
    token = re.search(r"fh_\w{8}_[\w-]+", shown)
    assert token
    assert token[0] not in client.get("/administration/keys").content.decode()
    assert keys.authenticate(token[0]) == chief
    row = ApiKey.objects.get()
    assert (row.area, row.actions) == ("140105", ["page.view"])
    assert client.post(f"/administration/keys/{row.pk}/revoke").status_code == 302
    row.refresh_from_db()
    assert row.revoked_at
    assert client.post("/administration/keys/add", {"name": "x"}).status_code == 422
    assert token[0] not in str(list(Act.objects.values()))


def test_an_organ_is_added_once(chief: Person, station: Object) -> None:
    client = signed_in(chief)
    sent = {"code": "E1", "name_zh": "企业", "kind": "enterprise", "object": "S1"}
    assert client.post("/administration/organs/add", sent).status_code == 302
    assert Organ.objects.get().object_id == station.pk
    assert client.post("/administration/organs/add", sent).status_code == 409
    assert client.post("/administration/organs/add", sent | {"kind": "cabal"}).status_code == 422


def test_the_page_says_why(chief: Person, li: Person, station: Object) -> None:
    far = Area.objects.create(adcode="140200", name_zh="市", name_en="c", level="city")
    Object.objects.create(kind="air_station", code="S2", name_zh="站", area=far)
    Grant.objects.create(person=li, role="viewer", area="140105", domains=["air"])
    client = signed_in(chief)
    url = f"/administration/people/{li.pk}"
    near = client.get(url, {"action": "page.view", "code": "S1"}).content.decode()
    assert "允许" in near
    beyond = client.get(url, {"action": "page.view", "code": "S2"}).content.decode()
    assert "不在区域 140105 内" in beyond
    unfit = client.get(url, {"action": "registry.edit", "code": "S1"}).content.decode()
    assert "此角色没有这个动作" in unfit
    nowhere = client.get(url, {"action": "page.view", "code": "S9"}).content.decode()
    assert "没有编码为 S9 的对象" in nowhere


def test_the_reasons_agree_with_the_gate(li: Person, station: Object) -> None:
    limits = [
        {},
        {"area": "140105"},
        {"area": "140106"},
        {"domains": ["air"]},
        {"domains": ["water"]},
        {"subjects": [station.pk]},
        {"subjects": [station.pk + 1]},
        {"area": "140105", "domains": ["water"], "subjects": [station.pk]},
    ]
    for role in ("viewer", "officer", "enterprise", "auditor", "administrator"):
        for limit in limits:
            Grant.objects.all().delete()
            Grant.objects.create(person=li, role=role, **limit)
            for action in ("page.view", "registry.edit", "evidence.view"):
                found = why.explain(li, action, station)
                assert found.allowed == gate.may(li, action, station)
                assert found.allowed == any(line.allows for line in found.lines)
                assert all(line.reason.zh and line.reason.en for line in found.lines)
