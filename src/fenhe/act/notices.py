"""Holiday notices that operators load for years the calendar library does not know yet.

One file per year, `calendars/<year>.csv` in the data directory: columns date, kind, note; a first
line beginning with # says where it was published. Every process sees a new file at its next look.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from fenhe.act.deadlines import Calendar, Notice
from fenhe.kernel.errors import BadInput
from fenhe.store.config import settings

_NAME = re.compile(r"\d{4}\.csv", re.ASCII)


def folder() -> Path:
    return settings().data_dir / "calendars"


def current() -> Calendar:
    """The calendar with all notices that are loaded now."""
    return _calendar(
        tuple(
            (path, path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(folder().glob("*.csv"))
            if _NAME.fullmatch(path.name)
        )
    )


@lru_cache(maxsize=2)
def _calendar(files: tuple[tuple[Path, int, int], ...]) -> Calendar:
    return Calendar(_read(path, int(path.stem)) for path, _, _ in files)


def load(path: Path, year: int, source: str) -> Notice:
    """Check a notice and keep it; what was loaded for that year before is replaced."""
    if not source.strip():
        raise BadInput(
            "deadline.notice-source",
            "请写明放假通知的文号：--source 国办发明电〔…〕…号",
            "say where the notice was published: --source TEXT",
        )
    notice = _read(path, year)
    rows = [f"{day.isoformat()},{'workday' if worked else 'holiday'},"
            for day, worked in sorted(notice.days.items())]  # fmt: skip
    text = "\n".join([f"# {' '.join(source.split())}", "date,kind,note", *rows, ""])
    folder().mkdir(parents=True, exist_ok=True)
    target = folder() / f"{year}.csv"
    fresh = target.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(target)
    return Notice(year, notice.days, source.strip())


def _read(path: Path, year: int) -> Notice:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "deadline.notice", f"读不了 {path.name}：{error}", f"cannot read {path.name}: {error}"
        ) from error
    source = ""
    if text.startswith("#"):
        first, _, text = text.partition("\n")
        source = first.lstrip("# ").strip()
    return Notice.read(text, year, path.name, source)
