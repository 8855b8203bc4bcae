"""One object as a form: what is saved is checked and remembered as an import's row is, an emptied
field is emptied, nobody saves over another's change unknowingly, nor beyond their reach."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from fenhe.access.models import Grant, Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.registry.models import Area, Change, Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
NEW = "/objects/air_station/new"


@pytest.fixture
def city() -> Object:
    area = Area.objects.create(adcode="140100", name_zh="太原市", name_en="Taiyuan", level="city")
    Area.objects.create(adcode="140200", name_zh="大同市", name_en="Datong", level="city")
    return Object.objects.create(kind="air_city", code="140100", name_zh="太原", area=area)


def signed_in(client: Client, name: str, role: str = "", area: str = "") -> Client:
    person = Person.objects.create(username=name, role=role)
    if area:
        Grant.objects.create(person=person, role="officer", area=area)
    client.force_login(person)
    return client


def filled(client: Client, address: str, **sent: str) -> dict[str, str]:
    """What the form would send: as it stands, with some fields written anew."""
    page = client.get(address).content.decode()
    form = page[page.index('name="seen"') - 40 :]
    stands = dict(re.findall(r'<input [^>]*name="(\w+)" value="([^"]*)"', form))
    for select in re.findall(r'<select name="(\w+)"(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', select[1])
        stands[select[0]] = chosen[1] if chosen else ""
    return stands | sent


def station(client: Client, **sent: str) -> Object:
    fields = {"code": "1081A", "name_zh": "尖草坪", "area": "140100", "part_of": "140100"} | sent
    answer = client.post(NEW, filled(client, NEW, **fields))
    assert answer.status_code == 302, answer.content.decode()
    return Object.objects.get(kind="air_station", code="1081A")


def test_an_object_is_made_changed_and_remembered(client: Client, city: Object) -> None:
    client = signed_in(client, "officer", "officer")
    made = station(client, longitude="112.51", station_type="national")
    assert (made.longitude, made.attributes) == (112.51, {"station_type": "national"})
    assert made.area
    assert made.area.adcode == "140100"
    assert made.relations_out.get().object == city
    page = f"/object/{made.pk}/edit"
    assert client.post(page, filled(client, page, name_zh="上兰", area="140200")).status_code == 302
    made.refresh_from_db()
    assert (made.name_zh, made.longitude) == ("上兰", 112.51)
    changes = Change.objects.filter(object=made).latest("at")
    assert changes.person == "officer"
    assert changes.fields == {"name_zh": ["尖草坪", "上兰"], "area": ["140100", "140200"]}
    assert "140200" in client.get(f"/object/{made.pk}/history").content.decode()


def test_an_emptied_field_is_emptied(client: Client, city: Object) -> None:
    client = signed_in(client, "officer", "officer")
    made = station(client, longitude="112.51", station_type="national")
    page = f"/object/{made.pk}/edit"
    sent = filled(client, page, longitude="", station_type="", part_of="", area="")
    assert client.post(page, sent).status_code == 302
    made.refresh_from_db()
    assert (made.longitude, made.attributes, made.area) == (None, {}, None)
    assert not made.relations_out.filter(valid_to=None).exists()


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(
    client: Client, city: Object
) -> None:
    client = signed_in(client, "officer", "officer")
    made = station(client)
    page = f"/object/{made.pk}/edit"
    answer = client.post(page, filled(client, page, name_zh="", longitude="east", code="other"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'id="wrong-name_zh"' in text
    assert 'id="wrong-longitude"' in text
    assert 'value="east"' in text
    made.refresh_from_db()
    assert (made.name_zh, made.code) == ("尖草坪", "1081A")
    again = client.post(NEW, filled(client, NEW, code="1081A", name_zh="另一个"))
    assert again.status_code == 422
    assert 'id="wrong-code"' in again.content.decode()


def test_nobody_saves_over_anothers_change_unknowingly(client: Client, city: Object) -> None:
    client = signed_in(client, "officer", "officer")
    made = station(client)
    page = f"/object/{made.pk}/edit"
    mine, others = filled(client, page, name_zh="甲"), filled(client, page, name_en="Second")
    assert client.post(page, others).status_code == 302
    answer = client.post(page, mine)
    assert answer.status_code == 409
    assert 'value="甲"' in answer.content.decode()
    made.refresh_from_db()
    assert (made.name_zh, made.name_en) == ("尖草坪", "Second")


def test_rights_limited_to_an_area_end_at_its_border(client: Client, city: Object) -> None:
    made = station(signed_in(client, "officer", "officer"))
    branch = signed_in(Client(), "branch", area="140100")
    page = f"/object/{made.pk}/edit"
    assert branch.post(page, filled(branch, page, name_zh="上兰")).status_code == 302
    away = filled(branch, page) | {"area": "140200"}
    assert branch.post(page, away).status_code == 403
    nowhere = filled(branch, page) | {"area": ""}
    assert branch.post(page, nowhere).status_code == 403, "out of every place, out of every reach"
    fresh = filled(branch, NEW, code="N1", name_zh="新站")
    assert branch.post(NEW, fresh).status_code == 403
    assert branch.post(NEW, fresh | {"area": "140100"}).status_code == 302
    made.refresh_from_db()
    assert made.area
    assert (made.name_zh, made.area.adcode) == ("上兰", "140100")


def test_who_may_not_edit_is_not_offered_it(client: Client, city: Object) -> None:
    made = station(signed_in(client, "officer", "officer"))
    reader = signed_in(Client(), "reader", "viewer")
    assert "/edit" not in reader.get(f"/object/{made.pk}").content.decode()
    assert reader.get(f"/object/{made.pk}/edit").status_code == 403
    assert reader.post(f"/object/{made.pk}/edit", {"name_zh": "x"}).status_code == 403
    assert reader.get(NEW).status_code == 403
    stranger = signed_in(Client(), "stranger", area="140200")
    assert stranger.get(f"/object/{made.pk}/edit").status_code == 404
