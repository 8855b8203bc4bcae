"""The database of records and this version of the platform: do they fit, and bring them together.

`fenhe serve` refuses an older database unless told to migrate; `fenhe migrate` and the demo do it.
"""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from fenhe.kernel.errors import Unavailable
from fenhe.store.config import settings


def pending() -> list[str]:
    """Migrations the database has not seen, oldest first; `app.0001_initial`."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate() -> list[str]:
    """Applies what is pending and says what it was."""
    waiting = pending()
    if waiting:
        call_command("migrate", interactive=False, verbosity=0)
    return waiting


def is_new() -> bool:
    """Whether nothing was ever set up here: an empty data directory, an empty database."""
    return not MigrationRecorder(connection).applied_migrations()


def require_set_up() -> None:
    if is_new():
        raise Unavailable(
            "records.not-set-up",
            f"{settings().data_dir.resolve()} 里还没有任何记录；首次使用请先运行 fenhe migrate"
            "（已有数据在别处，则用 FENHE_DATA_DIR 指向它）",
            f"there are no records in {settings().data_dir.resolve()} yet; to set up, run fenhe "
            "migrate (if your data are elsewhere, name the place with FENHE_DATA_DIR)",
        )


def require_current() -> None:
    require_set_up()
    if waiting := pending():
        raise Unavailable(
            "records.not-migrated",
            f"记录库还差 {len(waiting)} 步升级：先备份（fenhe backup），再运行 fenhe migrate",
            f"the database of records lacks {len(waiting)} migrations: back up (fenhe backup), "
            "then run fenhe migrate",
        )
