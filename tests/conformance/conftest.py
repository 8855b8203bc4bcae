"""The fixture `world` of these tests. What it needs is loaded once Django stands."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fenhe.store.lake import Lake


def _beside(name: str) -> ModuleType:
    full = f"conformance_{name}"
    place = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(full, place)
    assert spec
    assert spec.loader
    sys.modules[full] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[full])
    return sys.modules[full]


load = _beside("asking").load


@pytest.fixture
def world(db: None, lake: Lake) -> Any:
    return load("world").make_world()
