"""The snippets of the integrator's how-to run, in order, against a server of their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "use-the-interface.md"


@pytest.mark.django_db(transaction=True)
def test_every_snippet_runs(live_server: LiveServer, world: Any) -> None:
    text = HOW_TO.read_text("utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(snippets) >= 5
    names: dict[str, Any] = {"key": world.full, "platform": live_server.url, "httpx": httpx}
    headers = {"Authorization": f"Bearer {world.full}"}
    with httpx.Client(base_url=live_server.url, headers=headers, trust_env=False) as api:
        names["api"] = api
        for snippet in snippets:
            exec(compile(snippet, HOW_TO.name, "exec"), names)  # noqa: S102 — our own page
