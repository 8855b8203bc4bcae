"""Run by test_import_kill.py: checks a file and commits it, saying when each step begins."""

# ruff: noqa: T201 (speaks to the test through its standard output)
from __future__ import annotations

import sys
from pathlib import Path

from fenhe.app.boot import boot


def main(file: str) -> None:
    boot()
    from fenhe.observe import imports

    report = imports.check(Path(file), "air-hourly")
    print(report.id, flush=True)
    imports.commit(report.id)
    print("committed", flush=True)


def set_up() -> None:
    boot()
    from fenhe.app import records
    from fenhe.registry.models import Object

    records.migrate()
    for number in range(40):
        code = f"S{number:02}"
        Object.objects.create(kind="air_station", code=code, name_zh=code)


def recover() -> None:
    """What became of the imports, and what the lake and the outbox say of it."""
    boot()
    from fenhe.ingest.models import Import
    from fenhe.observe import imports
    from fenhe.store.lake import open_lake
    from fenhe.store.models import Outbox

    imports.recover()
    states = sorted(Import.objects.values_list("state", flat=True))
    rows = open_lake().scan("readings", "hour", None).height
    told = Outbox.objects.filter(topic="readings.appended").exists()
    print(",".join(states), rows, told, flush=True)


if __name__ == "__main__":
    {"set-up": set_up, "recover": recover}.get(sys.argv[1], lambda: main(sys.argv[1]))()
