"""Whatever arrives, in whatever order and batches, compacted or not: the current view is the last
word on every reading, and what was known at an earlier moment never changes afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenhe.kernel.period import Period
from fenhe.observe import latest, maintenance, readings
from fenhe.store.lake import Lake
from fenhe.store.models import Outbox

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 1, 31, 22, tzinfo=UTC)  # hours 0 and 1 in January, 2 and 3 in February
ALL = Period(T0 - timedelta(days=1), T0 + timedelta(days=1))

keys = st.tuples(st.integers(1, 3), st.integers(0, 3))
values = st.sampled_from([None, 0.0, 1.5, 2.5])
batches = st.dictionaries(keys, values, max_size=8)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), batches, st.randoms(use_true_random=False)),
        st.tuples(st.just("again"), st.none(), st.none()),
        st.tuples(st.just("tidy"), st.none(), st.none()),
        st.tuples(st.just("reopen"), st.none(), st.none()),
    ),
    min_size=1,
    max_size=8,
)


def frame(batch: dict[tuple[int, int], float | None], chance: Any) -> pl.DataFrame:
    """The batch in any order, some of its rows twice."""
    items = list(batch.items())
    if chance is not None:
        items += [item for item in items if chance.random() < 0.3]
        chance.shuffle(items)
    return pl.DataFrame(
        [
            (series, T0 + timedelta(hours=hour), value, 10 if value is None else 0)
            for (series, hour), value in items
        ],
        schema={
            "series": pl.Int32,
            "start": pl.Datetime("us", "UTC"),
            "value": pl.Float64,
            "qualifier": pl.Int8,
        },
        orient="row",
    )


def view(lake: Lake, known_at: datetime | None = None) -> dict[tuple[int, int], float | None]:
    rows = readings.current(None, ALL, known_at=known_at, flags=False, lake=lake)
    assert rows.select("series", "start").is_unique().all()
    return {
        (series, int((start - T0) / timedelta(hours=1))): value
        for series, start, value in rows.select("series", "start", "value").rows()
    }


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=steps)
def test_any_story_ends_in_the_last_word_and_keeps_its_past(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, Any, Any]]
) -> None:
    root: Path = tmp_path_factory.mktemp("lake")
    lake = Lake(root)
    truth: dict[tuple[int, int], float | None] = {}
    pasts: list[tuple[datetime, dict[tuple[int, int], float | None]]] = []
    last: dict[tuple[int, int], float | None] = {}
    for act, batch, chance in story:
        if act == "append":
            commit = readings.append(frame(batch, chance), "hour", "test", lake=lake)
            assert commit.new == len(batch.keys() - truth.keys())
            assert commit.changed == sum(key in truth and truth[key] != batch[key] for key in batch)
            assert commit.new + commit.changed + commit.unchanged == len(batch)
            truth |= batch
            last = {key: truth[key] for key in batch}
            if commit.known_at is not None:
                pasts.append((commit.known_at, dict(truth)))
        elif act == "again":
            commit = readings.append(frame(last, None), "hour", "test", lake=lake)
            assert (commit.new, commit.changed) == (0, 0)
        elif act == "tidy":
            maintenance.tidy(lake, hot=0, closed=0, retention=timedelta(0))
        else:
            lake = Lake(root)
        assert view(lake) == truth
    for known_at, then in pasts:
        assert view(lake, known_at) == then


def test_compaction_leaves_one_sorted_file_a_month_and_every_answer(lake: Lake) -> None:
    batches = [{(1, hour): float(number) for hour in range(4)} for number in range(6)]
    commits = [readings.append(frame(batch, None), "hour", "test", lake=lake) for batch in batches]
    before = [view(lake, commit.known_at) for commit in commits]
    result = maintenance.tidy(lake, now=T0, hot=3, closed=3, retention=timedelta(0))
    assert (result.months, result.files_before, result.files_after) == (2, 12, 2)
    assert result.deleted == 12
    assert [view(lake, commit.known_at) for commit in commits] == before
    assert readings.versions(1, T0, lake=lake).height == 6
    assert maintenance.tidy(lake, hot=0, closed=0).months == 0, "what is in order is left alone"


def test_what_is_appended_during_a_compaction_stays(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        readings.append(frame({(1, 0): float(number)}, None), "hour", "test", lake=lake)
    real_replace = Lake.replace

    def append_first(self: Lake, *arguments: Any) -> int:
        readings.append(frame({(1, 0): 9.0}, None), "hour", "test", lake=Lake(lake.root))
        return real_replace(self, *arguments)

    monkeypatch.setattr(Lake, "replace", append_first)
    assert maintenance.tidy(lake, hot=0, closed=0).months == 1
    assert view(lake) == {(1, 0): 9.0}
    assert readings.versions(1, T0, lake=lake)["value"].to_list() == [0.0, 1.0, 2.0, 9.0]


def test_only_one_process_tidies_at_a_time(lake: Lake) -> None:
    for number in range(3):
        readings.append(frame({(1, 0): float(number)}, None), "hour", "test", lake=lake)
    with lake.alone("tidy"):
        assert maintenance.tidy(Lake(lake.root), hot=0, closed=0) == maintenance.Tidied()


def test_a_crash_between_the_lake_and_the_records_is_mended_by_the_replay(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = frame({(1, 0): 1.0, (2, 0): None}, None)

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(readings, "_follow", crash)
        with pytest.raises(KeyboardInterrupt):
            readings.append(batch, "hour", "test", transaction="import-7", lake=lake)
    assert latest.read().is_empty()
    replay = readings.append(batch, "hour", "test", transaction="import-7", lake=lake)
    assert (replay.new, replay.changed, replay.unchanged) == (0, 0, 2)
    assert latest.read()["series"].to_list() == [1, 2]
    news = Outbox.objects.get(topic="readings.appended").payload
    touched = readings.touched(datetime.fromisoformat(news["known_at"]), "hour", lake=lake)
    assert touched.height == news["rows"] == 2
