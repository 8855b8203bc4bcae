"""Observations in bulk: JSON, CSV or Parquet, all of them or none.

Rows name their series by number, or, with `profile`, the file is read the way an import is. The
same rows again change nothing; a different value is a correction and becomes a further version.
Every wrong cell is named before anything is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, ValidationError

from fenhe.app.api.caller import require
from fenhe.app.api.once import key_of, once
from fenhe.app.api.operations import writes
from fenhe.app.api.refusals import Refused
from fenhe.app.api.rows import Rows, plan, write
from fenhe.app.api.shapes import UploadOut
from fenhe.app.api.uploads import Received, received
from fenhe.app.api.words import Note, SeriesId, Word
from fenhe.ingest.frames import read_table
from fenhe.kernel.errors import BadInput, Problem
from fenhe.kernel.ids import content_hash
from fenhe.kernel.text import Text
from fenhe.observe import imports
from fenhe.store.config import settings

router = Router(tags=["readings"])
MB = 1024 * 1024
MOST_MB = {".json": 16, ".csv": 64, ".parquet": 64}
"""Without a profile; a profile streams, and takes what an import takes."""
MOST_ROWS = 2_000_000
"""A Parquet file of a few bytes may unfold to billions of rows."""
TYPES = {
    "application/json": ".json",
    "text/csv": ".csv",
    "application/vnd.apache.parquet": ".parquet",
}


class ObservationIn(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)

    series: SeriesId
    start: Note
    value: float | None = None
    qualifier: Note | None = None
    unit: Note | None = None


class ObservationsIn(Schema):
    model_config = ConfigDict(extra="forbid", strict=True)

    observations: list[ObservationIn]


_FILE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ObservationsIn.model_json_schema()},
            "text/csv": _FILE,
            "application/vnd.apache.parquet": _FILE,
        },
    }
}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without references of its own."""
    schema = dict(schema)
    known = schema.pop("$defs", {})
    text = json.dumps(schema)
    for name, body in known.items():
        text = text.replace(f'{{"$ref": "#/$defs/{name}"}}', json.dumps(body))
    return dict(json.loads(text))


_BODY["requestBody"]["content"]["application/json"]["schema"] = _inlined(  # type: ignore[index]
    ObservationsIn.model_json_schema()
)


@router.post(
    "/observations",
    response=writes(UploadOut),
    openapi_extra=_BODY,
    summary="批量上传读数 · bulk upload of observations",
)
def upload(request: HttpRequest, profile: Word | None = None) -> Status[Any]:
    """Rows of `series, start, value` and, where needed, `qualifier` and `unit`; or any file an
    import profile reads (CSV, Parquet). `start` is the beginning of the period, with its offset.
    An empty value needs a qualifier that says why. Nothing is written if anything is wrong."""
    require(request, "import.commit")
    suffix = TYPES[(request.content_type or "").lower()]
    most = settings().max_upload_mb if profile else MOST_MB[suffix]
    with received(request, most * MB, suffix) as body:
        act: Callable[[], tuple[int, UploadOut]]
        if profile is None:
            act = lambda: _by_series(request, body)  # noqa: E731
        else:
            act = lambda: _by_profile(request, body, profile)  # noqa: E731
        return once(request, act, digest=content_hash([body.hash, profile or "", suffix]))


def _by_series(request: HttpRequest, body: Received) -> tuple[int, UploadOut]:
    rows = _from_json(body) if body.path.suffix == ".json" else _from_table(body)
    made = plan(request, rows)
    key = key_of(request)
    transaction = content_hash([str(request.user.pk), request.path, key]) if key else None
    done = write(made, f"api-{transaction}" if transaction else None)
    return 200, UploadOut(
        rows=rows.frame.height,
        new=done.new,
        changed=done.changed,
        unchanged=done.unchanged,
        lake_version=done.version,
        import_id=None,
    )


def _by_profile(request: HttpRequest, body: Received, profile: str) -> tuple[int, UploadOut]:
    """Checked and committed like a file that a person brings to the import page."""
    person = require(request, "import.check")
    if body.path.suffix == ".json":
        raise BadInput(
            "api.profile-json",
            "按导入方案读取的是文件：请送 CSV 或 Parquet",
            "a profile reads a file: send CSV or Parquet",
        )
    name = f"api{body.path.suffix}"
    report = imports.check(body.path, profile, file_name=name, person=person)
    if not report.ok:
        raise report.refusal()
    done = imports.commit(report.id, person)
    return 200, UploadOut(
        rows=report.rows,
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        lake_version=done.version,
        import_id=report.id,
    )


def _from_json(body: Received) -> Rows:
    try:
        read = ObservationsIn.model_validate_json(body.path.read_bytes())
    except ValidationError as error:
        raise _unreadable(error) from error
    return Rows(
        pl.DataFrame(
            {
                "row": range(1, len(read.observations) + 1),
                "series": [str(item.series) for item in read.observations],
                "start": [item.start for item in read.observations],
                "value": [_number(item.value) for item in read.observations],
                "qualifier": [item.qualifier for item in read.observations],
                "unit": [item.unit for item in read.observations],
            },
            schema={"row": pl.Int64()}
            | dict.fromkeys(("series", "start", "value", "qualifier", "unit"), pl.String()),
        )
    )


def _number(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _from_table(body: Received) -> Rows:
    _bounded(body)
    sheet = read_table(str(body.path))
    sheet.name = "body"
    sheet.frame = sheet.frame.rename({name: name.strip().lower() for name in sheet.frame.columns})
    sheet.need(["series", "start", "value"])
    known = ("series", "start", "value", "qualifier", "unit")
    strange = [name for name in sheet.frame.columns if name not in known]
    if strange:
        text = Text("没有这一列", "there is no such column")
        raise BadInput(
            "api.observations-refused",
            f"有 {len(strange)} 列不认识，未写入任何数据",
            f"{len(strange)} columns are not known; nothing was written",
            [Problem("table.column-unknown", text, column=name) for name in strange],
        )
    columns = [
        _texts(sheet.frame[name]) if name in sheet.frame.columns
        else pl.Series(name, [None] * sheet.frame.height, pl.String())
        for name in known
    ]  # fmt: skip
    return Rows(pl.DataFrame([sheet.rows.cast(pl.Int64).alias("row"), *columns]))


def _bounded(body: Received) -> None:
    """Raises 413 for a Parquet file of too many rows, before it is unfolded."""
    if body.path.suffix != ".parquet":
        return
    try:
        rows = pq.read_metadata(body.path).num_rows
    except (pa.ArrowException, OSError):
        return  # the reader says what is wrong with it
    if rows > MOST_ROWS:
        raise Refused(
            "api.too-many-rows",
            f"超过 {MOST_ROWS} 行，请分成几次，或按导入方案上传",
            f"more than {MOST_ROWS} rows; send it in parts, or through an import profile",
            status=413,
        )


def _texts(column: pl.Series) -> pl.Series:
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is None:
            return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f")  # no offset: refused further on
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    return column.cast(pl.String)


def _unreadable(error: ValidationError) -> BadInput:
    items = error.errors()
    problems = []
    for item in items[:1000]:
        place = list(item["loc"])
        row = next((part for part in place if isinstance(part, int)), None)
        text = Text(f"不合要求：{item['msg']}", f"is not valid: {item['msg']}")
        problems.append(
            Problem(
                "api.field",
                text,
                row=None if row is None else row + 1,
                column=str(place[-1]) if place else "",
                value=str(item.get("input", ""))[:100],
            )
        )
    return BadInput(
        "api.observations-refused",
        f"有 {len(items)} 处错误，未写入任何数据",
        f"{len(items)} problems; nothing was written",
        problems,
        total=len(items),
    )
