"""From the lake to what the watch looks at: a year of hours per stack, its minutes' noise, versions
sent again, parameter changes and maintenance as the devices marked it.

Values that a check has failed (a device's mark other than N among them) are no values here. The
load is what the device sends as production load (I33400, %); where it sends none, the dry flow over
its 95th percentile stands in, and every finding says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from fenhe.domains.sources.fraud.series import DAY, Change, Floats, Rewrite, Series, Span
from fenhe.domains.sources.fraud.series import episodes as runs_of
from fenhe.domains.sources.rules import exceedance
from fenhe.domains.sources.rules.held import held
from fenhe.kernel.period import CIVIL, Period, civil
from fenhe.observe import parameters, readings
from fenhe.observe.flags import Flag
from fenhe.observe.models import Parameter
from fenhe.registry.models import Object
from fenhe.registry.models import Series as Row
from fenhe.store.lake import open_lake

STACK = "source_gas_outlet"
NOX = "a21002"
DAYS = 365
LEAST_DAYS = 30
AT_ONCE = 20  # stacks in memory at a time while their hours are read
VARIABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "nox": (("stack_nox", NOX), "value"),
    "sent": (("stack_nox", NOX), "zs"),
    "so2": (("stack_so2", "a21026"), "value"),
    "o2": (("stack_o2", "a19001"), "value"),
    "temperature": (("stack_temperature", "a01012"), "value"),
    "moisture": (("stack_moisture", "a01014"), "value"),
    "flow": (("stack_flow", "a00000"), "value"),
    "load": (("I33400", "i33400"), "value"),
}
"""Variable → properties it may have in the lake, in this order, and the statistic."""
PARAMETERS = {"i13008": "slope", "i13007": "intercept", "i13001": "range"}
SERVICE = ("M", "C", "S")
"""Marks of a device while somebody works on it: maintenance, calibration, set by hand."""
GOOD = {int(Flag.GOOD), int(Flag.NOT_EVALUATED), int(Flag.SUSPECT)}
HOUR = timedelta(hours=1)


@dataclass
class Stack:
    """One outlet as read; the limit in `series` is NaN where none of NOx is known."""

    thing: Object
    series: Series
    ids: dict[str, int]
    load_from: str
    limit: dict[str, object] = field(default_factory=dict)


@dataclass
class Read:
    stacks: list[Stack]
    left_out: dict[str, int]
    period: Period


def year_to(now: datetime) -> Period:
    """The whole civil days before now."""
    today = civil(now).date()
    end = datetime(today.year, today.month, today.day, tzinfo=CIVIL)
    return Period(end - timedelta(days=DAYS), end)


def read(now: datetime) -> Read:
    period = year_to(now)
    stacks: list[Stack] = []
    left_out: dict[str, int] = defaultdict(int)
    things = list(Object.objects.filter(kind=STACK).order_by("code"))
    for first in range(0, len(things), AT_ONCE):
        for found in _stacks(things[first : first + AT_ONCE], period):
            if isinstance(found, str):
                left_out[found] += 1
            else:
                stacks.append(found)
    return Read(stacks, dict(left_out), period)


def ids_of(things: Sequence[Object]) -> dict[int, dict[str, int]]:
    """Object → variable → number of its hourly series."""
    names = {name for properties, _ in VARIABLES.values() for name in properties}
    rows = Row.objects.filter(object__in=things, resolution="hour", property__in=names)
    there = {(one.object_id, one.property, one.statistic): one.pk for one in rows}
    found: dict[int, dict[str, int]] = defaultdict(dict)
    for thing in things:
        for variable, (properties, statistic) in VARIABLES.items():
            own = [there.get((thing.pk, name, statistic)) for name in properties]
            first = next((id for id in own if id is not None), None)
            if first is not None:
                found[thing.pk][variable] = first
    return found


def hours(ids: dict[str, int], period: Period, known_at: datetime | None = None) -> pl.DataFrame:
    """`start` and one column a variable, an hour a row, null where nothing valid came."""
    frame = pl.DataFrame(
        {"start": pl.datetime_range(period.start, period.end, "1h", closed="left", eager=True)}
    ).with_columns(pl.col("start").cast(pl.Datetime("us", "UTC")))
    if not ids:
        return frame
    rows = readings.current(sorted(set(ids.values())), period, "hour", known_at)
    good = rows.filter(pl.col("flag").is_in(GOOD))
    for variable, id in ids.items():
        own = good.filter(pl.col("series") == id).select("start", pl.col("value").alias(variable))
        frame = frame.join(own, on="start", how="left", maintain_order="left")
    return frame


def _stacks(some: Sequence[Object], period: Period) -> Iterator[Stack | str]:
    ids = ids_of(some)
    changes = _changes(some, period)
    for thing in some:
        own = ids.get(thing.pk, {})
        if "nox" not in own:
            yield "no_nox"
            continue
        frame = hours(own, period)
        if frame["nox"].count() < LEAST_DAYS * DAY // 2:
            yield "too_short"
            continue
        load, load_from = _load(frame)
        if not load_from:
            yield "no_load"
            continue
        yield _stack(thing, own, frame, load, load_from, changes.get(thing.pk, []), period)


def _stack(
    thing: Object,
    ids: dict[str, int],
    frame: pl.DataFrame,
    load: Floats,
    load_from: str,
    changes: list[Change],
    period: Period,
) -> Stack:
    limit = _limit(thing, civil(period.end).date())
    value, reference = limit.get("limit"), limit.get("o2_ref")
    series = Series(
        outlet=thing.code,
        begin=civil(period.start).replace(tzinfo=None),
        limit=float(str(value)) if value is not None else float("nan"),
        o2_ref=float(str(reference)) if reference is not None else float("nan"),
        load=load,
        o2=_column(frame, "o2"),
        temperature=_column(frame, "temperature"),
        moisture=_column(frame, "moisture"),
        flow=_column(frame, "flow"),
        so2=_column(frame, "so2"),
        nox=_column(frame, "nox"),
        sent=_column(frame, "sent"),
        pump=np.full(frame.height, np.nan),
        noise=_noise(thing, period, frame.height),
        recovery=_recovery(thing, period, frame.height // DAY),
        changes=changes,
        rewrites=_rewrites(ids["nox"], period),
        maintenance=_service(ids["nox"], period, frame.height),
    )
    return Stack(thing, series, ids, load_from, limit)


def _column(frame: pl.DataFrame, name: str) -> Floats:
    if name not in frame.columns:
        return np.full(frame.height, np.nan)
    return frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _load(frame: pl.DataFrame) -> tuple[Floats, str]:
    sent, flow = _column(frame, "load"), _column(frame, "flow")
    if np.isfinite(sent).any():
        return sent / 100, "load"
    if np.isfinite(flow).any() and (top := float(np.nanpercentile(flow, 95))) > 0:
        return np.clip(flow / top, 0, 1.2), "flow"
    return sent, ""


def _limit(thing: Object, on: date) -> dict[str, object]:
    """The stricter of standard and permit for an hour of NOx, and the oxygen reference."""
    own = held(thing.attributes, on)
    found = exceedance.limit_of(own.outlet(thing.code, permit=True), NOX, "hour", on)
    kept = {
        name: found[name] for name in ("limit", "decided_by", "standard", "clause", "confidence")
    }
    return {**kept, "o2_ref": own.oxygen(NOX, on)}


def _noise(thing: Object, period: Period, height: int) -> Floats:
    """The standard deviation of the minutes of each hour with at least four of them."""
    out = np.full(height, np.nan)
    properties, statistic = VARIABLES["nox"]
    own = Row.objects.filter(
        object=thing, resolution="minute", property__in=properties, statistic=statistic
    ).first()
    if own is None:
        return out
    for first in range(0, height, 31 * DAY):  # a month of minutes in memory, not a year
        begin = period.start + first * HOUR
        part = Period(begin, min(begin + 31 * DAY * HOUR, period.end))
        rows = readings.current([own.pk], part, "minute", flags=False)
        spread = rows.group_by(hour=pl.col("start").dt.truncate("1h")).agg(
            sd=pl.col("value").std(), n=pl.col("value").count()
        )
        for hour, sd, n in spread.iter_rows():
            if n >= 4 and sd is not None:
                out[(hour - period.start) // HOUR] = sd
    return out


def _recovery(thing: Object, period: Period, days: int) -> Floats:
    """Of each day the last standard check: what was read over what it should be (CN 2062)."""
    out = np.full(days, np.nan)
    ids = dict(
        Row.objects.filter(
            object=thing, resolution="sample", property__in=VARIABLES["nox"][0],
            statistic__in=("sample_reading", "standard_value"),
        ).values_list("statistic", "pk")
    )  # fmt: skip
    if len(ids) < 2:
        return out
    rows = readings.current(list(ids.values()), period, "sample", flags=False)
    both = (
        rows.filter(pl.col("series") == ids["sample_reading"])
        .join(rows.filter(pl.col("series") == ids["standard_value"]), on="start", suffix="_due")
        .filter(pl.col("value_due") > 0)
    )
    for start, value, due in both.select("start", "value", "value_due").iter_rows():
        out[(start - period.start) // (DAY * HOUR)] = value / due
    return out


def _rewrites(series: int, period: Period) -> list[Rewrite]:
    rows = open_lake().scan(
        "readings", "hour", period, [series], columns=["series", "start", "value", "known_at"]
    )
    listed = rows.select("start", "value").iter_rows()
    return [
        Rewrite((then[0] - period.start) // HOUR, first[1], then[1])
        for first, then in pairwise(listed)
        if first[0] == then[0] and None not in (first[1], then[1]) and first[1] != then[1]
    ]


def _service(series: int, period: Period, height: int) -> list[Span]:
    rows = open_lake().scan("flags", "hour", period, [series])
    flags = np.zeros(height, dtype=np.bool_)
    for start in rows.filter(pl.col("detail").is_in(SERVICE))["start"]:
        flags[(start - period.start) // HOUR] = True
    return [Span(one.begin, one.end, "service") for one in runs_of(flags, 1)]


def _changes(some: Sequence[Object], period: Period) -> dict[int, list[Change]]:
    found: dict[int, list[Change]] = defaultdict(list)
    rows = Parameter.objects.filter(
        device__object__in=some, factor=NOX, code__in=PARAMETERS
    ).select_related("device")
    for one in parameters.changes(parameters.changed(rows)):
        old, new = _number(one.before), _number(one.row.value)
        if one.row.at not in period or new is None or one.request is not None:
            continue  # what the platform set itself is on record
        hour = (one.row.at - period.start) // HOUR
        was = float("nan") if old is None else old
        found[one.row.device.object_id or 0].append(
            Change(hour, PARAMETERS[one.row.code], was, new)
        )
    return found


def _number(text: str) -> float | None:
    """`0.85`; of `0-500` the upper end."""
    numbers = re.findall(r"[-+]?\d+(?:\.\d+)?", re.sub(r"(?<=\d)\s*[-~～]\s*", " ", text))
    return float(numbers[-1]) if numbers else None
