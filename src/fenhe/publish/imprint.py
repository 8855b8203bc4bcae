"""What a document says about its edition around the sheet: who issued it when, what hinders it,
what changed since the edition before, and in the footer edition, state and content hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fenhe.kernel.period import civil
from fenhe.kernel.text import Text
from fenhe.publish.editions import hindrances
from fenhe.publish.models import Publication
from fenhe.publish.sheet import NOTHING

STATES = {
    "draft": Text("草稿，尚未发布", "draft, not published"),
    "published": Text("已发布", "published"),
    "superseded": Text("已被取代", "superseded"),
}


@dataclass(frozen=True, slots=True)
class Imprint:
    issuer: Text = NOTHING  # empty: a line to write on
    date: str = ""
    remarks: Sequence[Text] = ()
    footer: Sequence[Text] = ()
    heading: Text = NOTHING  # of the changes
    changes: Sequence[Mapping[str, Any]] = ()


def imprint(publication: Publication, now: datetime) -> Imprint:
    number, state = publication.edition, STATES[publication.state]
    issuer, published = publication.issuer, publication.published_at
    content = publication.content
    changes = publication.reason.get("changes", [])
    return Imprint(
        issuer=Text(issuer["zh"], issuer["en"]) if issuer else NOTHING,
        date=f"{civil(published):%Y-%m-%d}" if published else "",
        remarks=_remarks(publication, now),
        footer=(
            Text(
                f"第 {number} 版 · {state.zh} · 数据截至 {content['data_up_to']} · "
                f"计算于 {content['computed_at']}（北京时间）",
                f"Edition {number} · {state.en} · data up to {content['data_up_to']} · "
                f"computed {content['computed_at']} (UTC+08:00)",
            ),
            Text(*(f"SHA-256 {publication.content_hash}",) * 2),
        ),
        heading=Text(
            f"与第 {number - 1} 版相比的变化（{len(changes)} 项）",
            f"Changes against edition {number - 1} ({len(changes)})",
        ),
        changes=changes,
    )


def _remarks(publication: Publication, now: datetime) -> list[Text]:
    if publication.state == "superseded":
        return [
            Text(
                "本版已被取代，请以新版为准。", "This edition is superseded; rely on the newer one."
            )
        ]
    if publication.state == "published":
        return []
    return [
        Text("草稿，尚未发布。", "Draft, not published."),
        *(hindrance.message for hindrance in hindrances(publication, now)),
    ]
