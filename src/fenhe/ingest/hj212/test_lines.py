"""`fenhe hj212`: the whole sample file through the real command, and what it refuses."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import SHARED

SAMPLES = SHARED / "reference/hj212_samples.jsonl"
MN = "010000A8900016F000169DC0"
FIELDS = [
    "verdict", "reasons", "header", "flags", "cp", "factors", "crc_calc", "crc_ok", "crc_matches",
    "declared_length", "actual_length", "terminator",
]  # fmt: skip


def fenhe(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FENHE_LANGUAGE": "en"}
    command = [sys.executable, "-m", "fenhe", "hj212", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the reference samples are not on this machine")
def test_all_samples_through_the_command(tmp_path: Path) -> None:
    given = tmp_path / "in.jsonl"
    asked = [{k: v for k, v in s.items() if k != "expect"} for s in rows(SAMPLES)]
    given.write_text("".join(json.dumps(line) + "\n" for line in asked), encoding="utf-8")
    done = fenhe(tmp_path, "decode", "in.jsonl", "out.jsonl")
    assert done.returncode == 0, done.stderr
    results = rows(tmp_path / "out.jsonl")
    assert len(results) == 117
    for sample, result in zip(rows(SAMPLES), results, strict=True):
        expected = sample["expect"]
        if sample["kind"] == "stream":
            assert result["frames"] == expected["frames"]
        elif sample["kind"] == "frame":
            assert list(result)[-len(FIELDS) :] == FIELDS
            result["reasons"].sort()
            expected["reasons"].sort()
            wanted = {key: expected[key] for key in FIELDS if key in expected}
            assert {key: result[key] for key in wanted} == wanted
        else:
            assert all(step["verdict"] != "reject" for step in result["steps"])


def test_encoding_and_back(tmp_path: Path) -> None:
    header = {"QN": "20260801080000123", "ST": "31", "CN": "2011", "PW": "123456", "MN": MN,
              "Flag": "9"}  # fmt: skip
    line = {"header": header, "cp": {"DataTime": "20260801080000"},
            "factors": {"a21026": {"Rtd": "12.5", "Flag": "N"}}}  # fmt: skip
    (tmp_path / "in.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    key = "00112233445566778899aabbccddeeff"
    assert fenhe(tmp_path, "encode", "in.jsonl", "e.jsonl", "--sm4-key", key).returncode == 0
    (frame,) = rows(tmp_path / "e.jsonl")[0]["frames_b64"]
    assert b"a21026" not in base64.b64decode(frame)
    (tmp_path / "f.jsonl").write_text(json.dumps({"raw_b64": frame}) + "\n", encoding="utf-8")
    assert fenhe(tmp_path, "decode", "f.jsonl", "d.jsonl", "--sm4-key", key).returncode == 0
    (back,) = rows(tmp_path / "d.jsonl")
    assert {key: back[key] for key in ("header", "cp", "factors")} == line
    assert back["verdict"] == "accept"


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        ("{}\n", (), "hj212.line"),
        ('{"raw_b64": "AA=="}\n{broken\n', (), "hj212.line"),
        ('{"raw_b64": 7}\n', (), "hj212.line"),
        ('{"raw_b64": "&&&"}\n', (), "hj212.line"),
        ("", ("--accept-crc", "md5"), "hj212.no-such-crc"),
        ("", ("--sm4-key", "12"), "hj212.sm4-key"),
    ],
)
def test_bad_input_writes_nothing(
    tmp_path: Path, content: str, options: tuple[str, ...], code: str
) -> None:
    (tmp_path / "in.jsonl").write_text(content, encoding="utf-8")
    done = fenhe(tmp_path, "decode", "in.jsonl", "out.jsonl", *options)
    assert done.returncode == 2
    assert code in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_no_django_is_needed(tmp_path: Path) -> None:
    script = (
        "import sys, fenhe.app.commands.hj212, fenhe.ingest.hj212;"
        "assert not [m for m in sys.modules if m.split('.')[0] in ('django', 'polars')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=tmp_path)
