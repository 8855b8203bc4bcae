"""导出导入模板，可带已有数据 | write the form of a profile, empty or with what is there."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

app = typer.Typer()


@app.command()
def template(
    profile: str = typer.Argument(help="导入方案 | import profile (fenhe profiles)"),
    out: str = typer.Argument(help=".csv 或 .xlsx，- 为标准输出 | .csv or .xlsx, - for stdout"),
    period: str = typer.Option(
        "", "--period", help="带上此时段的数据，如 2015-07 | fill with this period's readings"
    ),
) -> None:
    """导出导入模板，可带已有数据 | write the form of a profile, empty or with what is there."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.ingest import profiles
    from fenhe.ingest.described import describe
    from fenhe.ingest.template import as_csv, as_xlsx, form
    from fenhe.kernel.errors import BadInput
    from fenhe.kernel.period import Period
    from fenhe.observe.imports import filled

    chosen = profiles.get(profile)
    try:
        span = Period.parse(period) if period else None
    except ValueError as error:
        raise BadInput(
            "ingest.period-unreadable",
            f"时段“{period}”读不懂；请写成 2015、2015-07 或 2015-07-01..2015-07-31",
            f"cannot read the period “{period}”; write 2015, 2015-07 or 2015-07-01..2015-07-31",
        ) from error
    frame = form(chosen, filled(chosen, span) if span else None)
    write = as_xlsx if out.endswith(".xlsx") else as_csv
    content = write(frame, chosen)
    if out == "-":
        sys.stdout.buffer.write(content)
        return
    Path(out).write_bytes(content)
    typer.echo(f"{out}：{frame.height} 行 | {frame.height} rows", err=True)
    for line in describe(chosen):
        typer.echo(f"  {line.zh} | {line.en}", err=True)
