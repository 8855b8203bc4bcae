"""Where a built asset stands: name -> hashed file, from the manifest that web/build.mjs writes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from fenhe.kernel.errors import Unavailable

BUILT = Path(__file__).parent / "static" / "built"
FONTS = BUILT / "fonts"


@cache
def manifest() -> dict[str, str]:
    path = BUILT / "manifest.json"
    if not path.exists():
        raise Unavailable(
            "app.assets-not-built",
            "网页资源尚未生成，请运行 ./dev build",
            "the web assets are not built; run ./dev build",
        )
    files: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))["files"]
    return files


def url(name: str) -> str:
    return f"/static/built/{manifest()[name]}"
