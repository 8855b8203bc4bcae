"""What keeps the house a house: it stands without any of its domains, its core knows none of them,
and what is said to be pure is."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fenhe
from fenhe.app.checker import PURE
from fenhe.app.cli import _own_verbs

CORE = Path(fenhe.__file__).parent
DOMAINS = sorted(path.parent.name for path in (CORE / "domains").glob("*/manifest.toml"))
STAGES = (
    "kernel", "store", "access", "evidence", "registry", "standards", "ingest", "observe",
    "assess", "alert", "act", "publish",
)  # fmt: skip


def _run(code: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "FENHE_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


START = """
from fenhe.app.boot import boot
boot()
from django.urls import resolve
from fenhe.app import discovery, wiring
resolve("/health")
print([domain.id for domain in discovery.load()])
"""


@pytest.mark.parametrize("off", [*DOMAINS, os.pathsep.join(DOMAINS)])
def test_it_starts_without_a_domain(off: str, tmp_path: Path) -> None:
    ran = _run(START, tmp_path, FENHE_DOMAINS_OFF=off)
    left = [domain for domain in DOMAINS if domain not in off.split(os.pathsep)]
    assert ran.stdout == f"{left}\n", ran.stderr


def _code_strings(path: Path) -> list[str]:
    """Every string and module name of the file, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            found.append(node.value)
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_names_a_domain(stage: str) -> None:
    named = [
        (path.name, text)
        for path in sorted((CORE / stage).rglob("*.py"))
        if not path.name.startswith(("test_", "conftest")) and "tests" not in path.parts
        for text in _code_strings(path)
        for domain in DOMAINS
        if text == domain or text.startswith((f"{domain}.", f"fenhe.domains.{domain}"))
    ]
    assert named == []


def _pure_modules() -> list[str]:
    return [
        ".".join(("fenhe", *path.relative_to(CORE).with_suffix("").parts))
        for domain in DOMAINS
        for name in PURE
        for path in [
            *(CORE / "domains" / domain).glob(f"{name}.py"),
            *(CORE / "domains" / domain / name).rglob("*.py"),
        ]
    ]


def test_pure_modules_bring_no_django(tmp_path: Path) -> None:
    imports = "; ".join(f"import {module}" for module in _pure_modules())
    code = f"import sys; {imports}; print('django' in sys.modules)"
    ran = _run(code, tmp_path)
    assert ran.stdout == "False\n", ran.stderr
    assert not list(tmp_path.iterdir())


def test_kernel_and_standards_bring_no_django(tmp_path: Path) -> None:
    names = [path.stem for path in (CORE / "kernel").glob("[a-z]*.py") if path.stem[:5] != "test_"]
    imports = "; ".join(f"import fenhe.kernel.{name}" for name in names)
    code = (
        f"import sys; {imports}; import fenhe.standards.catalogue; print('django' in sys.modules)"
    )
    assert _run(code, tmp_path).stdout == "False\n"


@pytest.mark.parametrize("verb", sorted(_own_verbs()))
def test_every_verb_explains_itself_in_both_languages(verb: str, tmp_path: Path) -> None:
    code = f"from fenhe.app.cli import main; main([{verb!r}, '--help'])"
    ran = _run(code, tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert " | " in ran.stdout.replace("│", "")
    assert not list(tmp_path.iterdir()), "asking for help leaves nothing behind"
