"""Files that people bring: dry-run, then commit as a whole or not at all.

`check` keeps the file by its hash, stages its readings and compares them with the lake; nothing a
page shows has changed. `commit` adds what is new or different in one transaction of the lake. The
steps in between are recorded, so that `recover` knows after a crash what had happened.
(It stands in `observe`, above `ingest`, because it compares with the readings that are known.)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from fenhe.evidence import ledger
from fenhe.ingest import profiles
from fenhe.ingest.dry_run import Progress, collapse, stage
from fenhe.ingest.findings import Findings
from fenhe.ingest.models import Import
from fenhe.ingest.profile import Profile
from fenhe.ingest.report import Report, found
from fenhe.ingest.staging import Staging
from fenhe.kernel.declared import read
from fenhe.kernel.errors import Conflict, NotFound
from fenhe.kernel.ids import new_id
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import readings
from fenhe.observe.bulk import append_parts
from fenhe.observe.import_reach import require_reach
from fenhe.observe.import_tally import Tally
from fenhe.registry.series import ensure_series, series_ids
from fenhe.store.config import settings
from fenhe.store.files import hash_of, open_files
from fenhe.store.lake import open_lake

PROBLEMS_SHOWN = 1000
KEPT = timedelta(days=7)  # how long a checked file waits for its commit
_DONE = ("committed", "refused")


def check(
    path: Path,
    profile: Profile | str,
    *,
    file_name: str = "",
    person: Any = None,
    now: datetime | None = None,
    progress: Progress = lambda share: None,
    keep: bool = True,
) -> Report:
    """Dry-run: what the file would change, and all that is wrong with it. Writes no reading.

    Raises BadInput where the file cannot be read as a table at all. A report without problems can
    be committed by its id, unless nothing of it was to be kept. A refused file is never kept.
    """
    profile = profiles.get(profile) if isinstance(profile, str) else profile
    name = Path(file_name).name or path.name
    findings = Findings(name, PROBLEMS_SHOWN)
    id, now = new_id(), now or utc_now()
    staging = _staging(id)
    try:
        staged = stage(path, profile, staging, findings, now, lambda share: progress(0.7 * share))
        tally = Tally(profile, staging.repeated)
        seen = 0
        for group, unique in _groups(staging, findings, staged.header):
            tally.add(unique, _known(unique, profile), group.height - unique.height)
            seen += group.height
            progress(0.7 + 0.3 * seen / max(staged.readings, 1))
    except BaseException:
        staging.discard()
        raise
    report = Report(
        id=id,
        file=name,
        size=path.stat().st_size,
        profile=profile.id,
        content_hash=hash_of(path),
        rows=staged.rows,
        **tally.as_fields(),
        problem_count=findings.total,
        problem_counts=dict(findings.counts),
        problems=[found(problem) for problem in findings.kept],
    )
    try:
        require_reach(person, "import.check", profile, report)
    except BaseException:
        staging.discard()
        raise
    if not (report.ok and keep):
        staging.discard()
    if not keep:
        return report
    if report.ok:
        with path.open("rb") as stream:
            open_files().put(stream)
    Import.objects.create(
        id=id,
        file_name=name,
        content_hash=report.content_hash,
        profile=profile.id,
        state="checked" if report.ok else "refused",
        person=person,
        report={
            "report": report.model_dump(mode="json"),
            "profile": profile.model_dump(mode="json"),
        },
    )
    progress(1.0)
    return report


def report_of(import_id: str) -> Report:
    return read(Report, _import(import_id).report["report"], import_id)


def commit(
    import_id: str, person: Any = None, progress: Progress = lambda share: None
) -> readings.Commit:
    """Add the readings of a checked file, all or none. Committing twice changes nothing.

    Raises BadInput `ingest.refused` for a file with problems, Conflict when somebody else is
    committing it just now.
    """
    row = _import(import_id)
    report = report_of(import_id)
    if row.state == "refused":
        raise report.refusal()
    if row.state == "committed":
        return readings.Commit(row.lake_version or 0, 0, 0, report.readings)
    profile = read(Profile, row.report["profile"], row.profile)
    require_reach(person, "import.commit", profile, report)
    with _staging(row.id).held() as alone:
        if not alone:
            raise _being_committed()
        _claim(row, person)
        try:
            done = _append(row, profile, progress)
        except BaseException:
            _settle(row)
            raise
        _finish(row, done)
    return done


def filled(profile: Profile, period: Period) -> pl.DataFrame:
    """Readings of the profile's series for its template: code, property, start, value,
    qualifier."""
    there = series_ids(
        profile.object_kind, profile.resolution, profile.source, properties=profile.used_properties
    )
    known = readings.current(there["series"].to_list(), period, profile.resolution, flags=False)
    return known.join(there, on="series", how="left", maintain_order="left").select(
        "code", "property", "start", "value", "qualifier"
    )


def recover() -> list[tuple[str, str]]:
    """After a crash: imports caught between their steps, and what became of them.

    What reached the lake is finished; what did not goes back to `checked`, as if the button had
    never been pressed. Also clears away what abandoned dry-runs left.
    """
    outcomes = []
    for row in Import.objects.filter(state="committing"):
        with _staging(row.id).held() as alone:
            if alone:  # else its process is alive and at work
                outcomes.append((row.id, _recover(row)))
    _sweep(KEPT)
    return outcomes


def _recover(row: Import) -> str:
    if open_lake().committed(_transaction(row.id)):
        profile = read(Profile, row.report["profile"], row.profile)
        _finish(row, _append(row, profile))
        return "committed"
    _settle(row)
    return "checked"


def _append(
    row: Import, profile: Profile, progress: Progress = lambda share: None
) -> readings.Commit:
    staging = _restaged(row, profile, lambda share: progress(share / 2))
    return append_parts(
        _parts(staging, row, profile, progress),
        profile.resolution,
        profile.id,
        _transaction(row.id),
    )


def _parts(
    staging: Staging, row: Import, profile: Profile, progress: Progress
) -> Iterator[pl.DataFrame]:
    """The staged readings by series; a series comes to be with its first reading."""
    total = max(row.report["report"]["readings"], 1)
    seen = 0
    for group, unique in _groups(staging, Findings(row.file_name), []):
        pairs = _named(unique, profile)
        known = ensure_series(pairs, profile.object_kind, profile.resolution, profile.source)
        yield pairs.join(known, on=["object", "property"], how="left").select(
            "series", "start", "value", "qualifier"
        )
        seen += group.height
        progress(0.5 + 0.5 * seen / total)


def _restaged(row: Import, profile: Profile, progress: Progress) -> Staging:
    """The readings of the dry-run, read again from the kept file if they were cleared away."""
    staging = _staging(row.id)
    if staging.is_whole:
        return staging
    findings = Findings(row.file_name, PROBLEMS_SHOWN)
    path = open_files().path(row.content_hash)
    if not path.exists():
        raise Conflict(
            "ingest.check-expired",
            f"{row.file_name} 的检查已过 {KEPT.days} 天，文件已清除；请重新上传检查",
            f"the check of {row.file_name} is older than {KEPT.days} days and its file is gone; "
            "bring the file again",
        )
    staged = stage(path, profile, staging, findings, utc_now(), lambda s: progress(0.7 * s))
    for _ in _groups(staging, findings, staged.header):
        pass
    findings.raise_if_any(
        "ingest.refused",
        f"{row.file_name} 在检查之后已不再合格（登记信息已变），未写入任何数据",
        f"{row.file_name} no longer passes (the registry has changed); nothing was written",
    )
    return staging


def _groups(
    staging: Staging, findings: Findings, header: list[str]
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Groups of the staging, each with its repetitions collapsed."""
    for group in staging.groups():
        yield group, collapse(group, findings, header)


def _known(unique: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """The current view of the lake around these readings, by object and property."""
    there = series_ids(
        profile.object_kind, profile.resolution, profile.source,
        properties=profile.used_properties,
    ).join(unique.select("object").unique(), on="object", how="semi")  # fmt: skip
    if unique.is_empty() or there.is_empty():
        return unique.clear().select("object", "property", "start", "value", "qualifier")
    first, last = unique.select(
        first=pl.col("start").min(), last=pl.col("start").max()
    ).row(0)  # fmt: skip
    known = readings.current(
        there["series"].to_list(), Period(first, last + profile.length), profile.resolution,
        flags=False,
    )  # fmt: skip
    order = {name: i for i, name in enumerate(profile.used_properties)}
    return known.join(there, on="series", how="left").select(
        "object",
        pl.col("property").replace_strict(order, return_dtype=pl.Int16),
        "start",
        "value",
        "qualifier",
    )


def _named(unique: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    names = dict(enumerate(profile.used_properties))
    return unique.with_columns(
        pl.col("property").cast(pl.Int32).replace_strict(names, return_dtype=pl.String)
    )


def _claim(row: Import, person: Any) -> None:
    changes = {"state": "committing"} | ({"person": person} if person is not None else {})
    open_states = ["checked", "committing"]  # committing by a process that has died
    if not Import.objects.filter(pk=row.pk, state__in=open_states).update(**changes):
        raise _being_committed()


def _being_committed() -> Conflict:
    return Conflict(
        "ingest.being-committed",
        "这个文件正在写入或刚写完，请稍后再看",
        "this file is being committed or just was; look again in a moment",
        retryable=True,
    )


def _finish(row: Import, done: readings.Commit) -> None:
    with transaction.atomic():
        Import.objects.filter(pk=row.pk).update(
            state="committed", committed_at=timezone.now(), lake_version=done.version
        )
        ledger.record(
            row.person or "system",
            "import.commit",
            row.pk,
            {
                "file": row.file_name,
                "content_hash": row.content_hash,
                "profile": row.profile,
                "lake_version": done.version,
                "new": done.new,
                "changed": done.changed,
            },
        )
    _staging(row.id).discard()


def _settle(row: Import) -> None:
    """An append that raised: back to `checked`, unless it reached the lake all the same."""
    if not open_lake().committed(_transaction(row.id)):
        Import.objects.filter(pk=row.pk, state="committing").update(state="checked")


def _sweep(older_than: timedelta) -> None:
    """Stagings of imports that are done, and those nobody came back for."""
    root = settings().data_dir / "staging"
    done = set(Import.objects.filter(state__in=_DONE).values_list("pk", flat=True))
    limit = (timezone.now() - older_than).timestamp()
    for path in root.iterdir() if root.exists() else ():
        if path.stem in done or path.stat().st_mtime < limit:
            Staging(root / path.stem).discard()


def tidy(now: datetime | None = None) -> int:
    """Remove files that were checked and never committed; returns the bytes freed. A file stays
    while any other import needs it."""
    limit = (now or utc_now()) - KEPT
    abandoned = Q(state__in=("checked", "refused"), created_at__lt=limit)
    needed = set(Import.objects.exclude(abandoned).values_list("content_hash", flat=True))
    gone = set(Import.objects.filter(abandoned).values_list("content_hash", flat=True))
    return sum(open_files().remove(content_hash) for content_hash in gone - needed)


def _import(import_id: str) -> Import:
    row = Import.objects.filter(pk=import_id).first()
    if row is None:
        raise NotFound(
            "ingest.import-unknown", f"没有导入 {import_id}", f"there is no import {import_id}"
        )
    return row


def _staging(import_id: str) -> Staging:
    return Staging(settings().data_dir / "staging" / import_id)


def _transaction(import_id: str) -> str:
    return f"import-{import_id}"
