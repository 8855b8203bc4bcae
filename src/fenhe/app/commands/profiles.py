"""列出导入方案：列、单位、时标、缺测标记 | import profiles: columns, units, stamps, missing."""

from __future__ import annotations

import json

import typer

app = typer.Typer()


@app.command()
def profiles(
    as_json: bool = typer.Option(False, "--json", help="输出 JSON | print JSON"),
) -> None:
    """列出导入方案：列、单位、时标、缺测标记 | import profiles: columns, units, stamps, missing."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.ingest import profiles
    from fenhe.ingest.described import describe

    found = profiles.all()
    if as_json:
        content = [profile.model_dump(mode="json") for profile in found]
        typer.echo(json.dumps(content, ensure_ascii=False))
        return
    for profile in found:
        typer.echo(f"{profile.id:20}{profile.name.zh} | {profile.name.en}")
        for line in describe(profile):
            typer.echo(f"    {line.zh} | {line.en}")
