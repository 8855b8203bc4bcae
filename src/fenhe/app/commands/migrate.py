"""把记录库升级到本版本 | bring the database of records up to this version."""

from __future__ import annotations

import json

import typer

app = typer.Typer()


@app.command()
def migrate(
    as_json: bool = typer.Option(False, "--json", help="输出 JSON | print JSON"),
) -> None:
    """把记录库升级到本版本 | bring the database of records up to this version."""
    from fenhe.app.boot import boot

    boot()
    from fenhe.app import records

    applied = records.migrate()
    if as_json:
        typer.echo(json.dumps({"applied": applied}))
    elif applied:
        typer.echo(f"已升级 {len(applied)} 步 | applied {len(applied)} migrations")
    else:
        typer.echo("已是最新 | already up to date")
