"""From the spool into the lake: series, units, stamps, marks, versions, and exactly once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fenhe.app.boot import boot
from fenhe.ingest.hj212 import encode
from fenhe.ingest.hj212.gateway import intake
from fenhe.ingest.hj212.gateway.directory import Device as Known
from fenhe.ingest.hj212.gateway.directory import Directory
from fenhe.ingest.models import Device, DeviceLink, DeviceRequest
from fenhe.kernel.period import Period, civil, utc_now
from fenhe.observe import device_gaps, devices, flags, parameters, readings
from fenhe.observe.models import Parameter
from fenhe.registry.models import Object, Series
from fenhe.store import spool
from fenhe.store.config import settings
from fenhe.store.lake import Lake
from fenhe.store.models import Outbox

boot()

pytestmark = pytest.mark.django_db
MN = "010000A8900016F000169DC0"
AUGUST = Period(datetime(2026, 7, 30, tzinfo=UTC), datetime(2026, 8, 3, tzinfo=UTC))


class Desk:
    """A gateway's spool, filled without a network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.writer = spool.SpoolWriter(folder)
        self.directory = Directory([Known(MN, "123456")])

    def sends(
        self, cn: str, stamp: str, factors: dict[str, Any], mn: str = MN, **head: str
    ) -> None:
        header = {"QN": f"{stamp}000", "ST": "31", "CN": cn, "PW": "123456", "MN": mn, "Flag": "5"}
        cp = {"DataTime": stamp, **({"PolId": head.pop("PolId")} if "PolId" in head else {})}
        raw = encode({**header, **head}, cp, factors)
        entry = intake.judge(raw, "127.0.0.1:1", int(utc_now().timestamp() * 1e6), self.directory)
        self.writer.write([entry.row], datetime(2026, 8, 1, tzinfo=UTC))

    def flush(self) -> devices.Flushed:
        return devices.flush_one(self.folder, devices.sources())

    def state(self) -> spool.SpoolState:
        return spool.SpoolState(self.folder)


@pytest.fixture
def desk(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("FENHE_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    station = Object.objects.create(kind="air_station", code="S1", name_zh="一号站")
    Device.objects.create(mn=MN, object=station, profile="air_station", password="123456")
    yield Desk(spool.root() / "gateway-0")
    settings.cache_clear()


def found(resolution: str, statistic: str = "value") -> dict[tuple[str, str], float]:
    """(property, civil hour and minute) → value, as it now stands."""
    names = dict(Series.objects.filter(statistic=statistic).values_list("id", "property"))
    rows = readings.current(None, AUGUST, resolution, flags=False)
    return {
        (names[row["series"]], f"{row['start'] + timedelta(hours=8):%d %H:%M}"): row["value"]
        for row in rows.iter_rows(named=True)
        if row["series"] in names
    }


def test_an_hour_is_stored_under_its_start_in_the_lakes_unit(desk: Desk) -> None:
    desk.sends("2061", "20260801080000", {
        "a21026": {"Min": "5.0", "Avg": "7.5", "Max": "9", "Flag": "N"},
        "a21005": {"Avg": "0.7", "Flag": "N"},
        "a99999": {"Avg": "3", "Cou": "12"},
    })  # fmt: skip
    done = desk.flush()
    assert (done.frames, done.readings, done.refused) == (1, 6, 0)
    assert found("hour") == {
        ("so2", "01 08:00"): 7.5, ("co", "01 08:00"): 0.7, ("a99999", "01 08:00"): 3.0,
    }  # fmt: skip
    assert found("hour", "max") == {("so2", "01 08:00"): 9.0}
    assert found("hour", "total") == {("a99999", "01 08:00"): 12.0}
    assert Outbox.objects.filter(topic="readings.appended").count() == 1
    assert desk.flush() == devices.Flushed()


def test_units_of_the_channel_become_those_of_the_vocabulary(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = devices.profiles.get("air_station")
    channels = {
        "a21026": profile.channels["a21026"].model_copy(update={"unit": "mg/m³"}),
        "a21004": profile.channels["a21004"].model_copy(update={"unit": "m/s"}),
    }
    other = profile.model_copy(update={"channels": channels})
    monkeypatch.setattr(devices.profiles, "get", lambda id: other)
    desk.sends("2061", "20260801080000", {"a21026": {"Avg": "0.0075"}, "a21004": {"Avg": "3"}})
    desk.flush()
    assert found("hour") == {("so2", "01 08:00"): 7.5}
    assert desk.state().refused() == [("2026-08-01", 1, "a21004-Avg", "unit")]


def test_each_command_has_its_resolution(desk: Desk) -> None:
    for cn in ("2011", "2051", "2061", "2031"):
        desk.sends(cn, "20260801000000", {"a21026": {"Rtd" if cn == "2011" else "Avg": "1"}})
    desk.flush()
    assert all(found(r) == {("so2", "01 00:00"): 1.0} for r in ("sample", "minute", "hour", "day"))


def test_every_version_is_kept_in_the_order_it_came(desk: Desk) -> None:
    for second, value in enumerate(("1", "2", "1")):
        desk.sends(
            "2061", "20260801080000", {"a21026": {"Avg": value}}, QN=f"2026080109000{second}000"
        )
    desk.flush()
    series = Series.objects.get(property="so2").pk
    rows = readings.versions(series, datetime(2026, 8, 1, 0, tzinfo=UTC), "hour")
    assert rows["value"].to_list() == [1.0, 2.0, 1.0]


def test_a_backfill_says_so_and_does_not_move_the_clock(desk: Desk) -> None:
    desk.sends("2061", "20260801080000", {"a21026": {"Avg": "1"}}, RF="1", Flag="9")
    desk.flush()
    assert readings.current(None, AUGUST, "hour")["source"].to_list() == ["hj212:backfill"]
    link = DeviceLink.objects.get()
    assert (link.mn, link.edition, link.skew_ms) == (MN, "2025", None)


def test_the_clock_of_a_device_is_compared_with_ours(desk: Desk) -> None:
    ago = utc_now() + timedelta(hours=8) - timedelta(hours=1)
    desk.sends("2011", "20260801080000", {"a21026": {"Rtd": "1"}}, QN=f"{ago:%Y%m%d%H%M%S}000")
    desk.flush()
    skew = DeviceLink.objects.get().skew_ms
    assert skew is not None
    assert 3_600_000 <= skew < 3_660_000


def test_a_mark_other_than_n_fails_the_reading(desk: Desk) -> None:
    desk.sends("2061", "20260801080000", {
        "a21026": {"Avg": "7", "Flag": "D"}, "a21004": {"Avg": "7", "Flag": "N"},
        "a34002": {"Avg": "7", "Flag": "x"},
    })  # fmt: skip
    desk.flush()
    rows = readings.current(None, AUGUST, "hour")
    names = dict(Series.objects.values_list("id", "property"))
    said = {names[row["series"]]: row["flag"] for row in rows.iter_rows(named=True)}
    fail, unsaid = int(flags.Flag.FAIL), int(flags.Flag.NOT_EVALUATED)
    assert said == {"so2": fail, "no2": unsaid, "pm10": fail}


def test_one_poison_record_does_not_stop_its_batch(desk: Desk) -> None:
    """F13, F5: a stamp in the future, no stamp at all, text for a number."""
    ahead = utc_now() + timedelta(hours=8 + 3)
    desk.sends("2061", f"{ahead:%Y%m%d%H}0000", {"a21026": {"Avg": "1"}})
    desk.sends("2061", "20269999999999", {"a21026": {"Avg": "1"}})
    desk.sends("2061", "20260801080000", {"a21026": {"Avg": "---"}, "a21004": {"Avg": "4"}})
    done = desk.flush()
    assert (done.readings, done.refused) == (1, 2)
    assert found("hour") == {("no2", "01 08:00"): 4.0}
    assert {why for *_, why in desk.state().refused()} == {"future", "no_time"}


def test_a_stranger_is_read_once_it_is_registered(desk: Desk) -> None:
    stranger = "F" * 24
    desk.sends("2061", "20260801080000", {"a21026": {"Avg": "1"}}, mn=stranger)
    desk.flush()
    assert found("hour") == {}
    day = spool.SpoolReader(desk.folder).days[0]
    (kept,) = spool.SpoolReader(desk.folder).kept_back(day, 5)
    assert kept.quarantine == "unknown_mn"
    assert devices.release(desk.folder, day, [kept.id]).refused == 1
    station = Object.objects.create(kind="air_station", code="S2", name_zh="二号站")
    Device.objects.create(mn=stranger, object=station, profile="air_station")
    assert devices.release(desk.folder, day, [kept.id]).readings == 1
    assert found("hour") == {("so2", "01 08:00"): 1.0}
    assert desk.state().refused() == []
    assert desk.state().released(day) == {kept.id}


def test_parameters_of_an_instrument_are_readings_too(desk: Desk) -> None:
    desk.sends("3020", "20260801080000", {"i13008": {"Info": "1.02"}}, PolId="a21026")
    desk.flush()
    assert found("sample", "info") == {("a21026.i13008", "01 08:00"): 1.02}


def told() -> list[tuple[str, str, str, str]]:
    rows = parameters.changed(Parameter.objects.all())
    return [(one.factor, one.code, change.before, one.value)
            for change in parameters.changes(rows) for one in [change.row]]  # fmt: skip


def test_parameters_are_kept_with_versions_and_changes_told_from_the_one_before(
    desk: Desk,
) -> None:
    slope = {"i13008": {"Info": "1.00"}, "i13001": {"Info": "//0-500//"}}
    desk.sends("3020", "20260801080000", slope, PolId="a21026")
    desk.sends("3020", "20260801090000", slope, PolId="a21026")  # the same again
    desk.sends("3020", "20260803020000", {"i13008": {"Info": "0.70"}}, PolId="a21026")
    desk.sends("3020", "20260803020000", {"i13008": {"Info": "0.90"}}, PolId="a21004")
    desk.sends("3020", "20260803030000", {"i11001": {"Info": "//清洗管路//"}}, PolId="a21026")
    desk.flush()
    assert Parameter.objects.count() == 4
    assert told() == [("a21026", "i13008", "1.00", "0.70")]
    # What comes late falls into its place: the change that followed is told from it.
    desk.sends("3020", "20260802020000", {"i13008": {"Info": "1.10"}}, PolId="a21026")
    desk.flush()
    assert told() == [
        ("a21026", "i13008", "1.10", "0.70"), ("a21026", "i13008", "1.00", "1.10"),
    ]  # fmt: skip
    assert Parameter.objects.latest("at").frame == "gateway-0/2026-08-01/4"


def test_a_parameter_report_of_the_future_counts_when_it_came(desk: Desk) -> None:
    tomorrow = civil(utc_now() + timedelta(days=1))
    desk.sends("3020", f"{tomorrow:%Y%m%d%H%M%S}", {"i13008": {"Info": "2"}}, PolId="a21026")
    desk.flush()
    assert Parameter.objects.get().at <= utc_now()


@pytest.mark.parametrize("at", ["append", "record", "_link"])
def test_a_batch_repeated_after_a_crash_counts_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """F2: the crash comes before or after the commit of the lake, or before the note that it is
    done; meanwhile the value is corrected from elsewhere, and the repetition must not undo that."""
    desk.sends("2061", "20260801080000", {"a21026": {"Avg": "1", "Flag": "D"}})
    place: Any = {"append": readings, "record": flags, "_link": devices}[at]

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, at, crash)
        with pytest.raises(KeyboardInterrupt):
            desk.flush()
    if at != "append":
        series = Series.objects.get(property="so2").pk
        later = pl.DataFrame(
            {"series": [series], "start": [datetime(2026, 8, 1, tzinfo=UTC)], "value": [9.0]}
        )
        readings.append(later, "hour", "file")
    desk.sends("2061", "20260801090000", {"a21026": {"Avg": "2"}})
    while desk.flush().frames:
        pass
    kept = 1.0 if at == "append" else 9.0
    assert found("hour") == {("so2", "01 08:00"): kept, ("so2", "01 09:00"): 2.0}


def test_missing_hours_are_asked_for_once_and_marked(desk: Desk) -> None:
    now = utc_now().replace(minute=30)
    device = Device.objects.get()
    for ago in [hours for hours in range(3, 27) if hours not in (5, 6, 7, 20)]:
        civil_hour = now.replace(minute=0) + timedelta(hours=8 - ago)
        desk.sends("2061", f"{civil_hour:%Y%m%d%H}0000", {"a21026": {"Avg": "1"}})
    desk.flush()
    assert device_gaps.ask_for_missing(now) == 2
    assert device_gaps.ask_for_missing(now) == 0
    rows = DeviceRequest.objects.order_by("cp__BeginTime")
    assert [row.cp["EndTime"][:10] for row in rows] == [
        f"{now + timedelta(hours=8 - ago):%Y%m%d%H}" for ago in (20, 5)
    ]
    rows.update(state="sent", created_at=now - timedelta(minutes=40))
    civil_hour = now.replace(minute=0) + timedelta(hours=8 - 6)
    desk.sends("2061", f"{civil_hour:%Y%m%d%H}0000", {"a21026": {"Avg": "2"}}, Flag="4")
    desk.flush()
    back = readings.current(None, Period(now - timedelta(days=2), now), "hour", flags=False)
    assert back.filter(pl.col("value") == 2.0)["source"].to_list() == ["hj212:asked"]
    assert set(back.filter(pl.col("value") == 1.0)["source"]) == {"hj212"}
    assert device.requests.count() == 2


def test_old_days_leave_the_spool_when_they_have_been_read(desk: Desk) -> None:
    desk.sends("2061", "20260801080000", {"a21026": {"Avg": "1"}})
    desk.sends("2061", "20269999999999", {"a21026": {"Avg": "1"}})
    later = datetime(2028, 1, 1, tzinfo=UTC)
    assert devices.tidy(later) == 0
    desk.flush()
    assert len(desk.state().refused()) == 1
    assert devices.tidy(later) == 1
    assert spool.SpoolReader(desk.folder).days == []
    assert desk.state().refused() == []
