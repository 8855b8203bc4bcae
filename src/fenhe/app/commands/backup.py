"""备份全部数据，逐文件记哈希 | back up everything, with a hash for every file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer()


@app.command()
def backup(
    out: Annotated[Path, typer.Argument(help="新目录，或 .tar 文件 | a new folder, or a .tar")],
    secret_key: Annotated[bool, typer.Option(help="含密钥 | with the secret key")] = True,
    as_json: AsJson = False,
) -> None:
    """备份全部数据，逐文件记哈希 | back up everything, with a hash for every file."""
    from fenhe.app.boot import boot

    boot()
    from fenhe.app import records
    from fenhe.app.backup import backup

    records.require_set_up()
    manifest = backup(out, secret_key)
    size = sum(entry["size"] for entry in manifest["files"].values()) / 2**20
    count = len(manifest["files"])
    line = f"已备份 {count} 个文件，{size:.1f} MB | {count} files, {size:.1f} MB → {out}"
    show(manifest, [line], as_json)
