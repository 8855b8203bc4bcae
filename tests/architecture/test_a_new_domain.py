"""A domain written outside the tree goes from a file of readings to a published sheet, and the
core tree is not touched; a folder that lies is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import fenhe
from fenhe.app.scaffold import new_domain

CORE = Path(fenhe.__file__).parent

OBJECTS = "code,name_zh\nP1,甲点\n"
READINGS = "point,time,level\n" + "".join(
    f"P1,2026-01-02 {hour:02}:00,20.1\n" for hour in range(24)
)
FOLLOW = """
from datetime import date
from fenhe.app.boot import boot
boot()
from fenhe.app import wiring
from fenhe.assess import engine
from fenhe.assess.models import Verdict
from fenhe.access.sign_in import person_for_link
from fenhe.kernel.period import Period
from fenhe.publish import editions
from fenhe.registry.models import Object
from fenhe.store import outbox
for _ in range(3):
    outbox.run(wiring.HANDLERS)
    engine.assess()
verdict = Verdict.objects.get(rule="odour.day", current=True)
print(verdict.values, verdict.edition, verdict.expected, verdict.observed)
sheet = editions.draft("odour.daily", Object.objects.get(), Period.day(date(2026, 1, 2)))
sheet = editions.publish(sheet, person_for_link())
print(sheet.state, sheet.edition, sheet.content["figures"][0]["text"]["zh"])
"""


def _hash_of_tree() -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in CORE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


class Outside:
    """A place of its own: domains outside the tree, and a data directory."""

    def __init__(self, root: Path) -> None:
        self.root, self.domains = root, root / "domains"
        self.odour = self.domains / "odour"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "FENHE_DATA_DIR": str(self.root / "data"),
            "FENHE_DATABASE_URL": "",
            "FENHE_DOMAIN_PATHS": str(self.domains),
        }
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def fenhe(self, *arguments: str) -> str:
        ran = self.run("-m", "fenhe", *arguments)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    place = Outside(tmp_path)
    place.domains.mkdir()
    new_domain("odour", place.domains)
    return place


@pytest.mark.slow
def test_from_ingest_to_publication_without_touching_the_core(outside: Outside) -> None:
    before = _hash_of_tree()
    (outside.root / "points.csv").write_text(OBJECTS, "utf-8")
    (outside.root / "hours.csv").write_text(READINGS, "utf-8")
    outside.fenhe("check", "odour")
    outside.fenhe("migrate")
    outside.fenhe("import-objects", "points.csv", "--kind", "odour_point", "--yes")
    outside.fenhe("import", "hours.csv", "--profile", "odour-hourly", "--yes")
    followed = outside.run("-c", FOLLOW)
    assert followed.returncode == 0, followed.stderr
    verdict, sheet = followed.stdout.splitlines()[-2:]
    assert verdict == "{'mean': 20.1, 'exceeded': True} odour-limits 2020 24 24"
    assert sheet == "published 1 20.1"
    outside.fenhe("odour", "limits", "--json")
    assert _hash_of_tree() == before


@pytest.mark.slow
def test_the_tests_that_come_with_it_pass(outside: Outside) -> None:
    ran = outside.run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(outside.odour / "tests"))
    assert ran.returncode == 0, ran.stdout


LIES = {
    "an unknown unit": ("vocabulary.yaml", "unit: mg/L", "unit: furlong", "kernel.unit-unknown"),
    "a missing translation": ("text/en.yaml", "limit_kept", "limit_held", "domain.text"),
    "a limit without clause": ("standards/odour.yaml", '    clause: "4.1"\n', "", "standards."),
    "a limit without confidence": (
        "standards/odour.yaml", "    confidence: unconfirmed\n", "", "standards."
    ),
    "a capability without test": ("tests/test_rules.py", "commands", "verbs", "domain.untested"),
    "a capability it hides": ("manifest.toml", '"rules", ', "", "domain.capability"),
    "a capability it lacks": ("manifest.toml", '"rules"', '"rules", "pages"', "domain.capability"),
    "Django in a rule": (
        "rules.py", "import polars as pl", "import django\nimport polars as pl", "domain.impure"
    ),
    "a file opened in a rule": (
        "rules.py", "    limit =", '    open("x")\n    limit =', "domain.impure"
    ),
    "an exemption without reason": (
        "tier.yaml", "readme: done", "readme: {exempt: }", "domain.tier"
    ),
    "a tier rule left out": ("tier.yaml", "golden-case: done", "", "domain.tier"),
    "a tier it has not earned": ("manifest.toml", '"seed"', '"trusted"', "domain.tier"),
    "a series of nothing": ("kinds.yaml", "[odour_level]", "[odour_smell]", "domain.reference"),
    "a misspelt field": ("vocabulary.yaml", "decimals", "decimal", "declared.invalid"),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_folder_that_lies_is_refused(outside: Outside, lie: str) -> None:
    name, old, new, code = LIES[lie]
    path = outside.odour / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    ran = outside.run("-m", "fenhe", "check", "odour", "--json")
    assert ran.returncode == 2, ran.stdout
    assert code in ran.stderr
    assert "odour" in ran.stderr


@pytest.mark.slow
def test_a_name_that_is_taken_or_none_is_refused(outside: Outside) -> None:
    for name, code in (("odour", 1), ("Odour", 2), ("1st", 2)):
        ran = outside.run("-m", "fenhe", "new-domain", name, "--path", str(outside.domains))
        assert ran.returncode == code
