"""So many people read at once: errors, served rate, and the same load on a bare Django page.

    python bench/load.py [--people 200] [--seconds 20] [--think 0] [--json FILE]

Needs the data of FENHE_DATA_DIR (`fenhe demo --prepare-only`). Starts `fenhe serve --only web` and
the bare page on loopback, each behind the same server with as many threads, one after the other in
one run. Every person has a session and a connection of their own, asks for one page after the other
(the mix below) and thinks `--think` seconds in between. The client runs beside the server on the
same cores and takes its share: rates compare with one another, not with other machines.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
MIX = {
    "/": 4,
    "/alarms": 3,
    "/air/": 3,
    "/air/ranking": 1,
    "/air/calendar": 1,
    "/bulletins": 1,
    "/standards": 1,
    "/screen/now": 1,
    "/public": 4,
}
ROLES = ("viewer", "officer", "leader", "administrator")
PATIENCE = 120.0
SEED = 20261123


@dataclass
class Told:
    took: dict[str, list[float]] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def figures(self) -> dict[str, object]:
        every = sorted(one for times in self.took.values() for one in times)
        return {
            "answers": len(every),
            "errors": sum(self.wrong.values()),
            "wrong": dict(self.wrong),
            "per_second": round(len(every) / self.seconds, 1) if self.seconds else 0.0,
            "median_ms": round(1000 * statistics.median(every), 1) if every else None,
            "p95_ms": round(1000 * every[int(len(every) * 0.95)], 1) if every else None,
            "slowest_ms": round(1000 * every[-1], 1) if every else None,
            "pages": {
                page: [len(times), round(1000 * statistics.median(times), 1)]
                for page, times in sorted(self.took.items())
            },
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    cookies = sign_in(asked.people)
    found = {
        "people": asked.people,
        "think_s": asked.think,
        "fenhe": run(serve_fenhe, cookies, MIX, asked),
        "bare": run(serve_bare, cookies, {"/": 1}, asked),
    }
    told = json.dumps(found, indent=1)
    if asked.json:
        asked.json.write_text(told)
    print(told)
    ours, bare = found["fenhe"], found["bare"]
    return int(bool(ours["errors"] or bare["errors"]))  # type: ignore[index]


def run(
    server: object, cookies: list[str], mix: dict[str, int], asked: argparse.Namespace
) -> dict[str, object]:
    with server() as port:  # type: ignore[operator]
        asyncio.run(load(port, cookies[:1], mix, 2.0, 0.0))  # warm up, one person
        told = asyncio.run(load(port, cookies, mix, asked.seconds, asked.think))
    return told.figures()


async def load(
    port: int, cookies: list[str], mix: dict[str, int], seconds: float, think: float
) -> Told:
    told = Told()
    began = time.perf_counter()
    until = began + seconds
    people = [
        person(port, cookie, mix, until, think, random.Random(SEED + at), told)  # noqa: S311
        for at, cookie in enumerate(cookies)
    ]
    await asyncio.gather(*people)
    told.seconds = time.perf_counter() - began
    return told


async def person(
    port: int,
    cookie: str,
    mix: dict[str, int],
    until: float,
    think: float,
    chance: random.Random,
    told: Told,
) -> None:
    reader = writer = None
    while time.perf_counter() < until:
        page = chance.choices(list(mix), list(mix.values()))[0]
        began = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status = await asyncio.wait_for(ask(reader, writer, page, cookie), PATIENCE)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            told.wrong[f"{page} {type(error).__name__}"] += 1
            writer = None
            continue
        if status != 200:
            told.wrong[f"{page} {status}"] += 1
        told.took.setdefault(page, []).append(time.perf_counter() - began)
        if think:
            await asyncio.sleep(think * chance.uniform(0.5, 1.5))
    if writer is not None:
        writer.close()


async def ask(
    reader: asyncio.StreamReader | None, writer: asyncio.StreamWriter, page: str, cookie: str
) -> int:
    """One request over a connection that is kept; the status once the whole body is there."""
    assert reader is not None
    fragment = "HX-Request: true\r\n" if page.endswith("/now") else ""
    writer.write(
        f"GET {page} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n{fragment}\r\n".encode()
    )
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = int(head.split(" ", 2)[1])
    length = re.search(r"(?im)^content-length: (\d+)", head)
    if length:
        await reader.readexactly(int(length[1]))
    else:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status


def sign_in(people: int) -> list[str]:
    """A session for each, made in the records: signing in is not what is measured."""
    from fenhe.app.boot import boot

    boot()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from fenhe.access.models import Person
    from fenhe.access.visits import USED

    made = []
    for at in range(people):
        role = ROLES[at % len(ROLES)]
        one, _ = Person.objects.get_or_create(username=f"load-{role}", defaults={"role": role})
        session = SessionStore()
        session[SESSION_KEY] = str(one.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = one.get_session_auth_hash()
        session[USED] = time.time()
        session.save()
        made.append(f"sessionid={session.session_key}")
    return made


@contextmanager
def serve_fenhe() -> Iterator[int]:
    """A limit per address would take all these people for one."""
    words = ["-m", "fenhe", "serve", "--only", "web", "--port"]
    with _served(words, [], {"FENHE_PUBLIC_PER_MINUTE": "0"}) as port:
        yield port


@contextmanager
def serve_bare() -> Iterator[int]:
    from fenhe.store.config import settings

    words = ["-m", "contenders.bare"]
    with _served(words, [str(settings().web_threads)], {"PYTHONPATH": str(HERE)}) as port:
        yield port


@contextmanager
def _served(words: list[str], after: list[str], more: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, *words, str(port), *after],
        env={**os.environ, **more},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, server)
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("the server ended before it answered")
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not answer")


if __name__ == "__main__":
    sys.exit(main())
