"""登记监管对象（站点、城市……） | register objects (stations, cities …) from a table."""

from __future__ import annotations

import json
import sys

import typer

app = typer.Typer()


@app.command("import-objects")
def import_objects(
    file: str = typer.Argument(help="文件，- 为标准输入 | file, - for standard input"),
    kind: str = typer.Option(..., "--kind", "-k", help="对象类别，如 air_station | kind of object"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只检查 | check only, write nothing"),
    yes: bool = typer.Option(False, "--yes", "-y", help="不再询问 | write without asking"),
    as_json: bool = typer.Option(False, "--json", help="输出 JSON | print JSON"),
) -> None:
    """登记监管对象（站点、城市……） | register objects (stations, cities …) from a table."""
    from fenhe.app.boot import boot_with_records
    from fenhe.app.commands.import_ import given

    boot_with_records()
    from fenhe.ingest.readers import read_whole
    from fenhe.registry import objects
    from fenhe.store.config import settings

    with given(file) as (path, name):
        table, findings = read_whole(path, name, settings().max_upload_mb * 1024 * 1024)
    found = objects.plan(kind, table, name)
    found.problems += findings.kept
    if found.problems:
        raise objects.refusal(found)
    if not as_json:
        typer.echo(
            f"{name}：新增 {found.new}，更改 {found.changed}，相同 {found.unchanged} | "
            f"{found.new} new, {found.changed} changed, {found.unchanged} unchanged"
        )
    wanted = yes or (
        not as_json and sys.stdin.isatty() and typer.confirm("登记吗？ | register?")
    )  # fmt: skip
    written = wanted and not dry_run
    if written:
        objects.apply(found)
    if as_json:
        typer.echo(json.dumps({"written": written, **found.as_dict()}, ensure_ascii=False))
    elif not written:
        typer.echo("仅检查；登记请加 --yes | checked only; add --yes to register", err=True)
