"""A morning with lists, dossiers and the map, in a real browser against a real `fenhe serve` on
loopback; on an office screen in Chinese and on a phone in English."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from fenhe.app.assets import BUILT

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WEBGL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
NO_WEBGL = ["--disable-gpu", "--disable-3d-apis"]
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
DEMO = Path(__file__).parents[2] / "src/fenhe/app/demo_data/beijing_prsa_2014_2015.parquet"
STATIONS = {
    "Dongsi": ("1003A", "东四", 116.417, 39.929),
    "Tiantan": ("1004A", "天坛", 116.407, 39.886),
    "Guanyuan": ("1006A", "官园", 116.339, 39.929),
}
SCREENS = {"office": (1366, 768), "phone": (390, 844)}
PATIENCE = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)"),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("face") / "data"
    return {**os.environ, "FENHE_DATA_DIR": str(data), "FENHE_DATABASE_URL": ""}


def fenhe(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fenhe", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def address(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Three stations of a city with a week of real hours, served on a free port."""
    folder = tmp_path_factory.mktemp("files")
    city, stations, hours = (folder / f"{n}.csv" for n in ("city", "stations", "hours"))
    city.write_text("code,name_zh,name_en\n110000,北京市,Beijing\n", "utf-8")
    lines = [f"{code},{zh},{en},{x},{y},110000" for en, (code, zh, x, y) in STATIONS.items()]
    head = "code,name_zh,name_en,longitude,latitude,part_of\n"
    stations.write_text(head + "\n".join(lines) + "\n", "utf-8")
    table = (
        pl.read_parquet(DEMO)
        .filter(pl.col("station").is_in(list(STATIONS)))
        .filter(
            pl.col("time")
            .dt.strftime("%Y-%m-%d")
            .is_between(pl.lit("2015-07-20"), pl.lit("2015-07-26"))
        )
        .with_columns(
            station=pl.col("station").replace({k: v[0] for k, v in STATIONS.items()}),
            time=pl.col("time").dt.strftime("%Y-%m-%d %H:%M"),
            co=(pl.col("co") / 1000).round(3),
        )
        .select("station", "time", "so2", "no2", "pm10", "pm2_5", "co", "o3")
    )
    table.write_csv(hours, null_value="NA")
    fenhe(environment, "migrate")
    fenhe(environment, "import-objects", str(city), "--kind", "air_city", "--yes")
    fenhe(environment, "import-objects", str(stations), "--kind", "air_station", "--yes")
    fenhe(environment, "import", str(hours), "--profile", "air-hourly", "--yes")
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


def opened(
    play: playwright.Playwright,
    environment: dict[str, str],
    address: str,
    language: str,
    screen: str,
    flags: list[str],
) -> tuple[playwright.Page, list[str]]:
    """A page of somebody signed in, and what goes wrong on it."""
    link = fenhe(environment, "sign-in-link").strip().splitlines()[-1]
    browser = play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.add_cookies([{"name": "language", "value": language, "url": address}])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((address, "data:", "blob:"))
            else faults.append(f"asks {asked.url}")
        ),
    )
    page.goto(address + re.sub(r"^https?://[^/]+", "", link))
    page.click("main button.primary")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page, faults


def fits(page: playwright.Page) -> None:
    """Not wider than the screen, and nothing serious for axe."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url
    if AXE.exists():
        page.evaluate(AXE.read_text("utf-8"))  # a script tag would be against the page's policy
        found = page.evaluate("axe.run().then(r => r.violations)")
        grave = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
        assert grave == [], (page.url, grave)


@pytest.mark.parametrize(("language", "screen"), [("zh", "office"), ("en", "phone")])
def test_from_the_list_to_the_dossier_and_back_by_the_map(
    environment: dict[str, str], address: str, language: str, screen: str, tmp_path: Path
) -> None:
    names = {"zh": "天坛", "en": "Tiantan"}
    with playwright.sync_playwright() as play:
        page, faults = opened(play, environment, address, language, screen, WEBGL)

        page.goto(f"{address}/objects/air_station")
        assert page.locator("#list tbody tr").count() == 3
        fits(page)
        page.fill(".list-tools input[name=q]", "天坛")
        page.click(".list-tools button.primary")
        page.wait_for_url("**q=*")
        assert page.locator("#list tbody tr").count() == 1
        view = f"view-{language}"
        page.click(".list-bar details:nth-of-type(2) summary")
        page.fill("input[name=name]", view)
        page.click(".list-bar form[method=post] button:not(.quiet)")
        page.locator(".views", has_text=view).wait_for(state="attached")
        page.click(".list-bar details:nth-of-type(2) summary")
        assert view in page.inner_text(".views")

        page.goto(f"{address}/objects/air_station?q=天坛")
        page.click("#list tbody th a")
        page.wait_for_url("**/object/*")
        assert names[language] in page.inner_text("h1")
        fits(page)
        page.click("nav.tabs a:nth-of-type(2)")
        page.wait_for_selector("[data-chart] canvas")
        fits(page)

        page.goto(f"{address}/series")
        assert page.locator("#health tbody tr").count() == 18
        fits(page)
        if screen == "office":
            page.fill(".bar-search input", "天坛 pm2.5")
            page.keyboard.press("Enter")
            page.wait_for_url("**/search?*")
        else:
            page.goto(f"{address}/search?q=天坛 pm2.5")
        page.wait_for_selector(".hits a")
        assert names[language] in page.inner_text(".hits")
        fits(page)

        page.goto(f"{address}/map")
        page.wait_for_selector(".maplibregl-canvas")
        page.wait_for_selector("#map-rows li:nth-child(3)")
        assert page.locator("#map-rows .level").count() == 3, "each has a class"
        assert page.locator("#map-fault").is_hidden()
        assert "Natural Earth" in page.inner_text(".map-notice")
        last = page.inner_text("#map-time")
        page.fill("#map-hour", "10")
        assert page.inner_text("#map-time") != last, "the slider goes back in time"
        fits(page)
        page.fill("#map-find", "天坛")
        page.wait_for_selector("#map-rows:not(:has(li:nth-child(2))) li")
        page.click("#map-rows a")
        page.wait_for_selector("#drawer[open] .dossier")
        page.click("#drawer nav.tabs a:nth-of-type(2)")
        page.wait_for_selector("#drawer [data-chart] canvas")
        page.keyboard.press("Escape")
        assert not page.locator("#drawer[open]").count()
        page.screenshot(path=tmp_path / f"map-{screen}-{language}.png")
        assert faults == []


def test_a_list_goes_out_is_edited_and_comes_back(
    environment: dict[str, str], address: str, tmp_path: Path
) -> None:
    with playwright.sync_playwright() as play:
        page, faults = opened(play, environment, address, "zh", "office", WEBGL)
        page.goto(f"{address}/objects/air_station")
        page.click(".actions details:nth-of-type(1) summary")
        with page.expect_download() as coming:
            page.click("text=CSV")
        file = tmp_path / "stations.csv"
        coming.value.save_as(file)
        file.write_text(file.read_text("utf-8-sig").replace("官园", "官园（改）"), "utf-8-sig")
        page.click(".actions details:nth-of-type(1) summary")
        page.click(".actions details:nth-of-type(2) summary")
        page.set_input_files(".actions input[type=file]", file)
        page.click(".actions form button")
        page.wait_for_selector("#register")
        page.click("#register")
        page.wait_for_selector("#registration .notice.good a")  # written, not only found clean
        page.goto(f"{address}/objects/air_station?q=官园（改）")
        page.click("#list tbody th a")
        page.click("nav.tabs a:last-of-type")
        page.wait_for_selector("td:has-text('官园（改）')")
        assert faults == []


def test_without_webgl_a_plain_drawing_and_the_whole_list(
    environment: dict[str, str], address: str
) -> None:
    with playwright.sync_playwright() as play:
        page, faults = opened(play, environment, address, "zh", "office", NO_WEBGL)
        page.goto(f"{address}/map")
        page.wait_for_selector("#map svg circle")
        assert page.locator("#map svg a circle").count() == 3
        assert "WebGL" in page.inner_text("#map-fault")
        assert page.locator("#map-rows li").count() == 3
        page.keyboard.press("Tab")
        page.focus("#map-rows a")
        page.keyboard.press("Enter")
        page.wait_for_selector("#drawer[open] .dossier")
        assert faults == []
