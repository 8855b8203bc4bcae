"""A value arrives late for a month that is already published: the verdicts change, the sheet is
marked superseded, and the next edition is drafted naming what changed, while the old edition stays
readable for ever. The same value again changes nothing."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from django.db import DatabaseError, transaction
from typer.testing import CliRunner

from fenhe.access.models import Person
from fenhe.app import discovery, wiring
from fenhe.app.cli import app
from fenhe.assess import engine, verdicts
from fenhe.evidence.models import Act
from fenhe.kernel.errors import BadInput, Conflict
from fenhe.kernel.period import HOUR, Period, civil
from fenhe.observe import flags, imports, readings
from fenhe.observe.flags import Flag
from fenhe.publish import editions
from fenhe.publish.documents import docx
from fenhe.publish.models import Publication
from fenhe.registry.models import Object, Relation, Series
from fenhe.store import outbox
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db

MONTH = Period.month(2015, 12)
KIND = "air.city-bulletin"
NOW = datetime(2016, 1, 5, tzinfo=UTC)
LEVELS = {"so2": 12.0, "no2": 48.0, "pm10": 90.0, "pm2_5": 60.0, "co": 1.2, "o3": 55.0}


@pytest.fixture
def city(lake: Lake) -> Object:
    discovery.load()
    city = Object.objects.create(
        kind="air_city", code="140100", name_zh="太原市", name_en="Taiyuan"
    )
    for number in (1, 2, 3):
        station = Object.objects.create(
            kind="air_station",
            code=f"108{number}A",
            name_zh=f"{number} 号站",
            name_en=f"Station {number}",
            attributes={"control_point": number == 3},
        )
        Relation.objects.create(subject=station, predicate="part_of", object=city)
    return city


def month_of(period: Period, scale: float = 1.0) -> pl.DataFrame:
    """Every hour of three stations, with a daily rhythm and days that differ."""
    rows = []
    for hour in range(period.hours):
        at = civil(period.start + hour * HOUR)
        swing = 1 + 0.3 * math.sin(hour / 24 * math.tau) + 0.2 * math.sin(hour / 100)
        rows += [
            {"station": f"108{n}A", "time": f"{at:%Y-%m-%d %H:%M}"}
            | {
                name: round(level * scale * swing * (1 + n / 10), 2)
                for name, level in LEVELS.items()
            }
            for n in (1, 2, 3)
        ]
    return pl.DataFrame(rows)


def bring(table: pl.DataFrame, folder: Path) -> readings.Commit:
    path = folder / "hours.csv"
    table.write_csv(path)
    return imports.commit(imports.check(path, "air-hourly").id)


def work() -> None:
    handlers = wiring.handlers(lambda: NOW)
    while outbox.run(handlers) or engine.assess():
        pass


def published(city: Object, folder: Path) -> Publication:
    bring(month_of(MONTH.year_before(), 1.2), folder)
    bring(month_of(MONTH), folder)
    work()
    person = Person.objects.create(username="leader", role="leader")
    return editions.publish(editions.draft(KIND, city, MONTH, NOW), person, NOW)


def correct(station: str, property: str, value: float, hours: int) -> None:
    series = Series.objects.get(object__code=station, property=property, resolution="hour").pk
    starts = [MONTH.start + timedelta(days=9) + hour * HOUR for hour in range(hours)]
    frame = pl.DataFrame(
        {"series": series, "start": starts, "value": [value] * hours},
        schema_overrides={"start": pl.Datetime("us", "UTC")},
    )
    readings.append(frame, "hour", source="review")


def test_late_data_supersede_the_sheet_and_name_the_change(city: Object, tmp_path: Path) -> None:
    first = published(city, tmp_path)
    before = verdicts.current(city.pk, "air.month", MONTH)
    assert before is not None

    correct("1081A", "pm2_5", 900.0, 24)
    work()

    after = verdicts.current(city.pk, "air.month", MONTH)
    assert after is not None
    assert after.values["pm2_5"] > before.values["pm2_5"]
    assert verdicts.history(city.pk, "air.month", MONTH).count() >= 2

    second, old = editions.editions(KIND, city, MONTH)
    assert (old.pk, old.state, old.edition) == (first.pk, "superseded", 1)
    assert (second.state, second.edition, second.supersedes_id) == ("draft", 2, first.pk)
    assert old.content == first.content
    changed = {
        item["key"]: (item["from"]["zh"], item["to"]["zh"]) for item in second.reason["changes"]
    }
    assert changed["pm2_5.value"] == (
        f"{before.values['pm2_5']:.0f}",
        f"{after.values['pm2_5']:.0f}",
    )
    assert "so2.value" not in changed
    assert changed["pm2_5.value"][1] in second.reason["zh"]

    editions.publish(second, Person.objects.get(username="leader"), NOW)
    assert Act.objects.filter(action="publish.publish").count() == 2
    assert [one.state for one in editions.editions(KIND, city, MONTH)] == [
        "published",
        "superseded",
    ]


def test_the_same_value_again_changes_nothing(city: Object, tmp_path: Path) -> None:
    first = published(city, tmp_path)
    told = engine.Verdict.objects.count()
    again = bring(month_of(MONTH), tmp_path)
    work()
    assert (again.new, again.changed) == (0, 0)
    assert engine.Verdict.objects.count() == told
    assert [one.pk for one in editions.editions(KIND, city, MONTH)] == [first.pk]
    assert Publication.objects.get(pk=first.pk).state == "published"


def test_a_control_point_changes_only_its_own_line(city: Object, tmp_path: Path) -> None:
    published(city, tmp_path)
    correct("1083A", "pm2_5", 900.0, 24)
    work()
    second = editions.editions(KIND, city, MONTH).first()
    assert second is not None
    keys = {item["key"] for item in second.reason["changes"]}
    assert keys
    assert all(key.startswith("1083A.") for key in keys)


def test_a_figure_of_the_station_table_alone_is_named(city: Object, tmp_path: Path) -> None:
    """One hour of a control point turns one good day into a bad one; its means print the same."""
    published(city, tmp_path)
    correct("1083A", "pm2_5", 308.0, 1)
    work()
    second = editions.editions(KIND, city, MONTH).first()
    assert second is not None
    assert second.edition == 2
    assert _printed_differences(second)
    named = {(one["from"]["zh"], one["to"]["zh"]) for one in second.reason["changes"]}
    assert _printed_differences(second) <= named


def _printed_differences(second: Publication) -> set[tuple[str, str]]:
    """Cells of the tables that differ from the edition before, read off the sheets themselves."""
    assert second.supersedes is not None
    old, new = (
        {row[at]["zh"] if (at := 1 if len(row) > 7 else 0) else row[0]["zh"]: row
         for block in content["blocks"] for row in block["rows"]}
        for content in (second.supersedes.content, second.content)
    )  # fmt: skip
    assert old.keys() == new.keys()
    return {
        (before["zh"], after["zh"])
        for name in old
        for before, after in zip(old[name], new[name], strict=True)
        if before != after
    }


def test_an_edition_that_prints_the_same_is_not_superseded(city: Object, tmp_path: Path) -> None:
    """The exact mean behind a number moves, the printed number does not."""
    first = published(city, tmp_path)
    correct("1083A", "so2", 16.01, 1)
    work()
    for found in editions.editions(KIND, city, MONTH):
        if found.pk != first.pk:
            assert found.reason["changes"]


def test_what_has_not_ended_or_has_no_data_is_drafted_and_not_published(
    city: Object, tmp_path: Path
) -> None:
    bring(month_of(MONTH), tmp_path)
    work()
    person = Person.objects.create(username="leader", role="leader")
    draft = editions.draft(KIND, city, MONTH, NOW)
    with pytest.raises(Conflict) as early:
        editions.publish(draft, person, MONTH.end - HOUR)
    assert early.value.code == "publish.not-ended"
    empty = editions.draft(KIND, city, Period.month(2014, 3), NOW)
    with pytest.raises(Conflict) as bare:
        editions.publish(empty, person, NOW)
    assert bare.value.code == "publish.no-data"
    assert "— %" not in str(empty.content)
    assert "无数据" in str(empty.content["figures"])
    with pytest.raises(Conflict) as moved:
        editions.publish(draft, person, NOW, seen="another content")
    assert moved.value.code == "publish.draft-moved"
    assert editions.publish(draft, person, MONTH.end, draft.content_hash).state == "published"


def test_data_of_another_month_leave_the_sheet_alone(city: Object, tmp_path: Path) -> None:
    first = published(city, tmp_path)
    bring(month_of(Period.month(2015, 11)), tmp_path)
    work()
    assert [one.pk for one in editions.editions(KIND, city, MONTH)] == [first.pk]


def test_a_published_edition_cannot_change(city: Object, tmp_path: Path) -> None:
    first = published(city, tmp_path)
    first.content = {**first.content, "title": {"zh": "改", "en": "x"}}
    with pytest.raises(Conflict):
        first.save()
    with pytest.raises(Conflict):
        first.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.filter(pk=first.pk).update(content=first.content)
    with pytest.raises(Conflict):
        editions.publish(first, Person.objects.get(username="leader"), NOW)


def test_recomputed_under_another_edition_it_stands_beside(city: Object, tmp_path: Path) -> None:
    published(city, tmp_path)
    assert engine.recompute(MONTH, "GB 3095-2026") > 0
    own = verdicts.current(city.pk, "air.month", MONTH)
    other = verdicts.current(city.pk, "air.month", MONTH, variant="GB 3095-2026 transitional")
    assert verdicts.variants(city.pk, "air.month", MONTH) == ["GB 3095-2026 transitional"]
    assert own is not None
    assert other is not None
    assert other.values["composite"] > own.values["composite"]  # stricter limits
    assert "2026" in other.edition
    assert "2026" not in own.edition
    assert Publication.objects.count() == 1
    assert engine.recompute(MONTH, "GB 3095-2026") == 0


def test_the_verb_sets_both_verdicts_side_by_side(city: Object, tmp_path: Path) -> None:
    bring(month_of(MONTH), tmp_path)
    work()
    words = ["air", "recompute", "--period", "2015-12", "--edition", "GB 3095-2026"]
    out = tmp_path / "both.csv"
    found = CliRunner().invoke(app, [*words, "--out", str(out)], catch_exceptions=False)
    assert found.exit_code == 0
    row = pl.read_csv(out).filter(pl.col("unit") == "140100").row(0, named=True)
    assert row["period"] == "2015-12"
    assert row["composite_recomputed"] > row["composite"]
    assert "GB 3095-2012" in row["edition"]
    assert "GB 3095-2026 transitional" in row["recomputed_under"]
    with pytest.raises(BadInput):
        CliRunner().invoke(app, [*words[:-1], "GB 9"], catch_exceptions=False)


def test_a_variant_follows_late_data(city: Object, tmp_path: Path) -> None:
    bring(month_of(MONTH), tmp_path)
    work()
    engine.recompute(MONTH, "HJ 633-2026")
    before = verdicts.current(city.pk, "air.month", MONTH, "HJ 633-2026")
    correct("1081A", "pm2_5", 900.0, 24)
    work()
    after = verdicts.current(city.pk, "air.month", MONTH, "HJ 633-2026")
    assert before is not None
    assert after is not None
    assert after.values["pm2_5"] > before.values["pm2_5"]
    assert engine.recompute(MONTH, "HJ 633-2026") == 0


def test_days_are_judged_again_by_the_other_editions_index(city: Object, tmp_path: Path) -> None:
    """PM2.5 of 60-75 is still good under HJ 633-2012 and no longer under HJ 633-2026."""
    scales = [i * 0.04 + 0.4 for i in range(31)]
    table = month_of(MONTH)
    days = table["time"].str.slice(8, 2).cast(pl.Int64) - 1
    table = table.with_columns(
        pm2_5=pl.Series([round(75 * scales[day]) for day in days]), pm10=pl.lit(40.0)
    )
    bring(table, tmp_path)
    work()
    engine.recompute(MONTH, "HJ 633-2026")
    own, other = (
        verdicts.within("air.city-day", MONTH, [city.pk], variant)
        for variant in ("", "HJ 633-2026")
    )
    good = [sum(day.values["aqi"] <= 100 for day in found) for found in (own, other)]
    fine = [round(75 * scale) for scale in scales]
    assert good == [sum(one <= 75 for one in fine), sum(one <= 60 for one in fine)]
    months = [verdicts.current(city.pk, "air.month", MONTH, v) for v in ("", "HJ 633-2026")]
    assert [month and month.values["good_days"] for month in months] == good
    means = [month and month.values["pm2_5"] for month in months]
    assert abs(means[0] - means[1]) <= 0.5  # the same mean, printed with one decimal from 2026


def test_a_stuck_hour_is_objected_to_until_it_is_corrected(city: Object, tmp_path: Path) -> None:
    bring(month_of(MONTH), tmp_path)
    work()
    series = Series.objects.get(object__code="1081A", property="no2", resolution="hour").pk
    stuck = MONTH.start + timedelta(days=9, hours=3)
    correct("1081A", "no2", 61.0, 24)
    work()
    said = flags.history(series, stuck).filter(pl.col("check") == "flat_line")
    assert said["flag"].to_list() == [int(Flag.SUSPECT)]
    sound = month_of(MONTH).filter(pl.col("station") == "1081A")
    bring(sound, tmp_path)
    work()
    said = flags.history(series, stuck).filter(pl.col("check") == "flat_line")
    assert said["flag"].to_list() == [int(Flag.SUSPECT), int(Flag.GOOD)]


def test_every_value_of_a_verdict_has_its_steps(city: Object, tmp_path: Path) -> None:
    published(city, tmp_path)
    for rule_id, period, metrics in (
        ("air.city-day", Period.day(MONTH.first_day), {"pm2_5", "iaqi_pm2_5", "aqi"}),
        ("air.month", MONTH, {"pm2_5", "pm2_5_p95", "composite", "single_o3", "good_days_pct"}),
    ):
        verdict = verdicts.current(city.pk, rule_id, period)
        assert verdict is not None
        steps = verdict.steps
        assert metrics <= {step["metric"] for step in steps}
        assert all(step["clause"] and step["confidence"] and step["zh"] for step in steps)


def test_the_sheet_becomes_a_document(city: Object, tmp_path: Path) -> None:
    first = published(city, tmp_path)
    for language in ("zh", "en"):
        made = docx.render(first.content, language)
        assert made == docx.render(first.content, language)
        assert made[:2] == b"PK"
