"""Heavy-pollution alert levels from a forecast or observed run of daily AQI (重污染天气预警分级).

Conditions, response and release stand in the editions "alert levels 2018" and "alert levels 2024".
Duration is counted in hours above the threshold: values `step_hours` apart, each of 24 h, so that
"any 24 consecutive hours" is step 1. Spells parted by less than the release time are one episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from fenhe.standards.edition import Edition, Row

Aqi = Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert: values [first, last] are above its level's lowest threshold. `level` 3 yellow,
    2 orange, 1 red. `released`: number of the value by which the release time has passed; null
    while it has not."""

    level: int
    first: int
    last: int
    released: int | None
    met: tuple[Row, ...]

    @property
    def colour(self) -> str:
        return str(self.met[0]["colour"])


def episodes(
    aqi: Aqi,
    regime: Edition,
    primary: Sequence[str | None] | None = None,
    step_hours: int = 24,
) -> list[Episode]:
    """Episodes in the order of time, each at the highest level it reaches.

    `aqi`: a null value is not above anything. `primary` (as `rules.aqi` gives it, "PM2.5,O3"): with
    it, values that no pollutant of the regime's colours causes are left out; they call for the
    other response (`other_response`).
    """
    counted = _coloured(aqi, regime, primary)
    alternatives = _alternatives(regime)
    spans = {
        span
        for _, conditions in alternatives
        for span in _spells(counted, _lowest(conditions), regime, step_hours)
        if _met(counted, span, conditions, step_hours)
    }
    return [
        _episode(counted, span, alternatives, regime, step_hours) for span in _merged(sorted(spans))
    ]


def other_response(aqi: Aqi, primary: Sequence[str | None], regime: Edition) -> list[int]:
    """Numbers of the values above the lowest threshold whose primary pollutant has no colour."""
    coloured = _coloured(aqi, regime, primary)
    lowest = min(row["aqi_above"] for row in regime.table("start"))
    return [
        number
        for number, (value, kept) in enumerate(zip(aqi, coloured, strict=True))
        if value is not None and value > lowest and kept is None
    ]


def _coloured(aqi: Aqi, regime: Edition, primary: Sequence[str | None] | None) -> Aqi:
    if primary is None:
        return aqi
    causes = set(regime.table("rules").one(rule="colour_pollutants")["value"])
    return [
        value if not named or causes & set(named.split(",")) else None
        for value, named in zip(aqi, primary, strict=True)
    ]


def _alternatives(regime: Edition) -> list[tuple[int, list[Row]]]:
    """(level, conditions that must hold together), the highest level first."""

    def key(row: Row) -> tuple[int, int]:
        return row["level"], row["alternative"]

    rows = sorted(regime.table("start"), key=key)
    return [(level, list(together)) for (level, _), together in groupby(rows, key=key)]


def _spells(aqi: Aqi, above: int, regime: Edition, step_hours: int) -> list[tuple[int, int]]:
    """Runs above a threshold; a pause shorter than the release time does not end one."""
    release = _release_hours(regime)
    spells: list[tuple[int, int]] = []
    for number, value in enumerate(aqi):
        if value is None or value <= above:
            continue
        if spells and (number - spells[-1][1] - 1) * step_hours < release:
            spells[-1] = (spells[-1][0], number)
        else:
            spells.append((number, number))
    return spells


def _lowest(conditions: list[Row]) -> int:
    return min(int(row["aqi_above"]) for row in conditions)


def _met(aqi: Aqi, span: tuple[int, int], conditions: list[Row], step_hours: int) -> bool:
    inside = aqi[span[0] : span[1] + 1]
    return all(_hours(inside, row["aqi_above"], step_hours) >= row["hours"] for row in conditions)


def _hours(aqi: Aqi, above: int, step_hours: int) -> int:
    """Hours covered by the values above the threshold, run by run: the first counts 24."""
    total, running = 0, False
    for value in aqi:
        over = value is not None and value > above
        if over:
            total += step_hours if running else 24
        running = over
    return total


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in spans:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _episode(
    aqi: Aqi,
    span: tuple[int, int],
    alternatives: list[tuple[int, list[Row]]],
    regime: Edition,
    step_hours: int,
) -> Episode:
    level, met = next(
        (level, conditions)
        for level, conditions in alternatives
        if _met(aqi, span, conditions, step_hours)
    )
    after = -(-_release_hours(regime) // step_hours)
    released = span[1] + after
    return Episode(level, *span, released if released < len(aqi) else None, tuple(met))


def _release_hours(regime: Edition) -> int:
    return int(regime.table("rules").one(rule="release_hours")["value"])
