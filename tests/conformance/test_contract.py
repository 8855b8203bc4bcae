"""The committed description is the contract: whoever changes the interface sees it in the diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.test import Client

from fenhe.app.api.build import description
from fenhe.app.boot import boot

boot()
COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.json"


def test_the_interface_is_what_was_committed() -> None:
    assert description() == json.loads(COMMITTED.read_text("utf-8")), "./dev docs, then look at it"


@pytest.mark.django_db
def test_a_running_platform_describes_itself_the_same_way() -> None:
    assert Client().get("/api/v1/openapi.json").json() == description()


def test_every_operation_says_how_it_refuses() -> None:
    for path, methods in description()["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            assert {"400", "401", "403", "404", "405", "422", "503"} <= answers.keys(), path
            if method != "get":
                assert {"409", "412", "413", "415"} <= answers.keys(), path
            shapes = {
                code: answers[code]["content"]["application/json"]["schema"]["$ref"]
                for code in answers
                if code >= "400"
            }
            assert set(shapes.values()) == {"#/components/schemas/Refusal"}, path
            assert operation["summary"], path
