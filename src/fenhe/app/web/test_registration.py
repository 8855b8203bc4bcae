"""Registering objects on the import page: two steps, every fault with its place, nothing written
before the second."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fenhe.access.models import Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.registry import kinds
from fenhe.registry.models import Object
from fenhe.store.config import settings

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
GOOD = "code,name_zh,name_en\n110000,北京市,Beijing\n"
BAD = "code,name_zh\n110000,北京市\n110000,又一个\n,无编码\n"


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(Person.objects.create(username="officer", role="officer"))
    return client


@pytest.fixture
def kind() -> str:
    """One that needs no other registered first."""
    return next(one.id for one in kinds.all() if not one.relations)


def check(client: Client, kind: str, text: str) -> tuple[int, str]:
    file = SimpleUploadedFile("cities.csv", text.encode())
    answer = client.post("/import/objects/check", {"kind": kind, "file": file})
    return answer.status_code, answer.content.decode()


def test_a_table_is_registered_only_at_the_second_step(officer: Client, kind: str) -> None:
    status, page = check(officer, kind, GOOD)
    assert status == 200
    assert not Object.objects.filter(kind=kind).exists()
    hidden = dict(re.findall(r'name="(kind|hash|name)" value="([^"]+)"', page))
    assert officer.post("/import/objects/commit", hidden).status_code == 200
    assert Object.objects.get(kind=kind).name_zh == "北京市"
    assert "110000" in officer.get(f"/import/objects/{kind}.csv").content.decode()


def test_every_fault_is_listed_with_row_and_column(officer: Client, kind: str) -> None:
    status, page = check(officer, kind, BAD)
    assert status == 422
    assert "registry.code-twice" in page
    assert "registry.code-blank" in page
    assert not Object.objects.exists()


def test_what_was_never_sent_is_not_registered(officer: Client, kind: str) -> None:
    for hash in ("", "../../etc", "0" * 64):
        sent = {"kind": kind, "hash": hash, "name": "x"}
        assert officer.post("/import/objects/commit", sent).status_code == 404


def test_a_viewer_registers_nothing(client: Client, kind: str) -> None:
    client.force_login(Person.objects.create(username="guest", role="viewer"))
    assert check(client, kind, GOOD)[0] == 403


def test_a_file_beyond_the_limit_is_refused_unread(officer: Client) -> None:
    length = str(settings().max_upload_mb * 1024 * 1024 + 1)
    answer = officer.post("/import/check", {}, CONTENT_LENGTH=length)
    assert answer.status_code == 413
    assert "max_upload_mb" in answer.content.decode()
