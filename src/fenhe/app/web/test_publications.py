"""Publishing from the page: a step that says what becomes fixed, refusals in both languages, and
the same imprint, numbers and changes on the page, in the PDF and in the DOCX."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from docx import Document

from fenhe.access.models import Organ, Person
from fenhe.app.assets import BUILT
from fenhe.app.boot import boot
from fenhe.assess.models import Verdict
from fenhe.kernel.period import Period
from fenhe.kernel.text import Language
from fenhe.publish import editions
from fenhe.publish.documents import docx, pdf
from fenhe.publish.imprint import imprint
from fenhe.publish.models import Publication
from fenhe.registry.models import Object

boot()
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)"),
]
KIND = "air.city-bulletin"
MONTH = Period.month(2026, 4)
NOW = datetime(2026, 5, 4, tzinfo=UTC)
SIX = {"so2": 10.0, "no2": 30.0, "pm10": 60.0, "pm2_5": 49.4, "co_p95": 1.2, "o3_mda8_p90": 150.0}


@pytest.fixture
def city() -> Object:
    return Object.objects.create(
        kind="air_city", code="140100", name_zh="太原市", name_en="Taiyuan"
    )


@pytest.fixture
def leader(client: Client) -> Client:
    organ = Organ.objects.create(
        code="TY", name_zh="太原市生态环境局", name_en="Taiyuan bureau", kind="bureau"
    )
    client.force_login(Person.objects.create(username="leader", role="leader", organ=organ))
    return client


def judged(city: Object, good: float) -> None:
    """A verdict of the month, as the engine leaves it."""
    Verdict.objects.filter(subject=city).update(current=False)
    Verdict.objects.create(
        rule="air.month", subject=city, start=MONTH.start, end=MONTH.end,
        edition="HJ 633-2026; GB 3095-2026 transitional; HJ 663-2026; composite 2026-A",
        values={**SIX, "good_days_pct": good, "days_judged": 30, "good_days": 21, "heavy_days": 0},
        expected=30, observed=30, lake_version=1, computed_at=NOW, current=True,
    )  # fmt: skip


def test_a_sheet_without_an_issuer_is_warned_of(leader: Client, city: Object) -> None:
    judged(city, 70.0)
    draft = editions.draft(KIND, city, MONTH, NOW)
    address = f"/bulletins/{draft.pk}/publish"
    assert "发布机构（issuer）" not in leader.get(address).content.decode()
    Person.objects.update(organ=None)
    assert "发布机构（issuer）" in leader.get(address).content.decode()


def test_publishing_says_first_what_it_fixes(leader: Client, city: Object) -> None:
    judged(city, 70.0)
    draft = editions.draft(KIND, city, MONTH, NOW)
    asked = leader.get(f"/bulletins/{draft.pk}/publish").content.decode()
    for said in (
        draft.content_hash,
        "30/30",
        "永不更改",
        "太原市生态环境局",
        "综合指数",
        "第 1 版",
    ):
        assert said in asked
    assert Publication.objects.get().state == "draft"

    url = f"/bulletins/{draft.pk}/publish"
    assert leader.post(url).status_code == 409
    assert leader.post(url, {"seen": "0" * 64}).status_code == 409
    assert leader.post(url, {"seen": draft.content_hash}).status_code == 302
    published = Publication.objects.get()
    assert published.state == "published"
    assert published.issuer["zh"] == "太原市生态环境局"
    page = leader.get(f"/bulletins/{draft.pk}").content.decode()
    assert "太原市生态环境局" in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_cannot_be_published_has_no_button(
    leader: Client, city: Object, language: str
) -> None:
    leader.cookies["language"] = language
    draft = editions.draft(KIND, city, Period.year(2099), NOW)
    for url in (f"/bulletins/{draft.pk}", f"/bulletins/{draft.pk}/publish"):
        page = leader.get(url).content.decode()
        for hindrance in editions.hindrances(draft, NOW):
            assert hindrance.message[language] in page
        assert 'name="seen"' not in page
        assert not re.search(r"—\s*(<[^>]*>)*\s*%", page)
    sent = leader.post(f"/bulletins/{draft.pk}/publish", {"seen": draft.content_hash})
    assert sent.status_code == 409


def test_an_officer_drafts_and_does_not_publish(client: Client, city: Object) -> None:
    client.force_login(Person.objects.create(username="officer", role="officer"))
    draft = editions.draft(KIND, city, MONTH, NOW)
    assert client.get(f"/bulletins/{draft.pk}").status_code == 200
    assert client.get(f"/bulletins/{draft.pk}/publish").status_code == 403


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_change_is_on_the_page_and_in_the_documents(
    leader: Client, city: Object, language: Language
) -> None:
    judged(city, 70.0)
    first = editions.draft(KIND, city, MONTH, NOW)
    editions.publish(first, Person.objects.get(username="leader"), NOW)
    Verdict.objects.filter(subject=city).delete()
    second = editions.revise(first, NOW)
    assert second is not None
    changes = second.reason["changes"]
    assert len(changes) > 10
    leader.cookies["language"] = language
    page = leader.get(f"/bulletins/{second.pk}").content.decode()
    assert page.count('<th scope="row">') == len(changes)

    made = Document(io.BytesIO(docx.render(second.content, language, imprint(second, NOW))))
    assert len(made.tables[-1].rows) == len(changes) + 1
    footer = made.sections[0].footer.paragraphs[0].text
    assert second.content_hash in footer
    assert pdf.render(second.content, language, imprint(second, NOW))[:5] == b"%PDF-"


def test_the_documents_name_organ_and_date(leader: Client, city: Object) -> None:
    judged(city, 70.0)
    draft = editions.draft(KIND, city, MONTH, NOW)
    editions.publish(draft, Person.objects.get(username="leader"), NOW)
    published = Publication.objects.get()
    made = Document(io.BytesIO(docx.render(published.content, "zh", imprint(published, NOW))))
    text = "\n".join(paragraph.text for paragraph in made.paragraphs)
    assert "发布机构：太原市生态环境局" in text
    assert "发布日期：2026-05-04" in text
    assert "PM₂.₅ 均值 49.4 µg/m³" in text
    assert "PM2.5" not in text
