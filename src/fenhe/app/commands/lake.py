"""数据湖：整理小文件 | the lake: merge small files."""

from __future__ import annotations

import dataclasses

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None: ...


@app.command()
def tidy(as_json: AsJson = False) -> None:
    """合并小文件、清掉无人引用的文件 | merge small files, clear what nothing refers to."""
    from fenhe.app.boot import boot

    boot()
    from fenhe.observe import maintenance

    tidied = dataclasses.asdict(maintenance.tidy())
    show(tidied, [f"{key}: {value}" for key, value in tidied.items()], as_json)
