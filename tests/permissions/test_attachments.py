"""Files that people attach: what is taken and what is not, who gets them back, what is noticed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from fenhe.access.models import Grant, Person
from fenhe.app.boot import boot
from fenhe.evidence import attachments, ledger, media
from fenhe.evidence.models import Attachment
from fenhe.kernel.errors import BadInput, Forbidden, NotFound
from fenhe.registry.models import Area, Object
from fenhe.store.archives import Limits, require_sound
from fenhe.store.config import settings

boot()
pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
PDF = b"%PDF-1.7\n" + b"x" * 100


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("FENHE_MAX_ATTACHMENT_MB", "3")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def thing() -> Object:
    area = Area.objects.create(adcode="140105", name_zh="县", name_en="c", level="county")
    return Object.objects.create(kind="air_station", code="S", name_zh="站", area=area)


@pytest.fixture
def officer() -> Person:
    person = Person.objects.create(username="li")
    Grant.objects.create(person=person, role="officer", area="140105")
    return person


def packed(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


XLSX = packed({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<w/>"})


def add(person: Person, subject: Object, name: str, content: bytes) -> Attachment:
    return attachments.add(person, subject, name, io.BytesIO(content))


# --- what is taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "type_"),
    [
        ("现场.png", PNG, "image/png"),
        ("照片.JPG", b"\xff\xd8\xff\xe0" + b"\x00" * 20, "image/jpeg"),
        ("报告.pdf", PDF, "application/pdf"),
        ("台账.xlsx", XLSX, f"{media.OFFICE}spreadsheetml.sheet"),
        (
            "笔录.docx",
            packed({"word/document.xml": b"<w/>"}),
            f"{media.OFFICE}wordprocessingml.document",
        ),
        ("函.ofd", packed({"OFD.xml": b"<o/>"}), "application/ofd"),
        ("图.zip", packed({"a/b.png": PNG}), "application/zip"),
        ("说明.txt", "说明".encode("gb18030"), "text/plain"),
        ("录像.mp4", b"\x00\x00\x00\x18ftypisom" + b"\x00" * 20, "video/mp4"),
    ],
)
def test_what_work_brings_is_taken(
    officer: Person, thing: Object, name: str, content: bytes, type_: str
) -> None:
    row = add(officer, thing, name, content)
    assert (row.media_type, row.size, row.name) == (type_, len(content), name)
    _, stream = attachments.open_for(officer, row.pk)
    with stream:
        assert stream.read() == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("页.html", b"<script>alert(1)</script>"),
        ("图.svg", b"<svg onload='alert(1)'/>"),
        ("程序.exe", b"MZ\x90"),
        ("图.png", b"<script>alert(1)</script>"),
        ("图.png", PDF),
        ("报告.pdf.html", PDF),
        ("台账.xlsx", packed({"other.xml": b""})),
        ("台账.xlsx", packed({"xl/workbook.xml": b"", "xl/vbaProject.bin": b"macro"})),
        ("台账.xlsm", XLSX),
        ("说明.txt", b"\x00\x01\x02"),
        ("无扩展名", PDF),
        ("空.pdf", b""),
        ("大.pdf", PDF + b"x" * (3 * 1024 * 1024)),
    ],
)
def test_what_could_harm_is_not(officer: Person, thing: Object, name: str, content: bytes) -> None:
    with pytest.raises(BadInput, match=r"evidence\.file-(type|size)"):
        add(officer, thing, name, content)
    assert not Attachment.objects.exists()
    assert not [path for path in settings().data_dir.rglob("*") if path.is_file()]


# --- archives -------------------------------------------------------------------------------------

SMALL = Limits(unpacked=4 * 1024**2, ratio=50, small=64 * 1024, entries=20, depth=1)


def nested(depth: int) -> bytes:
    inner = packed({"a.txt": b"a"})
    for _ in range(depth):
        inner = packed({"inner.zip": inner})
    return inner


def overlapping() -> bytes:
    """Two entries of the directory that share one body: a bomb without recursion."""
    raw = packed({"a.txt": bytes(range(256)) * 40})
    at = raw.index(b"PK\x01\x02")
    end = raw.index(b"PK\x05\x06")
    entry = raw[at:end]
    tail = bytearray(raw[end:])
    twice = entry + entry.replace(b"a.txt", b"b.txt")
    struct.pack_into("<HHI", tail, 8, 2, 2, len(twice))
    return raw[:at] + twice + bytes(tail)


def lying() -> bytes:
    """An entry that says it holds ten bytes and unpacks to a megabyte."""
    raw = bytearray(packed({"a.txt": b"\0" * 1024**2}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(mark) + at, 10)
    return bytes(raw)


@pytest.mark.parametrize(
    "content",
    [
        packed({"zeros.txt": b"\0" * 2 * 1024**2}),
        packed({f"{i}.txt": bytes([i]) * 512 * 1024 for i in range(10)}),
        packed({f"{i}.txt": b"" for i in range(21)}),
        nested(2),
        packed({"inner.zip": packed({"zeros": b"\0" * 2 * 1024**2})}),
        overlapping(),
        lying(),
        packed({"../../etc/passwd": b"x"}),
        packed({"/etc/passwd": b"x"}),
        packed({"..\\..\\boot.ini": b"x"}),
        packed({"C:evil": b"x"}),
        packed({"a": b"x" * 100})[:-10],
        b"PK\x03\x04 not an archive at all",
    ],
    ids=["ratio", "size", "entries", "depth", "inner-ratio", "overlap", "lying", "up", "root",
         "windows", "drive", "cut", "nonsense"],
)  # fmt: skip
def test_archives_that_are_not_sound_are_refused(content: bytes) -> None:
    with pytest.raises(BadInput, match=r"files\.archive"):
        require_sound(io.BytesIO(content), SMALL)


def test_sound_archives_pass() -> None:
    for content in (XLSX, nested(1), packed({"rows.csv": b"1,2,3\n" * 20_000})):
        assert require_sound(io.BytesIO(content), Limits())


def test_a_password_hides_what_is_inside() -> None:
    raw = bytearray(packed({"a.txt": b"abc"}, zipfile.ZIP_STORED))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + at] |= 1
    with pytest.raises(BadInput, match=r"files\.archive"):
        require_sound(io.BytesIO(bytes(raw)), SMALL)


@example(b"", 104, b"&")
@given(st.binary(max_size=400), st.integers(0, 300), st.binary(max_size=6))
def test_no_damaged_archive_breaks_the_look(content: bytes, at: int, put: bytes) -> None:
    raw = packed({"a.txt": content})
    spoiled = raw[:at] + put + raw[at + len(put) :]
    try:
        require_sound(io.BytesIO(spoiled), SMALL)
    except BadInput:
        pass
    except (zlib.error, ValueError, RuntimeError, struct.error) as error:
        pytest.fail(f"{type(error).__name__}: {error}")


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\win.txt", "win.txt"),
        ("/etc/shadow", "shadow"),
        ("a\x00b.txt", "ab.txt"),
        ("photo\u202egnp.exe.png", "photognp.exe.png"),
        ("line\r\nSet-Cookie: x.txt", "lineSet-Cookie_ x.txt"),
        ('"><script>.png', "___script_.png"),
        (".htaccess", "htaccess"),
        ("", "file"),
        ("..", "file"),
        ("现场照片 1.jpg", "现场照片 1.jpg"),
    ],
)
def test_names_are_made_harmless(given_: str, kept: str) -> None:
    assert media.harmless(given_) == kept


@given(st.text(max_size=400))
def test_no_name_is_a_path_or_a_header(name: str) -> None:
    made = media.harmless(name)
    assert made
    assert len(made) <= 200
    assert not set(made) & set('/\\\r\n\0"<>')
    assert made not in (".", "..")
    assert not made.startswith(".")


# --- who ------------------------------------------------------------------------------------------


def test_who_may_not_attach_does_not(thing: Object) -> None:
    person = Person.objects.create(username="wang")
    Grant.objects.create(person=person, role="officer", area="140106")
    for somebody in (person, Person.objects.create(username="viewer", role="viewer")):
        with pytest.raises(Forbidden):
            add(somebody, thing, "a.pdf", PDF)


def test_over_the_web_it_goes_to_whoever_may_see_its_subject(
    client: Client, officer: Person, thing: Object
) -> None:
    client.force_login(officer)
    file = SimpleUploadedFile('../../记录 "1".pdf', PDF)
    sent = {"of": "registry.object", "id": thing.pk, "file": file, "next": "//example.org"}
    answer = client.post("/attachments", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    row = attachments.of(thing).get()
    got = client.get(f"/attachments/{row.pk}")
    assert b"".join(got.streaming_content) == PDF
    assert got["Content-Type"] == "application/pdf"
    assert got["Content-Disposition"].startswith("attachment;")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got["Content-Security-Policy"]
    stranger = Person.objects.create(username="wang")
    Grant.objects.create(person=stranger, role="viewer", area="140106")
    other = Client()
    other.force_login(stranger)
    assert other.get(f"/attachments/{row.pk}").status_code == 404
    assert other.get("/attachments/999").status_code == 404


@pytest.mark.parametrize(
    ("of", "id"),
    [
        ("registry.object", "999"), ("registry.object", "x"), ("no.such", "1"), ("", ""),
        ("store.outbox", "1"), ("access.secondfactor", "1"), ("sessions.session", "1"),
    ],
)  # fmt: skip
def test_only_things_under_the_gate_have_attachments(
    client: Client, officer: Person, of: str, id: str
) -> None:
    client.force_login(officer)
    sent = {"of": of, "id": id, "file": SimpleUploadedFile("a.pdf", PDF)}
    assert client.post("/attachments", sent).status_code == 404


# --- what is noticed ------------------------------------------------------------------------------


def test_all_is_well_at_first(officer: Person, thing: Object) -> None:
    add(officer, thing, "a.pdf", PDF)
    add(officer, thing, "b.pdf", PDF)
    assert list(attachments.verify()) == []
    assert ledger.verify().problems == []


@pytest.mark.parametrize("field", ["name", "content_hash", "size", "media_type", "person", "at",
                                   "subject_model", "subject_id"])  # fmt: skip
def test_a_changed_row_is_found(officer: Person, thing: Object, field: str) -> None:
    row = add(officer, thing, "a.pdf", PDF)
    value = {"size": 1, "content_hash": "0" * 64, "at": "2020-01-01T00:00:00Z"}.get(field, "x")
    Attachment.objects.filter(pk=row.pk).update(**{field: value})
    assert list(attachments.verify())


def test_a_removed_row_or_file_is_found(officer: Person, thing: Object) -> None:
    one, two = add(officer, thing, "a.pdf", PDF), add(officer, thing, "b.png", PNG)
    Attachment.objects.filter(pk=one.pk).delete()
    attachments.files().remove(two.content_hash)
    assert len(list(attachments.verify())) == 2


def test_a_changed_file_is_not_given_out(officer: Person, thing: Object) -> None:
    row = add(officer, thing, "a.pdf", PDF)
    place = attachments.files().path(row.content_hash)
    place.chmod(0o640)
    place.write_bytes(PDF + b"!")
    with pytest.raises(Exception, match=r"evidence\.altered"):
        attachments.open_for(officer, row.pk)
    assert list(attachments.verify())


def test_whose_subject_is_gone_is_reached_by_nobody(officer: Person, thing: Object) -> None:
    row = add(officer, thing, "a.pdf", PDF)
    thing.delete()
    with pytest.raises(NotFound):
        attachments.open_for(officer, row.pk)
