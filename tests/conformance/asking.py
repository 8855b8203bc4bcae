"""What the tests of SensorThings share: asking, and which requirement a test proves."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.test import Client


def load(name: str) -> ModuleType:
    """A module that stands beside these tests."""
    full = f"conformance_{name}"
    if full not in sys.modules:
        place = Path(__file__).with_name(f"{name}.py")
        spec = importlib.util.spec_from_file_location(full, place)
        assert spec
        assert spec.loader
        sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[full])
    return sys.modules[full]


ROOT = "/sta/v1.1"
PROVED: dict[str, list[str]] = {}


def proves(*requirements: str) -> Callable[[Any], Any]:
    """The parts of http://www.opengis.net/spec/iot_sensing/1.1/req/ that a test proves."""

    def tagged(test: Any) -> Any:
        for requirement in requirements:
            PROVED.setdefault(requirement, []).append(test.__name__)
        return test

    return tagged


def get(client: Client, path: str, **options: Any) -> Any:
    answer = client.get(f"{ROOT}/{path}", {f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, (path, options, answer.content.decode())
    return answer.json()


def values(client: Client, path: str, **options: Any) -> list[Any]:
    return list(get(client, path, **options)["value"])


def malformed(client: Client, path: str, status: int = 400, **options: Any) -> Any:
    answer = client.get(f"{ROOT}/{path}", {f"${name}": value for name, value in options.items()})
    assert answer.status_code == status, (path, options, answer.content.decode())
    error = answer.json()["error"]
    assert error["code"]
    assert error["zh"]
    assert error["en"]
    return error


SETS = {
    "Things": ({"name", "description", "properties"},
               {"Locations", "HistoricalLocations", "Datastreams"}),
    "Locations": ({"name", "description", "encodingType", "location", "properties"},
                  {"Things", "HistoricalLocations"}),
    "HistoricalLocations": ({"time"}, {"Thing", "Locations"}),
    "Datastreams": ({"name", "description", "observationType", "unitOfMeasurement",
                     "observedArea", "properties"},
                    {"Thing", "Sensor", "ObservedProperty", "Observations"}),
    "Sensors": ({"name", "description", "encodingType", "metadata", "properties"},
                {"Datastreams"}),
    "ObservedProperties": ({"name", "definition", "description", "properties"}, {"Datastreams"}),
    "Observations": ({"phenomenonTime", "resultTime", "result", "resultQuality", "parameters"},
                     {"Datastream", "FeatureOfInterest"}),
    "FeaturesOfInterest": ({"name", "description", "encodingType", "feature", "properties"},
                           {"Observations"}),
}  # fmt: skip
