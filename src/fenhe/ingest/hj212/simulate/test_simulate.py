"""The simulated city against a real gateway: it is understood, it obeys, and scripts happen."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fenhe.ingest.hj212 import decode_frame, devices
from fenhe.ingest.hj212.gateway.asking import Dialogue
from fenhe.ingest.hj212.gateway.directory import Device, Directory, compat_of
from fenhe.ingest.hj212.gateway.server import Gateway
from fenhe.ingest.hj212.simulate import values
from fenhe.ingest.hj212.simulate.city import PASSWORD, agreed, city
from fenhe.ingest.hj212.simulate.events import Event, read_script
from fenhe.ingest.hj212.simulate.run import Play, play
from fenhe.kernel.errors import BadInput
from fenhe.store.spool import SpoolReader, SpoolWriter

START = datetime(2026, 8, 1, 8, 57)  # noqa: DTZ001 (civil)
COUNTS = {"air_station": 3, "surface_water": 1, "cems": 4, "effluent": 2, "noise": 2}


def test_profiles_name_codes_the_standard_knows() -> None:
    from fenhe.ingest.hj212 import vocabulary

    for profile in devices.all():
        assert vocabulary.word("st", profile.st)
        for code, channel in profile.channels.items():
            assert vocabulary.code(code), code
            follows = channel.play and channel.play.follows
            assert not follows or list(profile.channels).index(follows) < list(
                profile.channels
            ).index(code)


def test_values_repeat_follow_the_day_and_differ_between_sites() -> None:
    profile = devices.get("air_station")
    day = [START.replace(hour=hour, minute=0) for hour in range(24)]
    ozone = [values.read(profile, 1, "A", at)["a05024"] for at in day]
    assert ozone == [values.read(profile, 1, "A", at)["a05024"] for at in day]
    assert ozone.index(max(ozone)) in range(12, 19)
    assert ozone != [values.read(profile, 1, "B", at)["a05024"] for at in day]
    winter = values.read(profile, 1, "A", START.replace(month=1))
    assert winter["a34004"] > values.read(profile, 1, "A", START)["a34004"]


@pytest.mark.parametrize(
    ("kind", "code", "low", "high"),
    [("upset", "a21026", 3.0, 4.1), ("slope", "a21026", 0.3, 0.7), ("dilution", "a21026", 0.3, 0.5),
     ("dilution", "a19001", 1.5, 3.1)],
)  # fmt: skip
def test_events_change_what_they_should(kind: str, code: str, low: float, high: float) -> None:
    profile = devices.get("cems")
    factor = {"upset": 4.0, "slope": 0.5, "dilution": 0.6}[kind]
    event = Event(kind, "A", frozenset(), START, START + timedelta(hours=1), factor)  # type: ignore[arg-type]
    plain = values.read(profile, 1, "A", START)[code]
    assert low < values.read(profile, 1, "A", START, [event])[code] / plain < high
    assert values.read(profile, 1, "B", START, [event]) == values.read(profile, 1, "B", START)
    after = START + timedelta(hours=2)
    assert values.read(profile, 1, "A", after, [event]) == values.read(profile, 1, "A", after)


def test_a_script_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "events:\n  - {kind: constant, device: cems 1, codes: [a21002], from: +30, minutes: 60}\n"
        "  - {kind: spill, device: cems 1, from: 2026-08-01 10:00:00, minutes: 60}\n"
    )
    event, later = read_script(path, START, {"cems 1": "A"})
    assert (event.mn, event.begin) == ("A", START + timedelta(minutes=30))
    assert later.begin == START.replace(hour=10, minute=0)
    assert event.apply("a21002", 5.0, event.begin) == event.apply("a21002", 9.0, event.begin) == 5.0
    with pytest.raises(BadInput):
        read_script(path, START, {"cems 2": "A"})


def test_an_hour_of_the_city_arrives(tmp_path: Path) -> None:
    members = city(COUNTS)
    found, waited, asked = asyncio.run(_an_hour(members, tmp_path))
    frames = [row for day in SpoolReader(tmp_path).days
              for row in SpoolReader(tmp_path).after(day, 0, 10**6)]  # fmt: skip
    taken = [row for row in frames if not row.quarantine]
    assert {row.mn for row in taken} == {member.mn for member in members}
    kinds = Counter(row.cn for row in taken)
    assert {"2011", "2051", "2061"} <= set(kinds)
    editions = {decode_frame(row.raw, compat_of({"crc": ["modbus"]})).edition for row in taken}
    assert editions >= {"2017", "2025"}
    assert any("crc_foreign" in row.reasons for row in taken)
    assert any("terminator_not_crlf" in row.reasons for row in taken)
    assert waited
    assert [(one.state, one.packets) for one in asked] == [("done", 3)]
    assert found.answered > 100


async def _an_hour(members: list, folder: Path) -> tuple:  # type: ignore[type-arg]
    """Fast time; one history request; the gateway is away for a moment at the start."""
    directory = Directory(Device(m.mn, PASSWORD, compat=compat_of(agreed(m))) for m in members)
    gateway = Gateway(SpoolWriter(folder), directory)
    port = await gateway.listen("127.0.0.1", 0)
    asked: list[Dialogue] = []
    one = next(m for m in members if m.name == "cems 1")
    qn = "20260801100000001"
    cp = "CP=&&BeginTime=20260801050000;EndTime=20260801070000&&"
    segment = f"QN={qn};ST=31;CN=2061;PW={PASSWORD};MN={one.mn};Flag=9;{cp}"
    from fenhe.ingest.hj212.codec import frame_of

    gateway.desk.put(Dialogue("1", one.mn, qn, "2061", frame_of(segment.encode()),
                              ended=asked.append))  # fmt: skip
    plan = Play("127.0.0.1", port, members, [], START, speed=600.0, seconds=9.0, wrong_crc=0.02)
    found = await play(plan)
    waited = gateway.counts.answered
    await gateway.drain()
    return found, waited, asked
