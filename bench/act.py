"""The nightly sweep over a million open clocks, on SQLite or on the database of FENHE_DATABASE_URL.

    python bench/act.py [--clocks 1000000] [--json]

Uses a data directory of its own; with FENHE_DATABASE_URL give a database made for it. Four
nights are measured: a quiet one, an ordinary one (one clock in a hundred comes to a step), one
after which every clock has come to one, and one on which a notice makes a tenth of them final.
Exit code 1 when one takes more than 30 s, or when rows are lost or written twice.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

MOST_SECONDS = 30
FIRST = date(2026, 3, 2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["FENHE_DATA_DIR"] = home
        from fenhe.app.boot import boot

        boot()
        measured, right = measure(asked.clocks)
    if asked.json:
        print(json.dumps(measured))
    else:
        for night, (seconds, moved) in measured.items():
            print(f"{seconds:7.2f} s {moved:9,} moved  {night}")
    return int(not right or any(seconds > MOST_SECONDS for seconds, _ in measured.values()))


def measure(count: int) -> tuple[dict[str, tuple[float, int]], bool]:
    from fenhe.act.deadlines import Calendar, Notice
    from fenhe.act.models_obligation import Obligation
    from fenhe.act.obligations import sweeping
    from fenhe.app import records
    from fenhe.kernel.period import CIVIL
    from fenhe.store.models import Outbox

    records.migrate()
    for chunk in made(count):
        Obligation.objects.bulk_create(chunk, batch_size=1000)
    calendar = Calendar()
    loaded = Calendar([Notice(2027, {date(2027, 1, 1): False})])
    nights = {
        "quiet": (datetime(2026, 4, 1, 6, tzinfo=CIVIL), calendar),
        "ordinary": (datetime(2026, 5, 11, 6, tzinfo=CIVIL), calendar),
        "every clock comes to a step": (datetime(2027, 6, 1, 6, tzinfo=CIVIL), calendar),
        "a notice is loaded": (datetime(2027, 6, 2, 6, tzinfo=CIVIL), loaded),
    }
    measured = {}
    for name, (now, known) in nights.items():
        began = time.perf_counter()
        moved = sweeping.sweep(now, known)
        measured[name] = (round(time.perf_counter() - began, 2), moved)
    news = Outbox.objects.filter(topic=sweeping.TOPIC).values_list("payload", flat=True)
    told = Counter(clock for one in news.iterator() for clock, _ in one["clocks"])
    final = not Obligation.objects.filter(provisional=True).exists()
    return measured, final and told.total() == sum(moved for _, moved in measured.values())


def made(count: int) -> Iterator[list[object]]:
    """Penalty decisions of a year of days, evenly; one in ten ends in a year not yet announced."""
    from fenhe.act.deadlines import Calendar, compute
    from fenhe.act.models_obligation import Obligation
    from fenhe.act.obligations.life import take
    from fenhe.kernel.period import CIVIL, civil_midnight

    calendar = Calendar()
    spread = [FIRST + timedelta(days=number) for number in range(210)]
    spread += [date(2026, 10, 5) + timedelta(days=number) for number in range(23)]
    known = {day: compute("pen.decision", day, calendar) for day in spread}
    now = datetime(2026, 3, 1, tzinfo=CIVIL)
    chunk: list[object] = []
    for number in range(count):
        day = spread[number % len(spread)]
        clock = Obligation(
            key=f"bench:{number}", rule="pen.decision", about=f"case:{number // 10}",
            trigger=civil_midnight(day), started_at=now, policy="usual",
        )  # fmt: skip
        take(clock, known[day])
        chunk.append(clock)
        if len(chunk) == 10_000:
            yield chunk
            chunk = []
    yield chunk


if __name__ == "__main__":
    sys.exit(main())
