"""The verbs as a person runs them: files in, files out, errors with their rows."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fenhe.domains.sources.fraud.injected import INJECTORS
from fenhe.domains.sources.fraud.series import DAY
from fenhe.domains.sources.fraud.simulated import outlet

LIMITS = (
    "outlet,standard,source_unit,condition,code,permit_limit\n"
    "A,GB 13271-2014,coal boiler,new coal boiler,a21026,200\n"
    'B,GB 13223-2011,coal boiler,"special limits, key regions (table 2)",,\n'
)


def fenhe(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "fenhe", "sources", *map(str, arguments)]
    return subprocess.run(command, input=stdin.encode(), capture_output=True, check=False)


def table(result: subprocess.CompletedProcess[bytes]) -> pl.DataFrame:
    assert result.returncode == 0, result.stderr.decode()
    return pl.read_csv(io.BytesIO(result.stdout), infer_schema=False)


def problems(result: subprocess.CompletedProcess[bytes]) -> list[tuple[int, str, str]]:
    assert result.returncode == 2, result.stderr.decode()
    found = json.loads(result.stderr)["error"]["problems"]
    return [(p["row"], p["column"], p["code"]) for p in found]


def test_hours() -> None:
    lines = [f"A,a21026,2026-05-04 08:{m:02d},{m},{'N' if m < 45 else 'M'}" for m in range(60)]
    found = table(fenhe("hours", "-", "-", stdin="\n".join(["排口,因子,时间,实测值,flag", *lines])))
    assert found.rows() == [
        ("A", "a21026", "2026-05-04T08:00:00.000000", "22.0", "60", "45", "true")
    ]


def test_days_from_hours_with_their_validity() -> None:
    lines = [f"A,a21026,2026-05-04 {h:02d}:00,10,{'是' if h < 20 else '否'}" for h in range(24)]
    text = "\n".join(["outlet,code,time,value,valid", *lines])
    found = table(fenhe("hours", "-", "-", "--span", "day", stdin=text))
    assert found["valid"].to_list() == ["true"]


def test_convert() -> None:
    text = "name,value,o2,o2_ref,sent\na,100,13.5,6,200\nb,100,13.5,6,100\nc,100,18,,100\n"
    found = table(fenhe("convert", "-", "-", stdin=text))
    assert found["converted"].to_list() == ["200.0", "200.0", "100.0"]
    assert found["follows"].to_list() == ["true", "false", "true"]
    assert found["name"].to_list() == ["a", "b", "c"]


def test_exceed_names_both_limits_and_events_join_hours(tmp_path: Path) -> None:
    limits = tmp_path / "limits.csv"
    limits.write_text(LIMITS, encoding="utf-8")
    rows = "".join(f"{o},a21026,2026-05-04 0{h}:00,250\n" for o in "AB" for h in range(3))
    text = "outlet,code,time,value\n" + rows
    found = table(fenhe("exceed", "-", "-", "--limits", limits, stdin=text))
    assert found["verdict"].to_list() == ["exceeded"] * 3 + ["warned"] * 3
    assert (found["limit_standard"][0], found["limit_permit"][0]) == ("300.0", "200.0")
    assert found["decided_by"][0] == "permit"
    joined = table(fenhe("exceed", "-", "-", "--limits", limits, "--events", stdin=text))
    assert joined["parts"].to_list() == ["3", "3"]
    assert joined["kind"].to_list() == ["consecutive", "consecutive"]


def test_limits_nobody_knows_are_refused_with_their_row(tmp_path: Path) -> None:
    limits = tmp_path / "limits.csv"
    limits.write_text(LIMITS + "C,GB 1,boiler,new,,\n", encoding="utf-8")
    text = "outlet,code,time,value\nA,a21026,2026-05-04 00:00,250\n"
    result = fenhe("exceed", "-", "-", "--limits", limits, "--json", stdin=text)
    assert problems(result) == [(4, "standard", "sources.limit-unknown")]


def test_effectiveness_and_league() -> None:
    rows = [f"A,a21026,2026-05-04 {h:02d}:00,{'' if h > 17 else 1},甲" for h in range(24)]
    text = "\n".join(["outlet,code,time,value,enterprise", *rows])
    options = ("--begin", "2026-05-04", "--end", "2026-05-05")
    found = table(fenhe("effectiveness", "-", "-", *options, stdin=text))
    assert found["transmission"].to_list() == ["75.0"]
    # received / due times valid / due, as the ministry counts it
    assert found["effectiveness"].to_list() == ["56.25"]
    found = table(fenhe("effectiveness", "-", "-", *options, "--league", stdin=text))
    assert found["enterprise"].to_list() == ["甲"]


def test_exceed_reads_the_words_of_daily_work(tmp_path: Path) -> None:
    limits = tmp_path / "limits.csv"
    limits.write_text(
        "outlet,standard,source_unit,condition,code,permit_limit\n"
        "W,GB 18918-2002,总排口,一级A,,\nG,GB 13271-2014,燃煤锅炉,新建燃煤锅炉,NOx,200\n",
        encoding="utf-8",
    )
    text = (
        "outlet,code,time,value\nW,COD,2026-05-04,68.3\nW,氨氮,2026-05-04,4\n"
        "W,w01018,2026-05-05,50\nW,CO,2026-05-04,1\n"
    )
    result = fenhe("exceed", "-", "-", "--limits", limits, "--span", "day", stdin=text)
    found = table(result)
    assert found["code"].to_list() == ["w01018", "w21003", "w01018", "a21005"]
    assert found["verdict"].to_list() == ["exceeded", "kept", "kept", "not_judged"]
    assert found["times"][0] == "0.366"
    assert "W a21005：没有可比的限值" in result.stderr.decode()


@pytest.mark.parametrize(
    ("cells", "column", "choice"),
    [
        ("GB 18918,总排口,一级A", "standard", "GB 18918-2002"),
        ("GB 18918-2002,烟囱,一级A", "source_unit", "plant outlet（总排口）"),
        ("GB 18918-2002,总排口,三级", "condition", "class 1A（一级A）"),
    ],
)
def test_the_column_that_is_wrong_is_named_with_its_choices(
    tmp_path: Path, cells: str, column: str, choice: str
) -> None:
    limits = tmp_path / "limits.csv"
    limits.write_text(f"outlet,standard,source_unit,condition\nW,{cells}\n", encoding="utf-8")
    text = "outlet,code,time,value\nW,COD,2026-05-04,68.3\n"
    result = fenhe("exceed", "-", "-", "--limits", limits, "--json", stdin=text)
    assert problems(result) == [(2, column, "sources.limit-unknown")]
    assert choice in result.stderr.decode()


def test_an_unknown_code_is_refused(tmp_path: Path) -> None:
    limits = tmp_path / "limits.csv"
    limits.write_text(LIMITS, encoding="utf-8")
    text = "outlet,code,time,value\nA,SO22,2026-05-04 01:00,1\n"
    result = fenhe("exceed", "-", "-", "--limits", limits, "--json", stdin=text)
    assert problems(result) == [(2, "code", "sources.code-unknown")]


@pytest.mark.parametrize("verb", ["hours", "exceed", "effectiveness", "fraud"])
def test_bad_cells_are_told_with_their_rows_and_nothing_written(tmp_path: Path, verb: str) -> None:
    limits = tmp_path / "limits.csv"
    limits.write_text(LIMITS, encoding="utf-8")
    options = {
        "hours": (), "exceed": ("--limits", limits),
        "effectiveness": ("--begin", "2026-05-04", "--end", "2026-05-05"),
        "fraud": ("--limit", 100, "--o2-ref", 6),
    }[verb]  # fmt: skip
    text = (
        "outlet,code,time,value,load,nox\nA,a21026,yesterday,1,1,1\n"
        ",a21026,2026-05-04 01:00,x,1,x\n"
    )
    target = tmp_path / "out.csv"
    result = fenhe(verb, "-", target, *options, "--json", stdin=text)
    column = "nox" if verb == "fraud" else "value"
    assert problems(result) == sorted(
        [
            (2, "time", "sources.time"),
            (3, "outlet", "sources.blank"),
            (3, column, "table.not-a-number"),
        ]
    )
    assert not target.exists()


def test_fraud_ranks_the_tampered_outlet_and_says_it_is_no_proof(tmp_path: Path) -> None:
    bad = outlet(1)
    INJECTORS["zero_emission"][0](bad, 100 * DAY, 130 * DAY, np.random.default_rng(0))
    frames = []
    for series in (outlet(2), bad):
        frames.append(
            pl.DataFrame(
                {
                    "outlet": [series.outlet] * series.n,
                    "time": [series.at(h) for h in range(series.n)], "load": series.load,
                    "nox": series.nox, "o2": series.o2, "sent": series.sent,
                },
                nan_to_null=True,
            )
        )  # fmt: skip
    source, events = tmp_path / "in.parquet", tmp_path / "events.csv"
    pl.concat(frames).write_parquet(source)
    events.write_text(
        "outlet,time,kind,end,parameter,old,new\n"
        f"{bad.outlet},2025-03-01 02:00,change,,slope,1,0.7\n"
        f"{bad.outlet},2025-03-05 00:00,maintenance,2025-03-05 04:00,,,\n",
        encoding="utf-8",
    )
    result = fenhe(
        "fraud", source, "-", "--limit", 100, "--o2-ref", 6, "--events", events
    )  # fmt: skip
    found = table(result)
    assert set(found["outlet"]) == {bad.outlet}
    assert {"zero", "parameter"} <= set(found["test"])
    assert "not findings of fact" in result.stderr.decode()
    events.write_text(f"outlet,time,kind\n{bad.outlet},2025-03-01,party\nX,,stop\n", "utf-8")
    result = fenhe(
        "fraud", source, "-", "--limit", 100, "--o2-ref", 6, "--events", events, "--json"
    )  # fmt: skip
    assert (2, "kind", "sources.kind") in problems(result)
    assert (3, "outlet", "sources.outlet-unknown") in problems(result)
