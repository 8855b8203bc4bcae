"""What a filter means over values: operators and functions of OGC 18-088 §9.3.3.5, row by row.

`value(tree, look)` asks `look` for every path. A comparison with nothing is false (`eq null` asks
for nothing); with a list it holds where it holds for one of them. An interval is after an instant
when it begins after it, before when it has ended by then, equal when it begins there. A comparison
of things that cannot be compared is the asker's error.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shapely import Geometry
from shapely.errors import ShapelyError

from fenhe.kernel.period import utc_now
from fenhe.publish.sensorthings.refused import malformed
from fenhe.publish.sensorthings.tree import Binary, Call, Literal, Path, Span, Tree, Unary

Look = Callable[[tuple[str, ...]], Any]
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def holds(tree: Tree, look: Look) -> bool:
    """Whether the filter lets this one through."""
    found = value(tree, look)
    if found is not None and not isinstance(found, bool):
        raise malformed("筛选须得出真假", "a filter must come out true or false", "$filter")
    return bool(found)


def value(tree: Tree, look: Look) -> Any:
    match tree:
        case Literal(value=plain):
            return plain
        case Path(parts=parts):
            return look(parts)
        case Unary(operator="not", operand=operand):
            return not _truth(value(operand, look))
        case Unary(operand=operand):
            return _calculate("sub", 0, value(operand, look))
        case Binary(operator="and", left=left, right=right):
            return _truth(value(left, look)) and _truth(value(right, look))
        case Binary(operator="or", left=left, right=right):
            return _truth(value(left, look)) or _truth(value(right, look))
        case Binary(operator=sign, left=left, right=right) if sign in _COMPARE:
            return _any(value(left, look), value(right, look), sign)
        case Binary(operator=sign, left=left, right=right):
            return _calculate(sign, value(left, look), value(right, look))
        case Call(name=name, arguments=arguments):
            return _call(name, [value(item, look) for item in arguments])


def _truth(found: Any) -> bool:
    if found is None or isinstance(found, bool):
        return bool(found)
    if isinstance(found, list):
        return any(_truth(item) for item in found)
    raise malformed("and、or、not 只用于真假", "and, or, not take true and false", "$filter")


# -- comparing -----------------------------------------------------------------------------------

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge,
    "lt": operator.lt, "le": operator.le,
}  # fmt: skip


def _any(left: Any, right: Any, sign: str) -> bool:
    if isinstance(left, list):
        return any(_any(item, right, sign) for item in left)
    if isinstance(right, list):
        return any(_any(left, item, sign) for item in right)
    return compare(left, right, sign)


def compare(left: Any, right: Any, sign: str) -> bool:
    if left is None or right is None:
        both = left is None and right is None
        return both if sign == "eq" else (not both if sign == "ne" else False)
    if isinstance(left, Span) or isinstance(right, Span):
        return _compare_times(_span(left), _span(right), sign)
    left, right = _alike(left, right)
    return bool(_COMPARE[sign](left, right))


def _span(found: Any) -> Span:
    if isinstance(found, Span):
        return found
    if isinstance(found, datetime):
        return Span(found, found)
    if isinstance(found, date):
        begin = datetime(found.year, found.month, found.day, tzinfo=UTC)
        return Span(begin, begin)
    raise _incomparable()


def _compare_times(left: Span, right: Span, sign: str) -> bool:
    lasting = left.start != left.end, right.start != right.end
    same = left == right if all(lasting) else left.start == right.start
    after = left.start >= right.end if lasting[1] else left.start > right.start
    before = left.end <= right.start if lasting[0] else left.start < right.start
    return {
        "eq": same, "ne": not same, "gt": after, "lt": before,
        "ge": after or same, "le": before or same,
    }[sign]  # fmt: skip


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Two values that can be compared, or Malformed."""
    if isinstance(left, datetime) != isinstance(right, datetime):
        left, right = _as_instant(left), _as_instant(right)
    for kinds in (bool, int | float, str, datetime, date, time, timedelta):
        if isinstance(left, kinds) and isinstance(right, kinds):
            if kinds is not bool and (isinstance(left, bool) or isinstance(right, bool)):
                break
            return left, right
    if isinstance(left, Geometry) and isinstance(right, Geometry):
        return left.wkb, right.wkb
    raise _incomparable()


def _as_instant(found: Any) -> Any:
    if isinstance(found, date) and not isinstance(found, datetime):
        return datetime(found.year, found.month, found.day, tzinfo=UTC)
    return found


def _incomparable() -> Exception:
    return malformed(
        "比较的两边类型不同", "the two sides of a comparison are of different types", "$filter"
    )


# -- calculating ---------------------------------------------------------------------------------

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "mod": math.fmod,
}  # fmt: skip


def _calculate(sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, list):
        return [_calculate(sign, item, right) for item in left]
    if isinstance(right, list):
        return [_calculate(sign, left, item) for item in right]
    if left is None or right is None:
        return None
    left = left.start if isinstance(left, Span) else left
    right = right.start if isinstance(right, Span) else right
    numbers = _number(left) and _number(right)
    times = sign in ("add", "sub") and isinstance(right, datetime | timedelta)
    if not numbers and not (times and isinstance(left, datetime | timedelta)):
        raise malformed("不能这样计算", "this cannot be calculated", "$filter")
    try:
        found = _SIGNS[sign](left, right)
    except ZeroDivisionError:
        return None
    except (OverflowError, TypeError, ValueError) as error:
        raise malformed("不能这样计算", "this cannot be calculated", "$filter") from error
    return None if isinstance(found, float) and not math.isfinite(found) else found


def _number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)


# -- functions -----------------------------------------------------------------------------------


def _call(name: str, arguments: list[Any]) -> Any:
    for at, argument in enumerate(arguments):
        if isinstance(argument, list):
            return [_call(name, [*arguments[:at], item, *arguments[at + 1 :]]) for item in argument]
    if any(argument is None for argument in arguments):
        return None
    act = _FUNCTIONS[name]
    try:
        return act(*(a.start if isinstance(a, Span) else a for a in arguments))
    except (TypeError, AttributeError, ValueError, OverflowError, ShapelyError) as error:
        raise malformed(
            f"函数 {name} 的参数类型不对", f"{name} does not take these arguments", "$filter", name
        ) from error


def _text(act: Callable[..., Any]) -> Callable[..., Any]:
    """Of text; numbers may only follow it."""

    def asked(*arguments: Any) -> Any:
        if not isinstance(arguments[0], str):
            raise TypeError(arguments[0])
        return act(*arguments)

    return asked


def _substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0 or (length is not None and length < 0):
        raise ValueError(start)
    return text[start : None if length is None else start + length]


def _instant(found: Any) -> datetime:
    if not isinstance(found, datetime):
        raise TypeError(found)
    return found.astimezone(UTC)


def _of_time(act: Callable[[datetime], Any]) -> Callable[[Any], Any]:
    return lambda found: act(_instant(found))


def _of_number(act: Callable[[float], Any]) -> Callable[[Any], Any]:
    def asked(found: Any) -> Any:
        if not _number(found):
            raise TypeError(found)
        return act(found)

    return asked


def _round(found: float) -> int:
    """Half away from zero, as OData says of `round`; nothing here is a regulatory value."""
    return int(math.copysign(math.floor(abs(found) + 0.5), found))


def _of_shapes(act: Callable[..., Any]) -> Callable[..., Any]:
    def asked(left: Any, right: Any, *more: Any) -> Any:
        if not isinstance(left, Geometry) or not isinstance(right, Geometry):
            raise TypeError(left)
        return act(left, right, *more)

    return asked


def _length(shape: Any) -> float:
    if not isinstance(shape, Geometry):
        raise TypeError(shape)
    return float(shape.length)


def _relate(left: Geometry, right: Geometry, pattern: str) -> bool:
    if not isinstance(pattern, str) or len(pattern) != 9 or set(pattern) - set("TF*012"):
        raise ValueError(pattern)
    return bool(left.relate_pattern(right, pattern))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "substringof": _text(lambda part, whole: part in whole),
    "endswith": _text(lambda whole, part: whole.endswith(part)),
    "startswith": _text(lambda whole, part: whole.startswith(part)),
    "length": _text(len),
    "indexof": _text(lambda whole, part: whole.find(part)),
    "substring": _text(_substring),
    "tolower": _text(str.lower),
    "toupper": _text(str.upper),
    "trim": _text(str.strip),
    "concat": _text(operator.add),
    "year": _of_time(lambda at: at.year),
    "month": _of_time(lambda at: at.month),
    "day": _of_time(lambda at: at.day),
    "hour": _of_time(lambda at: at.hour),
    "minute": _of_time(lambda at: at.minute),
    "second": _of_time(lambda at: at.second),
    "fractionalseconds": _of_time(lambda at: at.microsecond / 1_000_000),
    "date": _of_time(lambda at: at.date()),
    "time": _of_time(lambda at: at.time().isoformat()),
    "totaloffsetminutes": _of_time(lambda at: 0),  # instants are kept and given in UTC
    "now": utc_now,
    "mindatetime": lambda: _FIRST,
    "maxdatetime": lambda: _LAST,
    "round": _of_number(_round),
    "floor": _of_number(math.floor),
    "ceiling": _of_number(math.ceil),
    "geo.distance": _of_shapes(lambda a, b: float(a.distance(b))),  # in degrees, as coordinates are
    "geo.length": _length,
    "geo.intersects": _of_shapes(lambda a, b: bool(a.intersects(b))),
    "st_equals": _of_shapes(lambda a, b: bool(a.equals(b))),
    "st_disjoint": _of_shapes(lambda a, b: bool(a.disjoint(b))),
    "st_touches": _of_shapes(lambda a, b: bool(a.touches(b))),
    "st_within": _of_shapes(lambda a, b: bool(a.within(b))),
    "st_overlaps": _of_shapes(lambda a, b: bool(a.overlaps(b))),
    "st_crosses": _of_shapes(lambda a, b: bool(a.crosses(b))),
    "st_intersects": _of_shapes(lambda a, b: bool(a.intersects(b))),
    "st_contains": _of_shapes(lambda a, b: bool(a.contains(b))),
    "st_relate": _of_shapes(_relate),
}
