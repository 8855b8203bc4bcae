"""What targets are bound to in water: classes and shares as the year's verdicts have them."""

from __future__ import annotations

from datetime import date

import pytest

from fenhe.app import demo_water, wiring
from fenhe.app.boot import boot
from fenhe.assess import dirty, engine
from fenhe.domains.water.pages import facts
from fenhe.kernel.period import Period
from fenhe.publish import metric
from fenhe.publish.metric import Aim
from fenhe.registry.models import Object, Relation
from fenhe.store import outbox
from fenhe.store.lake import Lake

boot()
pytestmark = pytest.mark.django_db


@pytest.fixture
def river(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Object:
    """The simulated sections of the demonstration over eight days."""
    monkeypatch.setattr(demo_water, "PERIOD", Period.days(date(2015, 12, 5), date(2015, 12, 12)))
    demo_water.prepare(lambda share: None)
    handlers = wiring.handlers(lambda: demo_water.PERIOD.end)
    while outbox.run(handlers) or dirty.count():
        engine.assess()
    return Object.objects.get(kind="water_city", code=demo_water.CITY)


def test_targets_are_measured_from_the_years_classes(river: Object) -> None:
    share = metric.get("water.good_share").measure(river, Aim(2015, 50))
    worst = metric.get("water.worst_share").measure(river, Aim(2015, 50))
    assert share is not None
    assert worst is not None
    sections = [part.subject for part in Relation.objects.filter(object=river)]
    judged = facts.judged(sections, "year", Period.year(2015))
    levels = [level for one in judged.values() if (level := facts.level(one))]
    assert share.value == round(100 * sum(level <= 3 for level in levels) / len(levels), 2)
    assert share.observed == len(levels)
    assert share.days_left == 19
    assert share.met == (share.value >= 50)
    assert worst.met == (worst.value <= 50)
    assert any(note.zh == "模拟数据" for note in share.notes)
    one = metric.get("water.section_class")
    for thing in sections:
        found = one.measure(thing, Aim(2015, 3))
        assert found is not None
        assert found.value == facts.level(judged[thing.pk])
        assert one.shown(found.value, "zh") in ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
    earlier = metric.get("water.good_share").measure(river, Aim(2015, 50, on=date(2015, 12, 7)))
    assert earlier is not None
    assert earlier.as_of == date(2015, 12, 7)
    assert metric.get("water.good_share").measure(river, Aim(2014, 50)) is None
