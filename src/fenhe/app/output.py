"""What a verb prints: lines for a person, or one JSON document for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON | print JSON")]


def show(data: Any, lines: Iterable[str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False, default=str))
    else:
        for line in lines:
            typer.echo(line)
