"""Golden cases of the rules, the bulletin, the commands and the files this domain declares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from fenhe.app.skeleton import bulletin, commands, rules
from fenhe.assess.rule import READINGS, Assessment
from fenhe.ingest.profile import Profile
from fenhe.kernel.period import Period
from fenhe.kernel.text import Text
from fenhe.publish.bulletin import Fact, Material
from fenhe.publish.sheet import NO_DATA
from fenhe.standards import catalogue
from fenhe.store import yaml

HERE = Path(__file__).parent.parent
DAY = datetime(2026, 1, 1, 16, tzinfo=UTC)


def _ask() -> Assessment:
    catalogue.add_folder(HERE / "standards")
    none = pl.DataFrame()
    return Assessment("day", periods=none, members=none, standards=("example-limits",))


def _hours(values: list[float]) -> pl.DataFrame:
    rows = [
        (1, DAY, 1, rules.LEVEL, "value", DAY + timedelta(hours=hour), value, 0, 1)
        for hour, value in enumerate(values)
    ]
    return pl.DataFrame(rows, schema=dict(READINGS), orient="row")


@pytest.mark.parametrize(
    ("values", "mean", "exceeded"),
    [
        ([20.0] * 24, 20.0, False),  # 4.1: the limit itself is kept
        ([20.1] * 24, 20.1, True),
        ([20.05] * 24, 20.0, False),  # half-even before comparing
        ([99.0] * 19, None, None),  # too few hours
    ],
)
def test_daily_mean_against_4_1(
    values: list[float], mean: float | None, exceeded: bool | None
) -> None:
    verdict = rules.day(_hours(values), _ask()).row(0, named=True)
    assert (verdict["mean"], verdict["exceeded"]) == (mean, exceeded)
    assert (verdict["observed"], verdict["expected"]) == (len(values), 24)


def test_the_profile_names_what_the_vocabulary_has() -> None:
    profile = Profile.model_validate(yaml.read(HERE / "profiles" / "example-hourly.yaml"))
    assert profile.used_properties == [rules.LEVEL]


def test_the_bulletin_prints_the_mean_or_that_there_is_none() -> None:
    period = Period(DAY, DAY + timedelta(days=1))
    name = Text("甲", "A")
    fact = Fact("A", name, {}, period, {"mean": 20.0}, "", "example-limits 2020", 24, 24)
    for facts, printed in (([fact], "20.0"), ([], NO_DATA)):
        sheet = bulletin.compose(Material(name, "A", period, {"day": facts}, None, DAY))
        assert sheet.figures[0].text == printed


def test_the_command_says_the_limits(capsys: pytest.CaptureFixture[str]) -> None:
    commands.limits(as_json=False)
    assert "≤ 20 mg/L" in capsys.readouterr().out
