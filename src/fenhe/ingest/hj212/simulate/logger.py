"""One simulated logger: measures, sends, waits for its answer, sends again, keeps what it could not
send and fills it in later, and does what the platform asks.

Time comes from a `Clock`, so that a day can pass in a minute.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fenhe.ingest.hj212 import Framer, crc, decode_frame, encode_parts
from fenhe.ingest.hj212.codec import VERSIONS
from fenhe.ingest.hj212.packet import Packet
from fenhe.ingest.hj212.simulate import values
from fenhe.ingest.hj212.simulate.city import PASSWORD, Member
from fenhe.ingest.hj212.simulate.events import OXYGEN, Event

ANSWER_SECONDS = 10.0
TRIES = 4
KEPT = 5000  # packets a logger keeps for later
HISTORY_AT_ONCE = 200
SAMPLES = 6  # readings behind one mean

Factors = dict[str, dict[str, str]]


class Clock:
    """Civil time that begins at `start` and runs `speed` times as fast as ours, until it has caught
    up with `present`, if that is given; from then on it keeps pace."""

    def __init__(
        self, start: datetime, speed: float = 1.0, present: datetime | None = None
    ) -> None:
        self.start, self.speed, self.present = start, speed, present
        self._began = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        passed = timedelta(seconds=asyncio.get_running_loop().time() - self._began)
        quick = self.start + passed * self.speed
        return quick if self.present is None else min(quick, self.present + passed)

    async def until(self, moment: datetime) -> None:
        while (left := (moment - self.now()).total_seconds()) > 0:
            # Not longer than the quick clock needs; a slow one looks again.
            await asyncio.sleep(max(left / self.speed, 0.001))


@dataclass(slots=True)
class Counts:
    sent: int = 0
    answered: int = 0
    again: int = 0
    backfilled: int = 0
    broken: int = 0
    asked: int = 0
    connects: int = 0


@dataclass
class Logger:
    member: Member
    clock: Clock
    seed: int
    events: Sequence[Event]
    counts: Counts
    wrong_crc: float = 0.002
    """Share of packets whose CRC is spoilt on the way."""
    host: str = "127.0.0.1"
    port: int = 0
    _later: deque[tuple[str, datetime]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _last_qn: int = 0
    _real_time: bool = True

    def __post_init__(self) -> None:
        self._chance = random.Random(f"{self.seed}/{self.member.mn}")  # noqa: S311 (no secret)
        self._rtd = timedelta(seconds=self.member.profile.rtd_seconds)

    # -- connection ----------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever; the connection is made anew whenever it is gone."""
        measuring = asyncio.create_task(self._measure())
        try:
            while True:
                if self._trouble("offline"):
                    await asyncio.sleep(1 / self.clock.speed + 0.05)
                    continue
                with suppress(OSError, asyncio.IncompleteReadError):
                    await self._connected()
                await asyncio.sleep(self._chance.uniform(0.2, 1.0))
        finally:
            measuring.cancel()

    async def _connected(self) -> None:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        self.counts.connects += 1
        heard: asyncio.Queue[Packet] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(reader, writer, heard))
        try:
            while not listening.done() and not self._trouble("offline"):
                if not self._later:
                    await asyncio.sleep(0.05)
                    continue
                cn, moment = self._later[0]
                if await self._upload(writer, heard, cn, moment):
                    self._later.popleft()
                elif listening.done():
                    break
        finally:
            listening.cancel()
            writer.close()

    async def _listen(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, heard: Any
    ) -> None:
        framer = Framer()
        while chunk := await reader.read(65536):
            for raw in framer.feed(chunk):
                packet = decode_frame(raw)
                if packet.field("CN") in ("9013", "9014"):
                    heard.put_nowait(packet)
                else:
                    await self._obey(writer, packet)

    async def _upload(
        self, writer: asyncio.StreamWriter, heard: Any, cn: str, moment: datetime
    ) -> bool:
        """Sends one measurement until it is answered; False when nobody answers."""
        late = self.clock.now() - moment > 3 * self._rtd + timedelta(hours=1)
        frames = self._frames(cn, moment, late)
        for turn in range(TRIES):
            for frame in frames:
                writer.write(self._spoilt(frame) if turn == 0 else frame)
            await writer.drain()
            self.counts.sent += len(frames)
            self.counts.again += turn > 0
            if self.member.edition == "2005":  # sends without asking for an answer
                return True
            with suppress(TimeoutError):
                for _ in frames:
                    await asyncio.wait_for(heard.get(), ANSWER_SECONDS if turn else 2.0)
                    self.counts.answered += 1
                self.counts.backfilled += late
                return True
        return False

    # -- measuring -----------------------------------------------------------------------------

    async def _measure(self) -> None:
        """Notes what is due: real-time values, ten-minute, hourly and daily means."""
        clock, profile = self.clock, self.member.profile
        due = clock.now().replace(second=0, microsecond=0) + self._rtd
        while True:
            await clock.until(due)
            if self._real_time:
                self._later.append(("2011", due))
            minutes = timedelta(minutes=profile.minute_interval)
            for cn, length in (("2051", minutes), ("2061", timedelta(hours=1)),
                               ("2031", timedelta(days=1))):  # fmt: skip
                midnight = due.replace(hour=0, minute=0, second=0)
                if (due - midnight) % length < self._rtd:
                    self._later.append((cn, due - length - (due - midnight) % length))
            due += self._rtd

    def factors(self, cn: str, moment: datetime) -> Factors:
        """The items of one packet; of an interval the mean of a few readings."""
        length = {"2051": self.member.profile.minute_interval, "2061": 60, "2031": 1440}.get(cn)
        moments = (
            [moment + timedelta(minutes=length) * (n / SAMPLES) for n in range(SAMPLES)]
            if length
            else [moment]
        )
        read = [
            values.read(self.member.profile, self.seed, self.member.mn, at, self.events)
            for at in moments
        ]
        found: Factors = {}
        for code in read[0]:
            series = [one[code] for one in read]
            found[code] = self._items(code, series, read, length)
        return found

    def _items(
        self, code: str, series: list[float], read: list[dict[str, float]], length: int | None
    ) -> dict[str, str]:
        profile = self.member.profile
        channel = profile.channels[code]
        decimals = channel.play.decimals if channel.play else 2

        def text(value: float) -> str:
            return f"{value:.{decimals}f}"

        mean = sum(series) / len(series)
        if profile.suffixes == "Data":
            return {"Data": text(mean)}
        items = (
            {"Min": text(min(series)), "Avg": text(mean), "Max": text(max(series))}
            if length
            else {"Rtd": text(mean)}
        )
        if channel.zs and profile.reference_oxygen is not None:
            oxygen = sum(one.get(OXYGEN, profile.reference_oxygen) for one in read) / len(read)
            zs = values.converted(mean, oxygen, profile.reference_oxygen)
            items["ZsAvg" if length else "ZsRtd"] = text(zs)
        if length and channel.cou:
            items["Cou"] = f"{mean * length * 60 / 1000:.2f}"
        items["Flag"] = "N"
        return items

    # -- packets -------------------------------------------------------------------------------

    def _frames(self, cn: str, moment: datetime, late: bool, ask: bool = True) -> list[bytes]:
        profile = self.member.profile
        edition = self.member.edition
        flag = VERSIONS[edition] << 2 | (ask and edition != "2005")
        header = {
            "QN": self._qn(), "ST": profile.st, "CN": cn, "PW": PASSWORD, "MN": self.member.mn,
            "Flag": str(flag),
        }  # fmt: skip
        if late and edition == "2025":
            header["RF"] = "1"
        return encode_parts(header, {"DataTime": f"{moment:%Y%m%d%H%M%S}"},
                            self.factors(cn, moment))  # fmt: skip

    def _qn(self) -> str:
        """Its own clock, and never the same twice."""
        now = self.clock.now()
        if self.member.habit == "wrong_clock" or self._trouble("clock"):
            now += timedelta(minutes=47)
        number = max(int(f"{now:%Y%m%d%H%M%S%f}"[:17]), self._last_qn + 1)
        self._last_qn = number
        return str(number)

    def _spoilt(self, frame: bytes) -> bytes:
        """The frame as this device's firmware, or a bad line, makes it."""
        habit, body = self.member.habit, frame[6:-6]
        if self._chance.random() < self.wrong_crc:
            self.counts.broken += 1
            return frame[:-6] + b"%04X\r\n" % (crc.hj212(body) ^ 0x4000)
        if habit == "lower_crc":
            return frame[:-6] + frame[-6:].lower()
        if habit == "modbus_crc":
            return frame[:-6] + b"%04X\r\n" % crc.modbus(body)
        if habit == "no_line_end":
            return frame[:-2]
        return frame

    def _trouble(self, kind: str) -> bool:
        now = self.clock.now()
        return any(e.kind == kind and e.concerns(self.member.mn, now) for e in self.events)

    # -- what the platform asks ----------------------------------------------------------------

    async def _obey(self, writer: asyncio.StreamWriter, packet: Packet) -> None:
        """9011, what was asked for, 9012; a notice is only acknowledged."""
        self.counts.asked += 1
        cn, qn, said = packet.field("CN"), packet.field("QN"), packet.cp or {}
        if cn in ("2012", "2022"):
            self._real_time = cn != "2012" and self._real_time
            writer.write(self._interaction(qn, "9013", {}))
            return
        writer.write(self._interaction(qn, "9011", {"QnRtn": "1"}))
        if cn == "2011":
            self._real_time = True
        frames = self._answer(cn, qn, said)
        for frame in frames:
            writer.write(frame)
        await writer.drain()
        result = "1" if frames or cn not in ("2031", "2051", "2061") else "100"
        writer.write(self._interaction(qn, "9012", {"ExeRtn": result}))

    def _answer(self, cn: str, qn: str, said: dict[str, str]) -> list[bytes]:
        if cn in ("2031", "2051", "2061"):
            return self._history(cn, said)
        asked = {
            "1011": {"SystemTime": f"{self.clock.now():%Y%m%d%H%M%S}"},
            "1061": {"RtdInterval": str(self.member.profile.rtd_seconds)},
            "1063": {"MinInterval": str(self.member.profile.minute_interval)},
        }.get(cn)
        if cn == "1062" and said.get("RtdInterval", "").isdigit():
            self._rtd = timedelta(seconds=max(30, int(said["RtdInterval"])))
        return [self._interaction(qn, cn, asked, st=self.member.profile.st)] if asked else []

    def _history(self, cn: str, said: dict[str, str]) -> list[bytes]:
        length = {"2051": timedelta(minutes=self.member.profile.minute_interval),
                  "2061": timedelta(hours=1), "2031": timedelta(days=1)}[cn]  # fmt: skip
        try:
            first, last = (
                datetime.strptime(said[key], "%Y%m%d%H%M%S")  # noqa: DTZ007 (civil)
                for key in ("BeginTime", "EndTime")
            )
        except (KeyError, ValueError):
            return []
        frames: list[bytes] = []
        while first <= last and first + length <= self.clock.now():
            frames += self._frames(cn, first, late=True, ask=False)
            first += length
            if len(frames) >= HISTORY_AT_ONCE:
                break
        self.counts.backfilled += len(frames)
        return frames

    def _interaction(self, qn: str, cn: str, cp: dict[str, str], st: str = "91") -> bytes:
        edition = self.member.edition
        header = {"QN": qn, "ST": st, "CN": cn, "PW": PASSWORD, "MN": self.member.mn,
                  "Flag": str(VERSIONS[edition] << 2)}  # fmt: skip
        return encode_parts(header, cp)[0]
