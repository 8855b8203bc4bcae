"""Run by kill_gateway: a gateway over the spool in FOLDER that knows the devices of `mns`; says
which port it listens on. Needs no records."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fenhe.ingest.hj212.gateway.directory import Device, Directory
from fenhe.ingest.hj212.gateway.server import Gateway
from fenhe.store.spool import SpoolWriter


def mns(count: int) -> list[str]:
    return [f"{number:024X}" for number in range(1, count + 1)]


async def main(folder: Path, devices: int) -> None:
    known = Directory(Device(mn, "123456") for mn in mns(devices))
    gateway = Gateway(SpoolWriter(folder), known)
    print(await gateway.listen("127.0.0.1", 0), flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
