"""Writes docs/reference from the source, and checks that all Markdown is true.

`python -m tools.docs` writes the reference pages, from error codes to roles; with `--check` it says
which are stale, and which links in any Markdown file lead nowhere. Exit code 1 when something is.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools import alarm_docs, api_docs, procedure_docs, role_docs

from fenhe.app import discovery
from fenhe.standards import catalogue
from fenhe.store import yaml
from fenhe.store.config import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "fenhe"
REFERENCE = ROOT / "docs" / "reference"
RAISED = {
    "Refused",
    "FenheError",
    "BadInput",
    "NotFound",
    "Forbidden",
    "Conflict",
    "Unavailable",
    "Problem",
}
CODE = re.compile(r"[a-z][a-z0-9]*\.[a-z0-9][a-z0-9-]*")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
WRITTEN = "<!-- Written by `./dev docs`; edit the source. -->\n"


class Code(NamedTuple):
    code: str
    kind: str
    zh: str
    en: str


def codes() -> list[Code]:
    """Every error code in the source with the sentences it is raised with."""
    found: dict[str, Code] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if path.name.startswith("test_") or {"tests", "migrations"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (code := _code_of(node)):
                known = found.get(code.code)
                if known is None or (not known.zh and code.zh):
                    found[code.code] = code
    return sorted(found.values())


def _code_of(node: ast.Call) -> Code | None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in RAISED or not node.args:
        return None
    code = _text(node.args[0])
    if not CODE.fullmatch(code):
        return None
    said = node.args[1:3]
    if len(said) and isinstance(said[0], ast.Call):  # Problem(code, Text(zh, en))
        said = said[0].args[:2]
    zh, en = (*map(_text, said), "", "")[:2]
    return Code(code, name, zh, en)


def _text(node: ast.expr) -> str:
    """A string as a person reads it in the table; what varies becomes …"""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_text(value) for value in values)
        case ast.FormattedValue():
            return "…"
    return ""


def errors_page() -> str:
    rows = "".join(
        f"| `{code}` | {kind} | {_cell(zh)} | {_cell(en)} |\n" for code, kind, zh, en in codes()
    )
    return (
        f"{WRITTEN}# Error codes | 错误代码\n\n"
        "Codes are stable. `BadInput` ends a command with exit code 2, the others with 1; over "
        "HTTP they are 422, 404 (`NotFound`), 403 (`Forbidden`), 409 (`Conflict`) and 503 "
        "(`Unavailable`). A `Problem` is one finding at one place inside another error.\n\n"
        f"| code | kind | 中文 | English |\n|---|---|---|---|\n{rows}"
    )


def settings_page() -> str:
    rows = "".join(
        f"| `{key}` | `FENHE_{key.upper()}` | `{field.default}` "
        f"| {(field.description or '').replace('|', '<br>')} |\n"
        for key, field in Settings.model_fields.items()
    )
    return (
        f"{WRITTEN}# Settings | 设置\n\n"
        "One TOML file, `fenhe.toml`: the one named by `FENHE_CONFIG`, else in the working "
        "directory, else in the data directory. An environment variable outranks it. "
        "`fenhe doctor` shows every value and where it came from.\n\n"
        f"| key | variable | default | meaning |\n|---|---|---|---|\n{rows}"
    )


def commands_page() -> str:
    from typer.main import get_command

    from fenhe.app import cli

    rows = []
    for name in sorted(cli._modules()):
        _, command, _ = get_command(cli.app).resolve_command(None, [name])  # type: ignore[attr-defined]
        parts = getattr(command, "commands", {"": command})
        for part, verb in sorted(parts.items()):
            lines = (verb.help or "").strip().split("\n\n")[0].replace("\n", " ")
            rows.append(f"| `fenhe {' '.join(filter(None, [name, part]))}` | {_cell(lines)} |\n")
    return (
        f"{WRITTEN}# Commands | 命令\n\n"
        "`fenhe VERB --help` says what each takes. Exit codes: 0 done, 1 failed, 2 bad input, "
        "130 interrupted.\n\n"
        f"| command | what it does |\n|---|---|\n{''.join(rows)}"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def standards_page() -> str:
    discovery.load()
    rows = []
    for edition in catalogue.editions():
        marks = Counter(row.confidence.value for table in edition.tables.values() for row in table)
        how = ", ".join(f"{count} {mark}" for mark, count in marks.most_common())
        days = f"{edition.valid_from} … {edition.last_day or ''}"
        title = f"{_cell(edition.title.zh)}<br>{_cell(edition.title.en)}"
        rows.append(f"| {edition.id} | {title} | {days} | {how} |\n")
    return (
        f"{WRITTEN}# Standards | 标准\n\n"
        "Every edition the platform knows, the days it holds, and how far its rows can be trusted. "
        "Rows marked *from memory*, *unconfirmed* or *extrapolation* never accuse anybody.\n\n"
        f"| edition | title | holds | rows by confidence |\n|---|---|---|---|\n{''.join(rows)}"
    )


def asvs_page() -> str:
    rows, found = [], yaml.read(REFERENCE / "asvs.yaml")["rows"]
    for row in found:
        places = "<br>".join(map(_place, row["where"])) or "—"
        tests = "<br>".join(f"`{name.rpartition('::')[2]}`" for name in row["test"]) or "—"
        applies = f"{row['applies']}: {row['why']}" if row.get("why") else row["applies"]
        cells = (row["id"], str(row["level"]), row["what"], applies, places, tests)
        rows.append(f"| {' | '.join(map(_cell, cells))} |\n")
    counts = Counter(row["applies"] for row in found if row["level"] <= 2)
    said = ", ".join(f"{counts[name]} {name}" for name in ("yes", "partly", "operator", "no"))
    return (
        f"{WRITTEN}# OWASP ASVS 5.0\n\n"
        "What we do about each requirement of levels 1 and 2 (and those of level 3 that hold all "
        f"the same), where, and which tests would fail without it. Of levels 1 and 2: {said}; "
        "`operator` is for the proxy or the organisation to do, `no` mostly means that there is "
        "no such thing here. Ids and levels are those of version 5.0.0; the wording is ours. "
        "Source: `docs/reference/asvs.yaml`, kept true by `tests/permissions/test_asvs.py`. What "
        "is decided for everybody stands in [Security decisions](../explanation/security.md).\n\n"
        "| id | level | requirement | applies | where | test |\n|---|---|---|---|---|---|\n"
        f"{''.join(rows)}"
    )


def _place(place: str) -> str:
    """A file, or a section of a page, which can be followed."""
    file, _, section = place.partition("#")
    if not section:
        return f"`{place}`"
    return f"[{section}](../{Path(file).relative_to('docs')}#{section})"


PAGES = {
    "asvs.md": asvs_page,
    "errors.md": errors_page,
    "settings.md": settings_page,
    "cli.md": commands_page,
    "standards.md": standards_page,
    "alarms.md": lambda: alarm_docs.page(WRITTEN),
    "roles.md": lambda: role_docs.page(WRITTEN),
    "openapi.json": api_docs.openapi,
    "api.md": lambda: api_docs.page(WRITTEN),
    **procedure_docs.pages(WRITTEN),
}


def broken_links() -> Iterator[str]:
    skipped = {"node_modules", ".venv", ".node", "data", "dist"}
    for page in sorted(ROOT.rglob("*.md")):
        if skipped & set(page.relative_to(ROOT).parts):
            continue
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            path = target.split("#")[0]
            inside = path and "://" not in path and not path.startswith("mailto:")
            if inside and not (page.parent / path).exists():
                yield f"{page.relative_to(ROOT)}: {target} leads nowhere"


def main() -> int:
    if "--check" not in sys.argv:
        REFERENCE.mkdir(parents=True, exist_ok=True)
        for name, page in PAGES.items():
            (REFERENCE / name).parent.mkdir(exist_ok=True)
            (REFERENCE / name).write_text(page(), encoding="utf-8")
        return 0
    stale = [
        f"docs/reference/{name} is stale: ./dev docs"
        for name, page in PAGES.items()
        if not (REFERENCE / name).is_file()
        or (REFERENCE / name).read_text(encoding="utf-8") != page()
    ]
    wrong = [*stale, *broken_links()]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
