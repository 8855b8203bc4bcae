"""A process to be killed: writes batches and prints the number of each once it is acknowledged.

`writer.py append NAME FIRST COUNT`, `writer.py same COUNT`, `writer.py tidy`, `writer.py files`;
the data directory comes from FENHE_DATA_DIR, as always.
"""

from __future__ import annotations

import io
import os
import random
import sys
from datetime import UTC, datetime, timedelta

import django
import polars as pl

BEGIN = datetime(2026, 1, 31, 12, tzinfo=UTC)  # so that batches fall into two months
ROWS = 20


def batch(name: int, number: int) -> pl.DataFrame:
    """Batch `number` of writer `name`: ROWS series of its own, one hour."""
    return pl.DataFrame(
        {
            "series": [name * ROWS + one for one in range(ROWS)],
            "start": [BEGIN + timedelta(hours=number)] * ROWS,
            "value": [float(number)] * ROWS,
        }
    )


def say(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def append(name: int, first: int, count: int) -> None:
    from fenhe.observe import readings

    for number in range(first, first + count):
        readings.append(batch(name, number), "hour", "test", transaction=f"{name}-{number}")
        say(number)


def same(count: int) -> None:
    """What every one of several writers brings alike, without a transaction."""
    from fenhe.observe import readings

    for number in range(count):
        commit = readings.append(batch(0, number), "hour", "test")
        say(commit.new)


def tidy() -> None:
    from fenhe.observe import maintenance

    say("ready")
    while True:
        tidied = maintenance.tidy(hot=3, closed=3)
        if tidied.months:
            say(tidied.months)


def files() -> None:
    from fenhe.store.files import open_files

    say("ready")
    while True:
        say(open_files().put(io.BytesIO(random.randbytes(3_000_000))).hash)  # noqa: S311


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fenhe.store.django_settings")
    if sys.argv[1] != "files":  # which need no records
        django.setup()
    globals()[sys.argv[1]](*(int(argument) for argument in sys.argv[2:]))
