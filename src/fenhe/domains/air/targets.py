"""What targets of the year can be bound to in air; `measuring` knows how each is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fenhe.kernel.text import Text
from fenhe.publish.metric import Aim, Measured, Metric

if TYPE_CHECKING:
    from fenhe.registry.models import Object

CITY = "air_city"


def _metric(
    id: str, name: Text, unit: str, measured: str, *, lower: bool, decimals: int, **how: Any
) -> Metric:
    def measure(city: Object, aim: Aim) -> Measured | None:
        from fenhe.domains.air import measuring  # looks into the records, unlike this file

        found: Measured | None = getattr(measuring, measured)(city, aim, **how)
        return found

    return Metric(f"air.{id}", name, unit, (CITY,), lower, decimals, measure)


def _mean(name: str, symbol: str) -> Metric:
    said = Text(f"{symbol} 年均浓度", f"annual mean of {symbol}")
    return _metric(name, said, "µg/m³", "mean", lower=True, decimals=0, pollutant=name)


METRICS = (
    _mean("pm2_5", "PM2.5"),
    _mean("pm10", "PM10"),
    _mean("no2", "NO2"),
    _mean("so2", "SO2"),
    _metric("good_days", Text("优良天数比例", "share of good days"), "%", "good_days",
            lower=False, decimals=1),
    _metric("heavy_days", Text("重污染天数", "heavily polluted days"), "d", "heavy_days",
            lower=True, decimals=0),
    _metric("composite", Text("空气质量综合指数", "composite index of air"), "", "index",
            lower=True, decimals=2),
)  # fmt: skip
