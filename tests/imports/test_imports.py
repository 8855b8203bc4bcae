"""Imports end to end: dry-run, commit, the same file again, a correction, a crash in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from conftest import SHARED

from fenhe.app import discovery
from fenhe.evidence.models import Act
from fenhe.ingest import csv_table, profiles, staging
from fenhe.ingest.models import Import
from fenhe.ingest.report import Report
from fenhe.ingest.template import as_csv, as_xlsx, form
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.period import Period, utc_now
from fenhe.observe import imports, readings
from fenhe.registry.models import Object, Series
from fenhe.registry.series import series_ids
from fenhe.store.config import settings
from fenhe.store.files import open_files
from fenhe.store.lake import Lake
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "station,time,so2,no2,pm10,pm2_5,co,o3\n"
ROWS = "1001A,2015-01-01 00:00,1,2,3,4,0.5,6\n1002A,2015-01-01 00:00,7,8,9,10,1.1,NA\n"


@pytest.fixture(autouse=True)
def stations(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    discovery.load()
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    for code, name in [("1001A", "万寿西宫"), ("1002A", "定陵")]:
        Object.objects.create(kind="air_station", code=code, name_zh=name)
    yield
    settings.cache_clear()


def file(tmp_path: Path, text: str = HEADER + ROWS, name: str = "hours.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def now_in_lake(lake: Lake) -> pl.DataFrame:
    return readings.current(None, Period.year(2015), lake=lake).select(
        "series", "start", "value", "qualifier"
    )


def test_a_dry_run_says_what_would_happen_and_writes_nothing(tmp_path: Path, lake: Lake) -> None:
    before = lake.version()
    report = imports.check(file(tmp_path), "air-hourly")
    assert report.ok
    assert (report.rows, report.readings, report.missing) == (2, 12, 1)
    assert (report.new, report.changed, report.unchanged) == (12, 0, 0)
    assert report.first == report.last == datetime(2014, 12, 31, 16, tzinfo=UTC)
    assert [(s.code, s.property, s.new) for s in report.series][:2] == [
        ("1001A", "co", 1), ("1001A", "no2", 1),
    ]  # fmt: skip
    assert imports.report_of(report.id) == report
    assert lake.version() == before
    assert not Series.objects.exists()
    assert not Outbox.objects.exists()


def test_commit_writes_all_of_it_once_and_leaves_an_act(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(file(tmp_path), "air-hourly")
    done = imports.commit(report.id)
    assert (done.new, done.changed) == (12, 0)
    assert now_in_lake(lake).height == 12
    row = Import.objects.get(pk=report.id)
    assert (row.state, row.lake_version) == ("committed", done.version)
    assert Outbox.objects.get().payload["rows"] == 12
    assert Act.objects.get(action="import.commit").detail["content_hash"] == report.content_hash
    assert imports.commit(report.id).new == 0  # pressed twice
    assert lake.version() == done.version


def test_the_same_file_again_changes_nothing(tmp_path: Path, lake: Lake) -> None:
    imports.commit(imports.check(file(tmp_path), "air-hourly").id)
    version, known = lake.version(), now_in_lake(lake)
    again = imports.check(file(tmp_path), "air-hourly")
    assert (again.new, again.changed, again.unchanged) == (0, 0, 12)
    imports.commit(again.id)
    assert lake.version() == version
    assert now_in_lake(lake).equals(known)


def test_a_correction_keeps_both_versions(tmp_path: Path, lake: Lake) -> None:
    imports.commit(imports.check(file(tmp_path), "air-hourly").id)
    report = imports.check(
        file(tmp_path, HEADER + ROWS.replace(",4,0.5", ",40,NA")), "air-hourly"
    )  # fmt: skip
    assert (report.new, report.changed, report.unchanged) == (0, 2, 10)
    assert {(c.code, c.property, c.old, c.new) for c in report.changes} == {
        ("1001A", "pm2_5", "4", "40"), ("1001A", "co", "0.5", "NA"),
    }  # fmt: skip
    imports.commit(report.id)
    series = series_ids("air_station", codes=["1001A"], properties=["pm2_5"])["series"][0]
    kept = readings.versions(series, datetime(2014, 12, 31, 16, tzinfo=UTC))
    assert kept["value"].to_list() == [4.0, 40.0]


def test_a_file_with_one_bad_cell_is_refused_whole(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(
        file(tmp_path, HEADER + ROWS + "9999X,2015-01-01 00:00,1,2,3,x,5,6\n"), "air-hourly"
    )
    assert [(p.code, p.row, p.column) for p in report.problems] == [
        ("ingest.value-unreadable", 4, "pm2_5"), ("ingest.object-unknown", 4, "station"),
    ]  # fmt: skip
    with pytest.raises(BadInput) as caught:
        imports.commit(report.id)
    assert len(caught.value.problems) == 2
    assert now_in_lake(lake).is_empty()
    assert not (settings().data_dir / "staging" / report.id).exists()


def test_a_commit_works_from_the_kept_file_when_the_staging_is_gone(
    tmp_path: Path, lake: Lake
) -> None:
    path = file(tmp_path)
    report = imports.check(path, "air-hourly")
    imports._staging(report.id).discard()
    path.unlink()
    assert imports.commit(report.id).new == 12


def test_a_station_closed_between_check_and_commit_refuses_it(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(file(tmp_path), "air-hourly")
    imports._staging(report.id).discard()
    Object.objects.filter(code="1002A").delete()
    with pytest.raises(BadInput, match=r"ingest\.refused"):
        imports.commit(report.id)
    assert now_in_lake(lake).is_empty()
    assert Import.objects.get(pk=report.id).state == "checked"


def test_recover_finishes_what_reached_the_lake(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(file(tmp_path), "air-hourly")
    done = imports.commit(report.id)
    # As if the process had died right after the commit of the lake.
    Import.objects.filter(pk=report.id).update(state="committing", lake_version=None)
    Outbox.objects.all().delete()
    assert imports.recover() == [(report.id, "committed")]
    row = Import.objects.get(pk=report.id)
    assert (row.state, row.lake_version) == ("committed", done.version)
    assert Outbox.objects.get().payload["known_at"] == done.known_at.isoformat()
    assert lake.version() == done.version


def test_recover_takes_back_what_did_not(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(file(tmp_path), "air-hourly")
    Import.objects.filter(pk=report.id).update(state="committing")
    assert imports.recover() == [(report.id, "checked")]
    assert now_in_lake(lake).is_empty()
    assert imports.commit(report.id).new == 12


def test_an_import_at_work_is_left_alone(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(file(tmp_path), "air-hourly")
    Import.objects.filter(pk=report.id).update(state="committing")
    with imports._staging(report.id).held():
        assert imports.recover() == []
        with pytest.raises(Conflict):
            imports.commit(report.id)


@pytest.mark.parametrize("profile", ["air-hourly", "air-long"])
@pytest.mark.parametrize("write", [as_csv, as_xlsx], ids=["csv", "xlsx"])
def test_what_is_exported_imports_unchanged(
    tmp_path: Path, lake: Lake, profile: str, write: object
) -> None:
    imports.commit(imports.check(file(tmp_path), "air-hourly").id)
    chosen = profiles.get(profile)
    frame = form(chosen, imports.filled(chosen, Period.year(2015)))
    path = tmp_path / "export"
    path.write_bytes(write(frame, chosen))  # type: ignore[operator]
    report = imports.check(path, profile)
    assert report.ok, report.problems
    assert (report.new, report.changed, report.unchanged) == (0, 0, 12)


def test_an_empty_template_asks_for_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    profile = profiles.get("air-hourly")
    path.write_bytes(as_csv(form(profile), profile))
    report = imports.check(path, profile)
    assert report.problem_counts == {"ingest.no-rows": 1}


@pytest.mark.parametrize("rows_at_once", [1, 7, 1000])
def test_the_size_of_the_groups_does_not_show(
    tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch, rows_at_once: int
) -> None:
    monkeypatch.setattr(csv_table, "BLOCK", 50)
    monkeypatch.setattr(staging, "ROWS_AT_ONCE", rows_at_once)
    text = HEADER + (ROWS + ROWS.replace("-01-01", "-06-01")) * 3
    report = imports.check(file(tmp_path, text), "air-hourly")
    assert (report.new, report.collapsed, report.readings) == (24, 48, 24)
    assert imports.commit(report.id).new == 24
    assert now_in_lake(lake).height == 24
    clash = imports.check(file(tmp_path, text + ROWS.replace(",4,", ",5,")), "air-hourly")
    assert "ingest.duplicate" in clash.problem_counts


def test_a_saved_profile_reads_a_city_s_own_file(tmp_path: Path, lake: Lake) -> None:
    own = profiles.get("air-hourly").model_copy(
        update={"id": "our-city", "encoding": "gb18030", "delimiter": ";"}
    )
    profiles.save(own)
    path = tmp_path / "own.csv"
    text = HEADER.replace(",", ";") + "万寿西宫;2015年1月1日24时;1;2;3;4;0.5;6\n"
    path.write_bytes(text.encode("gb18030"))
    assert imports.check(path, "our-city").new == 6
    with pytest.raises(Conflict):
        profiles.save(profiles.get("air-hourly"))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
def test_two_years_of_beijing(tmp_path: Path, lake: Lake) -> None:
    codes = profiles.get("beijing-prsa").object.codes.values()  # type: ignore[union-attr]
    for code in codes:
        Object.objects.get_or_create(kind="air_station", code=code, defaults={"name_zh": code})
    source = SHARED / "data/air/beijing_prsa_2014_2015.parquet"
    report = imports.check(source, "beijing-prsa")
    assert (report.rows, report.readings) == (210_240, 1_261_440)
    imports.commit(report.id)
    co = series_ids("air_station", codes=["1011A"], properties=["co"])["series"][0]
    stored = readings.current([co], Period.year(2014))
    truth = pl.read_parquet(source).filter(pl.col("station") == "Aotizhongxin")
    # The file holds float32: 0.1 is meant where it says 0.10000000149.
    truth = truth.filter(pl.col("time").dt.year() == 2014)["co"].cast(pl.String).cast(pl.Float64)
    # numpy divides; Polars multiplies by 1/1000 and gives 0.7000000000000001 for 700.
    assert (stored["value"].is_null() == truth.is_null()).all()
    assert (stored["value"].drop_nulls().to_numpy() == truth.drop_nulls().to_numpy() / 1000).all()


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
def test_the_national_feed_takes_ozone_from_the_right_field(tmp_path: Path, lake: Lake) -> None:
    feed = pl.read_csv(SHARED / "data/air/cnemc_live_snapshots.csv.gz", infer_schema=False)
    feed = feed.filter(pl.col("stationcode").is_in(["1001A", "1002A"]))
    path = tmp_path / "feed.csv"
    feed.write_csv(path)
    report = imports.check(path, "cnemc-feed")
    assert report.ok, report.problems
    imports.commit(report.id)
    o3 = series_ids("air_station", codes=["1002A"], properties=["o3"])["series"][0]
    stored = readings.current([o3], Period.year(2017))
    assert stored.select("start", "value").row(0) == (
        datetime(2017, 7, 7, 7, tzinfo=UTC),  # stamped 16:00, which ends the hour from 15:00
        160.0,  # o3_24h; the field named o3 says 179
    )


def _kept(report: Report) -> bool:
    return open_files().path(report.content_hash).exists()


def test_only_what_may_be_committed_is_kept(tmp_path: Path, lake: Lake) -> None:
    bad = imports.check(file(tmp_path, HEADER + ROWS + "1001A,never,1,2,3,4,0.5,6\n"), "air-hourly")
    assert not bad.ok
    assert not _kept(bad)
    looked_at = imports.check(file(tmp_path), "air-hourly", keep=False)
    assert looked_at.ok
    assert not _kept(looked_at)
    assert not Import.objects.filter(pk=looked_at.id).exists()
    assert _kept(imports.check(file(tmp_path), "air-hourly"))


def test_a_check_nobody_came_back_to_is_cleared_away(tmp_path: Path, lake: Lake) -> None:
    report = imports.check(file(tmp_path), "air-hourly")
    assert imports.tidy(utc_now() + timedelta(days=6)) == 0
    assert imports.tidy(utc_now() + timedelta(days=8)) == report.size
    assert not _kept(report)
    imports._staging(report.id).discard()
    with pytest.raises(Conflict, match="check-expired"):
        imports.commit(report.id)


def test_a_file_that_another_import_needs_stays(tmp_path: Path, lake: Lake) -> None:
    imports.commit(imports.check(file(tmp_path), "air-hourly").id)
    again = imports.check(file(tmp_path), "air-hourly")
    assert imports.tidy(utc_now() + timedelta(days=8)) == 0
    assert _kept(again)
