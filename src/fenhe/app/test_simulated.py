"""Simulated loggers in the records: every one measures something that a domain judges."""

from __future__ import annotations

import pytest

from fenhe.app import simulated
from fenhe.app.boot import boot
from fenhe.ingest.hj212 import devices
from fenhe.ingest.hj212.devices import DeviceProfile
from fenhe.ingest.hj212.simulate.city import city
from fenhe.ingest.models import Device
from fenhe.kernel import units
from fenhe.registry import kinds, vocabulary
from fenhe.registry.models import Object, Relation

boot()

WITHOUT_DOMAIN = {"noise"}
"""Profiles whose field of work has no domain yet: such devices are bound to nothing."""
JUDGED = [one for one in devices.all() if one.id not in WITHOUT_DOMAIN]


@pytest.mark.parametrize("profile", JUDGED, ids=lambda one: one.id)
def test_a_profile_names_a_kind_and_properties_that_are_there(profile: DeviceProfile) -> None:
    kind = kinds.get(profile.kind)
    named = [channel for channel in profile.channels.values() if channel.property]
    assert named
    for channel in named:
        about = vocabulary.get(channel.property)
        assert about.domain == kind.domain
        assert units.factor(channel.unit, about.unit) > 0


@pytest.mark.django_db
def test_simulated_outlets_belong_to_an_enterprise_and_follow_their_kind() -> None:
    members = city({"cems": 3, "effluent": 1, "surface_water": 1, "noise": 1})
    assert simulated.register(members) == 6
    simulated.register(members)  # again: nothing more
    assert Device.objects.filter(object=None).count() == 1  # noise
    outlets = Object.objects.filter(kind__in=("source_gas_outlet", "source_water_outlet"))
    owners = Relation.objects.filter(subject__in=outlets, predicate="part_of")
    assert sorted(owners.values_list("object__code", flat=True)) == [
        "SIM-cems-enterprise-1", "SIM-cems-enterprise-1", "SIM-cems-enterprise-2",
        "SIM-effluent-enterprise-1",
    ]  # fmt: skip
    for one in Object.objects.all():
        assert not kinds.get(one.kind).problems(one.attributes), one.code
        assert one.attributes.get("simulated"), one.code
