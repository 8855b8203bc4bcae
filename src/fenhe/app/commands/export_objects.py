"""导出监管对象，可改后再登记 | write out registered objects, to edit and register again."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

app = typer.Typer()


@app.command("export-objects")
def export_objects(
    out: str = typer.Argument("-", help=".csv 文件，- 为标准输出 | .csv file, - for stdout"),
    kind: str = typer.Option(..., "--kind", "-k", help="对象类别，如 air_station | kind of object"),
) -> None:
    """导出监管对象，可改后再登记 | write out registered objects, to edit and register again."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.ingest.template import csv_bytes
    from fenhe.registry import objects

    frame = objects.export(kind)
    content = csv_bytes(frame)
    if out == "-":
        sys.stdout.buffer.write(content)
        return
    Path(out).write_bytes(content)
    typer.echo(f"{out}：{frame.height} 行 | {frame.height} rows", err=True)
