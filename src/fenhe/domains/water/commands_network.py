"""`fenhe water network`: river lines in, a topology report and the table of reaches out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenhe.domains.water import network_layer
from fenhe.domains.water.commands_class import Json, Out
from fenhe.ingest.frames import write_table
from fenhe.ingest.opening import why_not
from fenhe.kernel.errors import BadInput


def network(
    layer: Annotated[
        str, typer.Argument(metavar="LAYER", help="河网 GeoJSON（线） | river lines as GeoJSON")
    ],
    target: Out,
    name: Annotated[str, typer.Option(help="图层名称 | name of the layer")] = "river",
    area: Annotated[str, typer.Option(help="所在区划代码 | adcode of the area")] = "",
    as_json: Json = False,
) -> None:
    """河网检查与登记表 | check a layer of river lines and write the table of its reaches.

    拓扑检查 | topology: 成环、重复、零长度拒绝 | circles, doubles and reaches of no length are
    refused；末端未相连、多个末端、分流、孤立河段提示 | dangling ends, several mouths, splits and
    lonely reaches are told.

    OUT 登记 | is registered by: fenhe import-objects OUT --kind water_reach --yes
    """
    path = Path(layer)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = why_not(layer, error) if isinstance(error, OSError) else None
        zh, en = (why.zh, why.en) if why else ("不是 UTF-8 文本", "is no UTF-8 text")
        raise BadInput(
            "water.network-unreadable", f"{path.name} {zh}。", f"{path.name} {en}."
        ) from error
    chart = network_layer.read(text, path.name)
    length = sum(reach.length for reach in chart.river.reaches.values())
    mouths = len(chart.river.mouths)
    typer.echo(
        f"· {len(chart.river.reaches)} 个河段，{length:.1f} km，{mouths} 个末端 | "
        f"{len(chart.river.reaches)} reaches, {length:.1f} km, {mouths} ends",
        err=True,
    )
    for finding in chart.findings:
        where = f"{finding.value} " if finding.value else ""
        typer.echo(f"· {where}{finding.message.zh} | {where}{finding.message.en}", err=True)
    write_table(network_layer.table(chart, name, area).drop("row"), target, as_json=as_json)
