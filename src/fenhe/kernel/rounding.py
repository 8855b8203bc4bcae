"""Rounding by GB/T 8170: half to even, once, from the unrounded value, exactly.

A float stands for the decimal its repr prints: 0.285 is a tie at two decimals although the
binary number lies a hair beside it. Three shapes of the same rule: one value (`round_half_even`),
a Polars expression (`half_even`, `half_even_ratio`, `scaled_int`), a numpy array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from functools import partial

import numpy as np
import numpy.typing as npt
import polars as pl

Number = int | float | Decimal | Fraction


def exact(value: Number) -> Fraction:
    """The number a person sees: a float as the shortest decimal that prints it."""
    if isinstance(value, float):
        return Fraction(repr(float(value)))
    return Fraction(value)


def round_half_even(value: Number, decimals: int = 0) -> Decimal:
    """One value, half to even; infinite and NaN floats raise ValueError.

    >>> [str(round_half_even(x)) for x in (0.5, 1.5, 2.5, 2.51)]
    ['0', '2', '2', '3']
    """
    # Python rounds a Fraction to an integer half to even, without any error of its own.
    scaled = round(exact(value) * 10**decimals)
    with localcontext() as context:
        context.prec = max(28, len(str(scaled)) + abs(decimals) + 2)
        result = Decimal(scaled).scaleb(-decimals)
        return result.quantize(Decimal(1), ROUND_HALF_EVEN) if decimals < 0 else result


def scaled_int(expr: pl.Expr, decimals: int = 0) -> pl.Expr:
    """The rounded value times 10**decimals, as Int64: numbers to add and compare exactly.

    Exact while |x| * 10**(d+1) < 2**52. Null stays null, and so does what is not a number.
    """
    return _elementwise(partial(_scaled_series, decimals), pl.Int64, expr.cast(pl.Float64))


def half_even(expr: pl.Expr, decimals: int = 0) -> pl.Expr:
    """A float expression rounded half to even; the result is the float nearest to the decimal."""
    return divide(scaled_int(expr, decimals), 10**decimals)


def scaled_int_ratio(num: pl.Expr, den: pl.Expr, decimals: int = 0) -> pl.Expr:
    """num/den of whole numbers (den > 0), rounded half to even, times 10**decimals, as Int64.

    Whole-number arithmetic throughout; |num| * 2 * 10**d must stay below 2**63.
    """
    whole = (num.cast(pl.Int64) * 10**decimals, den.cast(pl.Int64))
    return _elementwise(_ratio_series, pl.Int64, *whole)


def half_even_ratio(num: pl.Expr, den: pl.Expr, decimals: int = 0) -> pl.Expr:
    """`scaled_int_ratio` as the float nearest to the decimal."""
    return divide(scaled_int_ratio(num, den, decimals), 10**decimals)


def divide(num: pl.Expr, den: int) -> pl.Expr:
    """Correctly rounded division: by a scalar, Polars multiplies with 1/den, and 1531/1000 is not
    1.531 then."""
    return _elementwise(partial(_divided_series, den), pl.Float64, num.cast(pl.Float64))


def _elementwise(
    function: Callable[[Sequence[pl.Series]], pl.Series],
    dtype: type[pl.DataType],
    *inputs: pl.Expr,
) -> pl.Expr:
    """One node of the plan. Written as arithmetic on expressions, every step would repeat the
    expression before it, and a composite index of composites grows to millions of nodes."""
    return pl.map_batches(list(inputs), function, return_dtype=dtype(), is_elementwise=True)


def _scaled_series(decimals: int, inputs: Sequence[pl.Series]) -> pl.Series:
    (x,) = inputs
    rounded = scaled_array(x.fill_null(float("nan")).to_numpy(), decimals)
    whole = pl.Series(x.name, np.where(np.isfinite(rounded), rounded, np.nan), nan_to_null=True)
    return whole.cast(pl.Int64)


def _ratio_series(inputs: Sequence[pl.Series]) -> pl.Series:
    n, d = inputs
    whole, rest = n // d, n % d
    up = (rest * 2 > d) | ((rest * 2 == d) & (whole % 2 != 0))
    return whole + up.cast(pl.Int64)


def _divided_series(den: int, inputs: Sequence[pl.Series]) -> pl.Series:
    (x,) = inputs
    quotient = x.fill_null(float("nan")).to_numpy() / den
    return pl.Series(x.name, quotient, nan_to_null=True)


def scaled_array(values: npt.NDArray[np.float64], decimals: int = 0) -> npt.NDArray[np.float64]:
    """`scaled_int` for a numpy array, as whole float64 numbers; NaN and infinity pass through.

    One multiplication and `rint` settle all but the numbers near a tie; those are compared with
    the exact tie. Without decimals a tie is its own binary number and `rint` alone is exact.
    """
    if decimals == 0:
        return np.rint(values)
    scale = 10.0**decimals
    product = values * scale
    result = np.rint(product)
    # The product is off by at most 2**-53 of itself: below 2**30 far less than the margin taken.
    with np.errstate(invalid="ignore"):
        doubtful = (np.abs(np.abs(product - result) - 0.5) < 1e-6) | (np.abs(product) > 2.0**30)
    doubtful &= np.isfinite(values)
    if doubtful.any():
        result[doubtful] = _compare_with_ties(values[doubtful], scale)
    return result


def _compare_with_ties(x: npt.NDArray[np.float64], scale: float) -> npt.NDArray[np.float64]:
    """The tie between k and k+1 is the float nearest to (2k+1)/(2*10**d); both parts are whole
    numbers, so one correctly rounded division finds it, and a float equal to it prints as it."""
    # The product may be one unit in the last place off, hence k one step: first moved under x.
    k = np.floor(x * scale)
    k -= k / scale > x
    k += (k + 1) / scale <= x
    tie = (2 * k + 1) / (2 * scale)
    k += (x > tie) | ((x == tie) & (k % 2 != 0))
    return k


def half_even_array(values: npt.ArrayLike, decimals: int = 0) -> npt.NDArray[np.float64]:
    """A numpy array rounded half to even; NaN stays NaN. Same reach as `scaled_int`."""
    rounded = scaled_array(np.asarray(values, dtype=np.float64), decimals)
    return rounded / 10.0**decimals
