"""区域：登记区划 | areas: register them."""

from __future__ import annotations

from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer(no_args_is_help=True, help=__doc__)

File = Annotated[str, typer.Argument(help="文件，- 为标准输入 | file, - for standard input")]


@app.callback()
def _group() -> None: ...


@app.command("import")
def import_(file: File, as_json: AsJson = False) -> None:
    """登记区划：adcode, name_zh, name_en, level, parent | register areas from a table."""
    from fenhe.app.boot import boot_with_records
    from fenhe.app.commands.import_ import given

    boot_with_records()
    from fenhe.ingest.readers import read_whole
    from fenhe.registry import areas
    from fenhe.store.config import settings

    with given(file) as (path, name):
        table, findings = read_whole(path, name, settings().max_upload_mb * 1024 * 1024)
    findings.raise_if_any("registry.areas-refused", "什么也没有写入", "nothing was written")
    rows = areas.register(table, name, "terminal")
    show({"rows": rows}, [f"{rows} 个区域已登记 | areas registered"], as_json)
