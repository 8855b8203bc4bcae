"""The editions of air and the names both sides use: property ids in frames (`pm2_5`), symbols in
standards (`PM2.5`). The standards are read from this folder's YAML when first asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from fenhe.kernel.text import Text
from fenhe.standards import catalogue
from fenhe.standards.edition import Edition

FOLDER = Path(__file__).resolve().parent.parent / "standards"

SYMBOLS = {"so2": "SO2", "no2": "NO2", "pm10": "PM10", "pm2_5": "PM2.5", "co": "CO", "o3": "O3"}
"""Property id → symbol, in the order bulletins print the six."""
PROPERTIES = {symbol: name for name, symbol in SYMBOLS.items()}
AVERAGING = {
    "annual": Text("年平均", "annual mean"),
    "24h": Text("24 小时平均", "24 h mean"),
    "MDA8": Text("日最大 8 小时平均", "daily maximum 8 h mean"),
    "8h": Text("8 小时平均", "8 h mean"),
    "1h": Text("1 小时平均", "1 h mean"),
}
SUBSCRIPTS = {"SO2": "SO₂", "NO2": "NO₂", "PM10": "PM₁₀", "PM2.5": "PM₂.₅", "O3": "O₃"}
"""Symbols as people read them; CO is written as it is."""
UNITS = {name: "mg/m³" if name == "co" else "µg/m³" for name in SYMBOLS}


def edition(edition_id: str) -> Edition:
    """An edition by id or alias. Raises NotFound `standards.edition-unknown`."""
    catalogue.add_folder(FOLDER)
    return catalogue.edition(edition_id)


def in_force(standard: str, on: date) -> Edition:
    """The edition of a standard ("HJ 633", "HJ 663", "GB 3095", "composite") for a day's data."""
    catalogue.add_folder(FOLDER)
    return catalogue.in_force(standard, on)


def nearest(standard: str, on: date) -> Edition:
    """The edition in force, or for data older than every edition the first there was: who asks
    for old statistics by name gets them, marked as recomputed."""
    first = editions(standard)[0]
    return first if on < first.valid_from else in_force(standard, on)


def editions(standard: str | None = None) -> list[Edition]:
    catalogue.add_folder(FOLDER)
    return catalogue.editions(standard)


def limit(edition: Edition, name: str, averaging: str, grade: str = "II") -> float:
    """A limit of GB 3095 by property id; averaging `annual`, `24h`, `1h`, `MDA8`."""
    row = edition.table("limits").one(pollutant=SYMBOLS[name], averaging=averaging, grade=grade)
    return float(row["limit"])
