"""Events day by day: what was to be seen when each civil day was over.

Every day is looked at by itself, over the days before it that its baseline and the longest event
need, so that it says the same whether it is judged today, again in a year, or together with others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from fenhe.domains.water.sky.detect import hours
from fenhe.domains.water.sky.events import Event, noisy, of_station
from fenhe.standards.edition import Edition

DAY = timedelta(days=1)
BASELINE, LONGEST = timedelta(hours=168), timedelta(hours=336)
DAYS_BACK = (BASELINE + LONGEST) // DAY + 1
"""How many days before a day take part in it. An edition with longer windows is cut to these."""
SILENT = timedelta(days=3)
"""A station that has said nothing for so long no longer says that an event goes on."""


def by_day(
    rows: pl.DataFrame, edition: Edition, days: Mapping[str, Sequence[datetime]]
) -> dict[tuple[str, datetime], list[Event]]:
    """Per station and day (its civil midnight) the events that were going on in it, or turned out
    in it to be over; days without any are left out. `rows` as `events` takes them, with `DAYS_BACK`
    days before the first day."""
    watched, stations = noisy(rows, edition)
    gap = timedelta(hours=hours(edition, "gap"))
    found = {}
    for station, samples in stations.items():
        for day in days.get(station, ()):
            first = day - LONGEST - DAY
            own = [one for one in samples if first <= one["time"] < day + DAY]
            seen = [
                event
                for event in (of_station(own, edition, watched) if own else ())
                if _touches(event, day, [one["time"] for one in own], gap)
            ]
            if seen:
                found[station, day] = seen
    return found


def _touches(event: Event, day: datetime, times: Sequence[datetime], gap: timedelta) -> bool:
    """Whether the event was going on in the day, or was known in it to be over."""
    if event.is_open:
        return day - times[-1] < SILENT
    over = min(event.end + gap, event.start + LONGEST)
    return next((time for time in times if time > over), event.end) >= day
