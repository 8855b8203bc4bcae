"""Writes the folder of a new domain: a copy of the working example in `app/skeleton`, renamed.

Inside the tree its modules are `fenhe.domains.<name>`; in a folder of your own, which the setting
`domain_paths` then names, `fenhe_domains_ext.<name>`.
"""

from __future__ import annotations

import re
from pathlib import Path

import fenhe.domains
from fenhe.app.discovery import OUTSIDE
from fenhe.kernel.errors import BadInput, Conflict

SKELETON = Path(__file__).parent / "skeleton"
INSIDE = Path(fenhe.domains.__file__).parent
ELSEWHERE = {"golden.py": "tests/test_rules.py"}
"""A test among the package's own files would be left out of a wheel."""
CONFTEST = '''"""Makes a domain outside the tree importable: the setting names its parent folder."""

import os
from pathlib import Path

os.environ.setdefault("FENHE_DOMAIN_PATHS", str(Path(__file__).resolve().parents[2]))

from fenhe.app import discovery  # noqa: E402

discovery.places()
'''


def new_domain(name: str, parent: Path | None = None) -> Path:
    """The folder made. Raises BadInput for a name that is none, Conflict where one stands."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,29}", name):
        raise BadInput(
            "scaffold.name",
            "领域名用小写字母开头，只含小写字母、数字、下划线，2–30 个字符",
            "a domain's name begins with a lower-case letter and holds 2-30 of a-z, 0-9 and _",
        )
    folder = (parent or INSIDE) / name
    if folder.exists():
        raise Conflict("scaffold.exists", f"{folder} 已存在", f"{folder} exists")
    package = f"{OUTSIDE if parent else 'fenhe.domains'}.{name}"
    for source in sorted(path for path in SKELETON.rglob("*") if path.is_file()):
        relative = source.relative_to(SKELETON).as_posix()
        if "__pycache__" in relative:
            continue
        target = folder / ELSEWHERE.get(relative, relative).replace("example", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_renamed(source.read_text("utf-8"), name, package), "utf-8")
    if parent:
        (folder / "tests" / "conftest.py").write_text(CONFTEST, "utf-8")
    return folder


def _renamed(text: str, name: str, package: str) -> str:
    return (
        text.replace("fenhe.app.skeleton", package)
        .replace("example", name)
        .replace("Example", name.capitalize())
    )
