"""Downloads through the interface: every kind in every format, with quality, licence, freshness,
and only what may be seen."""

from __future__ import annotations

import csv
import io
from typing import Any

import polars as pl
import pytest

from fenhe.app.boot import boot
from fenhe.publish.downloads import FORMS
from fenhe.registry.models import Object
from fenhe.store.config import settings

boot()
World = Any
KINDS = ("objects", "readings", "verdicts", "alarms")


def fetch(client: Any, kind: str, form: str = "csv", **more: Any) -> bytes:
    answer = client.get(f"/api/v1/files/{kind}", {"format": form, **more})
    assert answer.status_code == 200, getattr(answer, "content", answer)
    assert answer["Content-Type"] == FORMS[form].media_type
    assert answer["Content-Disposition"].endswith(f".{form}")
    return bytes(answer.getvalue())


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_everything_in_every_format(world: World, kind: str, form: str) -> None:
    more = {"series": [world.pm.pk, world.far.pk]} if kind == "readings" else {}
    assert len(fetch(world.client(), kind, form, **more)) > 100


def test_rows_carry_quality_licence_and_how_far_the_data_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENHE_OPEN_DATA_LICENCE", "CC BY 4.0")
    settings.cache_clear()
    found = rows(fetch(world.client(), "readings", series=world.pm.pk))
    settings.cache_clear()
    assert len(found) == 48
    assert {row["licence"] for row in found} == {"CC BY 4.0"}
    assert {row["data_up_to"] for row in found} == {"2026-03-02T23:00:00Z"}
    assert (found[5]["value"], found[5]["qualifier"]) == ("", "missing_blank")
    assert found[5]["flag"] == "missing"
    assert found[0]["unit"] == "µg/m³"
    frame = pl.read_parquet(
        fetch(world.client(), "readings", "parquet", series=world.pm.pk,
              start="2026-03-02T00:00:00Z")
    )  # fmt: skip
    assert frame["value"].to_list() == [float(value) for value in range(44, 68)]


def test_a_file_holds_what_may_be_seen_and_nothing_else(world: World) -> None:
    narrow = world.client(world.narrow)
    assert {row["code"] for row in rows(fetch(narrow, "objects"))} == {"S2"}
    both = {"series": [world.pm.pk, world.far.pk]}
    assert {row["code"] for row in rows(fetch(narrow, "readings", **both))} == {"S2"}
    assert rows(fetch(narrow, "verdicts")) == []
    assert rows(fetch(narrow, "alarms")) == []
    assert world.client("").get("/api/v1/files/objects").status_code == 401


def test_formulas_and_formats_that_are_not_offered(world: World) -> None:
    Object.objects.filter(pk=world.station.pk).update(name_zh="=HYPERLINK(1)")
    names = [row["name_zh"] for row in rows(fetch(world.client(), "objects"))]
    assert "'=HYPERLINK(1)" in names
    wrong = world.client().get("/api/v1/files/objects", {"format": "exe"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "api.invalid")
    none = world.client().get("/api/v1/files/readings")
    assert none.status_code == 422
