"""JSON lines in, JSON lines out: what `fenhe hj212 decode` and `encode` do with each line.

decode: `raw_b64` (one frame) gains verdict, reasons, header, flags, cp, factors, crc_calc, crc_ok,
crc_matches, declared_length, actual_length, terminator; `chunks_b64` (a stream) gains `frames`;
`steps` (a dialogue) gains the same fields as a frame in every step.
encode: `header`, `cp`, `factors`, or a whole `segment`, gain `frames_b64`.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fenhe.ingest.hj212.codec import encode_parts, frame_of
from fenhe.ingest.hj212.framer import Framer
from fenhe.ingest.hj212.packet import Compat, decode_frame
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.text import Text

Line = dict[str, Any]


def each(lines: Iterable[bytes], work: Callable[[Line], Line], name: str) -> Iterator[bytes]:
    """The work done on every line; a line that cannot be worked on is BadInput with its number."""
    for number, raw in enumerate(lines, 1):
        if not raw.strip():
            continue
        try:
            given = json.loads(raw)
            if not isinstance(given, dict):
                raise ValueError("not an object")
            done = work(given)
        except BadInput as error:
            raise _bad_line(name, number, error.message) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _bad_line(
                name, number, Text(f"读不了：{error}", f"unreadable: {error}")
            ) from error
        yield json.dumps(done, ensure_ascii=False).encode() + b"\n"


def decoded(line: Line, compat: Compat) -> Line:
    if "chunks_b64" in line:
        framer = Framer(cap=compat.cap, sm4_text=True)
        frames = [frame for chunk in line["chunks_b64"] for frame in framer.feed(_bytes(chunk))]
        frames += framer.close()
        return {**line, "frames": [base64.b64encode(frame).decode() for frame in frames]}
    if "steps" in line:
        steps = [
            {**step, **decode_frame(frame_of(step["segment"].encode()), compat).as_dict()}
            for step in line["steps"]
        ]
        return {**line, "steps": steps}
    if "raw_b64" not in line:
        raise BadInput(
            "hj212.line",
            "需要 raw_b64、chunks_b64 或 steps 之一",
            "one of raw_b64, chunks_b64 and steps is needed",
        )
    return {**line, **decode_frame(_bytes(line["raw_b64"]), compat).as_dict()}


def encoded(line: Line, key: bytes | None, form: str) -> Line:
    if "segment" in line:
        frames = [frame_of(str(line["segment"]).encode())]
    else:
        frames = encode_parts(
            line["header"], line.get("cp"), line.get("factors"), key=key, sm4_form=form
        )
    return {**line, "frames_b64": [base64.b64encode(frame).decode() for frame in frames]}


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError) as error:
        raise ValueError(f"base64: {error}") from error


def _bad_line(name: str, number: int, text: Text) -> BadInput:
    return BadInput(
        "hj212.line",
        f"{name} 第 {number} 行有误，没有写出任何结果。",
        f"{name} has an error in line {number}; nothing was written.",
        [Problem("hj212.line", text, name, number)],
    )
