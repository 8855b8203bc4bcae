"""SIGKILL at any moment of telling alarms outside: every alarm arrives, and arrives once in effect
(what is repeated carries the id of the first time); a sink that is dead keeps nobody waiting."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("telling.py")


def sinks() -> Any:
    spec = importlib.util.spec_from_file_location("sinks", Path(__file__).with_name("sinks.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment(home: Path, web: str, mail: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FENHE_")}
    return kept | {
        "FENHE_DATA_DIR": str(home), "WEB": web, "FENHE_SMTP_URL": mail,
        "FENHE_HOOK_NETWORKS": "127.0.0.0/8",
    }  # fmt: skip


def run(verb: str, known: dict[str, str], home: Path) -> Any:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), verb], env=known, capture_output=True, text=True, cwd=home,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def worked(known: dict[str, str], home: Path, after: float | None) -> bool:
    """Whether the work was done; killed so long after it began, or left alone."""
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), "work"], env=known, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL, cwd=home,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        if after is not None:
            time.sleep(after)
            process.kill()
        return "done" in process.stdout.read()


@pytest.mark.slow
def test_alarms_are_told_once_in_effect_however_often_the_worker_is_killed(tmp_path: Path) -> None:
    made = sinks()
    web, mail = made.Web(1), made.Mail(2)
    chance = random.Random(3)  # noqa: S311 — no secret
    known = environment(tmp_path, web.url, mail.url)
    prepared = run("prepare", known, tmp_path)
    for _ in range(6):
        if worked(known, tmp_path, chance.uniform(0.1, 0.9)):
            break
    else:
        assert worked(known, tmp_path, None)
    web.shutdown()
    mail.shutdown()

    bodies: dict[str, bytes] = {}
    for headers, body in web.taken:
        delivery = headers["X-Fenhe-Delivery"]
        assert bodies.setdefault(delivery, body) == body
        moment, _, mark = headers["X-Fenhe-Signature"].removeprefix("t=").partition(",v1=")
        expected = hmac.new(
            prepared["secret"].encode(), f"{moment}.".encode() + body, hashlib.sha256
        )
        assert hmac.compare_digest(mark, expected.hexdigest())
    alarms = {json.loads(body)["alarm"]["id"] for body in bodies.values()}
    assert len(bodies) == len(alarms) == prepared["alarms"]

    subjects = {message["Message-ID"]: message["Subject"] for message in mail.taken}
    assert len(subjects) == len(set(subjects.values())) == prepared["alarms"]

    counts = run("state", known, tmp_path)
    assert counts["webhook:delivered"] == counts["email:delivered"] == prepared["alarms"]
    assert counts["dead:pending"] == prepared["alarms"]  # it waits, and nobody waits for it
