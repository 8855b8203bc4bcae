"""A river in a real browser against a real `fenhe serve` on loopback: its network brought in by
hand, a pulse found by itself, traced and replayed; then read on a phone in English."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fenhe.app.assets import BUILT

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-gpu",
         "--disable-3d-apis"]  # fmt: skip
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
PATIENCE = 60_000
TRIES = 120
UNTIL = datetime(2026, 3, 31, 20)  # noqa: DTZ001  # civil, as files say it
SAMPLES = 20 * 6

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)"),
]


def fenhe(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fenhe", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("river")


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "FENHE_DATA_DIR": str(folder / "data"), "FENHE_DATABASE_URL": ""}


@pytest.fixture(scope="module")
def address(environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Two sections, an outfall between nowhere and the upper one, and twenty days of samples with a
    pulse at the upper section in the last night; no river yet."""
    sections = "code,name_zh,name_en,longitude,latitude\nA,上桥,Upper,112.5,37.9\n"
    (folder / "sections.csv").write_text(sections + "B,下桥,Lower,112.5,37.7\n", "utf-8")
    outfalls = "code,name_zh,name_en,longitude,latitude,usual_nh3n,flow_m3_h\n"
    (folder / "outfalls.csv").write_text(
        outfalls + "O,化工排口,Works,112.5,37.95,60,300\n", "utf-8"
    )
    lines = ["section,time,nh3n,tp,codmn,do,ph"]
    for n in range(SAMPLES):
        time = UNTIL - (SAMPLES - 1 - n) * timedelta(hours=4)
        raised = 3.0 if n >= SAMPLES - 3 else 0.0
        for code in "AB":
            value = 0.4 + 0.02 * (n % 6) + (raised if code == "A" else 0.0)
            lines.append(f"{code},{time:%Y-%m-%d %H:%M},{value:.3f},0.08,3.0,8.0,8.0")
    (folder / "samples.csv").write_text("\n".join(lines) + "\n", "utf-8")
    fenhe(environment, "migrate")
    for kind, name in (("water_section", "sections"), ("water_outfall", "outfalls")):
        fenhe(environment, "import-objects", str(folder / f"{name}.csv"), "--kind", kind, "--yes")
    samples = str(folder / "samples.csv")
    fenhe(environment, "import", samples, "--profile", "water-national-feed", "--yes")
    server = subprocess.Popen(
        [sys.executable, "-m", "fenhe", "serve", "--port", "0"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        found = None
        while found is None:
            line = server.stdout.readline()
            assert line, "the server ended before it answered"
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
        yield found[0]
    finally:
        server.terminate()
        server.wait(60)


def layer(folder: Path) -> Path:
    def reach(id: str, *corners: list[float]) -> dict[str, object]:
        properties = {"id": id, "width_m": 30, "depth_m": 0.6, "discharge_m3_s": 9,
                      "district": "示例区", "river_chief": f"{id} 河长"}  # fmt: skip
        line = {"type": "LineString", "coordinates": list(corners)}
        return {"type": "Feature", "properties": properties, "geometry": line}

    features = [
        reach("R1", [112.5, 38.0], [112.5, 37.8]),
        reach("R2", [112.5, 37.8], [112.5, 37.6]),
    ]
    path = folder / "river.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def fits(page: playwright.Page) -> None:
    """Not wider than the screen, and nothing serious for axe."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    if AXE.exists():
        page.evaluate(AXE.read_text("utf-8"))  # a script tag would be against the page's policy
        found = page.evaluate("axe.run().then(r => r.violations)")
        grave = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
        assert grave == [], (page.url, grave)


def test_from_a_layer_of_lines_to_an_order(
    environment: dict[str, str], address: str, folder: Path
) -> None:
    link = fenhe(environment, "sign-in-link").strip().splitlines()[-1]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_cookies([{"name": "language", "value": "zh", "url": address}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address + re.sub(r"^https?://[^/]+", "", link))
        page.click("main button.primary")
        page.wait_for_url(lambda url: "/sign-in" not in url)

        page.goto(f"{address}/water/network")
        page.set_input_files("input[name=layer]", str(layer(folder)))
        page.fill("input[name=name]", "示例河")
        page.click("main form[enctype] button.primary")
        page.wait_for_selector("#register-network")
        fits(page)
        page.click("#register-network")
        page.wait_for_selector("#answer .notice.good")
        assert "化工排口" in page.inner_text("main")

        event = "#events tbody a[href*='/water/event/A/']"
        page.goto(f"{address}/water/events")
        for _ in range(TRIES):  # until the worker has judged the samples
            if page.locator(event).count():
                break
            page.wait_for_timeout(500)
            page.reload()
        else:
            raise AssertionError(page.inner_text("main"))
        fits(page)
        page.locator(event).first.click()
        page.wait_for_url("**/water/event/A/20260331T1200")
        assert "化工排口" in page.inner_text("#candidates")
        assert "下桥" in page.inner_text("#downstream")
        page.wait_for_selector("#one-map svg polyline", state="attached")
        fits(page)

        page.select_option("select[name=at]", "2026-03-31T12:00")
        page.wait_for_url("**at=2026-03-31T12*")
        assert "截至 03-31 12:00 未回落" in page.inner_text("main")

        page.goto(f"{address}/water/event/A/20260331T1200")
        page.set_viewport_size({"width": 390, "height": 844})
        context.add_cookies([{"name": "language", "value": "en", "url": address}])
        for shown in ("event/A/20260331T1200", "river", "network", "events"):
            page.goto(f"{address}/water/{shown}")
            fits(page)
        browser.close()
