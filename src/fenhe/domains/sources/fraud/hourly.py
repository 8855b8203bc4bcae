"""Tests on hours and days of one outlet: what cannot be, or does not fit its own past.

Each is a pure function Series → findings. Numbers refer to the rows of the pattern catalogue that
`standards/fraud-watch.yaml` names beside every threshold.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from fenhe.domains.sources.fraud.finding import Finding, found, least, threshold
from fenhe.domains.sources.fraud.series import (
    DAY,
    Floats,
    Marks,
    Series,
    by_day,
    deviations,
    episodes,
    middle,
    on_load,
)
from fenhe.domains.sources.rules import convert

BACK, APART, HISTORY = 120, 1, 30
FLOORS = {"o2": 0.15, "flow": 0.015, "moisture": 0.3}


def constant(series: Series) -> list[Finding]:
    """1 · equal values in a row while the plant runs."""
    same = np.zeros(series.n, dtype=bool)
    same[1:] = series.nox[1:] == series.nox[:-1]
    same &= series.running()
    out = []
    for run in episodes(same, int(threshold("constant")) - 1):
        hours = run.end - run.begin + 1
        value = series.nox[run.begin]
        out.append(
            found(series, "constant", run.begin - 1, run.end, hours,
                  f"运行中连续 {hours} 小时均为 {value:g} mg/m³",
                  f"{hours} hours in a row at {value:g} mg/m³ while the plant runs")
        )  # fmt: skip
    return out


def noise(series: Series) -> list[Finding]:
    """3 · the minutes' own noise is gone: relative to the outlet's past."""
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(series.nox > 1, series.noise / series.nox, np.nan)
    days = by_day(relative, series.running())
    ratio = np.full(len(days), np.nan)
    for day in range(HISTORY, len(days)):
        past = days[max(0, day - BACK) : day]
        if np.isfinite(past).sum() >= HISTORY // 2:
            ratio[day] = days[day] / np.nanmedian(past)
    limit = threshold("noise")
    low = np.nan_to_num(ratio, nan=9.0) < limit
    return [
        found(series, "noise", run.begin * DAY, run.end * DAY, worst,
              f"{run.end - run.begin} 天内分钟波动仅为以往的 {worst:.0%}",
              f"for {run.end - run.begin} days the minutes' noise is {worst:.0%} of what it was")
        for run in episodes(low, least("noise"), gap=2)
        for worst in [float(np.nanmedian(ratio[run.begin : run.end]))]
    ]  # fmt: skip


def oxygen(series: Series) -> list[Finding]:
    """6 · oxygen off its line on load for days: too low lowers the converted value."""
    z = _z(series, "o2", on_load(series, series.o2))
    return [
        found(series, "oxygen", begin, end, value,
              f"含氧量偏离与负荷的关系 {value:+.1f} 个稳健标准差，持续 {days} 天，负荷无相应变化",
              f"oxygen {value:+.1f} robust deviations off its line on load for {days} days")
        for begin, end, days, value in _runs(z, np.abs(z) > threshold("oxygen"), least("oxygen"))
    ]  # fmt: skip


def flow(series: Series) -> list[Finding]:
    """8 · flow off its line on load: fewer kilograms for the same production."""
    residual = on_load(series, series.flow)
    usual = middle(series.flow[series.running()])
    z = _z(series, "flow", residual / usual)
    return [
        found(series, "flow", begin, end, value,
              f"标干流量偏离与负荷的关系 {value:+.1f} 个稳健标准差，持续 {days} 天",
              f"dry flow {value:+.1f} robust deviations off its line on load for {days} days")
        for begin, end, days, value in _runs(z, z < -threshold("flow"), least("flow"))
    ]  # fmt: skip


def dilution(series: Series) -> list[Finding]:
    """10 · oxygen up and moisture down together with the load unchanged: air in the sample."""
    oxygen_z = _z(series, "o2", on_load(series, series.o2))
    moisture_z = _z(series, "moisture", on_load(series, series.moisture))
    limit = threshold("dilution")
    with np.errstate(invalid="ignore"):
        joint = (oxygen_z > limit) & (moisture_z < -limit)
        both = np.minimum(oxygen_z, -moisture_z)
    return [
        found(series, "dilution", begin, end, value,
              f"含氧量上升、湿度下降同时出现 {days} 天（均超 {value:.1f} 个稳健标准差），负荷不变",
              f"oxygen up and moisture down together for {days} days (both beyond {value:.1f} "
              "robust deviations) with the load unchanged")
        for begin, end, days, value in _runs(both, joint, least("dilution"))
    ]  # fmt: skip


def conversion(series: Series) -> list[Finding]:
    """6 · the converted value does not follow from raw and oxygen."""
    frame = pl.DataFrame(
        {"value": series.nox, "o2": series.o2, "sent": series.sent}, nan_to_null=True
    ).with_columns(o2_ref=pl.lit(series.o2_ref))
    follows = convert.compared(frame)["follows"]
    known = follows.is_not_null().to_numpy() & series.running()
    off = known & ~follows.fill_null(value=True).to_numpy()
    days = series.days
    tried = known[: days * DAY].reshape(days, DAY).sum(axis=1)
    bad = off[: days * DAY].reshape(days, DAY).sum(axis=1)
    share = np.where(tried >= 8, bad / np.maximum(tried, 1), 0.0)
    return [
        found(series, "conversion", run.begin * DAY, run.end * DAY, worst,
              f"{run.end - run.begin} 天内 {worst:.0%} 的小时折算值与实测值、含氧量不符",
              f"for {run.end - run.begin} days {worst:.0%} of hours have a converted value that "
              "does not follow from raw and oxygen")
        for run in episodes(share > threshold("conversion"), least("conversion"))
        for worst in [float(share[run.begin : run.end].mean())]
    ]  # fmt: skip


def scrubber(series: Series) -> list[Finding]:
    """7 · hot gas behind a wet scrubber whose pumps stand still, and little SO2 on paper."""
    if not series.wet or series.reheated:
        return []
    run = series.running()
    usual = middle(series.pump[run])
    with np.errstate(invalid="ignore"):
        still = series.pump < 0.3 * usual
        dry = run & still & (series.temperature > threshold("scrubber"))
        dry &= series.so2 < series.limit
    return [
        found(series, "scrubber", span.begin, span.end, hot,
              f"运行 {span.end - span.begin} 小时，湿法脱硫后烟温 {hot:.0f} ℃、循环泵停运，"
              "SO2 仍低于限值",
              f"{span.end - span.begin} hours of running with {hot:.0f} °C behind the wet "
              "scrubber, its pumps still, and SO2 below the limit")
        for span in episodes(dry, least("scrubber"), gap=4)
        for hot in [float(np.nanmedian(series.temperature[span.begin : span.end]))]
    ]  # fmt: skip


def zero(series: Series) -> list[Finding]:
    """1, 14 · power on and next to no emission."""
    run = series.running(0.5)
    usual = middle(series.nox[run])
    with np.errstate(invalid="ignore"):
        none = run & (series.nox < threshold("zero") * usual)
    return [
        found(series, "zero", span.begin, span.end, share,
              f"负荷正常而 NOx 仅为平时的 {share:.1%}，持续 {span.end - span.begin} 小时",
              f"usual load, yet NOx at {share:.1%} of its usual for {span.end - span.begin} hours")
        for span in episodes(none, least("zero"), gap=3)
        for share in [float(np.nanmedian(series.nox[span.begin : span.end])) / usual]
    ]  # fmt: skip


def impossible(series: Series) -> list[Finding]:
    """16 · values that cannot be: oxygen above air's, below zero; moisture above 100 %."""
    top = threshold("impossible")
    with np.errstate(invalid="ignore"):
        bad = (series.o2 > top) | (series.o2 < 0) | (series.moisture > 100) | (series.nox < -5)
    return [
        found(series, "impossible", span.begin, span.end, most,
              f"{span.end - span.begin} 小时出现不可能的数值（含氧量最高 {most:.1f}%）",
              f"{span.end - span.begin} hours of impossible values (oxygen up to {most:.1f} %)")
        for span in episodes(bad, least("impossible"), gap=3)
        for most in [float(np.nanmax(series.o2[span.begin : span.end]))]
    ]  # fmt: skip


def _z(series: Series, name: str, values: Floats) -> Floats:
    days = by_day(values, series.running())
    return deviations(days, BACK, APART, HISTORY // 2, FLOORS[name])


def _runs(z: Floats, flags: Marks, least_days: int) -> list[tuple[int, int, int, float]]:
    """(begin hour, end hour, days, median of z) of each run of marked days."""
    return [
        (run.begin * DAY, run.end * DAY, run.end - run.begin,
         float(np.nanmedian(z[run.begin : run.end])))
        for run in episodes(np.nan_to_num(flags).astype(bool), least_days, gap=1)
    ]  # fmt: skip
