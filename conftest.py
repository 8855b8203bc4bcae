"""Tests run in a data directory of their own, on SQLite, or on FENHE_TEST_DATABASE_URL."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from hypothesis import settings as hypothesis_settings

from fenhe.store.config import settings
from fenhe.store.lake import Lake, open_lake

# Commands that tests start run this tree too, whatever else is installed.
os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent / "src")
os.environ["FENHE_DATA_DIR"] = tempfile.mkdtemp(prefix="fenhe-test-")
os.environ.pop("FENHE_CONFIG", None)
os.environ["FENHE_DATABASE_URL"] = os.environ.get("FENHE_TEST_DATABASE_URL", "")

# Django reads its settings here and not earlier, so that they see the variables above; pytest's
# workers do the same for themselves, each with a directory of its own.
os.environ["DJANGO_SETTINGS_MODULE"] = "fenhe.store.django_settings"
assert django_settings.DATABASES
django_settings.PASSWORD_HASHERS = ["conftest.QuickHasher"]
del os.environ["DJANGO_SETTINGS_MODULE"]

# A property is about values: a machine that is busy makes no test fail.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


class QuickHasher(PBKDF2PasswordHasher):
    """As the platform hashes passwords, with fewer rounds."""

    iterations = 1000


SHARED = Path(__file__).resolve().parent.parent / "shared"
"""Reference tables and data kept outside the repository; tests that need them skip without."""


@pytest.fixture(autouse=True)
def nothing_measured() -> None:
    """Each test has rows of its own, under numbers another test had before it."""
    if "fenhe.publish.measuring" in sys.modules:
        sys.modules["fenhe.publish.measuring"]._kept.cache_clear()


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """An empty lake of the test's own, which `open_lake` opens too."""
    monkeypatch.setenv("FENHE_LAKE_URL", str(tmp_path / "lake"))
    settings.cache_clear()
    yield open_lake()
    settings.cache_clear()
