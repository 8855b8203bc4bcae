"""标准：平台所知的版本 | standards: the editions the platform knows."""

from __future__ import annotations

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer(no_args_is_help=True, help=__doc__)


@app.callback()
def _group() -> None: ...


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """各标准版本及其施行日期 | every edition and the days it holds."""
    from fenhe.app import discovery
    from fenhe.standards import catalogue

    discovery.load()
    editions = [
        {
            "id": one.id,
            "standard": one.standard,
            "title": one.title.as_dict(),
            "valid_from": one.valid_from.isoformat(),
            "last_day": one.last_day and one.last_day.isoformat(),
        }
        for one in catalogue.editions()
    ]
    lines = [f"{one['id']:<34} {one['valid_from']} .. {one['last_day'] or ''}" for one in editions]
    show(editions, lines, as_json)
