"""What targets of the year can be bound to in water; `measuring` knows how each is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fenhe.domains.water.rules import tables
from fenhe.kernel.text import Text
from fenhe.publish.metric import Aim, Measured, Metric

if TYPE_CHECKING:
    from fenhe.registry.models import Object


def _share(id: str, name: Text, of: str, *, lower: bool) -> Metric:
    def measure(city: Object, aim: Aim) -> Measured | None:
        return _measuring().share(city, aim, of, lower)  # type: ignore[no-any-return]

    return Metric(f"water.{id}", name, "%", ("water_city",), lower, 2, measure)


def _section(thing: Object, aim: Aim) -> Measured | None:
    return _measuring().section(thing, aim)  # type: ignore[no-any-return]


def _measuring() -> Any:
    from fenhe.domains.water import measuring  # looks into the records, unlike this file

    return measuring


def _roman(value: float) -> Text:
    level = max(1, min(int(value), tables.WORST))
    return Text(*(tables.ROMAN[level - 1],) * 2)


METRICS = (
    _share("good_share", Text("Ⅰ～Ⅲ 类断面比例", "share of sections in classes Ⅰ to Ⅲ"), "good",
           lower=False),
    _share("worst_share", Text("劣Ⅴ类断面比例", "share of sections worse than Ⅴ"), "worst",
           lower=True),
    _share("target_share", Text("断面达标率", "share of sections at their target"), "at_target",
           lower=False),
    Metric("water.section_class", Text("断面水质类别", "class of a section"), "",
           ("water_section", "water_lake_point"), True, 0, _section, _roman),
)  # fmt: skip
