"""Documents: fields checked before anything is made, words fixed with a hash, the same bytes every
time, a bureau's own template, one signed copy."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docx import Document

from fenhe.access.models import Person
from fenhe.act import cases, documents
from fenhe.act.documents import rendering
from fenhe.act.models import Case, CaseDocument
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.ids import content_hash
from fenhe.kernel.period import utc_now
from fenhe.store import outbox
from fenhe.store.config import settings

pytestmark = pytest.mark.django_db
Take = Callable[..., Case]
PDF = b"%PDF-1.7 stamped"


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def form(clue: Case, take: Take) -> CaseDocument:
    take(clue, "examine", "enforcer", party_code="9114", place="小店区", source="alarm")
    return take(clue, "file", "deputy_director", officers="张三、李四").documents.get()


def words(raw: bytes) -> str:
    return "\n".join(one.text for one in Document(io.BytesIO(raw)).paragraphs)


def test_it_says_what_the_case_says(form: CaseDocument) -> None:
    said = words(documents.bytes_of(form))
    assert "立案审批表" in said
    assert "案由：废水超标排放" in said
    assert "张三、李四" in said
    assert "部令30，2023）第18条" in said
    assert "{" not in said
    assert form.content_hash == content_hash(form.content)


def test_the_same_content_gives_the_same_bytes(form: CaseDocument) -> None:
    assert rendering._render(form) == rendering._render(form)


def test_later_changes_of_the_case_do_not_touch_it(form: CaseDocument) -> None:
    Case.objects.filter(pk=form.case_id).update(fields={})
    form.refresh_from_db()
    assert "某化工有限公司" in words(documents.bytes_of(form))


def test_the_worker_keeps_the_file_once(form: CaseDocument) -> None:
    handler = {"document.made": documents.render_wanted}
    assert outbox.run(handler) == 1
    form.refresh_from_db()
    kept = form.file_hash
    documents.render_wanted({"document": form.pk})
    form.refresh_from_db()
    assert form.file_hash == kept
    assert words(documents.bytes_of(form)).count("案由") == 1


def test_a_field_cannot_smuggle_in_a_command(staff: dict[str, Person], take: Take) -> None:
    given = {
        "party": "{{ 7*7 }}<w:t>",
        "conduct": "{% for x in y %}",
        "discovered_on": "2026-03-02",
    }
    from fenhe.act.conftest import NOW

    case = cases.open_(cases.Opening("enforcement.penalty", given), staff["enforcer"], NOW)
    take(case, "examine", "enforcer", party_code="9", place="x", source="alarm")
    made = take(case, "file", "deputy_director", officers="甲、乙").documents.get()
    said = words(documents.bytes_of(made))
    assert "{{ 7*7 }}<w:t>" in said
    assert "{% for x in y %}" in said


def test_a_bureau_may_use_its_own_template(form: CaseDocument, tmp_path: Path) -> None:
    own = rendering.own_template("enforcement.penalty", "filing_form")
    own.parent.mkdir(parents=True)
    made = Document()
    made.add_paragraph("本局自用：{{ party }} / {{ case }}")
    made.save(str(own))
    assert words(documents.bytes_of(form)) == f"本局自用：某化工有限公司 / {form.case.number}"


def test_the_signed_copy_is_attached_once(form: CaseDocument, staff: dict[str, Person]) -> None:
    with pytest.raises(BadInput, match=r"act\.signed-kind"):
        documents.attach_signed(form, "a.exe", b"MZ", staff["enforcer"], utc_now())
    made = documents.attach_signed(form, "盖章.pdf", PDF, staff["enforcer"], utc_now())
    assert made.signed_name == "盖章.pdf"
    with pytest.raises(Conflict, match=r"act\.signed-already"):
        documents.attach_signed(form, "b.pdf", PDF, staff["enforcer"], utc_now())


def test_nothing_happens_when_a_document_lacks_a_field(clue: Case, take: Take) -> None:
    take(clue, "examine", "enforcer", party_code="9114", place="x", source="alarm")
    case = take(clue, "file", "deputy_director", officers="甲、乙")
    with pytest.raises(BadInput, match=r"act\.document-fields") as refused:
        cases.take(
            case.pk, "investigate", Person.objects.get(username="enforcer"), utc_now(),
            revision=case.revision, given={"recorded": "yes"}, produce=["scene_record"],
        )  # fmt: skip
    assert [one.column for one in refused.value.problems] == ["查明的事实"]
    assert Case.objects.get(pk=clue.pk).state == "filed"
