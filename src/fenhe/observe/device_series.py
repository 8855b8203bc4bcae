"""From what a device calls a value to the series of the lake: property, statistic, unit."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

from fenhe.ingest.hj212 import devices as profiles
from fenhe.kernel import units
from fenhe.kernel.errors import BadInput
from fenhe.registry import vocabulary
from fenhe.registry.models import Series

if TYPE_CHECKING:
    from fenhe.observe.devices import Gathered, Source

CONVERTED = frozenset({"value", "min", "max", "zs", "zs_min", "zs_max", "daytime", "night"})
"""Statistics in the unit of the channel; amounts, hours and states are in their own."""


class Numbers:
    """(object, property, statistic, resolution) → place in a table that becomes series numbers in
    one go, once the batch is through; and the factor from the device's unit to the lake's."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str, str, str], int] = {}
        self._wanted: list[tuple[int, str, str, str]] = []
        self.factors: list[float | None] = []

    def key(self, source: Source, code: str, statistic: str, resolution: str) -> int:
        """A place for now; `resolve` turns places into series."""
        place = self._places.get((source.mn, code, statistic, resolution))
        if place is None:
            place = self._places[source.mn, code, statistic, resolution] = len(self._wanted)
            channel = source.profile.channels.get(code) if source.profile else None
            property, factor = meaning(code, channel)
            self._wanted.append((source.object or 0, property[:60], statistic, resolution))
            self.factors.append(factor if statistic in CONVERTED else 1.0)
        return place

    def resolve(self, found: Gathered) -> None:
        if not self._wanted:
            return
        numbers = series_of(self._wanted)
        for series, _, _ in found.columns.values():
            series[:] = array("i", (numbers[place] for place in series))
        for marks in found.marks.values():
            marks[:] = [(numbers[place], start, mark) for place, start, mark in marks]


def series_of(wanted: list[tuple[int, str, str, str]]) -> list[int]:
    """Series of (object, property, statistic, resolution); those that are missing are made."""
    keys = list(dict.fromkeys(wanted))
    objects = {key[0] for key in keys}

    def there() -> dict[tuple[int, str, str, str], int]:
        rows = Series.objects.filter(object_id__in=objects, source="import")
        return {
            (object_id, property, statistic, resolution): id
            for id, object_id, property, statistic, resolution in rows.values_list(
                "id", "object_id", "property", "statistic", "resolution"
            )
        }

    found = there()
    new = [key for key in keys if key not in found]
    if new:
        Series.objects.bulk_create(
            (
                Series(object_id=o, property=p, statistic=s, resolution=r, source="import")
                for o, p, s, r in new
            ),
            batch_size=500,
            ignore_conflicts=True,
        )
        found = there()
    return [found[key] for key in wanted]


def meaning(code: str, channel: profiles.Channel | None) -> tuple[str, float | None]:
    """The property of the lake and the factor from the device's unit to it; None where the two do
    not measure the same. A code nobody has mapped, or mapped to a property that is not there (its
    domain is switched off), keeps its own name and value."""
    if channel is None or channel.property not in {one.id for one in vocabulary.all()}:
        return code, 1.0
    property = vocabulary.get(channel.property)
    if not channel.unit:
        return property.id, 1.0
    try:
        return property.id, float(units.factor(channel.unit, property.unit))
    except BadInput:
        return property.id, None
