"""`fenhe air statistics` on good and bad tables, through the functions the command is made of."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from fenhe.domains.air.commands_statistics import ManyStations, spread, statistics, write_all
from fenhe.domains.air.hourly import hourly
from fenhe.kernel.errors import BadInput

OPTIONS = ("--stations", "--exclude")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
app = typer.Typer()
app.command("statistics", cls=ManyStations)(statistics)
app.command("other")(lambda: None)


def run(*words: str, stdin: bytes | None = None) -> str:
    result = CliRunner().invoke(app, ["statistics", *words], input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def hours(days: int = 3, stations: tuple[str, ...] = ("A", "B"), first: str = "2015-01-01") -> str:
    """A CSV of PM2.5: station A always 30, B 50, and so on."""
    start = datetime.fromisoformat(first)
    rows = [
        f"{station},{start + timedelta(hours=hour):%Y-%m-%d %H:%M},{30 + 20 * place}"
        for place, station in enumerate(stations)
        for hour in range(24 * days)
    ]
    return "\n".join(["station,time,pm2_5", *rows])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "hours.csv"
    path.write_text(hours())
    return path


def codes(text: str, **options: object) -> list[tuple[str, int | None, str]]:
    """What is wrong with a CSV: (code, row, column)."""
    frame = pl.read_csv(io.StringIO(text), infer_schema=False)
    with pytest.raises(BadInput) as caught:
        hourly(frame, "x.csv", 2, NOW, **options)
    for problem in caught.value.problems:
        assert problem.message.zh
        assert problem.message.en
        assert problem.file == "x.csv"
    return [(one.code, one.row, one.column) for one in caught.value.problems]


class TestTables:
    def test_stations_and_city(self, table: Path, tmp_path: Path) -> None:
        run(str(table), str(tmp_path / "out"))
        days = pl.read_csv(tmp_path / "out" / "daily.csv", try_parse_dates=True)
        city = days.filter((pl.col("unit") == "city") & (pl.col("day") == date(2015, 1, 2)))
        pm = city.filter(pl.col("pollutant") == "pm2_5").row(0, named=True)
        assert (pm["value"], pm["observed"], pm["expected"]) == (40.0, 2, 2)
        annual = pl.read_csv(tmp_path / "out" / "annual.csv")
        row = annual.filter((pl.col("unit") == "A") & (pl.col("pollutant") == "pm2_5"))
        assert row["n_valid_days"].to_list() == [3]
        assert row["valid_annual"].to_list() == [False]
        assert row["edition"].to_list() == ["GB 3095-2012; HJ 663-2013"]

    def test_a_control_point_keeps_its_rows_and_leaves_the_city(
        self, table: Path, tmp_path: Path
    ) -> None:
        run(str(table), str(tmp_path), "--exclude", "B", "--city", "晋阳")
        annual = pl.read_csv(tmp_path / "annual.csv").filter(pl.col("pollutant") == "pm2_5")
        assert dict(annual.select("unit", "mean").iter_rows()) == {"A": 30, "B": 50, "晋阳": 30}

    def test_the_stations_of_the_city_are_told(self, table: Path, tmp_path: Path) -> None:
        words = ["statistics", str(table), str(tmp_path), "--exclude", "B"]
        told = CliRunner().invoke(app, words).stderr
        assert "计入城市 1 个站点：A；未计入：B" in told
        assert "1 stations count for the city: A; left out: B" in told

    def test_only_the_stations_named(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        path.write_text(hours(stations=("A", "B", "C")))
        run("--stations", "A", "B", str(path), str(tmp_path))
        assert set(pl.read_csv(tmp_path / "annual.csv")["unit"]) == {"A", "B", "city"}

    def test_another_edition_is_labelled(self, table: Path, tmp_path: Path) -> None:
        run(str(table), str(tmp_path), "--edition", "GB 3095-2026")
        annual = pl.read_csv(tmp_path / "annual.csv")
        assert annual["recomputed"].all()
        assert annual.filter(pl.col("pollutant") == "pm2_5")["day_limit"].to_list() == [60] * 3

    def test_the_edition_follows_the_date_of_the_data(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        path.write_text(hours(first="2026-03-01"))
        run(str(path), str(tmp_path))
        annual = pl.read_csv(tmp_path / "annual.csv")
        assert annual["edition"].unique().to_list() == ["GB 3095-2026 transitional; HJ 663-2026"]
        assert not annual["recomputed"].any()

    def test_months_beside_years(self, table: Path, tmp_path: Path) -> None:
        run(str(table), str(tmp_path), "--by", "month")
        month = pl.read_csv(tmp_path / "month.csv")
        assert month["period"].unique().to_list() == ["2015-01"]

    def test_parquet_and_a_pipe_give_what_csv_gives(self, table: Path, tmp_path: Path) -> None:
        frame = pl.read_csv(table, try_parse_dates=True)
        parquet = io.BytesIO()
        frame.write_parquet(parquet)
        run(str(table), str(tmp_path / "a"))
        run("-", str(tmp_path / "b"), stdin=parquet.getvalue())
        run("-", str(tmp_path / "c"), stdin=table.read_bytes())
        for name in ("daily.csv", "annual.csv"):
            first = (tmp_path / "a" / name).read_bytes()
            assert (tmp_path / "b" / name).read_bytes() == first
            assert (tmp_path / "c" / name).read_bytes() == first

    def test_chinese_names_in_gb18030(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        path.write_bytes(hours(stations=("尖草坪", "晋源")).encode("gb18030"))
        told = json.loads(run(str(path), str(tmp_path), "--json"))
        assert told["stations"] == ["尖草坪", "晋源"]

    def test_weather_columns_are_passed_over_and_said_so(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        path.write_text("station,time,so2,temp_c\nA,2015-01-01 00:00,7,-3.5\n")
        told = json.loads(run(str(path), str(tmp_path), "--json"))
        assert told["columns_ignored"] == ["temp_c"]


def test_a_flood_of_problems_is_counted_whole() -> None:
    rows = "".join(f"A,2015-01-01 {hour:02}:00,x\n" for hour in range(24)) * 60
    frame = pl.read_csv(io.StringIO("station,time,so2\n" + rows), infer_schema=False)
    with pytest.raises(BadInput) as caught:
        hourly(frame, "x.csv", 2, NOW)
    assert (len(caught.value.problems), caught.value.total) == (1000, 2 * 24 * 60)


class TestUnitsAndStamps:
    TEXT = "station,time,co\nA,2015-01-01 08:00,{}\n"

    def value(self, co: str, unit: str | None = None) -> float:
        frame = pl.read_csv(io.StringIO(self.TEXT.format(co)), infer_schema=False)
        return float(hourly(frame, "x", 2, NOW, unit).readings["value"][0])

    def test_co_is_in_micrograms_unless_said_otherwise(self) -> None:
        assert self.value("1200") == 1.2
        assert self.value("1200", "µg/m³") == 1.2
        assert self.value("1.2", "mg/m3") == 1.2

    def test_milligrams_are_not_taken_for_micrograms_in_silence(self) -> None:
        assert codes(self.TEXT.format("1.2")) == [("air.co-unit-doubtful", 1, "co")]
        assert self.value("1.2", "µg/m³") == pytest.approx(0.0012)  # said so: believed
        assert self.value("50") == 0.05

    def test_an_unknown_unit_is_refused(self) -> None:
        with pytest.raises(BadInput, match="unit"):
            self.value("1", "ppm/h")

    @pytest.mark.parametrize(
        "stamp",
        [
            "2015-01-01 08:00",
            "2015-01-01T08:00:00",
            "2015/1/1 8:00",
            "2015-01-01T00:00:00Z",
            "2015-01-01 01:00+01:00",
            "２０１５-01-01 08:00",
        ],
    )
    def test_spellings_of_one_instant(self, stamp: str) -> None:
        frame = pl.DataFrame({"station": ["A"], "time": [stamp], "so2": ["7"]})
        found = hourly(frame, "x", 2, NOW)
        assert found.readings["start"][0] == datetime(2015, 1, 1, tzinfo=UTC)

    def test_stamps_that_mark_the_end(self) -> None:
        frame = pl.DataFrame({"station": ["A"], "time": ["2015-01-01 24:00"], "so2": ["7"]})
        found = hourly(frame, "x", 2, NOW, stamps_end=True)
        assert found.readings["start"][0] == datetime(2015, 1, 1, 15, tzinfo=UTC)


class TestBadInput:
    HEAD = "station,time,so2\n"

    def test_unknown_and_missing_columns(self) -> None:
        found = codes("stat,time,so2,ozon\nA,2015-01-01 00:00,1,2\n")
        assert found == [
            ("air.column-unknown", 1, "ozon"),
            ("air.column-unknown", 1, "stat"),
            ("air.column-missing", 1, "station"),
        ]

    def test_no_pollutant_at_all(self) -> None:
        assert codes("station,time,temp_c\nA,2015-01-01 00:00,1\n") == [("air.no-pollutant", 1, "")]

    def test_every_bad_row_is_named_at_once(self) -> None:
        text = self.HEAD + "\n".join(
            [
                "A,2015-01-01 00:00,1",
                ",2015-01-01 00:00,1",
                "A,yesterday,1",
                "A,2015-02-30 00:00,1",
                "A,2015-01-01 01:30,1",
                "A,2027-01-01 00:00,1",
                "A,2015-01-01 02:00,NaN",
                "A,2015-01-01 03:00,-4",
                'A,2015-01-01 04:00,"1,200"',
                "A,2015-01-01 05:00,<2",
                "A,2015-01-01 06:00,—",
                "A,2015-01-01 07:00,１２",
            ]
        )
        assert codes(text) == [
            ("air.station-blank", 3, "station"),
            ("air.time-unreadable", 4, "time"),
            ("air.time-unreadable", 5, "time"),
            ("air.time-not-hour", 6, "time"),
            ("air.time-future", 7, "time"),
            ("air.not-a-number", 8, "so2"),
            ("air.negative", 9, "so2"),
            ("air.not-a-number", 10, "so2"),
            ("air.not-a-number", 11, "so2"),
            ("air.not-a-number", 12, "so2"),
            ("air.not-a-number", 13, "so2"),
        ]

    def test_one_hour_twice(self) -> None:
        found = codes(self.HEAD + "A,2015-01-01 00:00,1\nA,2014-12-31T16:00Z,2\n")
        assert found == [("air.duplicate-hour", 2, "time"), ("air.duplicate-hour", 3, "time")]

    def test_missing_values_are_no_error(self) -> None:
        frame = pl.read_csv(
            io.StringIO(self.HEAD + "A,2015-01-01 00:00,NA\nA,2015-01-01 01:00,\n"),
            infer_schema=False,
        )
        assert hourly(frame, "x", 2, NOW).readings.is_empty()

    def test_nothing_is_written(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        path.write_text(self.HEAD + "A,2015-01-01 00:30,1\n")
        with pytest.raises(BadInput):
            run(str(path), str(tmp_path / "out"))
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"\xff\xfe\x00\x81\x00"])
    def test_broken_files(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "h.csv"
        path.write_bytes(content)
        with pytest.raises(BadInput):
            run(str(path), str(tmp_path))

    def test_a_station_that_is_not_there(self, table: Path, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="Z"):
            run(str(table), str(tmp_path), "--exclude", "Z")

    def test_a_folder_that_is_a_file(self, table: Path) -> None:
        with pytest.raises(BadInput):
            run(str(table), str(table))


def test_a_failed_write_leaves_the_old_files(tmp_path: Path) -> None:
    write_all(tmp_path, {"a": pl.DataFrame({"x": [1]})})
    unwritable = pl.DataFrame({"x": [[1]]})  # CSV has no lists
    with pytest.raises(pl.exceptions.ComputeError):
        write_all(tmp_path, {"a": pl.DataFrame({"x": [2]}), "b": unwritable})
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "x\n1\n"


WORDS = st.lists(st.sampled_from(["S1", "S2", "S3"]), min_size=1)


@given(WORDS, WORDS, st.booleans())
def test_lists_of_stations_may_stand_before_or_after_the_files(
    stations: list[str], exclude: list[str], files_first: bool
) -> None:
    files, lists = ["IN", "OUT"], ["--stations", *stations, "--exclude", *exclude]
    words = spread([*files, *lists] if files_first else [*lists, *files], OPTIONS)
    pairs = list(pairwise(words))
    assert [word for name, word in pairs if name == "--stations"] == stations
    assert [word for name, word in pairs if name == "--exclude"] == exclude
    assert [place for place in (0, len(words) - 2) if words[place : place + 2] == files]


class TestUnits:
    def test_dust_is_deducted_from_means_and_not_from_good_days(
        self, table: Path, tmp_path: Path
    ) -> None:
        dust = tmp_path / "dust.csv"
        dust.write_text("date,station\n2015-01-02,A\n2015-01-03,\n")
        run(str(table), str(tmp_path), "--dust", str(dust))
        both = {
            name: dict(
                pl.read_csv(tmp_path / f"{name}.csv")
                .filter(pl.col("pollutant") == "pm2_5")
                .select("unit", "n_valid_days")
                .iter_rows()
            )
            for name in ("annual", "annual_without_dust")
        }
        assert both["annual"] == {"A": 3, "B": 3, "city": 3}
        assert both["annual_without_dust"] == {"A": 1, "B": 2, "city": 2}
        days = pl.read_csv(tmp_path / "city.csv").filter(pl.col("unit") == "city")
        assert days["series"].to_list() == ["with_dust", "without_dust"]
        assert days["good_days"].to_list() == [3, 3]

    def test_dust_by_the_hour_leaves_a_day_of_too_few_hours(
        self, table: Path, tmp_path: Path
    ) -> None:
        dust = tmp_path / "dust.csv"
        dust.write_text("from,to\n2015-01-01 00:00,2015-01-01 04:00\n2015-01-02 00,2015-01-02 05\n")
        run(str(table), str(tmp_path), "--dust", str(dust))
        days = pl.read_csv(tmp_path / "daily_without_dust.csv")
        mine = days.filter((pl.col("unit") == "A") & (pl.col("pollutant") == "pm2_5"))
        assert mine["valid"].to_list() == [True, False, True]  # 20, 19 and 24 hours left

    def test_a_dust_table_with_faults_names_them_all(self, table: Path, tmp_path: Path) -> None:
        dust = tmp_path / "dust.csv"
        dust.write_text("from,to,station\n2015-01-02,2015-01-01,A\nsoon,2015-01-03,Z\n")
        with pytest.raises(BadInput) as caught:
            run(str(table), str(tmp_path), "--dust", str(dust))
        assert [(one.row, one.column) for one in caught.value.problems] == [
            (2, "to"),
            (3, "from"),
            (3, "station"),
        ]

    def test_good_days_follow_the_edition_asked_for(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        path.write_text(hours(stations=("A", "B", "C"), days=2))  # PM2.5 of 30, 50, 70
        for edition, good in (("GB 3095-2012", 2), ("GB 3095-2026", None)):
            run(str(path), str(tmp_path), "--edition", edition)
            row = pl.read_csv(tmp_path / "city.csv").filter(pl.col("unit") == "C")
            found = row.row(0, named=True)
            if good is None:  # 70 is above 60 and may be published without the others
                assert (found["good_days"], found["days_judged"]) == (0, 2)
            else:
                assert (found["good_days"], found["days_judged"]) == (2, 2)

    def test_a_sliding_mean_wants_every_year_valid_and_says_it_is_unconfirmed(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "h.csv"
        path.write_text(hours(days=3 * 365 + 1, stations=("A",), first="2014-01-01"))
        run(str(path), str(tmp_path), "--sliding-years", "3")
        rows = pl.read_csv(tmp_path / "sliding.csv")
        mine = rows.filter((pl.col("unit") == "A") & (pl.col("pollutant") == "pm2_5"))
        assert mine.select("years", "mean", "confidence").row(0) == ("2014-2016", 30, "unconfirmed")

    def test_published_numbers_carry_exactly_their_digits(self, tmp_path: Path) -> None:
        path = tmp_path / "h.csv"
        text = hours(stations=("A",)).replace("pm2_5", "pm2_5,co").replace(",30", ",30,900")
        path.write_text(text)
        run(str(path), str(tmp_path))
        lines = (tmp_path / "daily.csv").read_text().splitlines()
        column = lines[0].split(",").index("published")
        assert {line.split(",")[column] for line in lines[1:] if line.startswith("A")} == {
            "30",
            "0.9",
            "",
        }


class TestOtherForms:
    UCI = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station"

    def test_the_form_at_uci_is_the_same_table(self, tmp_path: Path) -> None:
        start = datetime.fromisoformat("2016-02-28")
        lines = [self.UCI]
        for n in range(72):
            at = start + timedelta(hours=n)
            lines.append(
                f"{n + 1},{at.year},{at.month},{at.day},{at.hour},"
                "35,NA,8,40,900,50,1.5,1020,-5,0,NNW,2.4,Guanyuan"
            )
        path = tmp_path / "PRSA.csv"
        path.write_text("\n".join(lines))
        run(str(path), str(tmp_path / "out"))
        days = pl.read_csv(tmp_path / "out" / "daily.csv", try_parse_dates=True)
        fine = days.filter((pl.col("unit") == "Guanyuan") & (pl.col("pollutant") == "pm2_5"))
        assert fine.select("day", "value").rows() == [
            (date(2016, 2, 28), 35.0),
            (date(2016, 2, 29), 35.0),
            (date(2016, 3, 1), 35.0),
        ]
        coarse = days.filter(pl.col("pollutant") == "pm10")
        assert coarse["value"].null_count() == coarse.height
        city = pl.read_csv(tmp_path / "out" / "city.csv").row(0, named=True)
        assert city["composite"] is None  # a pollutant nobody measured
        assert city["single_so2"] is not None

    def test_a_day_that_does_not_exist_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "PRSA.csv"
        path.write_text("year,month,day,hour,PM2.5,station\n2015,2,29,0,35,A\n")
        with pytest.raises(BadInput) as caught:
            run(str(path), str(tmp_path / "out"))
        assert [(one.code, one.row) for one in caught.value.problems] == [
            ("air.time-unreadable", 2)
        ]

    def test_stations_of_different_years_and_a_year_before_the_editions(
        self, tmp_path: Path
    ) -> None:
        old, new = hours(stations=("A",), first="2012-06-01"), hours(stations=("B",))
        path = tmp_path / "h.csv"
        path.write_text("\n".join([*old.splitlines(), *new.splitlines()[1:]]))
        run(str(path), str(tmp_path))
        annual = pl.read_csv(tmp_path / "annual.csv").filter(pl.col("pollutant") == "pm2_5")
        known = annual.filter(pl.col("n_valid_days") > 0)
        assert set(known.select("unit", "year").iter_rows()) == {
            ("A", 2012),
            ("B", 2015),
            ("city", 2012),
            ("city", 2015),
        }
        assert known.filter(pl.col("year") == 2012)["recomputed"].all()

    def test_times_with_a_zone_are_the_same_hours(self, table: Path, tmp_path: Path) -> None:
        civil = pl.read_csv(table, try_parse_dates=True)
        zoned = civil.with_columns(pl.col("time").dt.replace_time_zone("Asia/Shanghai"))
        zoned.write_parquet(tmp_path / "z.parquet")
        run(str(table), str(tmp_path / "a"))
        run(str(tmp_path / "z.parquet"), str(tmp_path / "b"))
        for name in ("daily.csv", "annual.csv", "city.csv"):
            assert (tmp_path / "a" / name).read_text() == (tmp_path / "b" / name).read_text()
