"""Loggers are registered: one by a form or the command line, many by a table; all or none.

A blank password of a device that is known keeps its own, and so do its keys (`sm4_keys`) where
nothing is said of them: neither is ever shown again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from fenhe.evidence import ledger
from fenhe.ingest.findings import Findings
from fenhe.ingest.hj212 import devices as profiles
from fenhe.ingest.hj212.gateway.directory import compat_of
from fenhe.ingest.models import Device
from fenhe.ingest.readers import read_whole
from fenhe.kernel.errors import BadInput, NotFound, Problem
from fenhe.kernel.text import Text
from fenhe.registry.models import Object

COLUMNS = ("mn", "profile", "object", "password", "enabled", "agreed")
AGREED = frozenset(
    {"crc", "lengths_in_characters", "sm4_keys", "sm4_form", "cap", "edition", "st", "over_time"}
)
MN = re.compile(r"[0-9A-Za-z_-]{5,40}")
NO = {"false", "0", "no", "n", "否"}
KEYS = "sm4_keys"


@dataclass(frozen=True, slots=True)
class Entry:
    """`object` is kind/code or empty; `agreed` JSON; `password` None or blank keeps what is."""

    mn: str
    profile: str = ""
    object: str = ""
    password: str | None = None
    enabled: bool = True
    agreed: str = ""
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    entry: Entry
    object: Object | None
    existing: Device | None
    agreed: dict[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        kept = self.existing.password if self.existing else ""
        return {
            "profile": self.entry.profile,
            "object": self.object,
            "password": kept if self.entry.password is None else self.entry.password,
            "enabled": self.entry.enabled,
            "agreed": self.agreed,
        }

    @property
    def changes(self) -> bool:
        there = self.existing
        return there is None or any(
            getattr(there, name) != value for name, value in self.values.items()
        )


@dataclass(frozen=True, slots=True)
class Done:
    new: int
    changed: int
    unchanged: int


def table(path: Path, name: str, largest: int) -> tuple[list[Entry], Findings]:
    """Rows with the columns COLUMNS, of which only `mn` must be there. Raises BadInput where the
    file cannot be read."""
    whole, findings = read_whole(path, name, largest)
    if "mn" not in whole.columns or (strange := set(whole.columns) - {*COLUMNS, "row"}):
        said = "、".join(sorted(strange)) if "mn" in whole.columns else "mn"
        raise BadInput(
            "hj212.device-columns",
            f"表头应为 {'、'.join(COLUMNS)}（mn 必有）；请检查：{said}",
            f"the columns are {', '.join(COLUMNS)} (mn must be there); see to: {said}",
        )
    entries = []
    for row in whole.iter_rows(named=True):
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        entries.append(
            Entry(
                cells["mn"], cells["profile"], cells["object"], cells["password"] or None,
                cells["enabled"].lower() not in NO, cells["agreed"], row["row"],
            )
        )  # fmt: skip
    return entries, findings


def plan(entries: Sequence[Entry], file: str = "") -> list[Planned]:
    """Raises BadInput `hj212.devices-refused` with everything that is wrong; writes nothing."""
    places = _places(entries)
    there = {one.mn: one for one in Device.objects.filter(mn__in=[one.mn for one in entries])}
    problems: list[Problem] = []
    planned, seen = [], set[str]()
    for one in entries:

        def blame(column: str, value: str, zh: str, en: str, row: int | None = one.row) -> None:
            code = f"hj212.device-{column}"
            problems.append(Problem(code, Text(zh, en), file, row, column, value[:80]))

        existing = there.get(one.mn)
        if not MN.fullmatch(one.mn):
            blame("mn", one.mn, "MN 应为 5～40 位字母、数字", "an MN is 5 to 40 letters and digits")
        elif one.mn in seen:
            blame("mn", one.mn, "MN 重复出现", "the MN stands here twice")
        seen.add(one.mn)
        if one.profile and not _is_profile(one.profile):
            blame("profile", one.profile, "没有这个设备方案", "there is no such device profile")
        if one.object and one.object not in places:
            blame("object", one.object, "没有这个监管对象（类别/编码）",
                  "there is no such object (kind/code)")  # fmt: skip
        try:
            agreed = _agreed(one.agreed, existing)
        except BadInput as error:
            agreed = {}
            blame("agreed", one.agreed, error.zh, error.en)
        planned.append(Planned(one, places.get(one.object), existing, agreed))
    if problems:
        raise BadInput(
            "hj212.devices-refused",
            f"有 {len(problems)} 处错误，未登记任何数采仪",
            f"{len(problems)} problems; no logger was registered",
            problems,
        )
    return planned


def apply(planned: Iterable[Planned], who: object) -> Done:
    """All in one transaction, each an act of the ledger; secrets stay out of it."""
    new = changed = unchanged = 0
    with transaction.atomic():
        for one in planned:
            if not one.changes:
                unchanged += 1
                continue
            Device.objects.update_or_create(mn=one.entry.mn, defaults=one.values)
            detail = {
                "profile": one.entry.profile,
                "object": one.entry.object,
                "enabled": one.entry.enabled,
                "agreed": sorted(one.agreed),
                "new": one.existing is None,
            }
            ledger.record(who, "device.add", one.entry.mn, detail)
            new, changed = new + (one.existing is None), changed + (one.existing is not None)
    return Done(new, changed, unchanged)


def _places(entries: Iterable[Entry]) -> dict[str, Object]:
    wanted = {one.object for one in entries if one.object}
    codes = {place.partition("/")[2] for place in wanted}
    found = Object.objects.filter(code__in=codes)
    return {name: one for one in found if (name := f"{one.kind}/{one.code}") in wanted}


def _is_profile(id: str) -> bool:
    try:
        profiles.get(id)
    except NotFound:
        return False
    return True


def _agreed(text: str, existing: Device | None) -> dict[str, Any]:
    kept = {KEYS: existing.agreed[KEYS]} if existing and KEYS in existing.agreed else {}
    try:
        said = json.loads(text or "{}")
        if not isinstance(said, dict):
            raise TypeError("not an object")
        compat_of(said)
    except (ValueError, TypeError) as error:
        raise BadInput(
            "hj212.device-settings",
            f"约定读不懂：{error}",
            f"what is agreed is unreadable: {error}",
        ) from error
    if strange := set(said) - AGREED:
        names = ", ".join(sorted(strange))
        raise BadInput(
            "hj212.device-settings", f"不认识的约定：{names}", f"nobody knows of: {names}"
        )
    return {**kept, **said}
