"""区域：登记区划，把对象归到区域 | areas: register them, and put objects into them."""

from __future__ import annotations

from typing import Annotated

import typer

from fenhe.app.output import AsJson, show

app = typer.Typer(no_args_is_help=True, help=__doc__)

File = Annotated[str, typer.Argument(help="文件，- 为标准输入 | file, - for standard input")]


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


@app.command()
def place(
    file: File,
    kind: Annotated[str, typer.Option("--kind", "-k", help="对象类别 | kind of object")],
    as_json: AsJson = False,
) -> None:
    """把对象归到区域：code, area | put objects into areas: rights over areas reach them."""
    from fenhe.app.boot import boot_with_records
    from fenhe.app.commands.import_ import given

    boot_with_records()
    from fenhe.ingest.readers import read_whole
    from fenhe.registry import areas
    from fenhe.store.config import settings

    with given(file) as (path, name):
        table, findings = read_whole(path, name, settings().max_upload_mb * 1024 * 1024)
    findings.raise_if_any("registry.areas-refused", "什么也没有写入", "nothing was written")
    rows = areas.place(kind, table, name, "terminal")
    show({"rows": rows}, [f"{rows} 个对象已归区 | objects placed"], as_json)
