"""数采仪与网关：登记、状态、原始报文 | loggers and the gateway: register, state, raw frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help=__doc__)

Json = Annotated[bool, typer.Option("--json", help="输出 JSON | print JSON")]


@app.command()
def add(
    mn: Annotated[str, typer.Argument(help="MN")],
    profile: Annotated[str, typer.Option(help="设备方案 | device profile")] = "",
    place: Annotated[
        str, typer.Option("--object", help="监管对象，类别/编码 | object, kind/code")
    ] = "",
    password: Annotated[str, typer.Option(help="PW，空为不核对 | PW; empty: not compared")] = "",
    agreed: Annotated[
        str,
        typer.Option(
            help='约定（JSON），如 {"crc":["modbus"]} | what is agreed, as JSON: crc, '
            "lengths_in_characters, sm4_keys, cap, edition, st"
        ),
    ] = "{}",
) -> None:
    """登记或修改一台数采仪 | register a logger, or change one."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.ingest.hj212 import registering

    entry = registering.Entry(mn, profile, place, password, True, agreed)
    registering.apply(registering.plan([entry]), "cli")
    typer.echo(f"已登记 | registered: {mn}")


@app.command()
def load(
    path: Annotated[
        Path, typer.Argument(help="CSV/XLSX：mn, profile, object, password, enabled, agreed")
    ],
    as_json: Json = False,
) -> None:
    """按表登记或修改多台数采仪，有错则一台也不登记 | register many by a table; all or none."""
    from fenhe.app.boot import boot_with_records

    boot_with_records()
    from fenhe.ingest.hj212 import registering
    from fenhe.kernel.errors import BadInput
    from fenhe.store.config import settings

    entries, findings = registering.table(path, path.name, settings().max_upload_mb << 20)
    if findings.kept:
        raise BadInput(
            "hj212.devices-refused", f"{path.name} 有误", f"{path.name} has errors", findings.kept
        )
    done = registering.apply(registering.plan(entries, path.name), "cli")
    if as_json:
        typer.echo(json.dumps({"new": done.new, "changed": done.changed}))
        return
    typer.echo(
        f"已登记 | registered: {done.new}，修改 | changed: {done.changed}，"
        f"未变 | unchanged: {done.unchanged}"
    )


@app.command()
def state(as_json: Json = False) -> None:
    """网关进程现在如何 | how the gateway processes fare."""
    from fenhe.app.boot import boot

    boot()
    from fenhe.ingest.hj212.gateway import process

    found = process.statuses()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    for one in found:
        typer.echo(
            f"{one['name']}  {one['connections']} 连接 | connections  "
            f"{one['stored']} 条 | stored  {one['quarantined']} 隔离 | kept back  {one['error']}"
        )


@app.command()
def verify(as_json: Json = False) -> None:
    """核验原始报文的封存链 | verify the chain of seals over raw frames."""
    from fenhe.kernel.errors import Conflict
    from fenhe.store import spool

    broken = []
    days = 0
    for name in spool.gateways():
        reader = spool.SpoolReader(spool.root() / name)
        for day in reader.days:
            days += 1
            at = reader.verify(day)
            if at is not None:
                broken.append(f"{name}/{day}/{at}")
    if broken:
        raise Conflict(
            "spool.broken",
            f"封存链断开：{'、'.join(broken)}",
            f"the chain breaks at {', '.join(broken)}",
        )
    typer.echo(json.dumps({"days": days}) if as_json else f"✓ {days} 天 | days")
