"""The year's plan of the demonstration: an invented table (`demo_data/plan.yaml`) brought in like
anybody's, its tasks carried on through the engine on days before today. Called twice, nothing is
added.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, partial
from importlib.resources import as_file, files
from typing import Any, Literal

import polars as pl

from fenhe.access.models import Organ, Person
from fenhe.access.sign_in import person_for_link
from fenhe.act import cases
from fenhe.act.models import Case, Plan
from fenhe.app import discovery
from fenhe.domains.planning import campaigns, importing, table
from fenhe.domains.planning.importing import Head
from fenhe.kernel.declared import Declared, read
from fenhe.kernel.period import DAY, HOUR, civil, utc_now
from fenhe.store import yaml
from fenhe.store.files import open_files

FILE = "plan.yaml"
BEGAN = timedelta(days=300)
_DAY = re.compile(r"\{(-?\d+)\}")


class Life(Declared):
    by: str
    reports: list[tuple[int, int]] = []  # weeks ago, progress in percent
    trouble: str = ""
    stage: Literal["", "draft", "issued", "accepted", "reported"] = ""  # where it stands still
    returned: int = 0  # days ago verification sent it back
    moved: int = 0  # days ago another date was approved
    closed: int = 0  # days ago it was closed


class Told(Declared):
    name: str
    basis: str
    data_year: int
    rows: list[dict[str, Any]]
    lives: dict[str, Life]
    supervised: list[str]
    campaign: dict[str, str]
    places: list[str]


@cache
def told() -> Told:
    with as_file(files("fenhe.app") / "demo_data" / FILE) as path:
        return read(Told, yaml.read(path), FILE)


def available() -> bool:
    return discovery.get("planning") is not None


def bring(people: Mapping[str, Person], bureau: Organ) -> Plan:
    """The plan of this year with its tasks as they stand today."""
    now = utc_now()
    by = person_for_link()
    head = Head(civil(now).year, told().name, bureau.area, told().basis)
    found = Plan.objects.filter(code=head.code).first()
    if found is not None:
        return found
    lines = table.read(_frame(now), FILE)
    plan = importing.commit(importing.check(lines, head, by), by, now - BEGAN)
    for code, life in told().lives.items():
        case = Case.objects.get(source=importing.source(head, code))
        _Walk(case, people).live(life, now)
    for code in told().supervised:
        _supervise(Case.objects.get(source=importing.source(head, code)), people, now)
    _campaign(people, now)
    return plan


def _frame(now: datetime) -> pl.DataFrame:
    """The rows as a file would give them."""
    today = civil(now).date()

    def written(value: Any) -> str:
        return _DAY.sub(lambda m: str(today + int(m[1]) * DAY), str(value))

    rows = []
    for number, row in enumerate(told().rows, start=2):
        cells = {key: written(value) for key, value in row.items()}
        if row["level"] == "指标":
            cells["year"] = str(told().data_year)
        rows.append({**dict.fromkeys(table.COLUMNS), **cells, "row": number})
    return pl.DataFrame(rows)


class _Walk:
    """One task carried on, step by step."""

    def __init__(self, case: Case, people: Mapping[str, Person]) -> None:
        self.case, self.people = case, people

    def live(self, life: Life, now: datetime) -> None:
        begun = now - BEGAN
        if life.stage == "draft":
            return
        self.take("issue", "deputy_director", begun + 2 * DAY)
        if life.stage == "issued":
            return
        self.take("accept", life.by, begun + 3 * DAY)
        if life.stage == "accepted":
            return
        self.take("begin", life.by, begun + 5 * DAY)
        events: list[tuple[int, Callable[[datetime], None]]] = [
            (_days_ago(weeks, now), partial(self.report, life, share))
            for weeks, share in life.reports
        ]
        if life.returned:
            events.append((life.returned, partial(self.send_back, life)))
        if life.moved:
            events.append((life.moved, self.move))
        for ago, happen in sorted(events, key=lambda one: -one[0]):
            happen(now - ago * DAY - HOUR)
        if life.stage == "reported":
            self.done(life, now - HOUR / 2)
        if life.closed:
            self.close(life, now - life.closed * DAY)

    def take(self, step: str, by: str, at: datetime, reason: str = "", **given: str) -> None:
        self.case.refresh_from_db()
        cases.take(
            self.case.pk, step, self.people[by], at, revision=self.case.revision, given=given,
            reason=reason,
        )  # fmt: skip

    def report(self, life: Life, share: int, at: datetime) -> None:
        given = {"progress": str(share), "this_week": f"按计划推进，累计完成 {share}%。"}
        if life.trouble:
            given["trouble"] = life.trouble
        self.take("report_week", life.by, at, **given)

    def move(self, at: datetime) -> None:
        first = str(self.case.fields["due"])
        later = (civil(at).date() + 25 * DAY).isoformat()
        self.take("change_due", "deputy_director", at, "设备到货推迟", due=later, first_due=first)

    def send_back(self, life: Life, at: datetime) -> None:
        self.finish(life, at)
        self.take("send_back", "leader", at + DAY / 2, "管网检测报告不全")
        self.take("accept", life.by, at + DAY)
        self.take("begin", life.by, at + DAY)

    def done(self, life: Life, at: datetime) -> None:
        self.take("report_done", life.by, at, progress="100", evidence_list="验收材料（示例）")

    def finish(self, life: Life, at: datetime) -> None:
        self.done(life, at)
        self.take("verify_begin", "leader", at + DAY / 4)

    def close(self, life: Life, at: datetime) -> None:
        self.finish(life, at - 2 * DAY)
        self.take("close", "leader", at, verified="现场核验，已完成（示例）")


def _days_ago(weeks: int, now: datetime) -> int:
    """The Thursday of the week so many weeks ago; of this week, today."""
    return 7 * weeks + civil(now).weekday() - 3 if weeks else 0


def _supervise(task: Case, people: Mapping[str, Person], now: datetime) -> None:
    """An overdue task under listed supervision of the city."""
    day = civil(now - 5 * DAY).date().isoformat()
    case = cases.open_(
        cases.Opening(
            "planning.supervision", {"what": f"{task.title}逾期未完成"}, organ=task.organ,
            parent=task,
        ),
        people["office"],
        now - 8 * DAY,
    )  # fmt: skip
    walk = _Walk(case, people)
    walk.take(
        "approve", "deputy_director", now - 6 * DAY, trigger="repeat", level="city",
        unit="示例区分局", requirements="一个月内全部整改到位，每周报告进展。",
    )  # fmt: skip
    walk.take("notify", "leader", now - 5 * DAY, published_on=day)


def _campaign(people: Mapping[str, Person], now: datetime) -> None:
    """A campaign on the dust of three building sites, half of it checked."""
    start, end = (civil(now + days * DAY).date().isoformat() for days in (-14, 16))
    given = {**told().campaign, "start": start, "due": end}
    case = cases.open_(cases.Opening("planning.campaign", given), people["office"], now - 16 * DAY)
    _Walk(case, people).take("launch", "deputy_director", now - 15 * DAY)
    case.refresh_from_db()
    laid = campaigns.lay(case, "dust", told().places, people["office"], now - 14 * DAY)
    for number, check in enumerate(laid[: 2 * len(laid) // 3]):
        _checked(check, number, people, now - (10 - number * 0.5) * DAY)


def _checked(check: Case, number: int, people: Mapping[str, Person], at: datetime) -> None:
    failed = number % 5 == 3
    said = (
        {"result": "fail", "found": "现场有缺口，已责令整改（示例）"}
        if failed
        else {"result": "pass", "found": "符合要求（示例）"}
    )
    walk = _Walk(check, people)
    shot = open_files().put(io.BytesIO(_picture()))
    cases.take(
        check.pk, "record", people["grid_worker"], at, revision=check.revision,
        given={**said, "photos": [{"name": "示例照片.png", "hash": shot.hash}]},
    )  # fmt: skip
    if failed:
        mended = civil(at + 7 * DAY).date().isoformat()
        walk.take("mend", "office", at + DAY, "限期整改（示例）", mend_by=mended)
    elif number % 2:
        walk.take("close", "office", at + DAY)


def _picture() -> bytes:
    """A plain grey PNG: there is no photograph of what is invented."""
    width, height = 96, 64
    rows = b"".join(b"\0" + b"\xb8" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body
