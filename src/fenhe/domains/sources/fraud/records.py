"""Tests on what goes with the values: copies, parameters, marks. Pure functions Series →
findings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fenhe.domains.sources.fraud.finding import Finding, found, least, threshold
from fenhe.domains.sources.fraud.series import Floats, Series, episodes
from fenhe.kernel.text import Text

PARAMETERS = {
    "slope": Text("斜率", "slope"),
    "intercept": Text("截距", "intercept"),
    "range": Text("量程", "range"),
}


def replay(series: Series) -> list[Finding]:
    """4 · a stretch of hours equal to an earlier one to the last decimal."""
    length = int(threshold("replay"))
    seen: dict[bytes, int] = {}
    later = np.zeros(series.n, dtype=bool)
    source = np.full(series.n, -1)
    for place, key in _stretches(series.nox, length, least("replay")):
        first = seen.setdefault(key, place)
        if place - first >= length:
            later[place : place + length] = True
            source[place] = first
    out = []
    for run in episodes(later, length, gap=6):
        hours = run.end - run.begin
        origin = series.at(int(source[run.begin : run.end].max()))
        out.append(
            found(series, "replay", run.begin, run.end, hours,
                  f"{hours} 小时的数值与 {origin:%m-%d %H} 时起的一段逐位相同",
                  f"{hours} hours equal those from {origin:%m-%d %H}:00 to the last decimal")
        )  # fmt: skip
    return out


def copies(outlets: Sequence[Series]) -> list[Finding]:
    """4 · the same stretch at two outlets. Told once, of the later outlet in the list."""
    length = int(threshold("replay"))
    seen: dict[bytes, str] = {}
    out = []
    for series in outlets:
        same = np.zeros(series.n, dtype=bool)
        other = ""
        own = list(_stretches(series.nox, length, least("replay")))
        for place, key in own:
            if key in seen:
                same[place : place + length] = True
                other = seen[key]
        for _, key in own:
            seen.setdefault(key, series.outlet)
        out += [
            found(series, "replay", run.begin, run.end, run.end - run.begin,
                  f"{run.end - run.begin} 小时的数值与排放口 {other} 的逐位相同",
                  f"{run.end - run.begin} hours equal those of outlet {other} to the last decimal")
            for run in episodes(same, length, gap=6)
        ]  # fmt: skip
    return out


def _stretches(values: Floats, length: int, distinct: int) -> list[tuple[int, bytes]]:
    """Each stretch of finite hours with enough different values: nights at zero say nothing."""
    windows = np.lib.stride_tricks.sliding_window_view(values, length)
    whole = np.isfinite(windows).all(axis=1)
    return [
        (int(place), windows[place].tobytes())
        for place in np.flatnonzero(whole)
        if len(set(windows[place].tolist())) >= distinct
    ]


def parameter(series: Series) -> list[Finding]:
    """9 · slope or intercept set without a maintenance record, a range below the limit."""
    within = int(threshold("parameter"))
    out = []
    for change in series.changes:
        recorded = any(
            record.begin - within <= change.hour <= record.end + within
            for record in series.maintenance
        )
        name = PARAMETERS.get(change.parameter, Text(change.parameter, change.parameter))
        step = f"{change.old:g} → {change.new:g}"
        if change.parameter == "range" and change.new < series.limit:
            zh, en = f"低于限值 {series.limit:g}", f"below the limit {series.limit:g}"
        elif not recorded:
            zh, en = f"前后 {within} 小时无维护记录", f"no maintenance record within {within} h"
            if not series.maintenance:
                zh, en = "没有维护记录可供核对", "there are no maintenance records to compare"
        else:
            continue
        away = min(
            (max(r.begin - change.hour, change.hour - r.end, 0) for r in series.maintenance),
            default=within,  # nothing is known of any maintenance: the least that can be said
        )
        zh, en = f"{name.zh} {step}，{zh}", f"{name.en} {step}, {en}"
        out.append(found(series, "parameter", change.hour, change.hour + 1, away, zh, en))
    return out


def mark(series: Series) -> list[Finding]:
    """14 · marked as stopped while the load stays usual."""
    run = series.running()
    usual = float(np.median(series.load[run])) if run.any() else 0.0
    out = []
    for one in series.marks:
        inside = np.nan_to_num(series.load[one.begin : one.end], nan=0.0)
        if one.what == "stop" and len(inside) >= least("mark"):
            share = float(inside.min()) / usual if usual else 0.0
            if share > threshold("mark"):
                out.append(
                    found(series, "mark", one.begin, one.end, share,
                          f"标记停运 {len(inside)} 小时，负荷最低仍为平时的 {share:.0%}",
                          f"marked as stopped for {len(inside)} hours with the load never below "
                          f"{share:.0%} of its usual")
                )  # fmt: skip
    return out
