"""Dialogues the platform begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fenhe.ingest.hj212 import decode_frame, encode
from fenhe.ingest.hj212.gateway.asking import Desk, Dialogue
from fenhe.ingest.hj212.gateway.conftest import MN, packet, run, site, until


def dialogue(**more: Any) -> Dialogue:
    qn = "20260801090000001"
    raw = packet(1, CN="2061", QN=qn)
    return Dialogue("1", MN, qn, "2061", raw, **more)


def said(cn: str, cp: dict[str, str], qn: str = "20260801090000001", **more: str) -> Any:
    head = {"QN": qn, "ST": "91", "CN": cn, "PW": "123456", "MN": MN, "Flag": "4", **more}
    return decode_frame(encode(head, cp))


def test_a_history_request_runs_to_its_end() -> None:
    ended: list[Dialogue] = []
    one = dialogue(ended=ended.append)
    one.start(0.0)
    one.hear(said("9011", {"QnRtn": "1"}), 1.0)
    for number in range(3):
        one.hear(
            said("2061", {"DataTime": f"2026080108{number:02d}00"}, f"2026080109000010{number}"), 2
        )
    one.hear(said("9012", {"ExeRtn": "1"}, qn="20260801090000999"), 2.5)  # of another exchange
    assert one.state == "accepted"
    one.hear(said("9012", {"ExeRtn": "1"}), 3.0)
    assert (one.state, one.packets, ended) == ("done", 3, [one])


@pytest.mark.parametrize(
    ("cn", "cp", "state", "code"),
    [
        ("9011", {"QnRtn": "3"}, "refused", "3"),
        ("9012", {"ExeRtn": "100"}, "done", "100"),
        ("9012", {"ExeRtn": "5"}, "failed", "5"),
        ("9011", {"QnRtn": "1", "QN": "20260801090000001"}, "accepted", "1"),
    ],
)
def test_every_answer_means_something(cn: str, cp: dict[str, str], state: str, code: str) -> None:
    one = dialogue()
    one.start(0.0)
    one.hear(said(cn, cp, qn="20260801090000001" if "QN" not in cp else "20200101000000000"), 1.0)
    assert (one.state, one.code) == (state, code)


def test_silence_is_asked_again_and_then_given_up() -> None:
    one = dialogue()
    assert one.start(0.0) == one.raw
    assert one.tick(9.9) is None
    assert [one.tick(10.0 * n) for n in (1, 2, 3)] == [one.raw] * 3
    assert one.tick(40.0) is None
    assert (one.state, one.sent) == ("dead", 4)
    half = dialogue()
    half.start(0.0)
    half.hear(said("9011", {"QnRtn": "1"}), 1.0)
    assert half.tick(100.0) is None
    assert half.tick(400.0) is None
    assert half.state == "failed"


def test_one_dialogue_at_a_time_and_only_with_who_is_there() -> None:
    desk = Desk()
    first, second = dialogue(), dialogue(is_notice=True)
    desk.put(first)
    desk.put(second)
    assert list(desk.tick(0.0, set())) == []
    assert list(desk.tick(0.0, {MN})) == [(MN, first.raw)]
    assert list(desk.tick(1.0, {MN})) == []
    desk.hear(MN, said("9012", {"ExeRtn": "1"}))
    assert list(desk.tick(2.0, {MN})) == [(MN, second.raw)]
    desk.hear(MN, said("9013", {}))
    assert second.state == "done"


def test_a_dialogue_over_the_wire(tmp_path: Path) -> None:
    async def work() -> None:
        async with site(tmp_path) as here:
            client = await here.connect()
            await client.send(packet(1))
            await client.heard()
            ended: list[Dialogue] = []
            one = dialogue(ended=ended.append)
            here.gateway.desk.put(one)
            asked = await client.heard()
            assert asked.field("CN") == "2061"
            await client.send(said("9011", {"QnRtn": "1"}).raw)
            await client.send(packet(5, CN="2061", flag="4") + said("9012", {"ExeRtn": "1"}).raw)
            await until(lambda: ended)
            assert (one.state, one.packets) == ("done", 1)
            client.close()

    run(work)
