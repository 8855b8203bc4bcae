"""Events: from samples that stand out to pulses with a beginning, a peak and an end.

An event begins with the first sample that stands out. What it is compared with is then held fast:
a pulse that lasts for days must not become its own baseline. It ends when no item has been far
from there for longer than the gap. Of the samples only what was known at the moment asked about
counts, so every event can be replayed hour by hour.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from fenhe.domains.water.sky.detect import Watch, as_known, hours, scored, watches
from fenhe.kernel.text import Text
from fenhe.standards.edition import Edition


@dataclass(frozen=True)
class Event:
    """One pulse at one station, as known at some moment. Times are civil and naive, as given."""

    station: str
    start: datetime
    peak: datetime
    end: datetime  # the last sample that is far from the baseline
    is_open: bool  # it may go on
    samples: int
    item: str  # what stands out most
    value: float  # its extreme
    baseline: float
    score: float
    items: tuple[str, ...]  # all that rose (of DO: fell)
    kinds: tuple[str, ...]  # what its signature looks like, by table `signature`
    isolated: bool  # one sample, and back at once: more often the instrument than the water
    compared: int  # samples the baseline was taken from
    confidence: float  # 0 … 1
    rises: Mapping[str, float] = field(default_factory=dict)
    """Item -> how far above (DO: below) its baseline it got, in its own unit."""
    bases: Mapping[str, float] = field(default_factory=dict)
    """Item -> its baseline when the event began, of every item watched."""
    worst: Mapping[str, float] = field(default_factory=dict)
    """Item -> the worst it came to within the event, whether or not it stood out."""
    last: datetime | None = None  # the newest sample of the station there was

    @property
    def multiple(self) -> float | None:
        return self.value / self.baseline if self.baseline else None


def events(rows: pl.DataFrame, edition: Edition, as_of: datetime | None = None) -> list[Event]:
    """Of all stations, by station and start; with `as_of` as they were to be seen then."""
    if as_of is not None:
        rows = as_known(rows, as_of)
    watched, stations = noisy(rows, edition)
    return [
        event for samples in stations.values() for event in of_station(samples, edition, watched)
    ]


Samples = list[dict[str, Any]]


def noisy(rows: pl.DataFrame, edition: Edition) -> tuple[list[Watch], dict[str, Samples]]:
    """The items watched, and the scored samples of every station where any stands out."""
    found = scored(rows, edition)
    watched = [watch for watch in watches(edition) if watch.item in rows.columns]
    making = [watch for watch in watched if watch.counts]
    if found.is_empty() or not making:
        return watched, {}
    stands_out = pl.any_horizontal(f"raised_{watch.item}" for watch in making)
    these = found.filter(stands_out).select("station").unique()
    names = ["station", "time", "n_base"] + [
        part.format(watch.item)
        for watch in watched
        for part in ("{}", "base_{}", "score_{}", "scatter_{}", "raised_{}")
    ]
    some = found.join(these, on="station", how="semi").select(names)
    return watched, {
        samples["station"][0]: samples.to_dicts()
        for samples in some.partition_by("station", maintain_order=True)
    }


def table(found: Sequence[Event]) -> pl.DataFrame:
    """Events as rows, for files and pages."""
    names = [
        "station", "start", "peak", "end", "is_open", "samples", "item", "value", "baseline",
        "multiple", "score", "items", "kinds", "isolated", "confidence",
    ]  # fmt: skip
    lists = {"items": pl.List(pl.String), "kinds": pl.List(pl.String)}
    rows = [
        {
            name: list(value) if name in lists else value
            for name in names
            for value in [getattr(event, name)]
        }
        for event in found
    ]
    times = dict.fromkeys(("start", "peak", "end"), pl.Datetime("us"))
    return (
        pl.DataFrame(rows, schema_overrides={**times, **lists})
        if rows
        else pl.DataFrame(
            schema={name: lists.get(name, times.get(name, pl.String)) for name in names}
        )
    )


def kind_names(edition: Edition) -> dict[str, Text]:
    return {row["kind"]: row.text("name") for row in edition.table("signature")}


@dataclass
class _Pulse:
    """An event that is going on: what it is compared with, and its samples so far."""

    bases: dict[str, float]
    scatters: dict[str, float]
    compared: int
    far: list[dict[str, Any]] = field(default_factory=list)
    all: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begin(cls, sample: dict[str, Any], watched: Sequence[Watch]) -> _Pulse:
        known = [watch.item for watch in watched if sample[f"base_{watch.item}"] is not None]
        return cls(
            {item: sample[f"base_{item}"] for item in known},
            {item: sample[f"scatter_{item}"] for item in known},
            int(sample["n_base"] or 0),
        )

    def score(self, sample: dict[str, Any], watch: Watch) -> float | None:
        """How far the sample stands out of what there was before the event."""
        value, base = sample[watch.item], self.bases.get(watch.item)
        if value is None or base is None:
            return None
        if not watch.log:
            return float((value - base) / self.scatters[watch.item])
        return (
            math.log(max(value, watch.floor) / max(base, watch.floor)) / (self.scatters[watch.item])
        )

    def is_far(self, sample: dict[str, Any], making: Sequence[Watch]) -> bool:
        return any(
            watch.is_far(sample[watch.item], self.bases[watch.item])
            for watch in making
            if sample[watch.item] is not None and watch.item in self.bases
        )


def of_station(samples: Samples, edition: Edition, watched: Sequence[Watch]) -> Iterator[Event]:
    """Events of one station's scored samples, in order."""
    gap, longest = (timedelta(hours=hours(edition, name)) for name in ("gap", "longest"))
    making = [watch for watch in watched if watch.counts]
    last = samples[-1]["time"]
    pulse: _Pulse | None = None
    for sample in samples:
        if pulse and (
            sample["time"] - pulse.far[-1]["time"] > gap
            or sample["time"] - pulse.far[0]["time"] > longest
        ):
            yield _event(pulse, edition, watched, False, last)
            pulse = None
        raised = any(sample[f"raised_{watch.item}"] for watch in making)
        if pulse is None and raised:
            pulse = _Pulse.begin(sample, watched)
        if pulse:
            pulse.all.append(sample)
            if raised or pulse.is_far(sample, making):
                pulse.far.append(sample)
    if pulse:
        yield _event(pulse, edition, watched, True, last)


def _event(
    pulse: _Pulse, edition: Edition, watched: Sequence[Watch], is_open: bool, last: datetime
) -> Event:
    scores = {
        watch.item: [(score, sample) for sample in pulse.far
                     if (score := pulse.score(sample, watch)) is not None]
        for watch in watched
    }  # fmt: skip
    rose = [
        watch
        for watch in watched
        if any(
            abs(score) >= watch.score and watch.is_far(sample[watch.item], pulse.bases[watch.item])
            and (score > 0) == watch.up
            for score, sample in scores[watch.item]
        )
    ]  # fmt: skip
    lead, (score, at) = max(
        (
            (watch, max(scores[watch.item], key=lambda pair: abs(pair[0])))
            for watch in rose
            if watch.counts
        ),
        key=lambda found: abs(found[1][0]),
    )
    far = pulse.far
    items = tuple(watch.item for watch in rose)
    return Event(
        station=at["station"],
        start=far[0]["time"],
        peak=at["time"],
        end=far[-1]["time"],
        is_open=is_open,
        samples=len(far),
        item=lead.item,
        value=at[lead.item],
        baseline=pulse.bases[lead.item],
        score=abs(score),
        items=items,
        kinds=_kinds(edition, {item: [pair[0] for pair in some] for item, some in scores.items()}),
        isolated=len(far) == 1 and last > far[0]["time"],
        compared=pulse.compared,
        confidence=_confidence(abs(score), len(far), len(items), pulse.compared, edition),
        rises={
            watch.item: max(
                abs(sample[watch.item] - pulse.bases[watch.item])
                for _, sample in scores[watch.item]
            )
            for watch in rose
        },
        bases=pulse.bases,
        worst=_worst(far, watched),
        last=last,
    )


def _worst(far: Samples, watched: Sequence[Watch]) -> dict[str, float]:
    known = {w: [one[w.item] for one in far if one[w.item] is not None] for w in watched}
    return {w.item: max(some) if w.up else min(some) for w, some in known.items() if some}


def _kinds(edition: Edition, scores: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    """The kinds of which every row holds somewhere in the event."""
    holds: dict[str, bool] = {}
    for row in edition.table("signature"):
        some = scores.get(row["item"]) or [0.0]
        least = float(row["score"])
        high = max(some) >= least if row["side"] == "up" else min(some) <= -least
        holds[row["kind"]] = holds.get(row["kind"], True) and high
    return tuple(kind for kind, held in holds.items() if held)


def _confidence(score: float, samples: int, items: int, compared: int, edition: Edition) -> float:
    """How far it stands out × how long it lasted × how much there was to compare with. Another
    item that rose is worth as much as another sample."""
    far = 1 - math.exp(-max(score - 3, 0) / 6)
    lasted = {1: 0.55, 2: 0.85}.get(samples + items - 1, 1.0)
    full = hours(edition, "baseline") / 4
    return round(far * lasted * (0.7 + 0.3 * min(compared / full, 1)), 2)
