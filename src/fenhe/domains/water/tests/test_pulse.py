"""Pulses as the platform follows them: the same whenever a day is judged, an alarm per pulse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from fenhe.alert.models import Alarm
from fenhe.app import demo_water, discovery, wiring
from fenhe.assess import dirty, engine
from fenhe.assess.models import Verdict
from fenhe.domains.water.rules import pulse, tables
from fenhe.domains.water.sky.daily import by_day
from fenhe.domains.water.sky.events import events
from fenhe.kernel.period import Period
from fenhe.observe import readings
from fenhe.registry.models import Object
from fenhe.registry.series import ensure_series
from fenhe.store import outbox
from fenhe.store.lake import Lake

pytestmark = pytest.mark.django_db


def test_demo(lake: Lake, monkeypatch) -> None:
    discovery.load()
    monkeypatch.setattr(demo_water, "PERIOD", Period.days(date(2015, 11, 20), date(2015, 12, 29)))
    demo_water.prepare(lambda share: None)
    now = datetime(2015, 12, 31, 16, tzinfo=UTC)
    handlers = wiring.handlers(lambda: now)
    while outbox.run(handlers) or dirty.count():
        engine.assess()
    for one in Verdict.objects.filter(rule__endswith="pulse", current=True).exclude(category="").order_by("subject", "start").select_related("subject"):
        print(one.subject.name_zh, one.start, one.values["said"]["zh"], one.values["events"][-1]["confidence"], len(one.values["events"]))
    for one in Alarm.objects.all(): print(one.key, one.state, one.severity, one.message_zh)
    from fenhe.domains.water.pages import facts
    for n in ("迎泽桥","小店桥", "温南社", "韩武村"):
        t=Object.objects.get(name_zh=n)
        r=facts.samples(facts.series_of([t]), Period.days(date(2015,12,26), date(2015,12,29))).pivot("property",index="start",values="value").sort("start")
        print(n, r.select("start","nh3n","codmn","tn","ec").with_columns(pl.col("start")+pl.duration(hours=8)).tail(16))
    print(Verdict.objects.filter(rule__endswith="pulse").count())
