"""Templates: units, formulas, both kinds of stamp; and which profiles have none."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import polars as pl
import pytest
import python_calamine

from fenhe.app import discovery
from fenhe.ingest import profile as shipped
from fenhe.ingest.profile import Profile
from fenhe.ingest.template import as_csv, as_xlsx, form
from fenhe.kernel.errors import BadInput


@pytest.fixture(autouse=True)
def domains() -> None:
    discovery.load()


def readings(code: str = "1001A", value: float | None = 2.3) -> pl.DataFrame:
    start = datetime(2015, 1, 1, 15, tzinfo=UTC)  # 23:00 civil
    return pl.DataFrame(
        {"code": [code], "property": ["co"], "start": [start], "value": [value], "qualifier": [0]},
        schema_overrides={"start": pl.Datetime("us", "UTC"), "qualifier": pl.Int8()},
    )


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def own(**changes: object) -> Profile:
    raw = shipped.get("air-hourly").model_dump(mode="json")
    return Profile.model_validate(raw | changes)


def test_an_empty_form_has_the_profile_s_columns() -> None:
    profile = shipped.get("air-hourly")
    assert cells(as_csv(form(profile), profile)) == [
        ["station", "time", "so2", "no2", "pm10", "pm2_5", "co", "o3"]
    ]


def test_a_units_row_follows_the_header_where_the_profile_has_one() -> None:
    profile = own(units_row=True)
    rows = cells(as_csv(form(profile), profile))
    assert rows[1] == ["", "", "µg/m³", "µg/m³", "µg/m³", "µg/m³", "mg/m³", "µg/m³"]


def test_values_are_in_the_profile_s_unit_exactly() -> None:
    profile = shipped.get("beijing-prsa")
    row = form(profile, readings("1011A")).row(0, named=True)
    assert (row["station"], row["co"]) == ("Aotizhongxin", "2300")  # not 2299.9999999999995


def test_an_hour_ending_profile_gets_hour_ending_stamps() -> None:
    ending = own(time={"pattern": "{time}", "side": "end"})
    assert form(ending, readings())["time"].to_list() == ["2015-01-02 00:00"]
    assert form(own(), readings())["time"].to_list() == ["2015-01-01 23:00"]


def test_a_stamp_in_four_columns() -> None:
    row = form(shipped.get("beijing-prsa-csv"), readings()).row(0, named=True)
    assert [row[name] for name in ("year", "month", "day", "hour")] == ["2015", "1", "1", "23"]


@pytest.mark.parametrize("code", ["=1+1", "+cmd", "@x", "-x"])
def test_what_looks_like_a_formula_is_text(code: str) -> None:
    profile = own()
    frame = form(profile, readings(code, -2.3))
    row = cells(as_csv(frame, profile))[1]
    assert row[0] == "'" + code
    assert row[6] == "-2.3"  # a number is no formula
    book = python_calamine.load_workbook(io.BytesIO(as_xlsx(frame, profile)))
    values = book.get_sheet_by_index(0).to_python()[1]
    assert (values[0], values[6]) == (code, -2.3)


def test_a_file_of_others_with_a_column_a_station_has_no_template() -> None:
    with pytest.raises(BadInput, match=r"ingest\.no-template"):
        form(shipped.get("cnemc-archive"))


def test_every_shipped_profile_says_its_name_in_both_languages() -> None:
    for profile in shipped.all():
        assert profile.name.zh
        assert profile.name.en != profile.name.zh
