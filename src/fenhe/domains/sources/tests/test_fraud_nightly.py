"""The fraud watch over lake data: what is read, what is found, what is kept, who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from django.test import Client

from fenhe.access.models import Grant, Organ, Person
from fenhe.app import assets
from fenhe.app.boot import boot
from fenhe.assess import leads, watches
from fenhe.assess.models import Lead, WatchRun
from fenhe.domains.sources.fraud import evidence, watch
from fenhe.domains.sources.fraud import lake as source
from fenhe.domains.sources.fraud.injected import INJECTORS
from fenhe.domains.sources.fraud.series import DAY, Series
from fenhe.domains.sources.fraud.simulated import outlet
from fenhe.domains.sources.fraud.trial import Trial
from fenhe.domains.sources.rules import tables
from fenhe.domains.sources.watch import FRAUD
from fenhe.ingest.models import Device
from fenhe.kernel.errors import Forbidden
from fenhe.observe import flags, readings
from fenhe.observe.models import Parameter
from fenhe.registry.models import Area, Object
from fenhe.registry.models import Series as Row
from fenhe.store.lake import Lake
from fenhe.store.models import Outbox

boot()
pytestmark = pytest.mark.django_db
needs_pages = pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
)
NOW = datetime(2026, 6, 1, 3, tzinfo=UTC)
BEGIN = datetime(2025, 5, 31, 16, tzinfo=UTC)  # 1 June 2025, civil
DAYS = 160
SENT = {
    "nox": ("stack_nox", "value"), "sent": ("stack_nox", "zs"), "so2": ("stack_so2", "value"),
    "o2": ("stack_o2", "value"), "temperature": ("stack_temperature", "value"),
    "moisture": ("a01014", "value"), "flow": ("stack_flow", "value"), "load": ("I33400", "value"),
}  # fmt: skip
TAMPERED = (120 * DAY + 5, 150 * DAY)


def stored(series: Series, code: str, area: Area, **attributes: Any) -> Object:
    """A stack whose hours of the last days of the year are those of a simulated one."""
    thing = Object.objects.create(
        kind="source_gas_outlet", code=code, name_zh=f"{code} 号排气筒", area=area,
        attributes={"o2_ref": 6, **attributes},
    )  # fmt: skip
    hours = DAYS * DAY
    start = [NOW.replace(hour=16) - timedelta(days=1, hours=hours - hour) for hour in range(hours)]
    frames = []
    for variable, (property, statistic) in SENT.items():
        row = Row.objects.create(
            object=thing, property=property, resolution="hour", statistic=statistic
        )
        values = getattr(series, variable)[:hours] * (100 if variable == "load" else 1)
        frames.append(pl.DataFrame({"series": row.pk, "start": start, "value": values}))
    frame = pl.concat(frames).filter(pl.col("value").is_finite())
    readings.append(frame, "hour", "file", known_at=NOW - timedelta(hours=2))
    return thing


@pytest.fixture
def city(lake: Lake) -> dict[str, Object]:
    """A clean stack, and one that sent a constant value and had its slope turned down."""
    area = Area.objects.create(adcode="140105", name_zh="小店区", level="county")
    bad = outlet(12)
    INJECTORS["constant"][0](bad, *TAMPERED, np.random.default_rng(3))
    made = {"S1": stored(outlet(3), "S1", area), "S2": stored(bad, "S2", area)}
    device = Device.objects.create(mn="F" * 24, object=made["S2"])
    changed = NOW - timedelta(days=20)
    for at, value in ((changed - timedelta(days=9), "1.00"), (changed, "0.70")):
        Parameter.objects.create(
            device=device, factor="a21002", code="i13008", at=at, value=value, received=at,
            frame="gateway-0/2026-05-12/7",
        )  # fmt: skip
    Object.objects.create(kind="source_gas_outlet", code="S3", name_zh="空")
    return made


def test_the_lake_gives_back_what_was_sent(city: dict[str, Object]) -> None:
    found = source.read(NOW)
    assert found.period.start == BEGIN
    assert found.left_out == {"no_nox": 1}
    assert [one.thing.code for one in found.stacks] == ["S1", "S2"]
    series = found.stacks[0].series
    assert series.n == 365 * DAY
    clean = outlet(3)
    for name in ("nox", "o2", "moisture", "load"):
        assert np.allclose(
            getattr(series, name)[-DAYS * DAY :], getattr(clean, name)[: DAYS * DAY], equal_nan=True
        )
        assert np.isnan(getattr(series, name)[: -DAYS * DAY]).all()
    (change,) = found.stacks[1].series.changes
    assert (change.parameter, change.old, change.new) == ("slope", 1.0, 0.7)


def test_values_a_check_failed_are_gaps_and_service_is_known(city: dict[str, Object]) -> None:
    nox = Row.objects.get(object=city["S1"], property="stack_nox", statistic="value").pk
    hours = [NOW.replace(hour=16) - timedelta(days=3, hours=h) for h in range(4)]
    said = pl.DataFrame(
        {"series": nox, "start": hours, "check": "device", "flag": 4, "detail": "M"}
    )
    flags.record(said)
    series = source.read(NOW).stacks[0].series
    (service,) = series.maintenance
    assert service.end - service.begin == 4
    assert np.isnan(series.nox[service.begin : service.end]).all()


def test_a_value_sent_again_is_a_rewrite(city: dict[str, Object]) -> None:
    nox = Row.objects.get(object=city["S1"], property="stack_nox", statistic="value").pk
    at = NOW.replace(hour=16) - timedelta(days=5)
    again = pl.DataFrame({"series": nox, "start": [at], "value": [1.5]})
    readings.append(again, "hour", "hj212:backfill")
    (rewrite,) = source.read(NOW).stacks[0].series.rewrites
    assert rewrite.new == 1.5


def test_a_stack_without_a_load_is_watched_by_its_flow_and_says_so(city: dict[str, Object]) -> None:
    Row.objects.filter(property="I33400").update(property="other")
    assert {one.load_from for one in source.read(NOW).stacks} == {"flow"}
    Row.objects.filter(property="stack_flow").update(property="another")
    assert source.read(NOW).left_out == {"no_nox": 1, "no_load": 2}


def test_the_night_keeps_what_it_finds_and_looks_once(city: dict[str, Object]) -> None:
    assert leads.nightly(NOW) == 1
    assert leads.nightly(NOW + timedelta(hours=5)) == 0
    run = leads.newest(FRAUD)
    assert run is not None
    assert (run.subjects, run.left_out, run.edition) == (2, {"no_nox": 1}, "fraud watch (2026)")
    found = {(one.subject.code, one.test) for one in Lead.objects.all()}
    assert {("S2", "constant"), ("S2", "parameter")} <= found
    assert {code for code, _ in found} == {"S2"}
    constant = Lead.objects.get(test="constant")
    assert constant.values["threshold"] == 8
    assert constant.values["statistic"] >= 8
    assert constant.start < NOW - timedelta(days=5)
    assert leads.nightly(NOW + timedelta(days=1)) == 1
    assert WatchRun.objects.count() == 2


def test_a_run_that_fails_leaves_the_leads_of_the_one_before(
    city: dict[str, Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    leads.nightly(NOW)
    kept = Lead.objects.count()

    def broken(now: datetime) -> Any:
        raise OSError("the lake is away")

    watch = watches.Watch(FRAUD, watches.get(FRAUD).name, broken)
    failed = leads.run(watch, NOW + timedelta(hours=1))
    assert failed is not None
    assert (failed.state, "away" in failed.error) == ("failed", True)
    newest = leads.newest(FRAUD)
    assert newest is not None
    assert newest.leads.count() == kept > 0


def test_a_night_that_failed_or_was_cut_short_is_made_up_for(
    city: dict[str, Object], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = WatchRun.objects.create(watch=FRAUD, began_at=NOW, state="failed")
    assert leads.nightly(NOW + timedelta(minutes=30)) == 0, "not again at once"
    assert leads.nightly(NOW + leads.AGAIN) == 1
    assert leads.newest(FRAUD) is not None
    WatchRun.objects.exclude(pk=failed.pk).delete()
    WatchRun.objects.filter(pk=failed.pk).update(state="running")
    assert leads.nightly(NOW + leads.STUCK - timedelta(minutes=1)) == 0, "it may still be under way"
    assert leads.nightly(NOW + leads.STUCK) == 1
    failed.refresh_from_db()
    assert (failed.state, failed.ended_at) == ("failed", NOW + leads.STUCK)
    assert "6" in failed.error


def test_only_who_may_asks_for_a_run(city: dict[str, Object]) -> None:
    with pytest.raises(Forbidden):
        leads.want(Person.objects.create(username="v", role="viewer"), FRAUD)
    assert not Outbox.objects.filter(topic=leads.TOPIC).exists()
    leads.want(Person.objects.create(username="o", role="officer"), FRAUD)
    row = Outbox.objects.get(topic=leads.TOPIC)
    done = leads.wanted(row.payload, NOW)
    assert done is not None
    assert (done.state, done.person) == ("done", "o")


def test_every_input_of_a_test_has_a_name() -> None:
    for test in watch.TESTS:
        assert "nox" not in evidence.inputs(test).zh
        assert evidence.inputs(test).en


def test_the_rates_shown_are_those_that_were_measured() -> None:
    shown = {row["test"]: row for row in tables.latest(tables.WATCH).table("rates")}
    assert set(shown) == set(watch.TESTS)
    measured = Trial(50)
    measured.false_on_rough.update({name: int(row["rough"]) for name, row in shown.items()})
    assert round(measured.rough_per_year, 2) == 0.34  # the page in docs says so too


@needs_pages
def test_the_pages_rank_leads_with_reasons_and_never_call_them_proof(
    city: dict[str, Object], client: Client
) -> None:
    officer(client)
    assert "还没有排查过" in read(client, "/sources/fraud")
    leads.nightly(NOW)
    for language, doubt in (("zh", "不是违法事实的认定"), ("en", "not findings of fact")):
        client.cookies["language"] = language
        page = read(client, "/sources/fraud")
        assert doubt in page
        assert "S2" in page
        assert ">S1<" not in page
        assert "sources.fraud." not in page
        assert "0.24" in page  # of `parameter`, in rough years
        lead = Lead.objects.get(test="constant")
        own = read(client, f"/sources/fraud/{lead.pk}")
        assert doubt in own
        assert lead.values["reason"][language] in own
        assert "/frames?series=" in own
        assert "sources.fraud." not in own
    assert "constant" in read(client, "/sources/fraud?csv=leads")
    assert "time" in read(client, f"/sources/fraud/{lead.pk}?csv=hours")
    sheet = client.get(f"/sources/fraud/{lead.pk}?paper=evidence")
    assert sheet["Content-Type"] == "application/pdf"
    assert sheet.content.startswith(b"%PDF")
    assert client.get("/sources/fraud/999999").status_code == 404
    assert client.get("/sources/fraud/x").status_code == 404


@needs_pages
def test_a_later_correction_does_not_change_what_was_suspected(
    city: dict[str, Object], client: Client
) -> None:
    leads.nightly(NOW)
    lead = Lead.objects.get(test="constant")
    officer(client)
    before = read(client, f"/sources/fraud/{lead.pk}?csv=hours")
    nox = Row.objects.get(object=city["S2"], property="stack_nox", statistic="value").pk
    again = pl.DataFrame({"series": nox, "start": [lead.start], "value": [777.0]})
    readings.append(again, "hour", "hj212:backfill")
    assert read(client, f"/sources/fraud/{lead.pk}?csv=hours") == before


@needs_pages
def test_whom_leads_are_about_and_who_has_no_business_with_them_sees_none(
    city: dict[str, Object], client: Client
) -> None:
    leads.nightly(NOW)
    lead = Lead.objects.get(test="constant")
    addresses = (
        "/sources/fraud",
        f"/sources/fraud/{lead.pk}",
        f"/sources/fraud/{lead.pk}?paper=evidence",
    )
    organ = Organ.objects.create(
        code="E", name_zh="企业", name_en="", kind="enterprise", object_id=city["S2"].pk
    )
    owner = Person.objects.create(username="owner", organ=organ, role="enterprise")
    for person in (owner, Person.objects.create(username="v", role="viewer")):
        client.force_login(person)
        assert [client.get(url).status_code for url in addresses] == [403, 403, 403]
    enforcer = Person.objects.create(username="away", role="")
    Grant.objects.create(person=enforcer, role="enforcer", area="140106")
    client.force_login(enforcer)
    assert "S2" not in read(client, "/sources/fraud")
    assert client.get(addresses[1]).status_code == 404
    assert client.post("/sources/fraud", {"act": "run"}).status_code == 403
    Grant.objects.create(person=enforcer, role="enforcer", area="140105")
    assert "S2" in read(client, "/sources/fraud")


@needs_pages
def test_the_league_asks_the_database_a_bounded_number_of_times(
    city: dict[str, Object], client: Client, django_assert_max_num_queries: Any
) -> None:
    leads.nightly(NOW)
    run, lead = leads.newest(FRAUD), Lead.objects.get(test="constant")
    for number in range(40):
        thing = Object.objects.create(kind="source_gas_outlet", code=f"T{number}", name_zh="口")
        Lead.objects.create(
            run=run, subject=thing, test="noise", start=lead.start, end=lead.end, strength=0.5,
            values=lead.values,
        )  # fmt: skip
    officer(client)
    with django_assert_max_num_queries(16):
        read(client, "/sources/fraud")


def officer(client: Client) -> None:
    client.force_login(Person.objects.get_or_create(username="o", role="officer")[0])


def read(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return b"".join(answer).decode()
