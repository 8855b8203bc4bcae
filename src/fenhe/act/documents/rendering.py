"""Renders a document's fixed content as DOCX through docxtpl.

The template is ours (built by `template_bytes`), or the bureau's own: a file
`templates/<procedure>/<kind>.docx` in the data directory, made from ours by an office with its own
head and seal. The same content and template give the same bytes.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docxtpl import DocxTemplate

from fenhe.act.models_case import CaseDocument
from fenhe.kernel.package import SOME_DAY, timeless
from fenhe.store.config import settings
from fenhe.store.files import open_files

LATIN, CHINESE = "Times New Roman", "仿宋"
RED, QUIET = RGBColor(0xB0, 0x1E, 0x1E), RGBColor(0x5B, 0x6B, 0x6D)


def bytes_of(document: CaseDocument) -> bytes:
    """The DOCX, from the files where it was rendered before."""
    if not document.file_hash:
        document.file_hash = _keep(document)
    with open_files().open(document.file_hash) as stream:
        return stream.read()


def render_wanted(news: dict[str, Any]) -> None:
    """Handler of `document.made`. Run twice it keeps the same file once."""
    document = CaseDocument.objects.filter(pk=news["document"], file_hash="").first()
    if document is not None:
        _keep(document)


def _keep(document: CaseDocument) -> str:
    stored = open_files().put(io.BytesIO(_render(document)))
    CaseDocument.objects.filter(pk=document.pk, file_hash="").update(file_hash=stored.hash)
    return str(CaseDocument.objects.values_list("file_hash", flat=True).get(pk=document.pk))


def _render(document: CaseDocument) -> bytes:
    own = own_template(document.case.procedure, document.kind)
    raw = own.read_bytes() if own.is_file() else template_bytes()
    template = DocxTemplate(io.BytesIO(raw))
    content = document.content
    template.render(
        {
            **content["values"],
            **content,
            "title": content["name"]["zh"],
            "signed": [one["zh"] for one in content["signatures"]],
            "basis": "；".join(content["grounds"]),
            "hash": document.content_hash,
        },
        autoescape=True,
    )
    core = template.docx.core_properties
    core.title, core.author = content["name"]["zh"], content["authority"]
    core.created = core.modified = SOME_DAY
    out = io.BytesIO()
    template.save(out)
    return timeless(out)


def own_template(procedure: str, kind: str) -> Path:
    return settings().data_dir / "templates" / procedure / f"{kind}.docx"


@cache
def template_bytes() -> bytes:
    """Our template: head, title, number, paragraphs, grounds, signatures, seal, hash. A4."""
    made = Document()
    _page(made)
    _line(made, "{{ authority }}", 22, bold=True, colour=RED, centred=True)
    _line(made, "{{ title }}", 18, bold=True, centred=True)
    _line(made, "{{ number or case }}", 12, centred=True)
    _line(made, "{%p for paragraph in paragraphs %}")
    _line(made, "{{ paragraph }}", 14, indented=True)
    _line(made, "{%p endfor %}")
    _line(made, "{%p if basis %}")
    _line(made, "依据：{{ basis }}", 12)
    _line(made, "{%p endif %}")
    _line(made, "{%p for who in signed %}")
    _line(made, "{{ who }}（签名）：________________    年   月   日", 14)
    _line(made, "{%p endfor %}")
    _line(made, "{%p if stamped %}")
    _line(made, "{{ authority }}（印章）", 14, right=True)
    _line(made, "{%p endif %}")
    _line(made, "{{ date }}", 14, right=True)
    run = (
        made.sections[0]
        .footer.paragraphs[0]
        .add_run("案件 {{ case }} · {{ procedure }} · 内容 SHA-256 {{ hash }}")
    )
    run.font.size, run.font.color.rgb = Pt(7.5), QUIET
    out = io.BytesIO()
    made.core_properties.created = made.core_properties.modified = SOME_DAY
    made.save(out)
    return timeless(out)


def _page(made: Any) -> None:
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)  # GB/T 9704 版心
    style = made.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), CHINESE)


def _line(
    made: Any,
    text: str,
    size: float = 14,
    *,
    bold: bool = False,
    colour: RGBColor | None = None,
    centred: bool = False,
    right: bool = False,
    indented: bool = False,
) -> None:
    paragraph = made.add_paragraph()
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold
    if colour is not None:
        run.font.color.rgb = colour
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if indented:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
