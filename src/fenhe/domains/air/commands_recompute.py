"""`fenhe air recompute`: a past period judged again under another edition, beside its own verdicts.

Days are judged again by that edition's AQI, months and years by its limits and composite index;
concentrations do not change. Every result is kept as a variant labelled with the edition.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import polars as pl
import typer

from fenhe.domains.air.commands_index import Json
from fenhe.domains.air.rules import tables
from fenhe.ingest.frames import PIPE, write_table
from fenhe.kernel.errors import BadInput
from fenhe.kernel.period import Period

STANDARDS = ("GB 3095", "HJ 633", "HJ 663", "composite")
TOLD = ("good_days", "good_days_pct", "heavy_days", "composite", "main_pollutant", "compliant")


def recompute(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="时段，如 2015、2015-Q4 | the period, such as 2015")],
    edition: Annotated[
        str, typer.Option(help="改用的标准版本，如 GB 3095-2026 | the edition to apply instead")
    ],
    target: Annotated[
        str, typer.Option("--out", help="CSV、Parquet 或 - | CSV, Parquet, -")
    ] = PIPE,
    as_json: Json = False,
) -> None:
    """按另一标准版本重算过去时段，另存为变体 | judge a past period under another edition."""
    whole, label = parse(period), _label(edition)
    ctx.find_root().obj()  # starts the platform: records and rules
    from fenhe.assess import engine, rule

    rules = [one for one in rule.in_order() if one.id.startswith("air.")]
    new = engine.recompute(whole, label, rules)
    rows = list(_compared(whole, label, [one.id for one in rules if one.span != "day"]))
    if not rows:
        raise BadInput(
            "air.period-not-judged",
            f"{period} 内没有已评价的月、季或年，没有可重算的。",
            f"Nothing is judged for a month, quarter or year inside {period}.",
        )
    typer.echo(f"{label}：新结论 {new} 条 | {new} verdicts said something new", err=True)
    write_table(pl.DataFrame(rows, infer_schema_length=None), target, as_json=as_json)


def parse(text: str) -> Period:
    """Raises BadInput `air.period-unreadable`."""
    try:
        return Period.parse(text)
    except ValueError as error:
        raise BadInput(
            "air.period-unreadable",
            f"--period {text} 不是时段，应如 2026、2026-Q3、2026-07。",
            f"--period {text} is not a period such as 2026, 2026-Q3, 2026-07.",
        ) from error


def _label(edition: str) -> str:
    """The id of an edition that air is judged by. Raises BadInput `air.edition-unknown`."""
    known = {one.id: one.id for name in STANDARDS for one in tables.editions(name)}
    known |= {
        alias: one.id
        for name in STANDARDS
        for one in tables.editions(name)
        for alias in one.aliases
    }
    if edition not in known:
        raise BadInput(
            "air.edition-unknown",
            f"--edition {edition} 不认识；可用：{'、'.join(known)}。",
            f"--edition {edition} is not known; there are {', '.join(known)}.",
        )
    return known[edition]


def _compared(whole: Period, label: str, rules: list[str]) -> Iterator[dict[str, Any]]:
    """One row per unit and month, quarter or year: its own verdict beside the variant."""
    from fenhe.assess import verdicts

    for rule in rules:
        own = {
            (one.subject_id, one.start): one
            for one in verdicts.within(rule, whole).select_related("subject")
        }
        for other in verdicts.within(rule, whole, variant=label):
            first = own[other.subject_id, other.start]
            yield {
                "unit": first.subject.code,
                "name": first.subject.name_zh,
                "period": str(Period(first.start, first.end)),
                "edition": first.edition,
                "recomputed_under": other.edition,
                **{
                    key: value
                    for name in TOLD
                    for key, value in (
                        (name, first.values.get(name)),
                        (f"{name}_recomputed", other.values.get(name)),
                    )
                },
            }
