"""演示：北京 2014–2015 年真实数据 | demonstration: real data of Beijing, 2014-2015."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

CITY = [
    sys.executable, "-m", "fenhe", "simulate", "--register", "--air", "4", "--water", "3",
    "--cems", "4", "--effluent", "3", "--noise", "2", "--speed", "360", "--json",
    "--script", str(Path(__file__).parent.parent / "demo_data" / "city_events.yaml"),
]  # fmt: skip
"""A few loggers: yesterday in four minutes, today up to now, from then on as time passes."""
LATER = 15.0
"""Seconds: pages come first."""

STEPS = {
    "register": "登记站点 | registering stations",
    "import": "导入 21 万小时行 | importing 210,240 rows",
    "water": "模拟水质数据 | simulating water quality",
    "judge": "逐日评价 | judging day by day",
    "publish": "编制通报 | composing bulletins",
    "cases": "办理示例案件 | working on invented cases",
}


@app.command()
def demo(
    data_dir: Annotated[Path | None, typer.Option(help="数据目录 | data directory")] = None,
    host: Annotated[str, typer.Option(help="监听地址 | address")] = "",
    port: Annotated[int, typer.Option(help="端口，0 为任一空闲 | port, 0: any free one")] = -1,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="只准备数据，不启动 | prepare, do not serve")
    ] = False,
    live: Annotated[
        bool, typer.Option(help="模拟数采仪实时发数 | simulated loggers that send all the time")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON | print JSON")] = False,
) -> None:
    """演示：北京 2014–2015 年真实数据 | demonstration: real data of Beijing, 2014-2015.

    首次运行导入并评价全部数据，再次运行直接启动；打印一次性登录链接，Ctrl-C 结束。
    The first run imports and judges everything, later ones just start; prints a one-time sign-in
    link; Ctrl-C ends it.
    """
    os.environ["FENHE_DEMO"] = "true"
    if live and not prepare_only:
        os.environ.setdefault("FENHE_GATEWAY_PORT", str(_free_port()))
    if data_dir is not None:
        os.environ["FENHE_DATA_DIR"] = str(data_dir)
    from fenhe.store.config import settings

    settings.cache_clear()
    from fenhe.app.boot import boot

    boot()
    from fenhe.access.sign_in import make_link, person_for_link
    from fenhe.app import demo, records, serve

    records.migrate()
    demo.require_own_data()
    made = _prepare()
    link = f"/sign-in/{make_link(person_for_link())}"
    if as_json:
        typer.echo(json.dumps({**made, "sign_in": link}))
    if prepare_only:
        if not as_json:
            typer.echo(
                f"演示数据已就绪 | the demonstration is ready · {settings().data_dir.resolve()}"
            )
        return

    def announce(url: str) -> None:
        typer.echo(f"\nFenhe · {url}")
        typer.echo(
            f"演示数据在 {settings().data_dir.resolve()}；正式使用请另用一个数据目录\n"
            f"the demonstration's data are in {settings().data_dir.resolve()}; "
            "for real work use another data directory"
        )
        typer.echo(f"一次性登录链接 | one-time sign-in link: {url}{link}\n")

    serve.supervise(
        host or settings().host,
        settings().port if port < 0 else port,
        announce=announce,
        beside=[serve.Child("simulate", CITY, due=time.monotonic() + LATER)] if live else [],
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _prepare() -> dict[str, object]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from fenhe.app import demo

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {step: bar.add_task(name, total=1.0) for step, name in STEPS.items()}
        return demo.prepare(lambda step, share: bar.update(tasks[step], completed=share))
