"""The eight entity types as data: their properties, where a property stands in the records, and
which way leads from one type to another (OGC 18-088 §8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry import Point, shape

from fenhe.kernel.period import civil_midnight
from fenhe.kernel.values import Qualifier
from fenhe.observe.coverage import STEP
from fenhe.observe.flags import Flag
from fenhe.publish.sensorthings.tree import Span, written
from fenhe.registry import kinds, vocabulary
from fenhe.registry.models import Object, Series
from fenhe.registry.vocabulary import Property as Quantity

GEOJSON = "application/geo+json"
MEASUREMENT = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"
_ROWS = (Object, Series)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of a series come from: what the standard calls a Sensor."""

    id: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading with the series it belongs to."""

    series: Series
    row: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.series.pk}.{microseconds(self.row['start'])}"

    @property
    def span(self) -> Span:
        start = self.row["start"]
        return Span(start, start + STEP.get(self.series.resolution, timedelta(0)))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(number: int) -> datetime:
    """Raises OverflowError far beyond any record."""
    return _EPOCH + timedelta(microseconds=number)


Get = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Property:
    """`get` yields what JSON shows; `compared` what a filter compares, where that is another
    thing; `column` where the database has it."""

    get: Get
    column: str | None = None
    compared: Get | None = None
    type: type | tuple[type, ...] = str

    def value(self, record: Any) -> Any:
        return (self.compared or self.get)(record)


@dataclass(frozen=True, slots=True)
class Way:
    """A navigation. `column`: how the database follows it; "" stays on the row."""

    to: str  # an entity set
    many: bool
    column: str | None = None


@dataclass(frozen=True)
class Entity:
    set: str
    id: Get
    key: type
    id_column: str | None
    properties: dict[str, Property]
    ways: dict[str, Way] = field(default_factory=dict)


# -- how a record tells itself ---------------------------------------------------------------------


def _kind_name(item: Object) -> str:
    found = next((kind for kind in kinds.all() if kind.id == item.kind), None)
    return found.name.zh if found else item.kind


def _object_properties(item: Object) -> dict[str, Any]:
    told = {
        "kind": item.kind,
        "code": item.code,
        "name_en": item.name_en,
        "valid_from": item.valid_from.isoformat() if item.valid_from else None,
        "valid_to": item.valid_to.isoformat() if item.valid_to else None,
        "attributes": item.attributes,
    }
    return {name: value for name, value in told.items() if value not in (None, "", {})}


def _point(item: Object) -> dict[str, Any] | None:
    if item.longitude is None or item.latitude is None:
        return None
    return {"type": "Point", "coordinates": [item.longitude, item.latitude]}


def _feature(item: Object) -> dict[str, Any]:
    """An observation has a feature even where nobody knows the place: one without geometry."""
    return _point(item) or {"type": "Feature", "geometry": None, "properties": {}}


def _geometry(item: Object) -> Point | None:
    found = _point(item)
    return shape(found) if found else None


def since(item: Object) -> datetime | None:
    return civil_midnight(item.valid_from) if item.valid_from else None


def quantity(id: str) -> Quantity:
    """The property; one whose domain is switched off is told by its id alone."""
    found = next((item for item in vocabulary.all() if item.id == id), None)
    if found is None:
        name = {"zh": id, "en": id}
        return Quantity.model_validate(
            {"id": id, "name": name, "symbol": id, "unit": "", "decimals": 0, "domain": ""}
        )
    return found


def _unit(series: Series) -> dict[str, Any]:
    unit = quantity(series.property).unit
    return {"name": unit, "symbol": unit, "definition": f"urn:fenhe:unit:{unit}"}


def _series_name(series: Series) -> str:
    return f"{series.object.name_zh} {quantity(series.property).symbol} ({series.resolution})"


def _series_properties(series: Series) -> dict[str, Any]:
    return {
        "property": series.property,
        "resolution": series.resolution,
        "statistic": series.statistic,
        "source": series.source,
    }


def _quality(reading: Reading) -> dict[str, Any]:
    flag = Flag(reading.row["flag"])
    return {"flag": int(flag), "name": flag.name.lower(), "scheme": "QARTOD"}


def _parameters(reading: Reading) -> dict[str, Any]:
    return {
        "qualifier": Qualifier(reading.row["qualifier"]).name.lower(),
        "source": reading.row["source"],
    }


def _things(described: Get) -> dict[str, Property]:
    return {
        "name": Property(lambda o: o.name_zh, "name_zh"),
        "description": Property(described),
        "properties": Property(_object_properties, type=dict),
    }


def _placed(name: str) -> dict[str, Property]:
    """`name`: what this type calls its geometry."""
    return {
        **_things(lambda o: f"{_kind_name(o)} {o.code}"),
        "encodingType": Property(lambda o: GEOJSON),
        name: Property(_feature, compared=_geometry, type=Point),
    }


ENTITIES: dict[str, Entity] = {
    one.set: one
    for one in (
        Entity(
            "Things", lambda o: o.pk, int, "pk", _things(_kind_name),
            {
                "Datastreams": Way("Datastreams", True, "series"),
                "Locations": Way("Locations", True, ""),
                "HistoricalLocations": Way("HistoricalLocations", True, ""),
            },
        ),
        Entity(
            "Locations", lambda o: o.pk, int, "pk", _placed("location"),
            {
                "Things": Way("Things", True, ""),
                "HistoricalLocations": Way("HistoricalLocations", True, ""),
            },
        ),
        Entity(
            "HistoricalLocations", lambda o: o.pk, int, "pk",
            {
                "time": Property(
                    lambda o: written(since(o) or _EPOCH), compared=since, type=datetime
                )
            },
            {"Thing": Way("Things", False, ""), "Locations": Way("Locations", True, "")},
        ),
        Entity(
            "FeaturesOfInterest", lambda o: o.pk, int, "pk", _placed("feature"),
            {"Observations": Way("Observations", True)},
        ),
        Entity(
            "Datastreams", lambda s: s.pk, int, "pk",
            {
                "name": Property(_series_name),
                "description": Property(
                    lambda s: f"{s.object.name_zh} {quantity(s.property).name.zh}"
                ),
                "observationType": Property(lambda s: MEASUREMENT),
                "unitOfMeasurement": Property(_unit, type=dict),
                "observedArea": Property(
                    lambda s: _point(s.object), compared=lambda s: _geometry(s.object), type=Point
                ),
                "properties": Property(_series_properties, type=dict),
            },
            {
                "Thing": Way("Things", False, "object"),
                "Sensor": Way("Sensors", False, ""),
                "ObservedProperty": Way("ObservedProperties", False, ""),
                "Observations": Way("Observations", True),
            },
        ),
        Entity(
            "Sensors", lambda s: s.id, str, "source",
            {
                "name": Property(lambda s: s.id),
                "description": Property(lambda s: f"数据来源 {s.id}"),
                "encodingType": Property(lambda s: "text/plain"),
                "metadata": Property(lambda s: s.id),
                "properties": Property(lambda s: {}, type=dict),
            },
            {"Datastreams": Way("Datastreams", True, "")},
        ),
        Entity(
            "ObservedProperties", lambda p: p.id, str, "property",
            {
                "name": Property(lambda p: p.symbol),
                "definition": Property(lambda p: f"urn:fenhe:property:{p.id}"),
                "description": Property(lambda p: p.name.zh),
                "properties": Property(
                    lambda p: {"name_en": p.name.en, "unit": p.unit, "domain": p.domain}, type=dict
                ),
            },
            {"Datastreams": Way("Datastreams", True, "")},
        ),
        Entity(
            "Observations", lambda r: r.id, str, None,
            {
                "phenomenonTime": Property(
                    lambda r: str(r.span), compared=lambda r: r.span, type=datetime
                ),
                "resultTime": Property(
                    lambda r: written(r.row["known_at"]),
                    compared=lambda r: r.row["known_at"], type=datetime,
                ),
                "result": Property(lambda r: r.row["value"], type=(int, float)),
                "resultQuality": Property(_quality, type=dict),
                "parameters": Property(_parameters, type=dict),
            },
            {
                "Datastream": Way("Datastreams", False),
                "FeatureOfInterest": Way("FeaturesOfInterest", False),
            },
        ),
    )
}  # fmt: skip


def related(record: Any, way: str, to: str) -> Any:
    """The record at the end of a to-one way, or the list at the end of one to many; what only the
    lake knows is not asked here."""
    match record, way:
        case Reading(), "Datastream":
            return record.series
        case Reading(), "FeatureOfInterest":
            return record.series.object
        case Series(), "Thing":
            return record.object
        case Series(), "Sensor":
            return Source(record.source)
        case Series(), "ObservedProperty":
            return quantity(record.property)
        case Object(), "Datastreams":
            return list(record.series.all())
        case Object(), "Thing":
            return record
        case Object(), _ if to in ("Things", "Locations", "HistoricalLocations"):
            return [record] if is_a(record, to) else []
    raise LookupError(way)


def is_a(item: Object, set: str) -> bool:
    """Whether the object is an entity of that set: a Location needs a place, a HistoricalLocation
    a place and the day since when."""
    placed = item.longitude is not None and item.latitude is not None
    if set == "Locations":
        return placed
    if set == "HistoricalLocations":
        return placed and item.valid_from is not None
    return True
