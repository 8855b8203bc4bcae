"""A profile as an empty form, or filled with readings: what is exported can be imported again,
and changes nothing.

Text that a spreadsheet would take for a formula gets an apostrophe in CSV and is written as text
in XLSX; the readers take the apostrophe off again.
"""

from __future__ import annotations

import io

import polars as pl
import xlsxwriter

from fenhe.ingest.profile import Profile, PropertyRole
from fenhe.ingest.written import written
from fenhe.kernel import units
from fenhe.kernel.errors import BadInput
from fenhe.registry import vocabulary

FORMULA = "^[=+@\t\r-]"
_NUMBER = r"^-?\d+(\.\d+)?(e-?\d+)?$"
_STAMPS = {1: ["%Y-%m-%d %H:%M"], 2: ["%Y-%m-%d", "%-H"], 4: ["%Y", "%-m", "%-d", "%-H"]}


def form(profile: Profile, readings: pl.DataFrame | None = None) -> pl.DataFrame:
    """The form as text columns. `readings`: code, property, start, value, qualifier (lake units).

    Raises BadInput for a layout that has no form (one column an object).
    """
    if profile.layout == "across" or len(profile.time.columns) not in _STAMPS:
        raise BadInput(
            "ingest.no-template",
            f"方案 {profile.id} 用于读取他方文件，没有模板；请用其他方案",
            f"profile {profile.id} reads files of others and has no template; use another",
        )
    titles = {role.property: title for title, role in profile.properties.items() if role}
    if readings is None:
        readings = pl.DataFrame(
            schema={
                "code": pl.String(),
                "property": pl.String(),
                "start": pl.Datetime("us", "UTC"),
                "value": pl.Float64(),
                "qualifier": pl.Int8(),
            }
        )
    cells = _in_units(readings.filter(pl.col("property").is_in(list(titles))), profile)
    stamp = pl.col("start") + (profile.length if profile.time.side == "end" else pl.duration())
    local = stamp.dt.replace_time_zone(None) + profile.time.zone.utcoffset(None)
    shapes = _STAMPS[len(profile.time.columns)]
    named = {code: name for name, code in (profile.object.codes if profile.object else {}).items()}
    base = cells.with_columns(
        pl.col("code").replace(named).alias(profile.object.column if profile.object else "code"),
        *(
            local.dt.strftime(shape).alias(name)
            for name, shape in zip(profile.time.columns, shapes, strict=True)
        ),
    )
    key = [profile.object.column if profile.object else "code", *profile.time.columns]
    if profile.layout == "long":
        return _long(base, profile, key)
    wide = base.sort("code", "start").pivot(
        on="property", on_columns=list(titles), index=[*key, "code", "start"], values="text"
    )
    return wide.select(*key, *(pl.col(p).fill_null("").alias(t) for p, t in titles.items()))


def as_csv(frame: pl.DataFrame, profile: Profile) -> bytes:
    rows = [_units_row(frame, profile)] if profile.units_row else []
    head = pl.DataFrame(rows, dict.fromkeys(frame.columns, pl.String()), orient="row")
    return csv_bytes(pl.concat([head, frame]), profile.delimiter)


def csv_bytes(frame: pl.DataFrame, delimiter: str = ",") -> bytes:
    """Text columns as UTF-8 with BOM: what every spreadsheet opens with the right characters."""
    safe = frame.with_columns(
        pl.when(pl.col(name).str.contains(FORMULA) & ~pl.col(name).str.contains(_NUMBER))
        .then("'" + pl.col(name))
        .otherwise(name)
        .alias(name)
        for name in frame.columns
    )
    text = safe.write_csv(separator=delimiter, line_terminator="\r\n")
    return b"\xef\xbb\xbf" + text.encode()


def as_xlsx(frame: pl.DataFrame, profile: Profile) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet(profile.sheet or None)
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.freeze_panes(profile.header_row + int(profile.units_row), 0)
    sheet.set_column(0, len(frame.columns) - 1, 16)
    top = profile.header_row - 1
    for column, title in enumerate(frame.columns):
        sheet.write_string(top, column, title, bold)
    if profile.units_row:
        top += 1
        for column, unit in enumerate(_units_row(frame, profile)):
            sheet.write_string(top, column, unit)
    values = set(profile.properties) | {profile.value_column}
    numeric = [name in values for name in frame.columns]
    for row, cells in enumerate(frame.iter_rows(), start=top + 1):
        for column, cell in enumerate(cells):
            if cell and numeric[column] and _is_number(cell):
                sheet.write_number(row, column, float(cell))
            elif cell:
                sheet.write_string(row, column, cell)
    book.close()
    return out.getvalue()


def _long(base: pl.DataFrame, profile: Profile, key: list[str]) -> pl.DataFrame:
    roles = _roles(profile)
    titles = {role.property: title for title, role in profile.properties.items() if role}
    shown = base.sort("code", "start", "property").select(
        *key,
        pl.col("property").replace(titles).alias(profile.property_column),
        pl.col("text").alias(profile.value_column),
        pl.col("property")
        .replace({p: role.unit for p, role in roles.items()})
        .alias(profile.unit_column or "unit"),
    )
    return shown if profile.unit_column else shown.drop("unit")


def _in_units(readings: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Adds `text`: the value in the profile's unit, as written in a cell."""
    factors = {
        name: units.factor(vocabulary.get(name).unit, role.unit)
        for name, role in _roles(profile).items()
    }
    up = {name: float(f.numerator) for name, f in factors.items()}
    down = {name: float(f.denominator) for name, f in factors.items()}
    of = pl.col("property")
    value = (
        pl.col("value")
        * of.replace_strict(up, default=1.0, return_dtype=pl.Float64)
        / of.replace_strict(down, default=1.0, return_dtype=pl.Float64)
    )
    # 2.3 mg/m³ is 2300 µg/m³, not 2299.9999999999995: the way back must find the same number.
    changed = pl.any_horizontal(of.is_in([n for n, f in factors.items() if f != 1]))
    value = pl.when(changed).then(value.round_sig_figs(14)).otherwise(value)
    return readings.with_columns(text=written(value, pl.col("qualifier")))


def _roles(profile: Profile) -> dict[str, PropertyRole]:
    return {role.property: role for role in profile.properties.values() if role}


def _units_row(frame: pl.DataFrame, profile: Profile) -> list[str]:
    roles = {title: role for title, role in profile.properties.items() if role}
    return [roles[name].unit if name in roles else "" for name in frame.columns]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
