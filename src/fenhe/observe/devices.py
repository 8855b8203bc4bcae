"""What devices sent, from the spool into the lake: exactly once in effect.

    spool batch (its limits written down first) → packets → readings, flags, links

Each commit carries the batch's name as its transaction, so that a batch repeated after a crash adds
nothing. A value that cannot be taken (a stamp in the future, no stamp at all) is refused by itself
with its reason and can be read again later; the batch goes on.

DataTime is civil time and the start of the interval (HJ 212-2017 table 4); a profile may say that a
device stamps the end. Series: the object of the device, the property of the channel (or the code
itself), the statistic of the suffix.

Memory: of one batch (FRAMES), whatever lies in the spool. Its frames are read a PIECE at a time and
its values gathered in arrays of plain numbers (20 bytes a value); both are gone before the next.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isfinite
from pathlib import Path

import numpy as np
import polars as pl
import structlog
from django.db import connection

from fenhe.ingest.hj212 import devices as profiles
from fenhe.ingest.hj212.gateway.directory import compat_of
from fenhe.ingest.hj212.packet import STRICT, Compat, Packet, decode_frame
from fenhe.ingest.models import Device
from fenhe.kernel.errors import BadInput, NotFound
from fenhe.kernel.period import CIVIL, utc_now
from fenhe.observe import flags, parameters, readings
from fenhe.observe.device_gaps import Asked
from fenhe.observe.device_series import Numbers
from fenhe.observe.versions import TOLERANCE
from fenhe.store import spool
from fenhe.store.config import settings
from fenhe.store.lake import open_lake

log = structlog.get_logger(__name__)

READER = "lake"
FRAMES = 10_000  # in one batch
PIECE = 1_000  # frames read at once
CHECK = "device"
RESOLUTIONS = {
    "2011": "sample", "2021": "sample", "2013": "sample", "2052": "sample", "2062": "sample",
    "2051": "minute", "2111": "minute", "2061": "hour", "2031": "day", "2041": "day",
    "3020": "sample", "3019": "sample",
}  # fmt: skip
INFORMING = frozenset({"3020", "2011"})
"""Commands in which parameters of instruments come."""
STATISTICS = {
    "Rtd": "value", "Avg": "value", "Data": "value", "Min": "min", "Max": "max", "ZsRtd": "zs",
    "ZsAvg": "zs", "ZsMin": "zs_min", "ZsMax": "zs_max", "Cou": "total", "RS": "status",
    "RT": "run_time", "DayData": "daytime", "NightData": "night", "SampleRd": "sample_reading",
    "StandardValue": "standard_value",
}  # fmt: skip
ENDS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
NORMAL = {"N", ""}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """A device as the lake sees it."""

    mn: str
    object: int | None
    profile: profiles.DeviceProfile | None
    compat: Compat


def sources() -> dict[str, Source]:
    found = {}
    for row in Device.objects.all():
        try:
            profile = profiles.get(row.profile) if row.profile else None
            compat = compat_of(row.agreed)
        except (NotFound, BadInput):
            profile, compat = None, STRICT
        found[row.mn] = Source(row.mn, row.object_id, profile, compat)
    return found


@dataclass(slots=True)
class Gathered:
    """The values of one batch: per resolution and route, columns side by side."""

    columns: dict[tuple[str, str], tuple[array[int], array[int], array[float]]] = field(
        default_factory=dict
    )
    """Series, start (microseconds since 1970), value: plain numbers, for there are many."""
    marks: dict[str, list[tuple[int, datetime, str]]] = field(default_factory=dict)
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    links: dict[str, tuple[str, str, int, int | None]] = field(default_factory=dict)
    parameters: list[parameters.Report] = field(default_factory=list)
    frames: int = 0


@dataclass(frozen=True, slots=True)
class Flushed:
    frames: int = 0
    readings: int = 0
    refused: int = 0


def flush(limit: int = FRAMES) -> Flushed:
    """One batch of every gateway; call it again while it returns frames."""
    total = Flushed()
    known = sources()
    for name in spool.gateways():
        folder = spool.root() / name
        with open_lake().alone(f"spool-{name}") as mine:
            if mine:
                done = flush_one(folder, known, limit)
                total = Flushed(total.frames + done.frames, total.readings + done.readings,
                                total.refused + done.refused)  # fmt: skip
    return total


def flush_one(folder: Path, known: dict[str, Source], limit: int = FRAMES) -> Flushed:
    reader, state = spool.SpoolReader(folder), spool.SpoolState(folder)
    try:
        batch = state.next(READER, reader, limit)
        if batch is None:
            return Flushed()
        frames = _pieces(reader, batch)
        name = f"{folder.name}/{batch.day}/{batch.first}-{batch.last}"
        place = f"{folder.name}/{batch.day}"
        gathered = gather((f for f in frames if not f.quarantine), known, place)
        count = commit(gathered, name)
        state.refuse(batch.day, gathered.refused)
        _link(folder.name, gathered)
        state.done(batch)
        return Flushed(batch.last - batch.first + 1, count, len(gathered.refused))
    finally:
        state.close()


def _pieces(reader: spool.SpoolReader, batch: spool.Batch) -> Iterator[spool.Stored]:
    for first in range(batch.first, batch.last + 1, PIECE):
        yield from reader.between(batch.day, first, min(first + PIECE - 1, batch.last))


def tidy(now: datetime | None = None) -> int:
    """Days of the spool that are older than the settings keep and read to their end, deleted."""
    oldest = f"{(now or utc_now()) - timedelta(days=settings().spool_days):%Y-%m-%d}"
    gone = 0
    for name in spool.gateways():
        reader = spool.SpoolReader(spool.root() / name)
        state = spool.SpoolState(reader.folder)
        try:
            for day in [day for day in reader.days if day < oldest]:
                if state.place(READER) >= (day, reader.last(day)):
                    reader.forget(day)
                    state.forget(day)
                    gone += 1
        finally:
            state.close()
    return gone


def release(folder: Path, day: str, frames: list[int]) -> Flushed:
    """Quarantined or refused frames, read after all: the device is known now, or its stamps are no
    longer in the future."""
    reader, state = spool.SpoolReader(folder), spool.SpoolState(folder)
    try:
        stored = [one for id in sorted(frames) if (one := reader.one(day, id)) is not None]
        known = sources()
        gathered = gather(stored, known, f"{folder.name}/{day}", again=True)
        named = "-".join(str(one.id) for one in stored[:20])
        count = commit(gathered, f"{folder.name}/{day}/again/{named}/{utc_now().timestamp()}")
        state.release(day, [one.id for one in stored])
        for one in stored:
            state.accept(day, one.id)
        state.refuse(day, gathered.refused)
        return Flushed(len(stored), count, len(gathered.refused))
    finally:
        state.close()


# -- packets → values ------------------------------------------------------------------------


def gather(
    frames: Iterable[spool.Stored], known: dict[str, Source], place: str, again: bool = False
) -> Gathered:
    """The values of the frames, by series. `place`: gateway/day in which they lie; `again`:
    strangers are refused with a word."""
    found = Gathered()
    latest = utc_now() + TOLERANCE
    numbers, asked = Numbers(), Asked()
    for frame in frames:
        found.frames += 1
        source = known.get(frame.mn)
        if source is None:
            if again:
                found.refused.append((frame.id, "", "unknown_mn"))
            continue
        packet = decode_frame(frame.raw, source.compat)
        if not packet.accepted:
            found.refused.append((frame.id, "", "rejected"))
            continue
        _heard(found, frame, packet)
        if packet.factors and frame.cn in INFORMING:
            at = _start(frame, source, "sample")
            at = None if at is not None and at > latest else at
            found.parameters += parameters.reported(
                packet, frame.mn, at, frame.at, f"{place}/{frame.id}"
            )
        resolution = RESOLUTIONS.get(frame.cn)
        # A device that is bound to nothing is heard and kept, but it measures nothing yet.
        if resolution is not None and packet.factors and source.object is not None:
            route = _route(frame, packet, asked)
            _take(found, frame, packet, source, (resolution, route), latest, numbers)
    numbers.resolve(found)
    return found


def _take(
    found: Gathered,
    frame: spool.Stored,
    packet: Packet,
    source: Source,
    place: tuple[str, str],
    latest: datetime,
    numbers: Numbers,
) -> None:
    """`place`: resolution and route."""
    resolution, _ = place
    start = _start(frame, source, resolution)
    if start is None or start > latest:
        found.refused.append((frame.id, "", "no_time" if start is None else "future"))
        return
    series, starts, values = found.columns.setdefault(place, (array("i"), array("q"), array("d")))
    instant = (start - EPOCH) // timedelta(microseconds=1)
    about = (packet.cp or {}).get("PolId", "")
    for code, items in (packet.factors or {}).items():
        mark = items.get("Flag", "")
        for suffix, text in items.items():
            if suffix == "Info" and about:
                key = numbers.key(source, f"{about}.{code}", "info", resolution)
            elif suffix in STATISTICS:
                key = numbers.key(source, code, STATISTICS[suffix], resolution)
            else:
                continue
            factor = numbers.factors[key]
            if factor is None:
                found.refused.append((frame.id, f"{code}-{suffix}", "unit"))
            elif (value := _finite(text)) is not None:
                series.append(key)
                starts.append(instant)
                values.append(value * factor)
                if mark not in NORMAL:
                    found.marks.setdefault(resolution, []).append((key, start, mark[:20]))


def _route(frame: spool.Stored, packet: Packet, asked: Asked) -> str:
    """How a value came: by itself, as a marked backfill, or because we asked for it."""
    if asked.covers(frame.mn, frame.cn, frame.stamp, frame.received):
        return "hj212:asked"
    return "hj212:backfill" if packet.field("RF") == "1" else "hj212"


def _start(frame: spool.Stored, source: Source, resolution: str) -> datetime | None:
    start = moment(frame.stamp)
    if start is not None and source.profile and source.profile.stamps == "end":
        return start - ENDS.get(resolution, timedelta(0))
    return start


def _finite(text: str) -> float | None:
    """None for `NaN`, `---`: the raw frame keeps them, and its verdict says so."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def moment(stamp: str) -> datetime | None:
    """DataTime (YYYYMMDDhhmmss, civil; milliseconds may follow) as an instant."""
    digits = stamp[:17].ljust(17, "0")
    if len(stamp) < 14 or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return datetime(
            int(digits[:4]), int(digits[4:6]), int(digits[6:8]), int(digits[8:10]),
            int(digits[10:12]), int(digits[12:14]), int(digits[14:]) * 1000, CIVIL,
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        return None


def _heard(found: Gathered, frame: spool.Stored, packet: Packet) -> None:
    asked = moment(packet.field("QN"))
    skew = None
    if asked is not None and packet.field("RF") != "1":
        skew = frame.received // 1000 - int(asked.timestamp() * 1000)
    found.links[frame.mn] = (frame.peer, packet.edition, frame.received, skew)


# -- values → lake ---------------------------------------------------------------------------


def commit(gathered: Gathered, name: str) -> int:
    """One commit per resolution and route, and one more for each further value of the same key:
    every version is kept, in the order in which it came."""
    added = 0
    for (resolution, route), (series, starts, values) in sorted(gathered.columns.items()):
        if not series:
            continue
        frame = pl.DataFrame(
            {
                "series": np.frombuffer(series, np.int32),
                "start": np.frombuffer(starts, np.int64),
                "value": np.frombuffer(values, np.float64),
            }
        ).with_columns(pl.col("start").cast(pl.Datetime("us", "UTC")))
        for turn, part in enumerate(_turns(frame)):
            done = readings.append(
                part, resolution, route, transaction=f"{name}/{resolution}/{route}/{turn}"
            )
            added += done.new + done.changed
    for resolution, marks in gathered.marks.items():
        said = pl.DataFrame(marks, schema=["series", "start", "detail"], orient="row")
        said = said.with_columns(check=pl.lit(CHECK), flag=pl.lit(int(flags.Flag.FAIL), pl.Int8))
        flags.record(said, resolution, "hj212")
    parameters.record(gathered.parameters)
    return added


def _turns(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The frame, cut so that no key stands twice in one part."""
    if not frame.select("series", "start").is_duplicated().any():
        yield frame
        return
    turn = pl.int_range(pl.len()).over("series", "start")
    for part in frame.with_columns(turn=turn).partition_by("turn", maintain_order=True):
        yield part.drop("turn")


_LINK = """
    INSERT INTO ingest_devicelink
        (mn, gateway, peer, edition, first_heard, last_heard, skew_ms)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (mn) DO UPDATE SET
        gateway = excluded.gateway, peer = excluded.peer, edition = excluded.edition,
        last_heard = excluded.last_heard,
        skew_ms = coalesce(excluded.skew_ms, ingest_devicelink.skew_ms)
"""


def _link(gateway: str, gathered: Gathered) -> None:
    stored = connection.ops.adapt_datetimefield_value
    rows = []
    for mn, (peer, edition, received, skew) in gathered.links.items():
        at = stored(datetime.fromtimestamp(received / 1e6, UTC))
        rows.append((mn, gateway, peer[:80], edition, at, at, skew))
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_LINK, rows)
