"""How long pages take, in process, over the data of FENHE_DATA_DIR (`fenhe demo --prepare-only`).

    python bench/pages.py [--times 21] [--json]

Prints the median and the slowest of each page; exit code 1 when a median is over 150 ms.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

from fenhe.app.boot import boot

MOST_MS = 150
PAGES = (
    "/air/",
    "/air/calendar",
    "/air/stations",
    "/air/station/1003A",
    "/air/station/1003A?span=31",
    "/air/station/1003A?span=366",
    "/air/ranking",
    "/air/budget",
    "/air/budget?metric=composite",
    "/standards",
    "/standards?edition=HJ%20633-2026",
    "/import",
    "/bulletins",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=21)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    boot()
    measured = measure(asked.times)
    if asked.json:
        print(json.dumps(measured))
    else:
        for page, (median, slowest, size) in measured.items():
            print(
                f"{median:7.1f} ms median {slowest:7.1f} ms slowest {size / 1024:7.0f} kB  {page}"
            )
    return int(any(median > MOST_MS for median, _, _ in measured.values()))


def measure(times: int) -> dict[str, tuple[float, float, int]]:
    """page -> median ms, slowest ms, bytes; the first answer of each warms up and is left out."""
    from django.test import Client

    from fenhe.access.models import Person

    client = Client()
    client.force_login(Person.objects.filter(role="administrator").order_by("id")[0])
    found = {}
    for page in PAGES:
        took = []
        for _ in range(times + 1):
            began = time.perf_counter()
            answer = client.get(page)
            took.append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, (page, answer.status_code)
        found[page] = (statistics.median(took[1:]), max(took[1:]), len(answer.content))
    return found


if __name__ == "__main__":
    sys.exit(main())
