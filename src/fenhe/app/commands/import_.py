"""导入读数文件：先检查，后写入 | import a file of readings: check first, then commit."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from fenhe.ingest.dry_run import Progress
    from fenhe.ingest.report import Report

app = typer.Typer()


@app.command("import")
def import_(
    file: str = typer.Argument(help="文件，- 为标准输入 | file, - for standard input"),
    profile: str = typer.Option(
        "air-hourly", "--profile", "-p", help="导入方案 | import profile (fenhe profiles)"
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="只检查 | check only, write nothing"),
    yes: bool = typer.Option(False, "--yes", "-y", help="不再询问 | commit without asking"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON | print JSON"),
) -> None:
    """导入读数文件：先检查，后写入 | import a file of readings: check first, then commit.

    不带 --yes 时，终端上会询问，管道中只检查 | without --yes a terminal asks, a pipe only checks.
    """
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.observe import imports

    only_checks = dry_run or not (yes or (sys.stdin.isatty() and not as_json))
    with given(file) as (path, name), progress(as_json) as advance:
        report = imports.check(
            path, profile, file_name=name, progress=advance, keep=not only_checks
        )
    if not report.ok:
        raise report.refusal()
    if not as_json:
        typer.echo(summary(report))
    wanted = not dry_run and (yes or (not as_json and _ask(report)))
    state = "checked"
    if wanted:
        with progress(as_json) as advance:
            done = imports.commit(report.id, progress=advance)
        state = "committed"
        if not as_json:
            typer.echo(
                f"已写入：新增 {done.new}，更正 {done.changed} | "
                f"committed: {done.new} new, {done.changed} corrected"
            )
    if as_json:
        content = report.model_dump(mode="json")
        typer.echo(json.dumps({"state": state, **content}, ensure_ascii=False))


@contextmanager
def given(file: str) -> Iterator[tuple[Path, str]]:
    """The file on disk and its name; standard input is kept for the length of the check."""
    from fenhe.ingest.opening import why_not
    from fenhe.kernel.errors import BadInput

    if file != "-":
        path = Path(file)
        try:
            path.open("rb").close()
        except OSError as error:
            why = why_not(path, error)
            raise BadInput(
                "ingest.no-file", f"打不开 {file}：{why.zh}", f"cannot open {file}: {why.en}"
            ) from error
        yield path, path.name
        return
    with tempfile.NamedTemporaryFile(prefix="fenhe-import-") as copy:
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.flush()
        yield Path(copy.name), "stdin"


@contextmanager
def progress(quiet: bool) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def summary(report: Report) -> str:
    """The dry-run in a few lines."""
    from fenhe.kernel.period import civil

    span = (
        f"{civil(report.first):%Y-%m-%d %H:%M} … {civil(report.last):%Y-%m-%d %H:%M}"
        if report.first and report.last
        else "—"
    )
    lines = [
        f"{report.file}：{report.rows} 行，{report.readings} 个读数 | "
        f"{report.rows} rows, {report.readings} readings",
        f"  时段 | period      {span}",
        f"  新增 | new         {report.new}",
        f"  更正 | corrected   {report.changed}",
        f"  相同 | unchanged   {report.unchanged}",
        f"  缺测 | missing     {report.missing}",
    ]
    if report.collapsed:
        lines.append(f"  文件内重复 | repeated in the file  {report.collapsed}")
    lines += [
        f"  {change.code} {change.property} {civil(change.start):%Y-%m-%d %H:%M}  "
        f"{change.old or '—'} → {change.new or '—'}"
        for change in report.changes[:10]
    ]
    return "\n".join(lines)


def _ask(report: Report) -> bool:
    if not report.new and not report.changed:
        return False
    if not sys.stdin.isatty():
        typer.echo("仅检查；写入请加 --yes | checked only; add --yes to commit", err=True)
        return False
    return typer.confirm("写入吗？ | commit?")
