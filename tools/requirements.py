"""Writes requirements/base.in from pyproject.toml, so that a dependency is declared once."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = ["# Written from pyproject.toml by `./dev lock`; edit there.", *project["dependencies"]]
    (ROOT / "requirements" / "base.in").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
