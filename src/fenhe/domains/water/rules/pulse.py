"""Pulses at automatic stations as the platform runs them: of every section and day the events that
were to be seen when the day was over, with what they did to the class.

A verdict holds `events` (times civil, as text), and of the last one its `pulse` (the name of an
event: its first sample), its `level` (weak, likely) and the sentence `said` about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from fenhe.assess.rule import KEYS, Assessment, Step
from fenhe.domains.water.rules import classes, live, tables
from fenhe.domains.water.sky.daily import by_day
from fenhe.domains.water.sky.detect import watches
from fenhe.domains.water.sky.events import Event, kind_names
from fenhe.kernel.period import HOUR
from fenhe.kernel.text import Text
from fenhe.registry import vocabulary
from fenhe.standards.edition import Edition

STANDARD = "sky eye"
LIKELY = 0.5
Change = tuple[int | None, int | None, tuple[str, ...]]
"""Class before, class at its worst, and the items that make the latter."""
WEAK_WORD = Text("信号较弱，先核实仪器", "a weak signal: check the instrument first")
EVENT = pl.Struct(
    {
        "key": pl.String, "start": pl.String, "peak": pl.String, "end": pl.String,
        "last": pl.String,
        "open": pl.Boolean, "samples": pl.Int64, "item": pl.String, "value": pl.Float64,
        "baseline": pl.Float64, "multiple": pl.Float64, "score": pl.Float64,
        "items": pl.List(pl.String), "kinds": pl.List(pl.String), "isolated": pl.Boolean,
        "compared": pl.Int64, "confidence": pl.Float64,
        "class_before": pl.Int64, "class_peak": pl.Int64, "class_items": pl.List(pl.String),
    }
)  # fmt: skip


def items() -> tuple[str, ...]:
    return tuple(watch.item for watch in watches(tables.latest(STANDARD)))


def day(readings: pl.DataFrame, ask: Assessment, waterbody: str) -> pl.DataFrame:
    """One row per section and day."""
    edition = ask.edition(STANDARD)
    days: dict[str, list[datetime]] = {}
    for subject, period in ask.periods.select("subject", "period").iter_rows():
        days.setdefault(str(subject), []).append(_civil(period))
    found = by_day(samples(readings), edition, days)
    levels = _levels([one for seen in found.values() for one in seen], ask, waterbody)
    rows = []
    for subject, period in ask.periods.select("subject", "period").iter_rows():
        seen = [
            told(event, levels[id(event)])
            for event in found.get((str(subject), _civil(period)), [])
        ]
        last = seen[-1] if seen else None
        rows.append(
            {
                "subject": subject,
                "period": period,
                "events": seen,
                "pulse": last["key"] if last else None,
                "level": standing(last) if last else None,
                "said": sentence(last, edition).as_dict() if last else None,
                "category": standing(last) if last else "",
            }
        )
    known = (
        readings.filter(pl.col("start") >= pl.col("period"))
        .group_by(KEYS)
        .agg(observed=pl.col("value").count())
    )
    schema: dict[str, Any] = {
        **{key: ask.periods.schema[key] for key in KEYS},
        "events": pl.List(EVENT),
        **dict.fromkeys(("pulse", "level"), pl.String),
        "said": pl.Struct({"zh": pl.String, "en": pl.String}),
        "category": pl.String,
    }
    return (
        pl.DataFrame(rows, schema)
        .join(known, on=KEYS, how="left")
        .with_columns(pl.col("observed").fill_null(0), expected=pl.lit(live.PER_DAY * len(items())))
    )


def samples(readings: pl.DataFrame) -> pl.DataFrame:
    """Readings of a rule as events are looked for in: station (the subject), time (civil) and the
    items watched."""
    known = readings.with_columns(value=live.usable()).unique(["subject", "property", "start"])
    wide = known.pivot(
        "property", index=["subject", "start"], values="value", aggregate_function="first"
    )
    return wide.select(
        pl.col("subject").cast(pl.String).alias("station"),
        (pl.col("start").dt.replace_time_zone(None) + 8 * HOUR).alias("time"),
        *(
            pl.col(name) if name in wide.columns else pl.lit(None, pl.Float64).alias(name)
            for name in items()
        ),
    )


def told(event: Event, levels: Change) -> dict[str, Any]:
    """An event as it is kept."""
    return {
        "key": name(event.start),
        **{at: f"{getattr(event, at):%Y-%m-%dT%H:%M}" for at in ("start", "peak", "end", "last")},
        "open": event.is_open,
        "samples": event.samples,
        "item": event.item,
        "value": event.value,
        "baseline": round(event.baseline, 4),
        "multiple": round(event.multiple, 2) if event.multiple else None,
        "score": round(event.score, 1),
        "items": list(event.items),
        "kinds": list(event.kinds),
        "isolated": event.isolated,
        "compared": event.compared,
        "confidence": event.confidence,
        "class_before": levels[0],
        "class_peak": levels[1],
        "class_items": list(levels[2]),
    }


def name(start: datetime) -> str:
    """What an event is called at its section: its first sample, civil."""
    return f"{start:%Y%m%dT%H%M}"


def standing(event: Mapping[str, Any]) -> str:
    return "likely" if event["confidence"] >= LIKELY else "weak"


def sentence(event: Mapping[str, Any], edition: Edition) -> Text:
    """What happened, in one sentence; weak ones say that they are weak."""
    about = vocabulary.get(event["item"])
    amount = f"{event['value']:g} {about.unit}".strip()
    since = f"{datetime.fromisoformat(event['start']):%m-%d %H:%M}"
    times = f"{event['multiple']:.1f}" if event["multiple"] else "—"
    kinds = [one for kind, one in kind_names(edition).items() if kind in event["kinds"]]
    change = _change(event)
    zh = [f"{since} 起{about.name.zh} {amount}，为基线的 {times} 倍{change.zh}"]
    en = [f"{about.name.en} {amount} since {since}, {times} times the baseline{change.en}"]
    last = f"{datetime.fromisoformat(event['last']):%m-%d %H:%M}"
    zh += [f"截至 {last} 未回落" if event["open"] else "已回落", *(kind.zh for kind in kinds)]
    en += [f"not over by {last}" if event["open"] else "over", *(kind.en for kind in kinds)]
    if standing(event) == "weak":
        zh.append(WEAK_WORD.zh)
        en.append(WEAK_WORD.en)
    return Text("；".join(zh), "; ".join(en))


def explain(row: Mapping[str, Any], ask: Assessment) -> list[Step]:
    edition = ask.edition(STANDARD)
    found = [
        Step(
            metric="events",
            value=event["key"],
            zh=(
                f"{sentence(event, edition).zh}；与此前 {event['compared']} 个样品的稳健基线 "
                f"{event['baseline']:g} 相差 {event['score']:g} 个离散倍数，"
                f"{event['samples']} 个样品，可信度 {event['confidence']:g}"
            ),
            en=(
                f"{sentence(event, edition).en}; {event['score']:g} scatters from the robust "
                f"baseline {event['baseline']:g} of {event['compared']} samples before, "
                f"{event['samples']} samples, confidence {event['confidence']:g}"
            ),
            edition=edition.id,
            confidence="unconfirmed",
        )
        for event in row.get("events") or []
    ]
    if row.get("level"):
        found.append(
            Step(
                metric="level",
                value=row["level"],
                zh=f"可信度不低于 {LIKELY:g} 为较可信，否则为弱信号；阈值为起始配置，待核实",
                en=f"likely from a confidence of {LIKELY:g}, else weak; unconfirmed thresholds",
                edition=edition.id,
                confidence="unconfirmed",
            )
        )
    return found


def class_change(events: Iterable[Event], edition: Edition, waterbody: str) -> dict[int, Change]:
    """id(event) -> the real-time class of its baseline and of the worst each item came to, and the
    items that make the latter; pH does not take part."""
    seen = list(events)
    deciding = [item for item in tables.feed_items() if item != "ph"]
    frame = pl.DataFrame(
        [
            {"waterbody": waterbody, **{item: values.get(item) for item in deciding}}
            for event in seen
            for values in (event.bases, event.worst)
        ],
        {"waterbody": pl.String, **dict.fromkeys(deciding, pl.Float64)},
    )
    judged = classes.classify(frame, edition, deciding).to_dicts()
    pairs = zip(judged[::2], judged[1::2], strict=True)
    return {
        id(event): (before["level"], peak["level"], _making(peak, deciding))
        for event, (before, peak) in zip(seen, pairs, strict=True)
    }


def _making(row: Mapping[str, Any], items: Sequence[str]) -> tuple[str, ...]:
    """The items that stand at the class of the whole."""
    return tuple(item for item in items if row["level"] and row[f"level_{item}"] == row["level"])


def _levels(events: list[Event], ask: Assessment, waterbody: str) -> dict[int, Change]:
    return class_change(events, ask.edition(tables.SURFACE), waterbody)


def _change(event: Mapping[str, Any]) -> Text:
    before, peak = event["class_before"], event["class_peak"]
    if not before or not peak or before == peak:
        return Text("", "")
    step = f"{tables.ROMAN[before - 1]}→{tables.ROMAN[peak - 1]}"
    by = [vocabulary.get(item) for item in event.get("class_items") or []]
    zh, en = "、".join(one.name.zh for one in by), ", ".join(one.symbol for one in by)
    return Text(
        f"（断面类别 {step}类" + (f"，由{zh}定类）" if zh else "）"),
        f" (class of the section {step}" + (f", made by {en})" if en else ")"),
    )


def _civil(period: datetime) -> datetime:
    return (period + 8 * HOUR).replace(tzinfo=None)
