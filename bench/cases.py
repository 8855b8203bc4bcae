"""100,000 open cases: what the lists, the board, one case page, one step and a sweep cost.

    ./dev bench cases [--cases N]

Cases are laid down in bulk, with two entries and one clock each; pages are asked through Django's
own client, so the figures are those of the server without the network.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from statistics import median

os.environ.setdefault("FENHE_DATA_DIR", tempfile.mkdtemp(prefix="fenhe-bench-"))

from fenhe.app.boot import boot

boot()

from django.test import Client  # noqa: E402 (the platform first)

from fenhe.access.models import Organ, Person  # noqa: E402 (as below: models after the platform)
from fenhe.act import cases, obligations  # noqa: E402
from fenhe.act.models import Case, CaseEntry, Obligation  # noqa: E402
from fenhe.app import records  # noqa: E402
from fenhe.kernel.period import civil, utc_now  # noqa: E402

STATES = ("clue", "filing_review", "filed", "investigating", "report_done", "legal_review",
          "prior_notice", "decided", "served", "performing")  # fmt: skip
ROUNDS = 7
PAGES = (
    "/cases",
    "/cases?procedure=enforcement.penalty&state=filed",
    "/cases?scope=overdue",
    "/cases?q=1234",
    "/cases/board",
    "/cases/mine",
    "/cases/statistics",
    "/obligations",
    "/obligations?scope=overdue",
    "/obligations?scope=provisional",
)


def fill(count: int, organ: Organ, person: Person) -> None:
    now = utc_now()
    for first in range(0, count, 5000):
        some = range(first, min(first + 5000, count))
        made = Case.objects.bulk_create(
            Case(
                number=f"示例市局环罚〔2025〕{n + 1}号", procedure="enforcement.penalty", version=1,
                state=STATES[n % len(STATES)], revision=2, title=f"示例企业{n}：超标排放",
                organ=organ, area="140100", handler=person if n % 1000 == 0 else None,
                fields={"party": f"示例企业{n}", "conduct": "超标排放"},
                opened_at=now - timedelta(days=n % 300), changed_at=now,
            )
            for n in some
        )  # fmt: skip
        CaseEntry.objects.bulk_create(
            CaseEntry(
                case=case, seq=seq, round=1, at=case.opened_at + timedelta(days=seq), person="a",
                post="enforcer", step="open" if seq == 1 else "examine", before="", given={},
                after="clue" if seq == 1 else case.state, digest="0" * 64, act=case.pk,
            )
            for case in made
            for seq in (1, 2)
        )  # fmt: skip
        Obligation.objects.bulk_create(
            Obligation(
                key=f"case:{case.pk}:decision:1", rule="pen.decision", about=f"case:{case.pk}",
                organ=organ, trigger=case.opened_at, due=case.opened_at + timedelta(days=90),
                due_day=civil(case.opened_at + timedelta(days=89)).date(), calendar="bench",
                article="部令30 第57条", policy="usual", started_at=case.opened_at,
            )
            for case in made
        )  # fmt: skip


def timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    wanted = parser.parse_args()
    records.migrate()
    organ = Organ.objects.create(
        code="b", name_zh="示例市局", name_en="Bureau", kind="bureau", area="140100", issuing=True
    )
    person = Person.objects.create(username="bench", role="enforcer", organ=organ)
    seconds = timed(lambda: fill(wanted.cases, organ, person)) / 1000
    print(f"{wanted.cases} open cases laid down in {seconds:.1f} s")
    client = Client()
    client.force_login(person)
    middle = Case.objects.order_by("pk")[wanted.cases // 2]
    for url in (*PAGES, f"/cases/{middle.pk}"):
        assert client.get(url).status_code == 200, url
        took = median(timed(lambda url=url: client.get(url)) for _ in range(ROUNDS))  # type: ignore[misc]
        print(f"{url:55} {took:8.1f} ms")
    clue = {
        "party": "示例",
        "conduct": "超标",
        "discovered_on": civil(utc_now()).date().isoformat(),
    }
    took = median(
        timed(lambda: cases.open_(cases.Opening("enforcement.penalty", clue), person, utc_now()))
        for _ in range(ROUNDS)
    )
    print(f"{'open a case':55} {took:8.1f} ms")
    moved = 0

    def sweep() -> None:
        nonlocal moved
        moved = obligations.sweep(utc_now())

    took = timed(sweep)
    print(f"{'sweep, ' + format(moved, ',') + ' clocks moved':55} {took:8.1f} ms")


if __name__ == "__main__":
    main()
