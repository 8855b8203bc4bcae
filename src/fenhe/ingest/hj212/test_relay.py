"""The relay against a real gateway as upper platform: exact and written anew, resent, resumed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fenhe.ingest.hj212 import decode_frame, encode
from fenhe.ingest.hj212.gateway import intake
from fenhe.ingest.hj212.gateway.directory import Device, Directory
from fenhe.ingest.hj212.gateway.server import Gateway
from fenhe.ingest.hj212.relay import Relay, Target, targets
from fenhe.kernel.errors import BadInput
from fenhe.store import spool

MN, UPPER = "010000A8900016F000169DC0", "020000A8900016F000169DC0"


def packet(number: int, flag: str = "5", cn: str = "2011", mn: str = MN) -> bytes:
    head = {"QN": f"2026080108{number // 1000:02d}00{number % 1000:03d}", "ST": "31", "CN": cn,
            "PW": "123456", "MN": mn, "Flag": flag}  # fmt: skip
    factors = {"a21026": {"Rtd": f"{number}.5", "Flag": "N"}, "a21002": {"Rtd": "3", "Flag": "N"}}
    return encode(head, {"DataTime": f"2026080108{number // 60:02d}{number % 60:02d}"}, factors)


def fill(folder: Path, raws: list[bytes]) -> None:
    known = Directory([Device(MN, "123456")])
    writer = spool.SpoolWriter(folder / "gateway-0")
    rows = [intake.judge(raw, "p", number, known).row for number, raw in enumerate(raws)]
    writer.write(rows, datetime(2026, 8, 1, tzinfo=UTC))
    writer.close()


def above(folder: Path) -> list[Any]:
    reader = spool.SpoolReader(folder)
    return [row for day in reader.days for row in reader.after(day, 0, 9999)]


async def through(root: Path, upper: Path, **more: Any) -> Relay:
    gateway = Gateway(spool.SpoolWriter(upper), Directory([Device(MN), Device(UPPER, "654321")]))
    port = await gateway.listen("127.0.0.1", 0)
    relay = Relay(Target(id="up", host="127.0.0.1", port=port, **more), root)
    while await asyncio.wait_for(relay.step(), 30):
        pass
    await gateway.drain()
    return relay


def test_byte_for_byte_and_only_once(tmp_path: Path) -> None:
    sent = [packet(1), packet(2, flag="4"), packet(3, cn="9013"), packet(4, mn="F" * 24), packet(5)]
    fill(tmp_path / "own", sent)
    for _ in range(2):  # the second time there is nothing left
        asyncio.run(through(tmp_path / "own", tmp_path / "upper"))
    assert [row.raw for row in above(tmp_path / "upper")] == [sent[0], sent[1], sent[4]]


def test_written_anew_under_another_name(tmp_path: Path) -> None:
    fill(tmp_path / "own", [packet(1, flag="4"), packet(2)])
    asyncio.run(through(tmp_path / "own", tmp_path / "upper", form="encoded", codes={"a21026"},
                        map={MN: {"mn": UPPER, "pw": "654321", "st": "51"}}))  # fmt: skip
    rows = above(tmp_path / "upper")
    assert [(row.mn, row.quarantine) for row in rows] == [(UPPER, ""), (UPPER, "")]
    packets = [decode_frame(row.raw) for row in rows]
    assert all(set(one.factors or {}) == {"a21026"} for one in packets)
    assert {one.field("ST") for one in packets} == {"51"}
    assert all(one.verdict == "accept" for one in packets)


def test_an_upper_platform_that_is_away_gets_everything_later(tmp_path: Path) -> None:
    """F15: nothing is answered, then the connection breaks; each frame arrives in the end."""
    fill(tmp_path / "own", [packet(number) for number in range(5)])
    heard: list[bytes] = []

    async def work() -> None:
        turns = 0

        async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal turns
            turns += 1
            while chunk := await reader.read(65536):
                if turns < 3:
                    break  # listens and hangs up
                heard.append(chunk)
                answer = intake.answer_to(decode_frame(chunk))
                if answer:
                    writer.write(answer)
            writer.close()

        server = await asyncio.start_server(rude, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        relay = Relay(Target(id="up", host="127.0.0.1", port=port, over_time=1), tmp_path / "own")
        await asyncio.wait_for(relay.step(), 30)
        assert relay.again >= 2
        server.close()

    asyncio.run(work())
    assert heard == [packet(number) for number in range(5)]


def test_targets_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "relays.yaml"
    assert targets(path) == []
    path.write_text("relays:\n  - {id: province, host: h, port: 9001, mns: [A]}\n")
    assert targets(path)[0].mns == {"A"}
    path.write_text("relays:\n  - {id: province, host: h, port: 9001, codes: [a21026]}\n")
    with pytest.raises(BadInput):
        targets(path)
