"""从备份恢复到空目录，先核对哈希 | restore a backup into an empty folder, hashes first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer()


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(metavar="IN", help="备份目录或 .tar | the backup")],
    data_dir: Annotated[
        Path | None, typer.Option(help="恢复到 | target; default: data_dir")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """从备份恢复到空目录，先核对哈希 | restore a backup into an empty folder, hashes first."""
    from fenhe.app.restore import restore
    from fenhe.kernel.errors import BadInput
    from fenhe.store.config import settings

    if not source.exists():
        raise BadInput("restore.missing", f"没有 {source}", f"there is no {source}")
    target = data_dir or settings().data_dir
    manifest = restore(source, target)
    count = len(manifest["files"])
    lines = [
        f"已核对并恢复 {count} 个文件 | verified and restored {count} files → {target}",
        "接着 | next: fenhe migrate, fenhe doctor",
    ]
    show(manifest, lines, as_json)
