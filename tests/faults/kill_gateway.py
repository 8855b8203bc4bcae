"""SIGKILL the gateway at random moments while devices send, and count: F1 of the fault catalogue.

    python tests/faults/kill_gateway.py 200 [SEED]

Each run starts the gateway over the same spool, lets loggers send for a random moment and kills it.
A logger sends a packet again until it is answered, also now and then one that was. In the end every
answered packet must be in the spool once, and the chain of seals must hold.
"""

# ruff: noqa: T201 (a script that tells what it found)
from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "src"), str(HERE)]

from gateway import mns  # noqa: E402

from fenhe.ingest.hj212 import Framer, decode_frame, encode  # noqa: E402
from fenhe.store.spool import SpoolReader  # noqa: E402

DEVICES = 20


@dataclass
class Tally:
    number: int = 0
    acked: set[tuple[str, str]] = field(default_factory=set)
    sent: set[tuple[str, str]] = field(default_factory=set)
    unanswered: dict[str, bytes] = field(default_factory=dict)
    """Per device the packet it will send again."""
    again: dict[str, bytes] = field(default_factory=dict)


def packet(mn: str, number: int) -> tuple[str, bytes]:
    qn = f"2026{number // 10**11 % 100:02d}{number:011d}"
    head = {"QN": qn, "ST": "31", "CN": "2011", "PW": "123456", "MN": mn, "Flag": "5"}
    cp = {"DataTime": qn[:14]}
    return qn, encode(head, cp, {"a21026": {"Rtd": f"{number}", "Flag": "N"}})


async def logger(mn: str, port: int, tally: Tally, chance: random.Random) -> None:
    """Sends until the connection dies."""
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        framer = Framer()
        try:
            while True:
                raw = tally.unanswered.pop(mn, None)
                if raw is None and chance.random() < 0.1:
                    raw = tally.again.get(mn)
                if raw is None:
                    tally.number += 1
                    _, raw = packet(mn, tally.number)
                qn = decode_frame(raw).field("QN")
                tally.unanswered[mn] = raw
                tally.sent.add((mn, qn))
                writer.write(raw)
                while True:
                    chunk = await reader.read(4096)
                    if not chunk:
                        return
                    if any(decode_frame(f).field("QN") == qn for f in framer.feed(chunk)):
                        break
                tally.acked.add((mn, qn))
                tally.again[mn] = tally.unanswered.pop(mn)
        finally:
            writer.close()


async def one_run(folder: Path, tally: Tally, chance: random.Random) -> None:
    child = subprocess.Popen(
        [sys.executable, str(HERE / "gateway.py"), str(folder), str(DEVICES)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE.parent.parent / "src")},
    )
    assert child.stdout is not None
    port = int(await asyncio.to_thread(child.stdout.readline))
    loggers = [asyncio.create_task(logger(mn, port, tally, chance)) for mn in mns(DEVICES)]
    await asyncio.sleep(chance.uniform(0.0, 0.4))
    child.send_signal(signal.SIGKILL)
    await asyncio.to_thread(child.wait)
    child.stdout.close()
    await asyncio.wait(loggers, timeout=10)


def verdict(folder: Path, tally: Tally) -> list[str]:
    """What is wrong; nothing, if all is well."""
    reader = SpoolReader(folder)
    rows = [row for day in reader.days for row in reader.after(day, 0, 10_000_000)]
    stored = Counter((row.mn, decode_frame(row.raw).field("QN")) for row in rows if row.mn)
    wrong = []
    lost = tally.acked - set(stored)
    if lost:
        wrong.append(f"{len(lost)} answered packets are not in the spool, such as {min(lost)}")
    twice = [key for key, count in stored.items() if count > 1]
    if twice:
        wrong.append(f"{len(twice)} packets are there twice, such as {twice[0]}")
    if set(stored) - tally.sent:
        wrong.append("packets nobody sent are in the spool")
    wrong += [f"{day}: seal of frame {at}" for day in reader.days if (at := reader.verify(day))]
    return wrong


def kill(runs: int, seed: int, folder: Path) -> tuple[Tally, list[str]]:
    chance, tally = random.Random(seed), Tally()  # noqa: S311 (when to kill, no secret)
    for run in range(runs):
        asyncio.run(one_run(folder, tally, chance))
        if sys.stderr.isatty():
            print(f"\r{run + 1}/{runs}", end="", file=sys.stderr)
    return tally, verdict(folder, tally)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**9)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        tally, wrong = kill(runs, seed, Path(folder))
    print(f"{runs} kills, seed {seed}: {len(tally.sent)} packets sent, {len(tally.acked)} answered")
    if wrong:
        raise SystemExit("\n".join(wrong))
    print("no answered packet lost, none stored twice, every seal holds")


if __name__ == "__main__":
    main()
