"""`./dev bench hj212`: the codec beside a minimal regular-expression loop, and the gateway under
load.

    codec     packets a second on one core: framed, checked, every item read; beside a loop that
              finds frames and items by regular expressions and checks nothing
    gateway   N devices over real TCP, load generator included, until SECONDS are over

`--seconds 600 --devices 1000 --rate 5000` is the run the gateway must stand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from fenhe.ingest.hj212 import Framer, crc, decode_frame, encode

CODEC_FLOOR = 25_000
SAMPLES = 20
HEAD = {"QN": "20260801080000123", "ST": "31", "CN": "2011", "PW": "123456",
        "MN": "010000A8900016F000169DC0", "Flag": "5"}  # fmt: skip
CODES = ("a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014", "a00000",
         "a21005")  # fmt: skip


def stream(packets: int) -> bytes:
    """Packets of ten factors as a stack sends them, values different in each."""
    frames = []
    for number in range(packets):
        factors = {
            code: {"Rtd": f"{number % 97 + place}.{number % 89:02d}",
                   "ZsRtd": f"{number % 83 + place}.{number % 79:02d}", "Flag": "N"}
            for place, code in enumerate(CODES)
        }  # fmt: skip
        frames.append(encode(HEAD, {"DataTime": f"2026080108{number % 60:02d}00"}, factors))
    return b"".join(frames)


def ours(data: bytes) -> int:
    framer, count = Framer(), 0
    for start in range(0, len(data), 8192):
        for frame in framer.feed(data[start : start + 8192]):
            packet = decode_frame(frame)
            count += packet.verdict == "accept" and len(packet.factors or ()) == len(CODES)
    return count


FRAME = re.compile(rb"##\d{4}(.*?)CP=&&(.*?)&&([0-9A-Fa-f]{4})\r\n")
ITEM = re.compile(r"(\w+)(?:-(\w+))?=([^;,]*)")


def minimal(data: bytes) -> int:
    """No length, no check, no noise, no parts: what a script of twenty lines does."""
    count = 0
    for head, body, _ in FRAME.findall(data):
        header = dict(field.split("=", 1) for field in head.decode().strip(";").split(";"))
        factors: dict[str, dict[str, str]] = {}
        for code, suffix, value in ITEM.findall(body.decode()):
            if suffix:
                factors.setdefault(code, {})[suffix] = value
        count += len(factors) == len(CODES) and "MN" in header
    return count


def codec(packets: int = 20_000, turns: int = 5) -> dict[str, float]:
    data = stream(packets)
    rates: dict[str, list[float]] = {"ours": [], "minimal": []}
    for _ in range(turns):
        for name, read in (("ours", ours), ("minimal", minimal)):
            began = time.process_time()
            if read(data) != packets:
                raise SystemExit(f"{name} lost packets")
            rates[name].append(packets / (time.process_time() - began))
    result = {name: median(rate) for name, rate in rates.items()}
    print(f"codec: {len(data) // packets} bytes a packet, ten factors, three items each")
    print(f"  ours     {result['ours']:>10,.0f} packets/s (framed, checked, read)")
    print(f"  minimal  {result['minimal']:>10,.0f} packets/s (regular expressions, unchecked)")
    print(f"  ratio    {result['ours'] / result['minimal']:>10.2f}")
    return result


# -- the gateway under load ----------------------------------------------------------------------

PREPARE = """
from fenhe.app.boot import boot
boot()
from fenhe.app import records
records.migrate()
from fenhe.ingest.models import Device
from fenhe.registry.models import Object
for number in range(DEVICES):
    code = f"L{number:04}"
    place = Object.objects.create(kind="air_station", code=code, name_zh=code)
    Device.objects.create(mn=f"{number:024X}", object=place, profile="cems", password="123456")
"""
COUNT = """
from fenhe.app.boot import boot
boot()
from fenhe.observe.models import Latest
from fenhe.store.lake import open_lake
print(sum(file.rows for file in open_lake().snapshot().files), Latest.objects.count())
"""


class Load(asyncio.Protocol):
    """One device: sends what it is told, notes how long each answer takes."""

    transport: asyncio.Transport

    def __init__(self, number: int, waits: list[float]) -> None:
        self.number, self.waits = number, waits
        self.open: dict[bytes, float] = {}
        header = f"ST=31;CN=2011;PW=123456;MN={number:024X};Flag=5;CP=&&DataTime=".encode()
        items = b"".join(
            b";%b-Rtd=%d.%%02d,%b-ZsRtd=%d.%%02d,%b-Flag=N"
            % (code.encode(), place + 10, code.encode(), place + 12, code.encode())
            for place, code in enumerate(CODES)
        )
        self.template = b"QN=%b;" + header + b"%b" + items + b"&&"
        self.sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        for line in data.split(b"\r\n"):
            began = self.open.pop(line[9:26], None)
            if began is not None:
                self.waits.append(now - began)

    def send(self, stamp: bytes) -> None:
        self.sent += 1
        share = self.sent % 89
        segment = self.template % (stamp, stamp, *(share + place for place in range(20)))
        self.open[stamp] = time.perf_counter()
        self.transport.write(b"##%04d%b%04X\r\n" % (len(segment), segment, crc.hj212(segment)))


async def drive(port: int, devices: int, rate: int, seconds: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    loads = []
    for number in range(devices):
        _, load = await loop.create_connection(lambda n=number: Load(n, waits), "127.0.0.1", port)  # type: ignore[misc]
        loads.append(load)
    await asyncio.sleep(1.0)
    began, sent, spent = loop.time(), 0, time.process_time()
    first = datetime.now(UTC) + timedelta(hours=8)
    while (passed := loop.time() - began) < seconds:
        due = int(passed * rate)
        while sent < due:
            # Every device stamps its own milliseconds: no two packets of one say the same moment.
            moment = first + timedelta(
                milliseconds=sent // devices * max(1, 1000 * devices // rate)
            )
            loads[sent % devices].send(f"{moment:%Y%m%d%H%M%S%f}"[:17].encode())
            sent += 1
        await asyncio.sleep(0.005)
    until = loop.time() + 30
    while any(load.open for load in loads) and loop.time() < until:
        await asyncio.sleep(0.05)
    passed = loop.time() - began
    for load in loads:
        load.transport.close()
    waits.sort()
    return {
        "sent": sent,
        "answered": len(waits),
        "seconds": passed,
        "p50_ms": 1000 * waits[len(waits) // 2],
        "p99_ms": 1000 * waits[int(len(waits) * 0.99)],
        "max_ms": 1000 * waits[-1],
        "generator_cpu_s": round(time.process_time() - spent, 2),
    }


def memory_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", text)
    return int(found[1]) / 1024 if found else 0.0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Memory(threading.Thread):
    """The resident memory of processes in MB, looked at SAMPLES times over so many seconds."""

    def __init__(self, children: dict[str, subprocess.Popen[bytes]], seconds: float) -> None:
        super().__init__(daemon=True)
        self._children, self._pause = children, seconds / SAMPLES
        self.samples: dict[str, list[int]] = {name: [] for name in children}

    def run(self) -> None:
        for _ in range(SAMPLES):
            time.sleep(self._pause)
            for name, child in self._children.items():
                with suppress(OSError):
                    self.samples[name].append(round(memory_mb(child.pid)))


def gateway(devices: int, rate: int, seconds: float, processes: int) -> dict[str, Any]:
    home = Path(tempfile.mkdtemp(prefix="fenhe-load-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = str(Path(__file__).resolve().parent.parent / "src")
    environment = {
        **{key: text for key, text in os.environ.items() if not key.startswith("FENHE_")},
        "PYTHONPATH": source,
        "FENHE_DATA_DIR": str(home),
        "FENHE_GATEWAY_PORT": str(port),
        "FENHE_GATEWAY_CONNECTIONS_PER_PEER": "100000",
        "FENHE_GATEWAY_CONNECTIONS": "100000",
    }
    children: dict[str, subprocess.Popen[bytes]] = {}

    def python(script: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", script.replace("DEVICES", str(devices))],
            env=environment, check=True, capture_output=True, text=True, cwd=home,
        ).stdout  # fmt: skip

    try:
        python(PREPARE)
        parts = [("gateway", str(number)) for number in range(processes)] + [("spool", "0")]
        for part, number in parts:
            children[f"{part} {number}"] = subprocess.Popen(
                [sys.executable, "-m", "fenhe", "serve", "--only", part, "--number", number],
                env=environment, cwd=home, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        _wait_for(port)
        time.sleep(2)
        memory = Memory(children, seconds)
        spent = {name: cpu_seconds(child.pid) for name, child in children.items()}
        memory.start()
        result = asyncio.run(drive(port, devices, rate, seconds))
        began = time.monotonic()
        wanted = result["answered"] * len(CODES) * 2
        rows = latest = 0
        while rows < wanted and time.monotonic() - began < max(60.0, seconds):
            rows, latest = map(int, python(COUNT).split())
        result |= {
            "rows": rows, "wanted": wanted, "latest": latest, "behind_s": time.monotonic() - began,
            "cpu_s": {n: round(cpu_seconds(c.pid) - spent[n], 2) for n, c in children.items()},
            "memory_mb": memory.samples,
        }  # fmt: skip
        return result
    finally:
        for child in children.values():
            child.send_signal(signal.SIGTERM)
        for child in children.values():
            child.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the gateway does not listen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("codec", "gateway"), default="codec")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    if given.part == "gateway":
        found = gateway(given.devices, given.rate, given.seconds, given.processes)
        print(json.dumps(found, indent=2))
        return
    rates = codec()
    if rates["ours"] < CODEC_FLOOR:
        raise SystemExit(f"the codec is below {CODEC_FLOOR:,} packets/s")


if __name__ == "__main__":
    main()
