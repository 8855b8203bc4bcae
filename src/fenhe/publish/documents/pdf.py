"""PDF through Typst. Only the fonts that are built in are used, so that the same content gives the
same pages on every machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

import fenhe
from fenhe.kernel.errors import Unavailable
from fenhe.kernel.text import Language
from fenhe.publish.imprint import Imprint

TEMPLATE = Path(__file__).parent / "sheet.typ"
NO_IMPRINT = Imprint()
FONTS = Path(fenhe.__file__).parent / "app" / "static" / "built" / "fonts"


def render(content: Mapping[str, Any], language: Language, imprint: Imprint = NO_IMPRINT) -> bytes:
    """The sheet in one language. Raises Unavailable `publish.fonts-missing`."""
    if not any(FONTS.glob("NotoSansSC-*")):
        raise Unavailable(
            "publish.fonts-missing",
            "缺少内置字体 Noto Sans SC，无法生成 PDF；请先运行 ./dev build 生成网页资源",
            "the built-in font Noto Sans SC is missing, so there is no PDF; "
            "run ./dev build to make the web assets first",
        )
    made = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={
            "content": json.dumps(content, ensure_ascii=False),
            "lang": language,
            "imprint": json.dumps(_imprint(imprint, language), ensure_ascii=False),
        },
    )
    assert isinstance(made, bytes)  # noqa: S101 - one page sequence, not a list of images
    return made


def _imprint(imprint: Imprint, language: Language) -> dict[str, Any]:
    return {
        "issuer": imprint.issuer[language],
        "date": imprint.date,
        "remarks": [remark[language] for remark in imprint.remarks],
        "footer": [line[language] for line in imprint.footer],
        "heading": imprint.heading[language],
        "changes": list(imprint.changes),
    }
