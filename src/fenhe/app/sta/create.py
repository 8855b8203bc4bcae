"""Creating Observations: one by one or as a data array, through the same gate and the same checks
as every upload.

phenomenonTime is the period of the reading, or the instant it begins; `result` is a number, or null
with `parameters.qualifier` saying why. The same observation again is the same observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from fenhe.app.api.caller import not_there
from fenhe.app.api.rows import Planned, Rows, plan, write
from fenhe.app.sta import lake
from fenhe.app.sta.asked import Asked
from fenhe.app.sta.model import ENTITIES, Reading
from fenhe.kernel.errors import BadInput, FenheError
from fenhe.observe.coverage import STEP
from fenhe.publish.sensorthings.expression import span
from fenhe.publish.sensorthings.refused import malformed
from fenhe.registry.models import Series

KNOWN = {
    "phenomenonTime", "result", "resultTime", "validTime", "resultQuality", "parameters",
    "Datastream", "FeatureOfInterest",
}  # fmt: skip
COMPONENTS = {
    "phenomenonTime", "result", "resultTime", "validTime", "resultQuality", "parameters",
    "FeatureOfInterest/id",
}  # fmt: skip
MOST = 100_000
_SCHEMA = {
    "row": pl.Int64(), "series": pl.String(), "start": pl.String(), "value": pl.String(),
    "qualifier": pl.String(), "unit": pl.String(),
}  # fmt: skip


def one(asked: Asked, body: Any, series: Series | None = None) -> Reading:
    """Writes one and gives it back as it stands."""
    if not isinstance(body, dict):
        raise malformed("须是一个对象", "must be an object", "body")
    strange = body.keys() - KNOWN
    if strange:
        raise malformed("没有这个属性", "there is no such property", sorted(strange)[0][:100])
    named = _datastream(asked, body.get("Datastream"), series)
    made = plan(asked.request, _rows([_row(named, body)]))
    write(made)
    found = lake.one(named, made.frame["start"][0])
    if found is None:
        raise not_there()
    return found


def array(asked: Asked, body: Any) -> list[str]:
    """Per observation its address, or "error", as §12.2 of the standard has it: what is right is
    written, what is wrong is not."""
    if not isinstance(body, list) or not body:
        raise malformed("须是非空数组", "must be an array that is not empty", "body")
    told: list[str] = []
    for item in body:
        told += _block(asked, item)
        if len(told) > MOST:
            raise malformed(f"一次至多 {MOST} 条", f"{MOST} at most in one request", "dataArray")
    return told


def _block(asked: Asked, item: Any) -> list[str]:
    names = item.get("components") if isinstance(item, dict) else None
    values = item.get("dataArray") if isinstance(item, dict) else None
    if not isinstance(names, list) or not isinstance(values, list):
        raise malformed(
            "缺少 components 或 dataArray", "components or dataArray is missing", "body"
        )
    strange = [name for name in names if name not in COMPONENTS]
    if strange or len(set(map(str, names))) != len(names):
        raise malformed("components 有误", "components are not valid", "components",
                        str(strange[:1]))  # fmt: skip
    try:
        series = _datastream(asked, item.get("Datastream"), None)
    except FenheError:
        return ["error"] * len(values)
    rows: list[dict[str, Any] | None] = [_of_line(series, names, line) for line in values]
    good = [row for row in rows if row is not None]
    starts = _written(asked, good)
    told, at = [], 0
    for row in rows:
        start = starts[at] if row is not None else None
        at += row is not None
        key = ENTITIES["Observations"].id(Reading(series, {"start": start})) if start else None
        told.append(asked.link("Observations", key) if key else "error")
    return told


def _of_line(series: Series, names: list[str], line: Any) -> dict[str, Any] | None:
    if not isinstance(line, list) or len(line) != len(names):
        return None
    body = dict(zip(names, line, strict=True))
    feature = body.pop("FeatureOfInterest/id", None)
    try:
        return _row(series, body if feature is None else {**body, "FeatureOfInterest": feature})
    except FenheError:
        return None


def _written(asked: Asked, good: Sequence[dict[str, Any]]) -> list[Any]:
    """The start of each row that was written, None for one that was not."""
    if not good:
        return []
    try:
        made = plan(asked.request, _rows(good))
    except BadInput as error:
        wrong = {problem.row for problem in error.problems}
        if len(error.problems) < error.total or None in wrong:
            return [None] * len(good)
        kept = [row for number, row in enumerate(good, 1) if number not in wrong]
        some = iter(_written(asked, kept))
        return [None if number in wrong else next(some) for number in range(1, len(good) + 1)]
    write(made)
    return _starts(made)


def _starts(made: Planned) -> list[Any]:
    return made.frame["start"].to_list()


def _rows(rows: Sequence[dict[str, Any]]) -> Rows:
    numbered = [{"row": number, **row} for number, row in enumerate(rows, 1)]
    return Rows(pl.DataFrame(numbered, _SCHEMA, orient="row"))


def _datastream(asked: Asked, named: Any, series: Series | None) -> Series:
    """The Datastream of the body, which agrees with that of the address where both are given."""
    key = named.get("@iot.id", named.get("id")) if isinstance(named, dict) else None
    if key is None and series is not None and named is None:
        return series
    number = int(key) if isinstance(key, str) and key.isdecimal() and len(key) < 11 else key
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**31:
        raise malformed("须指明 Datastream 的 @iot.id", "name the @iot.id of a Datastream",
                        "Datastream")  # fmt: skip
    if series is not None and series.pk != number:
        raise malformed("Datastream 与地址不符", "not the Datastream of the address", "Datastream")
    found = asked.series().filter(pk=number).first()
    if found is None:
        raise malformed("没有这个 Datastream", "there is no such Datastream", "Datastream")
    return found


def _row(series: Series, body: dict[str, Any]) -> dict[str, Any]:
    result, more = body.get("result"), body.get("parameters") or {}
    number = isinstance(result, int | float) and not isinstance(result, bool)
    if not (number or (result is None and "result" in body)):
        raise malformed("result 须是数值或 null", "result must be a number or null", "result")
    if not isinstance(more, dict):
        raise malformed("须是对象", "must be an object", "parameters")
    _of_feature(series, body.get("FeatureOfInterest"))
    return {
        "series": str(series.pk),
        "start": _start(series, body.get("phenomenonTime")),
        "value": None if result is None else repr(result),
        "qualifier": _word(more.get("qualifier"), "parameters.qualifier"),
        "unit": _word(more.get("unit"), "parameters.unit"),
    }


def _word(value: Any, where: str) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > 100):
        raise malformed("须是文字", "must be text", where)
    return value


def _start(series: Series, said: Any) -> str:
    try:
        found = span(str(said))
    except (ValueError, OverflowError) as error:
        raise malformed(
            "须写 2026-03-01T00:00:00Z 或 开始/结束",
            "write 2026-03-01T00:00:00Z or start/end", "phenomenonTime", str(said),
        ) from error  # fmt: skip
    step = STEP.get(series.resolution)
    if found.start != found.end and found.end - found.start != step:
        raise malformed(
            f"时段长度与 Datastream（{series.resolution}）不符",
            f"the interval is not that of the Datastream ({series.resolution})",
            "phenomenonTime", str(said),
        )  # fmt: skip
    return found.start.isoformat()


def _of_feature(series: Series, named: Any) -> None:
    key = named.get("@iot.id") if isinstance(named, dict) else named
    if named is not None and key not in (series.object_id, str(series.object_id)):
        raise malformed(
            "FeatureOfInterest 由 Datastream 决定，须与其一致或省略",
            "the FeatureOfInterest is that of the Datastream; name that one or none",
            "FeatureOfInterest",
        )
