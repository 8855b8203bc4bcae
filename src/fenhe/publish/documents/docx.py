"""DOCX through python-docx: the same blocks in Word's own styles, so that an office can go on
editing it. Lengths are for A4."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from fenhe.kernel.package import SOME_DAY, timeless
from fenhe.kernel.text import Language, Text
from fenhe.publish.imprint import Imprint

QUIET = RGBColor(0x5B, 0x6B, 0x6D)
ACCENT = RGBColor(0x1F, 0x6F, 0x78)
WARNING = RGBColor(0x9A, 0x5B, 0x00)
NO_IMPRINT = Imprint()
ISSUE = (Text("发布机构：", "Issued by: "), Text("发布日期：", "Date of issue: "))
CHANGE = (Text("项目", "Item"), Text("原为", "Was"), Text("现为", "Is"))
BLANK = "_" * 24
LATIN, CHINESE = "Arial", "微软雅黑"


def render(content: Mapping[str, Any], language: Language, imprint: Imprint = NO_IMPRINT) -> bytes:
    """The sheet in one language."""
    document = Document()
    _page(document, "\n".join(line[language] for line in imprint.footer))
    _line(document, content["title"][language], 20, bold=True, centred=True)
    _line(document, content["subtitle"][language], 12, colour=QUIET, centred=True)
    _issue(document, imprint, language)
    for block in content["blocks"]:
        BLOCKS[block["kind"]](document, block, language)
    _changes(document, imprint, language)
    core = document.core_properties
    core.title, core.author = content["title"][language], "Fenhe"
    core.created = core.modified = SOME_DAY
    out = io.BytesIO()
    document.save(out)
    return timeless(out)


def _page(document: Any, footer: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(18)
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(10)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), CHINESE)
    style.paragraph_format.space_after = Pt(4)
    line = section.footer.paragraphs[0]
    run = line.add_run(footer)
    run.font.size, run.font.color.rgb = Pt(7.5), QUIET


def _line(
    document: Any,
    text: str,
    size: float = 10,
    bold: bool = False,
    colour: RGBColor | None = None,
    centred: bool = False,
) -> Any:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold
    if colour is not None:
        run.font.color.rgb = colour
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def _issue(document: Any, imprint: Imprint, language: Language) -> None:
    organ, date = ISSUE
    line = f"{organ[language]}{imprint.issuer[language] or BLANK}\t{date[language]}"
    paragraph = _line(document, line + (imprint.date or BLANK), 9)
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(170), WD_TAB_ALIGNMENT.RIGHT)
    for remark in imprint.remarks:
        _line(document, remark[language], 9, bold=True, colour=WARNING)


def _changes(document: Any, imprint: Imprint, language: Language) -> None:
    if not imprint.changes:
        return
    _heading(document, {"text": imprint.heading}, language)
    rows = [
        [one["label"][language], one["from"][language], f"{one['to'][language]} {one['unit']}"]
        for one in imprint.changes
    ]
    _grid(document, [label[language] for label in CHANGE], rows, [False, True, True])


def _headline(document: Any, block: Mapping[str, Any], language: Language) -> None:
    table = document.add_table(rows=1, cols=len(block["figures"]))
    for cell, figure in zip(table.rows[0].cells, block["figures"], strict=True):
        label = cell.paragraphs[0].add_run(figure["label"][language])
        label.font.size, label.font.color.rgb = Pt(8.5), QUIET
        number = cell.add_paragraph()
        big = number.add_run(figure["text"][language])
        big.font.size, big.font.bold = Pt(18), True
        unit = number.add_run(f" {figure['unit']}")
        unit.font.size, unit.font.color.rgb = Pt(8.5), QUIET
        note = cell.add_paragraph().add_run(figure["note"][language])
        note.font.size, note.font.color.rgb = Pt(8.5), QUIET
    document.add_paragraph()


def _heading(document: Any, block: Mapping[str, Any], language: Language) -> None:
    paragraph = _line(document, block["text"][language], 12, bold=True, colour=ACCENT)
    paragraph.paragraph_format.space_before = Pt(8)
    paragraph.paragraph_format.keep_with_next = True


def _paragraph(document: Any, block: Mapping[str, Any], language: Language) -> None:
    paragraph = _line(document, block["text"][language])
    if language == "zh":
        paragraph.paragraph_format.first_line_indent = Pt(20)


def _table(document: Any, block: Mapping[str, Any], language: Language) -> None:
    columns = block["columns"]
    _caption(document, block, language)
    _grid(
        document,
        [column["label"][language] for column in columns],
        [[cell[language] for cell in row] for row in block["rows"]],
        [column["align"] == "right" for column in columns],
    )


def _shares(document: Any, block: Mapping[str, Any], language: Language) -> None:
    """Bars do not travel well into Word: a table with the same numbers."""
    figures = block["figures"]
    if not figures:
        return
    _caption(document, block, language)
    _grid(
        document,
        [figure["label"][language] for figure in figures],
        [[f"{figure['text'][language]} %" for figure in figures]],
        [True] * len(figures),
    )


def _notes(document: Any, block: Mapping[str, Any], language: Language) -> None:
    for number, item in enumerate(block["items"], start=1):
        _line(document, f"{number}. {item[language]}", 8, colour=QUIET)


def _caption(document: Any, block: Mapping[str, Any], language: Language) -> None:
    if block["text"][language]:
        paragraph = _line(document, block["text"][language], 9, colour=QUIET)
        paragraph.paragraph_format.keep_with_next = True


def _grid(
    document: Any, header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]
) -> None:
    table = document.add_table(rows=0, cols=len(header), style="Table Grid")
    for number, texts in enumerate([header, *rows]):
        for cell, text, to_right in zip(table.add_row().cells, texts, right, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(text)
            run.font.size, run.font.bold = Pt(9), number == 0
            if to_right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph().paragraph_format.space_after = Pt(2)


BLOCKS = {
    "headline": _headline,
    "heading": _heading,
    "paragraph": _paragraph,
    "table": _table,
    "shares": _shares,
    "notes": _notes,
}
