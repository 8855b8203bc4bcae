"""Is the platform well? `/health/live`: the process answers. `/health` (and `/health/ready`): all
it needs is there: database, lake, disk, a worker that comes round, domains.

The same checks stand at the head of `fenhe doctor`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.http import HttpRequest, JsonResponse

from fenhe.app import discovery, records
from fenhe.app.models import Heartbeat
from fenhe.kernel.errors import FenheError
from fenhe.kernel.period import utc_now
from fenhe.kernel.text import Text
from fenhe.store.config import settings
from fenhe.store.lake import open_lake
from fenhe.store.models import Outbox

STALE = timedelta(seconds=60)
FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `vital` ones decide whether the platform can answer at all."""

    name: str
    ok: bool
    text: Text
    vital: bool = True

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, "ok": self.ok, "vital": self.vital, **self.text.as_dict()}


def database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if records.is_new():
        empty = Text("还没有记录；首次使用请运行 fenhe migrate", "empty; to set up: fenhe migrate")
        return Finding("database", False, empty)
    waiting = records.pending()
    if waiting:
        text = Text(
            f"差 {len(waiting)} 步升级，运行 fenhe migrate",
            f"lacks {len(waiting)} migrations; run fenhe migrate",
        )
        return Finding("database", False, text)
    return Finding("database", True, Text(connection.vendor, connection.vendor))


def lake() -> Finding:
    version = open_lake().version()
    return Finding("lake", True, Text(f"版本 {version}", f"version {version}"))


def disk() -> Finding:
    free = shutil.disk_usage(settings().data_dir).free // 2**20
    text = Text(f"余 {free} MB（至少 {FREE_MB}）", f"{free} MB free (at least {FREE_MB})")
    return Finding("disk", free >= FREE_MB, text)


def worker() -> Finding:
    """Not vital: pages answer without it, only what follows an import waits."""
    if records.is_new():
        return Finding("worker", False, Text("还没有运行过", "has not run yet"), vital=False)
    age = newest_beat_age(utc_now())
    backlog = Outbox.objects.filter(done_at=None, not_before__lte=utc_now()).count()
    running = age is not None and age <= STALE
    seconds = round(age.total_seconds()) if age is not None else 0
    if running:
        text = Text(
            f"{seconds} 秒前有心跳，待办 {backlog} 项", f"beat {seconds} s ago, {backlog} waiting"
        )
    elif age is None:
        text = Text("没有运行；启动：fenhe serve", "is not running; start it with fenhe serve")
    else:
        text = Text(
            f"没有运行（末次心跳在 {seconds} 秒前），待办 {backlog} 项；启动：fenhe serve",
            f"is not running (last beat {seconds} s ago), {backlog} waiting; start: fenhe serve",
        )
    return Finding("worker", running, text, vital=False)


def domains() -> Finding:
    there = discovery.load()
    zh = "、".join(domain.name.zh for domain in there)
    en = ", ".join(domain.name.en for domain in there)
    return Finding("domains", True, Text(zh or "（无）", en or "(none)"))


CHECKS: tuple[Callable[[], Finding], ...] = (database, lake, disk, worker, domains)


def newest_beat_age(now: datetime) -> timedelta | None:
    newest = Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()
    return None if newest is None else now - newest


def examine() -> list[Finding]:
    return [safely(check) for check in CHECKS]


def safely(check: Callable[[], Finding]) -> Finding:
    """A check that cannot be made has failed."""
    try:
        return check()
    except FenheError as error:
        text = error.message
    except Exception as error:
        text = Text(f"{type(error).__name__}：{error}", f"{type(error).__name__}: {error}")
    return Finding(check.__name__, False, text)


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"ok": True})


def ready(request: HttpRequest) -> JsonResponse:
    findings = examine()
    well = all(finding.ok for finding in findings if finding.vital)
    body = {"ok": well, "checks": [finding.as_dict() for finding in findings]}
    return JsonResponse(body, status=200 if well else 503)
