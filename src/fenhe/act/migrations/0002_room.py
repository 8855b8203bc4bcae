"""Room on every page of the table of clocks, so that PostgreSQL moves a clock within its page and
leaves the indexes as they are (HOT): a night on which all of them move writes a quarter."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def make_room(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE act_obligation SET (fillfactor = 50)")


def fill_up(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE act_obligation RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("act", "0001_initial")]
    operations = [migrations.RunPython(make_room, fill_up)]
