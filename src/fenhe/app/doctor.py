"""`fenhe doctor`: is this machine and this platform fit to run, and where does each setting come
from. Looks only; changes nothing beyond making the data directory."""

from __future__ import annotations

import platform
import sqlite3
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from urllib.parse import urlparse

from fenhe import __version__
from fenhe.act import history
from fenhe.act.models import Case
from fenhe.app import assets, health, records
from fenhe.app.health import Finding
from fenhe.kernel.text import Text
from fenhe.store import config

NEWEST_CASES = 1000
SHOWN = 5
BUILT_AFTER = datetime(2026, 11, 1, tzinfo=UTC)
"""A clock before this release stamps readings with a time that has not been."""


def settings_table() -> list[dict[str, str]]:
    """Every setting: value (secrets masked), where it comes from, what it means."""
    values, origins = config.load()
    return [
        {
            "key": key,
            "value": _masked(str(getattr(values, key)), secret=key.endswith("_secret")),
            "origin": origins[key],
            "meaning": field.description or "",
        }
        for key, field in config.Settings.model_fields.items()
    ]


def _masked(value: str, secret: bool = False) -> str:
    """A URL without its password; of a secret, only whether there is one."""
    if secret:
        return "****" if value else ""
    try:
        password = urlparse(value).password
    except ValueError:
        return value
    return value.replace(f":{password}@", ":****@") if password else value


def examine() -> list[Finding]:
    here = [health.safely(check) for check in (_python, _clock, _driver, _assets)]
    return [*here, *health.examine(), health.safely(histories)]


def histories() -> Finding:
    """The newest cases held against the ledger; `fenhe evidence verify` looks at all of them."""
    newest = [] if records.is_new() else list(Case.objects.order_by("-pk")[:NEWEST_CASES])
    looked = len(newest)
    wrong = list(islice(history.problems(newest), SHOWN)) if newest else []
    if not wrong:
        return Finding(
            "histories",
            True,
            Text(f"最近 {looked} 件案件与存证相符", f"the newest {looked} cases match the ledger"),
        )
    zh = "；".join(f"{one.file} {one.message.zh}" for one in wrong)
    en = "; ".join(f"{one.file} {one.message.en}" for one in wrong)
    return Finding(
        "histories",
        False,
        Text(
            f"案件历史与存证不符：{zh}。全部核对：fenhe evidence verify",
            f"histories differ from the ledger: {en}. All of them: fenhe evidence verify",
        ),
    )


def _python() -> Finding:
    text = f"{platform.python_version()}, fenhe {__version__}"
    return Finding("python", sys.version_info >= (3, 11), Text(text, text))


def _clock() -> Finding:
    now = datetime.now(UTC)
    text = Text(f"{now:%Y-%m-%d %H:%M} UTC", f"{now:%Y-%m-%d %H:%M} UTC")
    return Finding("clock", now > BUILT_AFTER, text)


def _driver() -> Finding:
    if config.settings().database_url:
        try:
            text = f"psycopg {version('psycopg')}"
        except PackageNotFoundError:
            missing = Text("缺 psycopg：pip install fenhe[postgres]", "install fenhe[postgres]")
            return Finding("driver", False, missing)
    else:
        text = f"SQLite {sqlite3.sqlite_version}"
    return Finding("driver", True, Text(text, text))


def _assets() -> Finding:
    count = len(assets.manifest())
    return Finding("assets", True, Text(f"{count} 个", f"{count} files"))
