"""Every published sample decodes to its expected result: frames, streams, dialogues."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from conftest import SHARED

from fenhe.ingest.hj212 import Framer, decode, decode_frame
from fenhe.ingest.hj212.codec import frame_of

SAMPLES = SHARED / "reference/hj212_samples.jsonl"


def samples(kind: str) -> list[Any]:
    if not SAMPLES.exists():
        reason = "the reference samples are not on this machine"
        return [pytest.param({}, marks=pytest.mark.skip(reason=reason))]
    lines = (json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines())
    return [pytest.param(s, id=s["id"]) for s in lines if s["kind"] == kind]


@pytest.mark.parametrize("sample", samples("frame"))
def test_a_frame_decodes_to_its_expected_result(sample: dict[str, Any]) -> None:
    packet = decode_frame(base64.b64decode(sample["raw_b64"]))
    got = {**packet.as_dict(), "crc_declared": packet.crc_declared}
    expected = sample["expect"]
    got["reasons"] = sorted(got["reasons"])
    expected = {
        **{key: value for key, value in expected.items() if key in got},
        "reasons": sorted(expected["reasons"]),
    }
    assert {key: got[key] for key in expected} == expected


@pytest.mark.parametrize("sample", samples("stream"))
def test_a_stream_yields_its_frames(sample: dict[str, Any]) -> None:
    framer = Framer()
    frames = []
    for chunk in sample["chunks_b64"]:
        frames += framer.feed(base64.b64decode(chunk))
    frames += framer.close()
    assert frames == [base64.b64decode(frame) for frame in sample["expect"]["frames"]]


@pytest.mark.parametrize("sample", samples("dialogue"))
def test_every_step_of_a_dialogue_is_understood(sample: dict[str, Any]) -> None:
    frames = [frame_of(step["segment"].encode()) for step in sample["steps"]]
    packets = decode(b"".join(frames))
    assert [packet.raw for packet in packets] == frames
    assert all(packet.accepted for packet in packets), [packet.reasons for packet in packets]
