"""Candidates upstream: on a small river by hand, and on a simulated basin."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from fenhe.domains.water.rules import tables
from fenhe.domains.water.sky import simulated, trial
from fenhe.domains.water.sky.events import Event
from fenhe.domains.water.sky.network import Place, Reach, River
from fenhe.domains.water.sky.trace import Evidence, Source, Station, trace
from fenhe.kernel.text import Text

EDITION = tables.edition("sky eye")
T0 = datetime(2026, 5, 3)  # noqa: DTZ001  # civil and naive, like the feed
RIVER = River.of(
    [Reach(id, head, mouth, 18.0, width=20, depth=1, discharge=10)
     for id, head, mouth in (("left", "a", "m"), ("right", "b", "m"), ("stem", "m", "z"))]
)  # fmt: skip
SEWAGE = {"nh3n": 25.0, "tp": 3.0, "codmn": 30.0}
BRINE = {"ec": 8000.0}
AT = Place("stem", 9.0)
EVENT = Event(
    station="S", start=T0, peak=T0 + timedelta(hours=4), end=T0 + timedelta(hours=8),
    is_open=False, samples=3, item="nh3n", value=2.5, baseline=0.4, score=12.0,
    items=("nh3n", "tp"), kinds=("sewage",), isolated=False, compared=40, confidence=0.8,
    rises={"nh3n": 2.1, "tp": 0.25},
)  # fmt: skip


def source(
    id: str, place: Place, profile: dict[str, float] | None = None, flow: float = 800
) -> Source:
    return Source(id, id, "outfall", place, SEWAGE if profile is None else profile, flow)


def order(*sources: Source, **how: object) -> list[str]:
    return [one.source.id for one in trace(EVENT, AT, RIVER, sources, discharge=10, **how)]


def test_what_lies_below_or_on_no_way_is_no_candidate() -> None:
    assert order(source("below", Place("stem", 10)), source("above", Place("stem", 8))) == ["above"]


def test_who_discharges_something_else_comes_last() -> None:
    brine = source("brine", Place("stem", 8.5), BRINE)
    assert order(brine, source("sewage", Place("left", 9))) == ["sewage", "brine"]


def test_who_could_not_discharge_as_much_comes_later() -> None:
    small = source("small", Place("stem", 7), flow=0.05)
    assert order(small, source("large", Place("stem", 6))) == ["large", "small"]


def test_a_quiet_station_between_speaks_against() -> None:
    """`middle` lies in the left arm, reported all the time and saw nothing."""
    middle = Station("M", Place("left", 12), (), T0 - timedelta(5), T0 + timedelta(2))
    far, other = source("far", Place("left", 8)), source("other", Place("right", 2))
    assert order(far, other) == ["far", "other"]
    assert order(far, other, stations=[middle]) == ["other", "far"]
    silent = replace(middle, data_to=T0 - timedelta(3))
    assert order(far, other, stations=[silent]) == ["far", "other"], "no data speak for nobody"
    window = (T0 - timedelta(hours=14), T0 - timedelta(hours=8))
    saw = replace(middle, events=(window,))
    (first, _) = trace(EVENT, AT, RIVER, [far, other], discharge=10, stations=[saw])
    assert first.points["quiet"] > 1


def test_evidence_in_the_time_window_moves_a_candidate_up_and_each_kind_counts_once() -> None:
    near, far = source("near", Place("stem", 8)), source("far", Place("stem", 5))

    def finding(kind: str, at: datetime) -> Evidence:
        return Evidence("far", kind, at, at + timedelta(hours=2), Text("夜间超标", "at night"))

    inside = T0 - timedelta(hours=3)
    assert order(near, far) == ["near", "far"]
    assert order(near, far, evidence=[finding("exceedance", inside)]) == ["far", "near"]
    assert order(near, far, evidence=[finding("exceedance", T0 - timedelta(9))]) == ["near", "far"]
    once = trace(EVENT, AT, RIVER, [far], evidence=[finding("power", inside)])
    often = trace(EVENT, AT, RIVER, [far], evidence=[finding("power", inside)] * 9)
    assert once[0].weight == often[0].weight
    assert "夜间超标" in [text.zh for text in once[0].reasons]


def test_shares_add_up_and_every_candidate_says_why() -> None:
    found = trace(EVENT, AT, RIVER, [source(f"s{k}", Place("left", k)) for k in range(1, 9)])
    assert sum(one.share for one in found) == pytest.approx(1.0)
    assert all(one.reasons and one.released[0] < one.released[1] for one in found)
    assert trace(EVENT, AT, RIVER, []) == []


def test_what_is_unknown_is_neither_for_nor_against() -> None:
    (found,) = trace(EVENT, AT, RIVER, [Source("x", "x", "outfall", Place("left", 3))])
    assert found.points["pollutant"] == found.points["capacity"] == 0.5
    assert any("未知" in text.zh for text in found.reasons)


@pytest.mark.slow
def test_on_a_simulated_basin_the_true_source_is_among_the_first_five() -> None:
    """100 sections, 500 outfalls, 200 spills; what was not seen counts against it."""
    basin = simulated.basin(seed=1)
    assert (len(basin.sections), len(basin.sources), len(basin.spills)) == (100, 500, 200)
    with_all = trial.Score.of(trial.trial(basin, EDITION))
    assert with_all.first_five >= 0.9 * with_all.spills
    alone = trial.Score.of(trial.trial(basin, EDITION, with_evidence=False, with_stations=False))
    assert alone.first < with_all.first


def test_a_small_basin_is_traced_too() -> None:
    basin = simulated.basin(seed=3, sections=12, outfalls=30, spills=10, days=40)
    found = trial.Score.of(trial.trial(basin, EDITION))
    assert found.first_five >= 7


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small basin written out as an operator would have it."""
    folder = tmp_path_factory.mktemp("basin")
    basin = simulated.basin(seed=3, sections=12, outfalls=30, spills=4, days=30)
    features = [
        {
            "type": "Feature",
            "properties": {
                "id": reach.id, "from_node": reach.head, "to_node": reach.mouth,
                "length_km": reach.length, "width_m": reach.width, "depth_m": reach.depth,
                "discharge_m3_s": reach.discharge, "slope": reach.slope,
            },
            "geometry": {"type": "LineString", "coordinates": [[112 + k, 38], [112 + k, 37.9]]},
        }
        for k, reach in enumerate(basin.river.reaches.values())
    ]  # fmt: skip
    (folder / "net.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    rows = [{"id": id, "kind": "section", "reach": place.reach, "km": place.km}
            for id, place in basin.sections.items()]  # fmt: skip
    rows += [{"id": one.id, "kind": one.kind, "reach": one.place.reach, "km": one.place.km,
              "flow_m3_h": one.flow, **one.profile} for one in basin.sources]  # fmt: skip
    pl.DataFrame(rows, infer_schema_length=None).write_csv(folder / "places.csv")
    basin.readings.rename({"station": "section"}).write_csv(folder / "readings.csv")
    pl.DataFrame(
        [{"source": one.source, "kind": one.kind, "start": one.start, "end": one.end,
          "text": one.text.zh} for one in basin.evidence]
    ).write_csv(folder / "evidence.csv")  # fmt: skip
    (folder / "truth.json").write_text(json.dumps([one.source for one in basin.spills]))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fenhe", "water", "trace", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_verb_names_events_candidates_and_arrivals(files: Path) -> None:
    done = run(
        files, "net.geojson", "places.csv", "readings.csv", "out.csv",
        "--evidence", "evidence.csv", "--downstream", "down.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "不是认定" in done.stderr
    found = pl.read_csv(files / "out.csv")
    first = found.filter(pl.col("rank") <= 5)
    truth = set(json.loads((files / "truth.json").read_text()))
    assert len(truth & set(first["source"])) >= 3
    assert {"section", "item", "multiple", "released_from", "reasons_zh"} <= set(found.columns)
    down = pl.read_csv(files / "down.csv")
    assert (down["arrival_early"] <= down["peak_late"]).all()


def test_the_verb_sees_only_what_was_known(files: Path) -> None:
    done = run(
        files, "net.geojson", "places.csv", "readings.csv", "-", "--as-of", "2026-05-03T00:00",
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_bad_files_are_refused_with_their_place(files: Path) -> None:
    (files / "bad.csv").write_text(
        "id,kind,reach,km\nA,section,R001,1\nA,section,nowhere,x\n,wwtp,R001,2\n"
    )
    done = run(files, "net.geojson", "bad.csv", "readings.csv", "bad-out.csv", "--json")
    assert done.returncode == 2
    problems = json.loads(done.stderr.strip().splitlines()[-1])["error"]["problems"]
    assert {(one["row"], one["column"]) for one in problems} >= {(3, "reach"), (3, "km"), (4, "id")}
    assert not (files / "bad-out.csv").exists()
    (files / "no.geojson").write_text("{")
    done = run(files, "no.geojson", "places.csv", "readings.csv", "bad-out.csv")
    assert done.returncode == 2
    assert "water.network-unreadable" in done.stderr
