"""What stands, and does not stand, in the files of source: statements, chance, ciphers, calls to
others, scripts, libraries."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fenhe.access import sign_in
from fenhe.access.models import Person
from fenhe.app import urls
from fenhe.app.boot import boot

boot()
SOURCE = Path(urls.__file__).parents[1]
WEB = SOURCE.parents[1] / "web" / "src"


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if not path.name.startswith("test_") and not {"tests", "migrations"} & set(path.parts):
            yield path.relative_to(SOURCE), ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def test_the_source_runs_no_text_and_unpickles_nothing() -> None:
    wrong = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
                if names & {"pickle", "marshal", "shelve", "dill", "ctypes", "telnetlib"}:
                    wrong.append((str(path), sorted(names)))
            if isinstance(node, ast.Call):
                name = called(node)
                shell = any(k.arg == "shell" for k in node.keywords)
                if name in {"eval", "exec", "compile", "os.system", "os.popen"} or shell:
                    wrong.append((str(path), name))
                if name.startswith("yaml.") and "load" in name and str(path) != "store/yaml.py":
                    wrong.append((str(path), name))
    assert wrong == []


TEMPLATED = {"store/spool.py", "app/backup.py", "app/restore.py", "act/obligations/sweeping.py"}
"""Statements made of column lists and table names of our own; no word of a user goes in."""


def test_statements_are_no_templates() -> None:
    wrong, runs = [], {"execute", "RawSQL", "raw", "executemany"}
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node).split(".")[-1] in runs:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.JoinedStr | ast.BinOp) and str(path) not in TEMPLATED:
                    wrong.append((str(path), ast.unparse(first)[:80]))
    assert wrong == []


@pytest.mark.django_db
def test_chance_that_matters_comes_from_the_system() -> None:
    drawn = {"ingest/hj212/simulate/logger.py"}
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import) and str(path) not in drawn:
                assert "random" not in {alias.name for alias in node.names}, path
            if isinstance(node, ast.Call) and called(node).startswith("uuid."):
                assert called(node) == "uuid.uuid4", path
    assert len(sign_in.make_link(Person.objects.create(username="li"))) >= 43, "256 bits"


def test_hashes_and_ciphers_are_sound() -> None:
    """SM4 in ECB stands in HJ 212-2025 itself, for what loggers send; nothing else uses it."""
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = called(node)
                assert not re.search(r"hashlib\.(md5|sha1|new)$", name), path
                if "ECB" in name or "modes." in name:
                    assert str(path) == "ingest/hj212/sm4.py"
            if isinstance(node, ast.keyword) and node.arg in ("verify", "check_hostname"):
                assert ast.unparse(node.value) != "False", path


def test_outgoing_requests_follow_no_redirect_and_ask_no_proxy() -> None:
    """What the platform calls by itself: sinks of hooks, the identity provider."""
    found, calls = 0, {"httpx.Client", "httpx.get", "httpx.post"}
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and called(node) in calls:
                found += 1
                given = {k.arg: ast.unparse(k.value) for k in node.keywords}
                assert given.get("follow_redirects", "False") == "False", path
                assert "timeout" in given, path
    assert found


@pytest.mark.skipif(not WEB.exists(), reason="the web sources are not here")
def test_scripts_write_text_as_text_and_keep_nothing() -> None:
    wrong = []
    ours = {
        "screen.ts": "wall.innerHTML",  # a fragment of our own server, already escaped
        "reports.ts": "indexedDB",  # a report from the field waits there until it is sent
    }
    for path in sorted(WEB.rglob("*.ts")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found = re.search(
                r"innerHTML\s*=|outerHTML|insertAdjacentHTML|document\.write|localStorage"
                r"|sessionStorage|indexedDB|\beval\(|new Function|postMessage\(.*\*"
                r"|document\.cookie|__proto__",
                line,
            )  # fmt: skip
            if found and ours.get(path.name, "\0") not in line:
                wrong.append((path.name, number, line.strip()))
    assert wrong == []


def test_every_library_is_fixed_by_its_hash() -> None:
    for lock in sorted((SOURCE.parents[1] / "requirements").glob("*.lock")):
        lines = lock.read_text(encoding="utf-8").splitlines()
        named = [line for line in lines if re.match(r"[a-z0-9]", line, re.I)]
        assert named, lock.name
        assert all(re.match(r"[\w.\[\]-]+==[^ ]+ .*\\$|[\w.-]+ @ ", one) for one in named), (
            lock.name
        )
        assert sum("--hash=sha256:" in line for line in lines) >= len(named)
    web = json.loads((SOURCE.parents[1] / "web/package-lock.json").read_text(encoding="utf-8"))
    parts = [one for name, one in web["packages"].items() if name and not one.get("link")]
    assert parts
    assert all(one["integrity"].startswith("sha512-") for one in parts)
    assert {"registry.npmjs.org"} >= {
        one["resolved"].split("/")[2] for one in parts if "resolved" in one
    }
