"""Every command of the pages is there with its options; the administrator's pages are run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from fenhe.app import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "README.zh.md"]
BLOCK = re.compile(r"(?:^`([\w.]+)`[^\n]*\n\n)?^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
AREAS = "adcode,name_zh,name_en,level,parent\n140105,小店区,Xiaodian,county,\n"
PLACES = "code,area\n1081A,140105\n"
UNRUN = ("pip install", "fenhe person password")  # the network; a terminal to type at
ASKS_FOR_A_WORKER = "fenhe doctor"


def commands(page: Path) -> list[str]:
    lines = []
    for _, sort, body in BLOCK.findall(page.read_text("utf-8")):
        if sort == "sh":
            joined = body.replace("\\\n", " ")
            lines += [re.split(r"\s+#\s", line)[0] for line in joined.splitlines()]
    return [line for line in lines if line.strip() and not line.startswith("#")]


def said() -> list[str]:
    found = {
        f"fenhe {part}"
        for page in PAGES
        if "reference" not in page.parts
        for line in commands(page)
        for part in re.findall(r"\bfenhe ([a-z0-9-]+ [^|&]*|[a-z0-9-]+)", line)
    }
    return sorted(one.strip() for one in found)


@pytest.mark.parametrize("line", said())
def test_the_command_and_its_options_are_there(line: str) -> None:
    words = shlex.split(line)[1:]
    command: Any = get_command(cli.app)
    while hasattr(command, "resolve_command"):
        _, command, words = command.resolve_command(None, words)
        assert command is not None, line
    known = {"--help"} | {name for one in command.params for name in one.opts}
    unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
    assert unknown == []


@pytest.mark.slow
def test_a_city_is_set_up_and_kept_as_the_pages_say(tmp_path: Path) -> None:
    """Run it for a city, then the administrator's page, typed as they stand."""
    (tmp_path / "areas.csv").write_text(AREAS, encoding="utf-8")
    (tmp_path / "places.csv").write_text(PLACES, encoding="utf-8")
    for name in ("run-for-a-city", "administrator"):
        page = ROOT / "docs" / "how-to" / f"{name}.md"
        for file, sort, body in BLOCK.findall(page.read_text("utf-8")):
            if sort == "csv":
                (tmp_path / file).write_text(body, encoding="utf-8")
            elif sort == "sh":
                _type(body, tmp_path)
    assert (tmp_path / "weekly.tar").is_file()


def _type(body: str, where: Path) -> None:
    lines = [
        f"{line.split('  #')[0]} || [ $? -eq 1 ]" if ASKS_FOR_A_WORKER in line else line
        for line in body.replace("/srv/fenhe", str(where / "srv")).splitlines()
        if not line.startswith(UNRUN)
    ]
    start = [f'fenhe() {{ "{sys.executable}" -m fenhe "$@"; }}']
    ran = subprocess.run(
        ["bash", "-eu", "-c", "\n".join([*start, *lines])],
        cwd=where,
        env={**os.environ, "FENHE_DATA_DIR": str(where / "srv"), "FENHE_DATABASE_URL": ""},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert ran.returncode == 0, f"{body}\n{ran.stdout}\n{ran.stderr}"
