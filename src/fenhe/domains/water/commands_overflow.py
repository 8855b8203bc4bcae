"""`fenhe water overflow MODEL OUT`: a SWMM model run, overflow volumes per node out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from fenhe.domains.water import swmm_file
from fenhe.domains.water.commands_class import Json, Out
from fenhe.ingest.frames import write_table

CLOSE = 10.0
"""A continuity error beyond this, %, makes volumes worthless (SWMM's manual, from memory)."""
SCHEMA = {
    "node": pl.String, "kind": pl.String, "volume_m3": pl.Float64, "peak_m3_s": pl.Float64,
    "hours": pl.Float64, "note_zh": pl.String, "note_en": pl.String,
}  # fmt: skip


def overflow(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="SWMM 模型 .inp | a SWMM model, .inp")
    ],
    target: Out,
    as_json: Json = False,
) -> None:
    """排水模型溢流量：SWMM .inp → 各节点溢流与排口水量 | overflow volumes of a drainage model.

    写出 | written: node, kind（flooding 检查井冒溢 | flooded node; outfall 排口流出 | outflow）,
    volume_m3, peak_m3_s, hours, note（模型结果，需地面点位核实 | a model's result, needs local
    points）。模型文件不改动 | the model's files are left as they are。
    需要可选组件 sewers | needs the extra sewers.
    """
    run = swmm_file.run(Path(model))
    rows = [
        {
            "node": one.node, "kind": one.kind, "volume_m3": round(one.volume, 3),
            "peak_m3_s": round(one.peak, 5), "hours": round(one.hours, 3),
            "note_zh": swmm_file.NOTE.zh, "note_en": swmm_file.NOTE.en,
        }
        for one in run.found
    ]  # fmt: skip
    typer.echo(
        f"{run.start} ～ {run.end}，流量演算连续性误差 {run.flow_error:g}%。\n"
        f"{run.start} to {run.end}, flow routing continuity error {run.flow_error:g} %.",
        err=True,
    )
    if abs(run.flow_error) > CLOSE:
        typer.echo(
            f"误差超过 {CLOSE:g}%，水量不可用。\n"
            f"The error is over {CLOSE:g} %: the volumes are of no use.",
            err=True,
        )
    write_table(pl.DataFrame(rows, SCHEMA), target, as_json=as_json)
