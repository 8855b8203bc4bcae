"""F3: the database of the records is stopped "immediate" under load. The gateway goes on answering
the devices it knows; what follows the records recovers by itself; every packet counts once."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fenhe.ingest.hj212.gateway.conftest import Client, packet, run
from fenhe.store.spool import SpoolReader, SpoolState

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
MNS = [f"{number:024X}" for number in (1, 2)]
PREPARE = """
from fenhe.app.boot import boot
boot()
from fenhe.app import records
records.migrate()
from fenhe.ingest.models import Device
from fenhe.registry.models import Object
place = Object.objects.create(kind="air_station", code="S1", name_zh="一号站")
Device.objects.create(mn="%s", object=place, profile="air_station", password="123456")
"""
REGISTER = """
from fenhe.app.boot import boot
boot()
from fenhe.ingest.models import Device
from fenhe.registry.models import Object
place = Object.objects.create(kind="air_station", code="S2", name_zh="二号站")
Device.objects.create(mn="%s", object=place, profile="air_station", password="123456")
"""
STATE = """
import json
from fenhe.app.boot import boot
boot()
from fenhe.ingest.models import DeviceLink
from fenhe.observe.models import Latest
from fenhe.store.lake import open_lake
rows = open_lake().scan("readings", "sample", None)
print(json.dumps({
    "rows": rows.height, "keys": rows.select("series", "start").unique().height,
    "latest": Latest.objects.count(), "links": DeviceLink.objects.count(),
}))
"""


class Database:
    """A PostgreSQL of the test's own."""

    def __init__(self, home: Path, port: int, user: str | None) -> None:
        self.home, self.port, self._user = home, port, user
        self._run("initdb", "-A", "trust", "-U", "fenhe", "-N")
        self.url = f"postgresql://fenhe@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        said = f"-p {self.port} -k {self.home} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-w", "-o", said, "-l", str(self.home / "log"), "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def _run(self, name: str, *rest: str) -> None:
        command = [str(BINARIES[-1].with_name(name)), "-D", str(self.home / "data"), *rest]
        subprocess.run(
            command, check=True, user=self._user, cwd=self.home,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture
def database() -> Iterator[Database]:
    if not BINARIES:
        pytest.skip("no PostgreSQL on this machine")
    home = Path(tempfile.mkdtemp(prefix="fenhe-pg-"))
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        try:
            shutil.chown(home, user := "postgres", pwd.getpwnam("postgres").pw_gid)
        except KeyError:
            pytest.skip("PostgreSQL does not run as root and there is no user postgres")
    made = Database(home, _free_port(), user)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(home)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_a_database_that_stops_under_load_costs_nobody_an_answer(
    database: Database, tmp_path: Path
) -> None:
    port = _free_port()
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("FENHE_")},
        "FENHE_DATA_DIR": str(tmp_path),
        "FENHE_DATABASE_URL": database.url,
        "FENHE_GATEWAY_PORT": str(port),
    }

    def python(script: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", script], env=environment, check=True, capture_output=True,
            text=True, cwd=tmp_path,
        ).stdout  # fmt: skip

    python(PREPARE % MNS[0])
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    serve = [sys.executable, "-m", "fenhe", "serve", "--only"]
    children = [
        subprocess.Popen([*serve, part], env=environment, cwd=tmp_path, **quiet)
        for part in ("gateway", "spool")
    ]
    try:
        spooled = tmp_path / "spool" / "gateway-0"
        register = lambda: python(REGISTER % MNS[1])  # noqa: E731
        run(lambda: _under_load(port, children[0], database, spooled, register), 300)
        state = json.loads(python(STATE))
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(30)
    # One value a packet: nothing lost, nothing twice, and the records agree with the lake.
    assert state == {"rows": 4 * SOME + 1, "keys": 4 * SOME + 1, "latest": 2, "links": 2}


SOME = 400


async def _under_load(
    port: int,
    gateway: subprocess.Popen[bytes],
    database: Database,
    spooled: Path,
    register: Callable[[], object],
) -> None:
    client = await _connected(port, gateway)
    await _answered(client, 0, SOME)
    await _read(spooled)
    for turn in (1, 2):  # the reader of the spool is in the middle of something, or will be
        sending = asyncio.create_task(_answered(client, turn * SOME, SOME))
        await asyncio.to_thread(database.stop)
        await sending
        if turn == 2:
            await _answered(client, 3 * SOME, SOME)
        await asyncio.to_thread(database.start)
    await asyncio.to_thread(register)
    other = await _connected(port, gateway)
    for _ in range(40):  # the gateway looks into the records every second
        await other.send(packet(1, mn=MNS[1]))
        if await other.heard(1.0) is not None:
            break
    else:
        raise AssertionError("a device registered after the stop is still a stranger")
    client.close()
    other.close()
    await _read(spooled)


async def _connected(port: int, gateway: subprocess.Popen[bytes]) -> Client:
    while True:
        assert gateway.poll() is None, f"the gateway ended with {gateway.returncode}"
        try:
            return Client(*await asyncio.open_connection("127.0.0.1", port))
        except OSError:
            await asyncio.sleep(0.1)


async def _answered(client: Client, first: int, count: int) -> None:
    """Packets of different seconds, each answered."""
    for number in range(first, first + count, 50):
        raws = [packet(1000 * (number + place), mn=MNS[0]) for place in range(50)]
        await client.send(b"".join(raws))
        for _ in raws:
            assert await client.heard(15) is not None


async def _read(spooled: Path) -> None:
    """Until everything that lies in the spool is in the lake."""
    reader, state = SpoolReader(spooled), SpoolState(spooled)
    while state.place("lake") < (reader.days[-1], reader.last(reader.days[-1])):
        await asyncio.sleep(0.1)
    state.close()
