"""The real supervisor with its real children, on a free port of loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow
PATIENCE = 60.0


class Serving:
    def __init__(self, root: Path) -> None:
        environment = {
            **os.environ, "FENHE_DATA_DIR": str(root), "FENHE_DATABASE_URL": "",
            "FENHE_LOG_FORMAT": "json",
        }  # fmt: skip
        self.log = (root / "log").open("w+")
        command = [sys.executable, "-m", "fenhe", "serve", "--migrate", "--port", "0"]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout
        self.url = re.sub(r".*(http://\S+)\n", r"\1", self.process.stdout.readline())

    def children(self) -> dict[str, psutil.Process]:
        """The web and the worker process, by what they were told to run."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            words = child.cmdline() if child.status() != psutil.STATUS_ZOMBIE else []
            if "--only" in words:
                found[words[words.index("--only") + 1]] = child
        return found

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
        except OSError:
            return 0, ""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    one = Serving(tmp_path)
    family = psutil.Process(one.process.pid).children(recursive=True)
    yield one
    family += one.children().values()
    one.process.terminate()
    one.process.wait(PATIENCE)
    one.log.close()
    until(lambda: not any(child.is_running() for child in family))


def test_it_answers_heals_and_stops(serving: Serving) -> None:
    until(lambda: "beat" in serving.get("/health")[1])
    status, body = serving.get("/health")
    assert (status, json.loads(body)["ok"]) == (200, True)
    assert "fenhe_requests_total" in serving.get("/metrics")[1]
    assert "fenhe_lake_version" in serving.get("/metrics")[1]
    assert serving.children()["web"].environ()["FENHE_PORT"] == serving.url.rpartition(":")[2]
    for part in ("web", "worker"):
        before = serving.children()[part].pid
        os.kill(before, signal.SIGKILL)
        until(lambda part=part, before=before: serving.children().get(part, before) != before)
    until(lambda: serving.get("/health")[0] == 200)
    serving.log.seek(0)
    events = [json.loads(line)["event"] for line in serving.log if line.startswith("{")]
    assert events.count("serve.fell") == 2


def test_children_do_not_outlive_their_supervisor(tmp_path: Path) -> None:
    one = Serving(tmp_path)
    family = psutil.Process(one.process.pid).children(recursive=True)
    one.process.kill()
    one.process.wait()
    until(lambda: not any(child.is_running() for child in family))
    one.log.close()


def test_an_older_database_is_refused(tmp_path: Path) -> None:
    def fenhe(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "fenhe", *words],
            env={**os.environ, "FENHE_DATA_DIR": str(tmp_path), "FENHE_DATABASE_URL": ""},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    assert fenhe("migrate").returncode == 0
    with closing(sqlite3.connect(tmp_path / "fenhe.sqlite3")) as records:
        records.execute("DELETE FROM django_migrations WHERE app = 'publish'")
        records.commit()
    ran = fenhe("serve", "--port", "0")
    assert ran.returncode == 1
    assert "records.not-migrated" in ran.stderr
    assert "fenhe backup" in ran.stderr
