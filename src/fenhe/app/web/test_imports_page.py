"""The import page as a stranger uses it: what is refused stays with its form, and
the list of imports follows every step."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from fenhe.access.models import Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.ingest import profiles

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
    ),
]
FILES = {"empty": b"", "binary": bytes(range(128, 256)) * 20, "no table": b"a,b\n1,2\n"}


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(Person.objects.create(username="officer", role="officer"))
    return client


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_what_cannot_be_read_is_refused_beside_its_form(officer: Client, content: bytes) -> None:
    chosen = profiles.all()[-1].id
    sent = {"profile": chosen, "file": SimpleUploadedFile("x.csv", content)}
    page = officer.post("/import/check", sent, follow=True).content.decode()
    assert 'role="alert"' in page
    assert 'name="file"' in page
    assert 'id="history"' in page


def test_the_form_keeps_what_was_chosen(officer: Client) -> None:
    chosen = profiles.all()[-1].id
    page = officer.post("/import/check", {"profile": chosen}).content.decode()
    assert f'<option value="{chosen}" selected>' in page


def test_a_fragment_brings_the_list_of_imports_along(officer: Client) -> None:
    sent = {"profile": profiles.all()[0].id, "file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")}
    answer = officer.post("/import/check", sent, headers={"HX-Request": "true"})
    assert 'id="history" hx-swap-oob="true"' in answer.content.decode()


def test_registering_without_a_file_is_refused_in_place(officer: Client) -> None:
    answer = officer.post("/import/objects/check", {}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "import.no-file" in answer.content.decode()


def test_a_period_that_is_none_is_refused_beside_the_form(officer: Client) -> None:
    answer = officer.post("/bulletins/draft", {"period": "soon", "subject": "0", "kind": "x"})
    assert answer.status_code == 422
    assert answer.context["error"].code
