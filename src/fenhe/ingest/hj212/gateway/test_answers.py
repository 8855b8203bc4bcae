"""Who is answered, when, and what is kept unanswered. F-numbers: the fault catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fenhe.ingest.hj212 import crc
from fenhe.ingest.hj212.gateway.conftest import MN, OTHER, packet, run, site
from fenhe.ingest.hj212.gateway.directory import Device, compat_of
from fenhe.kernel.errors import BadInput
from fenhe.store.spool import SpoolReader

# -- answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (packet(flag="5"), {"CN": "9014", "ST": "91", "Flag": "4", "QN": "20260801000000000"}),
        (packet(flag="9"), {"CN": "9014", "Flag": "8"}),
        (packet(flag="1"), {"CN": "9014", "Flag": "0"}),
        (packet(flag="5", CN="1013"), {"CN": "9013"}),
        (packet(flag="9", CN="9015"), {"CN": "9013", "Flag": "8"}),
        (packet(flag="9", RF="1"), {"CN": "9014"}),
        (packet(flag="1", CN="9021"), {"CN": "9022"}),
    ],
)
def test_a_packet_is_answered_in_its_own_edition(
    tmp_path: Path, raw: bytes, expected: dict[str, str]
) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(raw)
            answer = await client.heard()
            assert answer.verdict == "accept" or answer.edition == "2005"
            assert {name: answer.field(name) for name in expected} == expected
            assert answer.field("MN") == MN
            if answer.edition == "2005":
                assert answer.cp["QN"] == "20260801000000000"
            client.close()

    run(work)


def test_what_wants_no_answer_gets_none_and_is_kept(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(packet(1, flag="4") + packet(2, CN="9014"))
            assert await client.heard(0.3) is None
            assert len(here.rows()) == 2
            client.close()

    run(work)


def test_nobody_is_answered_before_the_disk_has_it(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            here.spool.full = True
            client = await here.connect()
            await client.send(packet(1))
            assert await client.heard(0.5) is None
            assert here.gateway.writer.error
            here.spool.full = False
            answer = await client.heard()
            assert answer.field("CN") == "9014"
            assert [row.mn for row in here.rows()] == [MN]
            assert not here.gateway.writer.error
            client.close()

    run(work)


def test_a_packet_sent_again_is_answered_again_and_stored_once(tmp_path: Path) -> None:
    """F6: also when it comes over another connection, and after a restart."""

    async def work() -> None:
        for _ in range(2):
            async with site(tmp_path) as here:
                for _ in range(2):
                    client = await here.connect()
                    await client.send(packet(1) + packet(1) + packet(2))
                    heard = [await client.heard() for _ in range(3)]
                    assert [one.field("QN")[-1] for one in heard] == ["1", "1", "2"]
                    client.close()
                assert len(here.rows()) == 2

    run(work)


# -- strangers and broken frames (F13) ------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (packet(mn="F" * 24), "unknown_mn"),
        (packet(pw="654321"), "wrong_pw"),
        (packet(mn=OTHER), "disabled"),
        (packet()[:-6] + b"0000\r\n", "rejected"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "noise"),
    ],
)
def test_what_is_not_taken_is_kept_unanswered_and_harms_nobody(
    tmp_path: Path, raw: bytes, why: str
) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(raw + packet(7))
            answer = await client.heard()
            assert answer.field("QN").endswith("7")
            assert await client.heard(0.2) is None
            kept = SpoolReader(tmp_path).kept_back(SpoolReader(tmp_path).days[0], 10)
            assert [(row.quarantine, row.raw.strip()) for row in kept] == [(why, raw.strip())]
            client.close()

    run(work)


def test_a_stranger_that_is_registered_and_sends_again_is_taken(tmp_path: Path) -> None:
    """An answer says "kept and counted": bytes that lie in quarantine do not count."""
    stranger = "F" * 24
    raw = packet(4, mn=stranger)

    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(raw + raw)
            assert await client.heard(0.3) is None
            here.gateway.directory.replace([Device(stranger, "123456")])
            await client.send(raw + raw)
            assert [(await client.heard()).field("CN") for _ in "12"] == ["9014", "9014"]
            assert [row.quarantine for row in here.rows()] == ["unknown_mn", ""]
            client.close()

    run(work)


def test_what_is_agreed_with_a_device_counts_for_it_alone(tmp_path: Path) -> None:
    good = packet(3)
    value = crc.modbus(good[6:-6])
    foreign = good[:-6] + b"%04X\r\n" % value

    async def work() -> None:
        async with site(tmp_path / "strict") as here:
            client = await here.connect()
            await client.send(foreign)
            assert await client.heard(0.3) is None
            client.close()
        async with site(tmp_path / "agreed", crc=frozenset({"modbus"})) as here:
            client = await here.connect()
            await client.send(foreign)
            assert (await client.heard()).field("CN") == "9014"
            client.close()

    run(work)


@pytest.mark.parametrize(
    "agreed", [{"crc": ["md5"]}, {"sm4_keys": ["12"]}, {"sm4_keys": ["xx"]}, {"cap": 99999}]
)
def test_settings_of_a_device_are_checked(agreed: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        compat_of(agreed)
