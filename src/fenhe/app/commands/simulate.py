"""模拟一座城市的数采仪 | simulate a city of loggers over real TCP."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime, time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def simulate(
    host: Annotated[str, typer.Option(help="网关地址 | address of the gateway")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="网关端口 | port of the gateway")] = 0,
    air: Annotated[int, typer.Option(min=0, help="空气站 | air stations")] = 12,
    water: Annotated[int, typer.Option(min=0, help="水站 | water stations")] = 6,
    cems: Annotated[int, typer.Option(min=0, help="烟气 | flue gas")] = 10,
    effluent: Annotated[int, typer.Option(min=0, help="废水 | effluent")] = 8,
    noise: Annotated[int, typer.Option(min=0, help="噪声 | noise")] = 4,
    speed: Annotated[
        float, typer.Option(min=0.1, help="时间快几倍 | how many times as fast time passes")
    ] = 1.0,
    start: Annotated[
        str,
        typer.Option(help="从何时起（民用时）| civil time to begin at"),
    ] = "",
    seconds: Annotated[
        float, typer.Option(min=0, help="运行多少秒，0 为不停 | how long; 0: until stopped")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="同一种子同一座城市 | same seed, same city")] = 1,
    script: Annotated[
        Path | None, typer.Option(help="事件脚本 YAML | script of events (YAML)")
    ] = None,
    wrong_crc: Annotated[
        float, typer.Option(min=0, max=1, help="CRC 出错比例 | share of packets with a wrong CRC")
    ] = 0.002,
    habits: Annotated[
        bool, typer.Option(help="部分设备不合规 | some devices depart from the standard")
    ] = True,
    register: Annotated[
        bool, typer.Option("--register", help="先把设备登记到平台 | register the devices first")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON | print JSON")] = False,
) -> None:
    """模拟一座城市的数采仪 | simulate a city of loggers over real TCP.

    时间加快而未给 --start 时，从昨天零点追到现在，此后与真实时间同步。
    Quick time without --start begins with yesterday, catches up with now, and then keeps pace.
    有昼夜与季节变化、噪声、故障、补传、时钟误差和错误 CRC；脚本可安排超标、稀释、造假、泄漏。
    Values follow day and season; devices have noise, faults, backfill, wrong clocks and CRCs; a
    script lets upsets, dilution, tampering and spills happen.
    """
    from fenhe.app.serve import stop_with_parent
    from fenhe.ingest.hj212.simulate.city import city
    from fenhe.ingest.hj212.simulate.events import read_script
    from fenhe.ingest.hj212.simulate.run import Play, play
    from fenhe.kernel.errors import BadInput
    from fenhe.kernel.period import DAY, civil, utc_now

    stop_with_parent()
    counts = {"air_station": air, "surface_water": water, "cems": cems, "effluent": effluent,
              "noise": noise}  # fmt: skip
    members = city(counts, seed, habits)
    present = civil(utc_now()).replace(tzinfo=None)
    begin = present if speed <= 1 else datetime.combine(present.date(), time()) - DAY
    if start:
        try:
            begin = datetime.fromisoformat(start).replace(tzinfo=None)
        except ValueError as error:
            raise BadInput(
                "simulate.bad-time", f"时间读不懂：{start}", f"cannot read the time {start}"
            ) from error
    events = read_script(script, begin, {m.name: m.mn for m in members}) if script else []
    if register:
        from fenhe.app.boot import boot_with_records

        boot_with_records()
        from fenhe.app.simulated import register as register_all

        register_all(members)
    if not port:
        from fenhe.store.config import settings

        port = settings().gateway_port
    if not port:
        raise BadInput(
            "simulate.no-port",
            "不知道网关端口：给出 --port 或设置 gateway_port",
            "no port of a gateway: give --port or set gateway_port",
        )

    def tell(now: datetime, found: object) -> None:
        if not as_json:
            typer.echo(f"{now:%Y-%m-%d %H:%M:%S}  {found}", err=True)

    catch_up = present if begin < present else None
    plan = Play(host, port, members, events, begin, speed, seed, seconds, wrong_crc, catch_up)
    try:
        found = asyncio.run(play(plan, tell))
    except KeyboardInterrupt:
        return
    if as_json:
        typer.echo(json.dumps({"devices": len(members), **asdict(found)}))
