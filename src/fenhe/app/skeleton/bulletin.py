"""The sheet of one point and day: its mean, and whether the limit was kept."""

from __future__ import annotations

from collections.abc import Mapping

from fenhe.kernel.period import Period, civil
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Bulletin, Material, Wanted
from fenhe.publish.sheet import NO_DATA, Block, Figure, Sheet


def wants(period: Period) -> Mapping[str, Wanted]:
    return {"day": Wanted("example.day", period)}


def compose(material: Material) -> Sheet:
    fact = material.one("day")
    mean = fact.values["mean"] if fact else None
    figure = Figure(
        "mean", Text("日均值", "daily mean"), NO_DATA if mean is None else f"{mean:.1f}", "mg/L"
    )
    return Sheet(
        title=Text("示例日报", "Example daily sheet"),
        subtitle=Text(f"{material.subject.zh} {material.period}", f"{material.code}"),
        blocks=[Block("headline", figures=[figure])],
        data_up_to=f"{civil(material.data_up_to):%Y-%m-%d %H:%M}" if material.data_up_to else "—",
        computed_at=f"{civil(material.computed_at):%Y-%m-%d %H:%M}",
        data={"mean": mean},
    )


BULLETINS = [
    Bulletin(
        id="example.daily",
        name=Text("示例日报", "example daily sheet"),
        kinds=("example_point",),
        wants=wants,
        compose=compose,
    )
]
