"""Schemathesis over the whole interface: what the description allows and what it forbids, for
nobody, a key that may little, and a key that may all. No 5xx, no status and no shape that the
description does not name.

`FENHE_FUZZ_EXAMPLES=400` makes it a long run."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from fenhe.app.api.build import description
from fenhe.app.boot import boot

boot()
pytestmark = [pytest.mark.slow, pytest.mark.django_db]
World = Any
EXAMPLES = int(os.environ.get("FENHE_FUZZ_EXAMPLES", "6"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, methods in description()["paths"].items()
    for method in methods
]


def _known(world: World) -> dict[str, list[Any]]:
    """Places that lead somewhere, so that not every question ends with 404."""
    return {
        "/areas/": [world.here.pk],
        "/objects/": [world.station.pk, world.elsewhere.pk],
        "/series/": [world.pm.pk, world.far.pk],
        "/verdicts/": [world.verdict.pk],
        "/alarms/": [world.alarm.pk],
        "/publications/": [world.bulletin.pk],
    }


@pytest.fixture
def schema() -> Iterator[Any]:
    """In this process and transaction: what a request ends with must not close the connection."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for end in ends:
        end.connect(close_old_connections)


@pytest.mark.parametrize("caller", ["nobody", "narrow", "full"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_one_the_description_names(
    world: World, schema: Any, mode: GenerationMode, caller: str
) -> None:
    key = {"nobody": "", "narrow": world.narrow, "full": world.full}[caller]
    seen: Counter[int] = Counter()
    for result in schema.get_all_operations():
        seen += _fuzz(world, result.ok(), mode, key)
    told = f"{caller} {mode.value}: {sum(seen.values())} requests {dict(sorted(seen.items()))}"
    sys.stdout.write(f"{told}\n")  # shown with -s
    assert not [status for status in seen if status >= 500]
    if caller == "nobody":
        assert set(seen) <= {401, 405}
    elif mode is GenerationMode.POSITIVE:
        assert seen[200] > len(OPERATIONS) // 2  # it did get somewhere


def _fuzz(world: World, operation: Any, mode: GenerationMode, key: str) -> Counter[int]:
    seen: Counter[int] = Counter()
    known = next(
        (ids for part, ids in _known(world).items() if f"{part}{{pk}}" in operation.path), []
    )

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), choice=st.integers(0, 3))
    def ask(case: Any, choice: int) -> None:
        if known and choice:
            case.path_parameters = {
                **(case.path_parameters or {}),
                "pk": known[choice % len(known)],
            }
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = case.call(headers=headers)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    try:
        ask()
    except Exception as error:
        if re.search(r"[Uu]nsatisfiable|no negative", f"{type(error).__name__} {error}"):
            return seen  # nothing about this operation can be wrong
        raise
    return seen
