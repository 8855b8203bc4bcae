"""Scope by scope: what a right reaches, in a list and for one row alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.apps import apps
from django.db.models import Model

from fenhe.access import gate, keys, rights, scopes
from fenhe.access.models import ApiKey, Grant, Organ, Person
from fenhe.alert.models import Alarm
from fenhe.app.boot import boot
from fenhe.evidence import ledger
from fenhe.evidence.models import Act
from fenhe.ingest.models import Import
from fenhe.kernel.errors import BadInput, Forbidden, NotFound
from fenhe.kernel.period import utc_now
from fenhe.publish.models import Publication
from fenhe.registry.models import Area, Object, Relation, Series

boot()
pytestmark = pytest.mark.django_db

CITY, COUNTY, OTHER_COUNTY, OTHER_CITY = "140100", "140105", "140106", "140200"


@pytest.fixture
def places() -> dict[str, Object]:
    """A station in each of three places, a city, and alarms on them of two domains."""
    made = {}
    for code in (CITY, COUNTY, OTHER_COUNTY, OTHER_CITY):
        area = Area.objects.create(adcode=code, name_zh=code, name_en=code, level="county")
        made[code] = Object.objects.create(
            kind="air_station", code=f"S{code}", name_zh=code, area=area
        )
    made["nowhere"] = Object.objects.create(kind="air_city", code="X", name_zh="无")
    Relation.objects.create(subject=made[COUNTY], predicate="part_of", object=made["nowhere"])
    Relation.objects.create(subject=made[OTHER_COUNTY], predicate="near", object=made["nowhere"])
    for thing in made.values():
        for kind in ("air.heavy", "water.low"):
            Alarm.objects.create(
                key=f"{kind}:{thing.pk}",
                kind=kind,
                severity="notice",
                subject=thing,
                first_seen=utc_now(),
                last_seen=utc_now(),
            )
    return made


def somebody(name: str = "li", **fields: object) -> Person:
    return Person.objects.create(username=name, **fields)


def seen(person: object, action: str = "page.view") -> set[str]:
    return {one.code for one in gate.visible(person, Object.objects.all(), action)}


def alarms(person: object) -> set[tuple[str, str]]:
    rows = gate.visible(person, Alarm.objects.select_related("subject"))
    return {(one.kind.partition(".")[0], one.subject.code) for one in rows}


def test_every_model_is_scoped_or_exempt_with_a_reason() -> None:
    undeclared = [
        model.__name__
        for model in apps.get_models()
        if scopes.of(model) is None and not scopes.why_exempt(model)
    ]
    assert undeclared == []


def test_a_model_nobody_declared_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scopes, "_scopings", {})
    chief = somebody(role="administrator")
    somebody("other")
    assert not gate.visible(chief, Person.objects.all()).exists()
    assert not gate.may(chief, "page.view", chief)


def test_without_a_right_nothing_is_seen(places: dict[str, Object]) -> None:
    for person in (None, somebody(), somebody("off", role="administrator", is_active=False)):
        assert seen(person) == set()
        assert not gate.may(person, "page.view", places[CITY])


def test_a_standing_role_sees_all(places: dict[str, Object]) -> None:
    assert len(seen(somebody(role="viewer"))) == len(places)


@pytest.mark.parametrize(
    ("area", "codes"),
    [
        ("140000", {"S140100", "S140105", "S140106", "S140200"}),
        (CITY, {"S140100", "S140105", "S140106"}),
        (COUNTY, {"S140105"}),
        ("150000", set()),
        ("1401050", set()),
        ("ZH-1", set()),
    ],
)
def test_an_area_reaches_its_subtree_and_nothing_beside_it(
    places: dict[str, Object], area: str, codes: set[str]
) -> None:
    person = somebody()
    Grant.objects.create(person=person, role="viewer", area=area)
    assert seen(person) == codes
    for thing in places.values():
        assert gate.may(person, "page.view", thing) == (thing.code in codes)


def test_a_domain_reaches_its_own_rows(places: dict[str, Object]) -> None:
    person = somebody()
    Grant.objects.create(person=person, role="viewer", area=COUNTY, domains=["water"])
    assert seen(person) == set()
    assert alarms(person) == {("water", "S140105")}


def test_an_object_reaches_its_parts_but_not_its_neighbours(places: dict[str, Object]) -> None:
    person = somebody()
    Grant.objects.create(person=person, role="viewer", subjects=[places["nowhere"].pk])
    assert seen(person) == {"X", "S140105"}
    assert alarms(person) == {(d, c) for d in ("air", "water") for c in ("X", "S140105")}


def test_a_part_that_left_is_no_longer_reached(places: dict[str, Object]) -> None:
    person = somebody()
    Grant.objects.create(person=person, role="viewer", subjects=[places["nowhere"].pk])
    Relation.objects.filter(predicate="part_of").update(valid_to=utc_now().date())
    assert seen(person) == {"X"}


def test_an_enterprise_sees_its_own_alone(places: dict[str, Object]) -> None:
    organ = Organ.objects.create(
        code="E", name_zh="企业", name_en="E", kind="enterprise", object_id=places[COUNTY].pk
    )
    assert seen(somebody(role="enterprise", organ=organ)) == {"S140105"}
    assert seen(somebody("lost", role="enterprise")) == set()
    person = somebody("granted", organ=organ)
    Grant.objects.create(person=person, role="enterprise", subjects=[places[CITY].pk])
    assert seen(person) == {"S140105"}, "an own role does not reach beyond its organ"


def test_a_role_of_an_area_needs_one(places: dict[str, Object]) -> None:
    bureau = Organ.objects.create(code="B", name_zh="局", name_en="B", kind="bureau", area=CITY)
    assert seen(somebody(role="office", organ=bureau)) == {"S140100", "S140105", "S140106"}
    assert seen(somebody("lost", role="office")) == set()


def test_a_grant_to_an_organ_reaches_its_people(places: dict[str, Object]) -> None:
    team = Organ.objects.create(code="T", name_zh="队", name_en="T", kind="team", area=COUNTY)
    Grant.objects.create(organ=team, role="enforcer")
    assert seen(somebody(organ=team)) == {"S140105"}
    assert seen(somebody("outside")) == set()


def test_grants_add_up_and_each_keeps_its_actions(places: dict[str, Object]) -> None:
    person = somebody()
    Grant.objects.create(person=person, role="viewer", area=CITY)
    Grant.objects.create(person=person, role="officer", area=COUNTY)
    assert seen(person) == {"S140100", "S140105", "S140106"}
    assert seen(person, "registry.edit") == {"S140105"}
    assert gate.may(person, "registry.edit", gate.Place("air", "140105001"))
    assert not gate.may(person, "registry.edit", gate.Place("air", CITY))
    assert not gate.may(person, "registry.edit", gate.Place("air"))


def test_a_grant_holds_for_its_time_and_until_revoked(places: dict[str, Object]) -> None:
    now, person = utc_now(), somebody()
    day = timedelta(days=1)
    grant = Grant.objects.create(person=person, role="viewer", valid_from=now + day)
    assert seen(person) == set()
    Grant.objects.update(valid_from=now - day, valid_to=now - timedelta(seconds=1))
    assert seen(person) == set()
    Grant.objects.update(valid_to=now + day)
    assert len(seen(person)) == len(places)
    Grant.objects.filter(pk=grant.pk).update(revoked_at=now)
    assert seen(person) == set()


def test_a_weighty_role_waits_for_a_second_person(places: dict[str, Object]) -> None:
    person = somebody()
    grant = Grant.objects.create(person=person, role="administrator", granted_by="chief")
    for approved_by in ("", "chief"):
        Grant.objects.update(approved_by=approved_by)
        assert not gate.may(person, "person.manage")
    Grant.objects.filter(pk=grant.pk).update(approved_by="deputy")
    assert gate.may(person, "person.manage")


def test_the_public_sees_what_is_public_and_officials_see_no_more_there(
    places: dict[str, Object],
) -> None:
    Object.objects.create(kind="secret_kind", code="Z", name_zh="密")
    for state in ("draft", "published", "superseded"):
        Publication.objects.create(
            kind="air.x",
            subject=places[CITY],
            start=utc_now(),
            end=utc_now(),
            edition=len(state),
            state=state,
            content={},
            content_hash="",
            drafted_at=utc_now(),
        )
    for person in (None, somebody(), somebody("chief", role="administrator")):
        open_ = gate.visible(person, Publication.objects.all(), "public.view")
        assert {one.state for one in open_} == {"published", "superseded"}
        assert "Z" not in seen(person, "public.view")
        assert "S140105" in seen(person, "public.view")
        assert not gate.visible(person, Alarm.objects.all(), "public.view").exists()
    assert seen(None) == set()


def test_the_ledger_is_seen_whole_or_not_at_all() -> None:
    ledger.record("li", "x", "y")
    person = somebody()
    Grant.objects.create(person=person, role="leader", area=CITY)
    assert not gate.visible(person, Act.objects.all(), "evidence.view").exists()
    auditor = somebody("audit", role="auditor")
    assert gate.visible(auditor, Act.objects.all(), "evidence.view").exists()


def test_who_brought_a_file_sees_it_and_others_by_field() -> None:
    mine, other = somebody(), somebody("wang")
    Import.objects.create(id="1", profile="p", state="checked", person=mine)
    for person in (mine, other):
        Grant.objects.create(person=person, role="officer", area=COUNTY)
    assert gate.visible(mine, Import.objects.all()).count() == 1
    assert gate.visible(other, Import.objects.all()).count() == 0


def test_rows_reached_through_a_key_are_scoped_as_their_end(places: dict[str, Object]) -> None:
    for thing in places.values():
        Series.objects.create(object=thing, property="pm2_5", resolution="hour")
    person = somebody()
    Grant.objects.create(person=person, role="viewer", area=COUNTY, domains=["air"])
    assert [one.object.code for one in gate.visible(person, Series.objects.all())] == ["S140105"]


def test_find_does_not_tell_missing_from_hidden(places: dict[str, Object]) -> None:
    person, missing = somebody(), NotFound("x.unknown", "无", "none")
    Grant.objects.create(person=person, role="viewer", area=COUNTY)
    for pk in (places[CITY].pk, 10**9):
        with pytest.raises(NotFound, match=r"x\.unknown"):
            gate.find(person, Object.objects.filter(pk=pk), missing)
    assert gate.find(person, Object.objects.filter(pk=places[COUNTY].pk), missing)


def test_rights_are_read_once_in_a_request_and_anew_in_the_next(places: dict[str, Object]) -> None:
    person = somebody()
    grant = Grant.objects.create(person=person, role="viewer")
    gate.begin(person)
    Grant.objects.filter(pk=grant.pk).update(revoked_at=utc_now())
    assert seen(person)
    gate.begin(person)
    assert seen(person) == set()
    assert seen(Person.objects.get(pk=person.pk)) == set()


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_goes_no_further_than_its_person_and_its_own_limits(
    places: dict[str, Object],
) -> None:
    person = somebody()
    Grant.objects.create(person=person, role="officer", area=CITY)
    _, token = keys.make(person, "school", ["page.view"], area=COUNTY, domains=["air"])
    bearer = keys.authenticate(token)
    assert seen(bearer) == {"S140105"}
    assert alarms(bearer) == {("air", "S140105")}
    assert not gate.may(bearer, "registry.edit")
    assert gate.may(person, "registry.edit")
    _, wide = keys.make(person, "wide", ["page.view"], area="140000")
    assert seen(keys.authenticate(wide)) == {"S140100", "S140105", "S140106"}
    _, beside = keys.make(person, "beside", ["page.view"], area=OTHER_CITY)
    assert seen(keys.authenticate(beside)) == set()


def test_only_the_hash_of_a_key_is_kept() -> None:
    row, token = keys.make(somebody(), "a", ["page.view"])
    kept = str(list(ApiKey.objects.values()))
    assert token.startswith(f"fh_{row.prefix}_")
    assert token not in kept
    assert token.removeprefix(f"fh_{row.prefix}_") not in kept  # a secret may hold "_" itself
    keys.authenticate(token)
    row.refresh_from_db()
    assert row.last_used_at is not None


def test_keys_that_are_unknown_expired_revoked_or_of_somebody_gone_are_refused() -> None:
    person = somebody(role="viewer")
    row, token = keys.make(person, "a", ["page.view"])
    stale, old = keys.make(person, "b", ["page.view"])
    ApiKey.objects.filter(pk=stale.pk).update(expires_at=utc_now())
    for wrong in (old, "", "fh_x_y", token[:-1], token + "a"):
        with pytest.raises(Forbidden, match=r"access\.key-refused"):
            keys.authenticate(wrong)
    Person.objects.update(is_active=False)
    with pytest.raises(Forbidden):
        keys.authenticate(token)
    Person.objects.update(is_active=True)
    assert keys.authenticate(token) == person
    keys.revoke(row)
    with pytest.raises(Forbidden):
        keys.authenticate(token)


def test_a_right_lost_is_lost_for_the_key() -> None:
    person = somebody()
    grant = Grant.objects.create(person=person, role="viewer")
    _, token = keys.make(person, "a", ["page.view"])
    assert gate.may(keys.authenticate(token), "page.view")
    Grant.objects.filter(pk=grant.pk).update(revoked_at=utc_now())
    assert not gate.may(keys.authenticate(token), "page.view")


@pytest.mark.parametrize(
    "wrong",
    [{"actions": []}, {"actions": ["no.such"]}, {"name": " "}, {"expires_at": "past"}],
)
def test_a_key_without_a_sound_limit_is_refused(wrong: dict[str, object]) -> None:
    given: dict[str, object] = {"name": "a", "actions": ["page.view"], **wrong}
    if "expires_at" in given:
        given["expires_at"] = utc_now()
    with pytest.raises(BadInput, match=r"access\.key"):
        keys.make(somebody(), **given)  # type: ignore[arg-type]


# --- areas ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "stem"),
    [
        ("140000", "14"),
        ("140100", "1401"),
        ("140105", "140105"),
        ("110000", "11"),
        ("140110", "140110"),
        ("140105001", "140105001"),
        ("140105000", "140105"),
        ("140105001000", "140105001"),
        ("140100000000", "1401"),
        ("ZH1401", "ZH1401"),
    ],
)
def test_the_stem_of_an_area(code: str, stem: str) -> None:
    assert scopes.stem(code) == stem
    assert scopes.is_within(code, code)
    assert scopes.is_within(code, "")
    assert not scopes.is_within("", code)


def test_rights_of_a_model_that_lies_nowhere_need_no_limits() -> None:
    class_: type[Model] = Act
    assert rights.Right("r", frozenset({"a"})).rows(class_) is not None
    assert rights.Right("r", frozenset({"a"}), area=CITY).rows(class_) is None
    assert rights.Right("r", frozenset({"a"}), domains=frozenset({"air"})).rows(class_) is None
