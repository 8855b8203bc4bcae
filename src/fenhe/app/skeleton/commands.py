"""示例领域的命令 | verbs of the example domain."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from fenhe.standards.load import load_folder

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None: ...


@app.command()
def limits(as_json: bool = typer.Option(False, "--json", help="输出 JSON | print JSON")) -> None:
    """现行限值 | the limits in force."""
    rows = [
        {**row.cells, "clause": row.clause, "confidence": row.confidence.value}
        for edition in load_folder(Path(__file__).parent / "standards")
        for row in edition.table("limits")
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['property']} ≤ {row['limit']} {row['unit']} ({row['clause']})")
