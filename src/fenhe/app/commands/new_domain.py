"""新建领域：写出可用的骨架 | write the working skeleton of a domain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def new_domain(
    name: Annotated[str, typer.Argument(help="领域名，如 noise | its name")],
    path: Annotated[
        Path | None, typer.Option(help="树外的上级目录 | parent folder outside the tree")
    ] = None,
) -> None:
    """新建领域：写出可用的骨架 | write the working skeleton of a domain."""
    from fenhe.app.scaffold import new_domain

    folder = new_domain(name, path)
    typer.echo(f"已写出 | written: {folder}")
    if path:
        typer.echo(f"启用 | switch it on: domain_paths = [{str(path.resolve())!r}]")
    typer.echo(f"检查 | check it: fenhe check {name}")
