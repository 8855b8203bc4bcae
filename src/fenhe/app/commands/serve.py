"""启动平台：网页、后台任务、设备网关 | start the platform: pages, worker, gateway."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="监听地址 | address")] = "",
    port: Annotated[int, typer.Option(help="端口，0 为任一空闲 | port, 0: any free one")] = -1,
    only: Annotated[
        str, typer.Option(help="只运行一部分：web、worker、gateway、spool、relay | one part alone")
    ] = "",
    number: Annotated[int, typer.Option(help="网关进程序号 | number of the gateway process")] = 0,
    migrate: Annotated[bool, typer.Option(help="先升级记录库 | bring records up to date")] = False,
) -> None:
    """启动平台：网页、后台任务、设备网关 | start the platform: pages, worker, gateway.

    记录库较旧时拒绝启动，除非给出 --migrate；先备份。
    Refuses an older database of records unless --migrate is given; back up first.
    """
    from fenhe.app.boot import boot
    from fenhe.kernel.errors import BadInput

    boot()
    from fenhe.app import records, serve
    from fenhe.store.config import settings

    parts = serve.PARTS + serve.DEVICES
    if only and only not in parts:
        raise BadInput(
            "serve.part-unknown",
            f"--only 只认 {'、'.join(parts)}",
            f"--only takes {', '.join(parts)}",
        )
    if migrate:
        records.migrate()
    records.require_current()
    host = host or settings().host
    port = settings().port if port < 0 else port
    if only == "web":
        serve.run_web(host, port)
    elif only == "worker":
        serve.run_worker()
    elif only == "gateway":
        serve.run_gateway(number)
    elif only == "spool":
        serve.run_spool()
    elif only == "relay":
        serve.run_relay()
    else:
        serve.supervise(host, port, announce=lambda url: typer.echo(f"Fenhe · {url}"))
