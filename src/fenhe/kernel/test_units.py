from __future__ import annotations

from fractions import Fraction

import pytest

from fenhe.kernel.errors import BadInput
from fenhe.kernel.units import UNITS, factor, unit


@pytest.mark.parametrize(
    "text",
    ["µg/m³", "μg/m³", "ug/m3", "ug/m^3", "UG/M3", "㎍/㎥", "微克/立方米", "ｕｇ／ｍ３", "µg m-3",
     "μg·m⁻³", "(µg/m³)"],
)  # fmt: skip
def test_spellings_of_one_unit(text: str) -> None:
    assert unit(text) is UNITS["µg/m³"]


@pytest.mark.parametrize("symbol", sorted(UNITS))
def test_every_symbol_reads_back(symbol: str) -> None:
    assert unit(symbol) is UNITS[symbol]
    assert unit(f" {symbol} ") is UNITS[symbol]


def test_factors_are_exact() -> None:
    assert factor("mg/m³", "µg/m³") == 1000
    assert factor("km/h", "m/s") == Fraction(5, 18)
    assert factor("℃", "摄氏度") == 1


def test_unknown_unit_is_an_error() -> None:
    with pytest.raises(BadInput) as caught:
        unit("furlong")
    assert caught.value.code == "kernel.unit-unknown"


def test_gas_and_water_concentrations_do_not_mix() -> None:
    with pytest.raises(BadInput) as caught:
        factor("mg/L", "mg/m³")
    assert caught.value.code == "kernel.unit-dimension"
