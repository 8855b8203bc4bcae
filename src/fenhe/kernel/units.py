"""The closed table of units. An unknown unit or a change of dimension is an error, never a guess.

`unit("ug/m^3")`, `unit("μg/m³")`, `unit("微克／立方米")` are all µg/m³, and
`factor("mg/m³", "µg/m³")` is the Fraction 1000. Temperature has no offsets: only °C is stored.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from fenhe.kernel.errors import BadInput


@dataclass(frozen=True, slots=True)
class Unit:
    """`scale`: how many of the dimension's base unit one of this unit is."""

    symbol: str
    dimension: str
    scale: Fraction

    def __str__(self) -> str:
        return self.symbol


def _units() -> tuple[Unit, ...]:
    table: dict[str, dict[str, str]] = {
        "mass concentration in gas": {"g/m³": "1", "mg/m³": "1/1000", "µg/m³": "1/1000000",
                                      "ng/m³": "1/1000000000"},
        "mass concentration in water": {"g/L": "1", "mg/L": "1/1000", "µg/L": "1/1000000",
                                        "ng/L": "1/1000000000"},
        "mixing ratio": {"ppm": "1/1000000", "ppb": "1/1000000000"},
        "deposition": {"µg/(dm²·d)": "1"},
        "share": {"1": "1", "%": "1/100", "‰": "1/1000"},
        "temperature": {"°C": "1"},
        "pressure": {"Pa": "1", "hPa": "100", "kPa": "1000", "MPa": "1000000"},
        "speed": {"m/s": "1", "km/h": "5/18"},
        "length": {"m": "1", "km": "1000", "cm": "1/100", "mm": "1/1000"},
        "angle": {"°": "1"},
        "mass": {"t": "1000", "kg": "1", "g": "1/1000", "mg": "1/1000000"},
        "volume": {"m³": "1", "L": "1/1000"},
        "flow": {"m³/s": "1", "m³/h": "1/3600", "m³/d": "1/86400", "L/s": "1/1000"},
        "time": {"s": "1", "min": "60", "h": "3600", "d": "86400"},
        "acidity": {"pH": "1"},
        "sound level": {"dB(A)": "1", "dB": "1"},
        "conductivity": {"S/m": "1", "mS/m": "1/1000", "µS/cm": "1/10000"},
        "turbidity": {"NTU": "1"},
        "activity in water": {"Bq/L": "1"},
        "colonies in water": {"CFU/mL": "1", "CFU/100mL": "1/100"},
        "dose rate": {"Gy/h": "1", "µGy/h": "1/1000000", "nGy/h": "1/1000000000"},
    }  # fmt: skip
    return tuple(
        Unit(symbol, dimension, Fraction(scale))
        for dimension, symbols in table.items()
        for symbol, scale in symbols.items()
    )


UNITS: dict[str, Unit] = {unit.symbol: unit for unit in _units()}

_CHINESE = {
    "立方米": "m3", "平方分米": "dm2", "微克": "ug", "毫克": "mg", "纳克": "ng", "千克": "kg",
    "公斤": "kg", "吨": "t", "克": "g", "升": "l", "千帕": "kpa", "百帕": "hpa", "帕": "pa",
    "毫米": "mm", "厘米": "cm", "千米": "km", "米": "m", "小时": "h", "分贝": "db", "摄氏度": "°c",
    "秒": "s", "天": "d", "日": "d", "度": "°", "无量纲": "1", "每": "/",
}  # fmt: skip


def _plain(text: str) -> str:
    """One spelling of a unit to look it up by; NFKC folds ㎍, full-width letters and exponents."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("()").lower()
    for word, symbol in _CHINESE.items():
        plain = plain.replace(word, symbol)
    plain = plain.replace("μ", "u").replace("µ", "u").replace("℃", "°c")
    plain = plain.replace("·", ".").replace("*", ".").replace("⋅", ".")
    plain = re.sub(r"\^|\s", "", plain)
    # mg·m-3 and mg.m-3 are the other common way to write mg/m3.
    return (
        re.sub(r"^([a-z]+)\.?([a-z]+)[-−]([1-3])$", _per, plain).replace("(", "").replace(")", "")
    )


def _per(match: re.Match[str]) -> str:
    exponent = "" if match[3] == "1" else match[3]
    return f"{match[1]}/{match[2]}{exponent}"


_BY_SPELLING = {_plain(symbol): unit for symbol, unit in UNITS.items()} | {
    "dba": UNITS["dB(A)"],
    "c": UNITS["°C"],
    "hour": UNITS["h"],
    "无": UNITS["1"],
    "-": UNITS["1"],
}


def unit(text: str) -> Unit:
    """The unit a text names. Raises BadInput `kernel.unit-unknown`."""
    found = UNITS.get(text) or _BY_SPELLING.get(_plain(text))
    if found is None:
        raise BadInput(
            "kernel.unit-unknown",
            f"不认识的单位“{text}”；请改用单位表中的写法，如 µg/m³、mg/m³。",
            f"Unknown unit “{text}”; use one from the table of units, such as µg/m³ or mg/m³.",
        )
    return found


def factor(source: str | Unit, target: str | Unit) -> Fraction:
    """Exact number by which a value in `source` is multiplied to be in `target`."""
    here = source if isinstance(source, Unit) else unit(source)
    there = target if isinstance(target, Unit) else unit(target)
    if here.dimension != there.dimension:
        raise BadInput(
            "kernel.unit-dimension",
            f"单位“{here}”不能换算为“{there}”：量纲不同。",
            f"“{here}” cannot become “{there}”: they measure different things.",
        )
    return here.scale / there.scale
