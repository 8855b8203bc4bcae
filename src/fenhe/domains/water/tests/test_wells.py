"""Wells through the platform: an import with detection limits by the profile, the month's class by
GB/T 14848-2017, the pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from fenhe.access.models import Person
from fenhe.app import assets, wiring
from fenhe.app.boot import boot
from fenhe.assess import dirty, engine, verdicts
from fenhe.assess.models import Verdict
from fenhe.domains.water.rules import groundwater
from fenhe.kernel.period import Period
from fenhe.kernel.values import Qualifier
from fenhe.observe import imports, readings
from fenhe.registry import vocabulary
from fenhe.registry.models import Object, Series
from fenhe.store import outbox
from fenhe.store.lake import Lake

boot()
pytestmark = pytest.mark.django_db
MONTH = Period.month(2026, 5)
FILE = """监测井,采样日期,pH,总硬度,铁,氨氮,阴离子表面活性剂,三氯甲烷,铅,嗅和味
W1,2026-05-12,7.4,480,2.5,<0.04,0.05L,0.4L,0.03L,0
W2,2026-05-12,7.6,120,0.03L,0.04L,0.05L,0.4L,0.002L,0
"""


@pytest.fixture
def sampled(lake: Lake, tmp_path: Path) -> dict[str, Object]:
    made = {
        code: Object.objects.create(
            kind="water_well", code=code, name_zh=f"井{code}", attributes={"target": "3"}
        )
        for code in ("W1", "W2")
    }
    path = tmp_path / "wells.csv"
    path.write_text(FILE, encoding="utf-8")
    report = imports.check(path, "water-well-sampling")
    assert not report.problems
    imports.commit(report.id)
    handlers = wiring.handlers(lambda: MONTH.end)
    while outbox.run(handlers) or dirty.count():
        engine.assess()
    return made


def judged(well: Object) -> Verdict:
    found = verdicts.current(well.pk, "water.well-month", MONTH)
    assert found is not None
    return found


def test_every_item_of_the_standard_has_a_property_in_its_unit() -> None:
    known = {one.id: one for one in vocabulary.all()}
    assert len(groundwater.by_id()) == 93
    for item, row in groundwater.by_id().items():
        if row["unit"] in ("mg/L", "µg/L", "Bq/L", "NTU", "CFU/mL"):
            assert known[item].unit == row["unit"], item


def test_results_below_detection_keep_their_limit_and_half_of_it_counts(
    sampled: dict[str, Object],
) -> None:
    series = Series.objects.get(object=sampled["W1"], property="nh3n")
    kept = readings.current([series.pk], MONTH, "day").row(0, named=True)
    assert (kept["value"], kept["qualifier"]) == (0.04, int(Qualifier.BELOW))
    verdict = judged(sampled["W1"])
    assert verdict.values["nh3n"] == 0.02
    assert verdict.values["las"] == 0  # class I is "not detectable" (Table 1 item 16)
    assert verdict.values["levels"]["las"] == 1
    assert verdict.values["censored"] == "las,nh3n,pb,chloroform"


def test_the_worst_items_decide_and_too_high_a_detection_limit_is_told(
    sampled: dict[str, Object],
) -> None:
    """Table 1: hardness 450 < 480 ≤ 650 is Ⅳ; iron 2.5 > 2.0 is Ⅴ; lead 0.03L takes part as 0.015,
    Ⅳ (0.01 to 0.10), and so would 0.03."""
    verdict = judged(sampled["W1"])
    levels = verdict.values["levels"]
    assert (levels["hardness"], levels["fe"], levels["pb"]) == (4, 5, 4)
    assert (verdict.values["level"], verdict.values["deciding"]) == (5, "fe")
    assert verdict.observed == 8
    assert verdict.values["unsure"] == ""
    clean = judged(sampled["W2"])
    assert clean.values["level"] == 1
    # 0.04 itself would be Ⅱ, half of it Ⅰ: the laboratory could not tell
    assert clean.values["unsure"] == "nh3n"
    step = next(one for one in verdict.steps if one["metric"] == "nh3n")
    assert "未检出" in step["zh"]
    assert step["clause"] == "Table 1 item 18"


@pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_show_class_deciding_items_and_what_was_not_detected(
    client: Client, sampled: dict[str, Object], language: str
) -> None:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    client.cookies["language"] = language
    listed = client.get("/water/wells").content.decode()
    assert ("铁 2.5 mg/L" if language == "zh" else "iron 2.5 mg/L") in listed
    assert ("未达目标：井W1" if language == "zh" else "Below target: 井W1") in listed
    one = client.get("/water/well/W1?month=2026-05").content.decode()
    assert one.count("未检出</span>" if language == "zh" else "not detected</span>") == 4
    for page in ("wells?year=2025", "wells?year=x", "well/W2?month=none", "wells?csv=wells"):
        assert client.get(f"/water/{page}").status_code == 200, page
    assert client.get("/water/well/none").status_code == 404


@pytest.mark.skipif(
    not (assets.BUILT / "manifest.json").exists(), reason="web assets are not built"
)
def test_the_list_asks_as_often_for_many_wells_as_for_two(
    client: Client, sampled: dict[str, Object], django_assert_max_num_queries: object
) -> None:
    client.force_login(Person.objects.create(username="chief", role="administrator"))
    Object.objects.bulk_create(
        Object(kind="water_well", code=f"X{n}", name_zh=f"X{n}") for n in range(40)
    )
    client.get("/water/wells")
    with django_assert_max_num_queries(30):  # type: ignore[operator]
        client.get("/water/wells")


def test_nobody_without_rights_sees_a_well(client: Client, sampled: dict[str, Object]) -> None:
    assert client.get("/water/wells").status_code in (302, 401, 403)
    client.force_login(Person.objects.create(username="nobody", role=""))
    assert "井W1" not in client.get("/water/wells").content.decode()
    assert client.get("/water/well/W1").status_code in (403, 404)
