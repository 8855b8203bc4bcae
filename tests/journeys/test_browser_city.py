"""One person's morning in a real browser, against a real `fenhe serve` on loopback: sign in by the
one-time link, import a file with faults, mend it, see the city, ask why, publish the bulletin."""

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
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
DEMO = Path(__file__).parents[2] / "src/fenhe/app/demo_data/beijing_prsa_2014_2015.parquet"
STATIONS = {
    "Dongsi": ("1003A", "东四"),
    "Tiantan": ("1004A", "天坛"),
    "Guanyuan": ("1006A", "官园"),
}
MONTH = "2015-07"
ODD_QUESTIONS = {
    "/air/calendar?year=9999": 200,
    "/air/?date=0001-01-01": 200,
    "/air/?city=nowhere": 200,
    "/air/station/1003A?span=366&property=o3": 200,
    "/air/station/nowhere": 404,
    "/air/ranking?period=2099&scheme=none": 200,
    "/air/budget?date=2015-07-20&period=2015-07&target=60": 200,
    "/air/budget?metric=composite&target=1e400": 200,
    "/air/budget?metric=good_days_pct&period=x": 200,
    "/air/hour/110000/not-a-moment": 404,
    "/explain/99999999999999999999": 404,
    "/standards?edition=none": 404,
    "/air/?csv=stations": 200,
    "/air/?csv=none": 404,
}
PATIENCE = 90_000  # ms: the worker judges on a machine that may be busy

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.skipif(not BUILT.exists(), reason="web assets are not built (./dev build)"),
]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    return {**os.environ, "FENHE_DATA_DIR": str(data_dir), "FENHE_DATABASE_URL": ""}


def fenhe(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fenhe", *words],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def registered(environment: dict[str, str], tmp_path: Path) -> None:
    fenhe(environment, "migrate")
    city = tmp_path / "city.csv"
    city.write_text("code,name_zh,name_en\n110000,北京市,Beijing\n", encoding="utf-8")
    stations = tmp_path / "stations.csv"
    lines = [f"{code},{name},{en},110000" for en, (code, name) in STATIONS.items()]
    stations.write_text("code,name_zh,name_en,part_of\n" + "\n".join(lines) + "\n", "utf-8")
    fenhe(environment, "import-objects", str(city), "--kind", "air_city", "--yes")
    fenhe(environment, "import-objects", str(stations), "--kind", "air_station", "--yes")


@pytest.fixture
def address(environment: dict[str, str], registered: None) -> Iterator[str]:
    """`fenhe serve` on a free port; stopped by its own process id."""
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


def write_month(path: Path, spoil: bool) -> None:
    """Real hours of three stations; spoiled: letters in row 5, a repeated hour in row 8."""
    table = (
        pl.read_parquet(DEMO)
        .filter(pl.col("station").is_in(list(STATIONS)))
        .filter(pl.col("time").dt.strftime("%Y-%m") == MONTH)
        .with_columns(
            station=pl.col("station").replace({k: code for k, (code, _) in STATIONS.items()}),
            time=pl.col("time").dt.strftime("%Y-%m-%d %H:%M"),
            co=(pl.col("co") / 1000).round(3),
        )
        .select("station", "time", "so2", "no2", "pm10", "pm2_5", "co", "o3")
    )
    lines = table.write_csv(null_value="NA").splitlines()
    if spoil:
        cells = lines[4].split(",")
        lines[4] = ",".join([*cells[:5], "abc", *cells[6:]])
        lines[7] = ",".join([*lines[6].split(",")[:2], "999", *lines[6].split(",")[3:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_from_sign_in_to_the_published_bulletin(
    environment: dict[str, str], address: str, tmp_path: Path
) -> None:
    link = fenhe(environment, "sign-in-link").strip().splitlines()[-1]
    spoiled, mended = tmp_path / "july.csv", tmp_path / "july-mended.csv"
    write_month(spoiled, spoil=True)
    write_month(mended, spoil=False)
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        page = context.new_page()
        page.set_default_timeout(30_000)
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: _only_here(asked.url, address, faults))

        page.goto(address + re.sub(r"^https?://[^/]+", "", link))
        page.click("main button.primary")
        page.wait_for_url(f"{address}/")
        assert "还没有可以汇总的数据" in page.inner_text("main")
        page.goto(f"{address}/air/")
        assert "还没有空气质量数据" in page.inner_text("main")

        page.goto(f"{address}/import")
        _check(page, spoiled)
        page.wait_for_selector("#problems")
        problems = page.inner_text("#problems")
        assert re.search(r"\b5\b.*pm2_5.*abc", problems), problems
        assert page.locator("#commit").count() == 0

        _check(page, mended)
        page.click("#commit")
        page.wait_for_selector("#report .notice.good:has-text('已入库')")

        _until(page, f"{address}/air/?date=2015-07-31", ".aqi-now dd a.why")
        assert "北京市" in page.inner_text("h1")
        assert page.inner_text(".aqi-now .figure a").isdigit()
        page.wait_for_selector("[data-chart] canvas")

        page.click(".aqi-now dd a.why")
        page.wait_for_selector("#drawer[open] .steps li")
        told = page.inner_text("#drawer")
        assert "HJ 633-2012" in told
        assert page.url.startswith(f"{address}/air/")
        page.click("#drawer td a.why >> nth=0")
        page.wait_for_selector("#drawer h3")
        page.keyboard.press("Escape")
        assert not page.locator("#drawer[open]").count()

        page.goto(f"{address}/bulletins")
        page.fill("input[name=period]", MONTH)
        page.click("main form button.primary")
        page.wait_for_selector(".sheet .stamp.draft")
        page.click("#publish")
        page.click("main form button.primary")
        page.wait_for_selector(".chip.good")
        assert re.search(r"[0-9a-f]{64}", page.inner_text(".sheet footer"))
        pdf = context.request.get(address + page.get_attribute("text=PDF", "href"))
        assert pdf.ok
        assert pdf.body()[:5] == b"%PDF-"
        for path, status in ODD_QUESTIONS.items():
            assert context.request.get(address + path).status == status, path
        assert faults == []
        browser.close()


def _check(page: playwright.Page, file: Path) -> None:
    page.set_input_files("input[type=file]", file)
    page.select_option("select[name=profile]", "air-hourly")
    page.click("form[hx-post] button")
    page.wait_for_selector(f"#report h2:has-text('{file.name}')")


def _until(page: playwright.Page, url: str, selector: str) -> None:
    """The worker judges after the import; look again until it has."""
    waited = 0
    page.goto(url)
    while not page.locator(selector).count():
        assert waited < PATIENCE, page.inner_text("main")
        page.wait_for_timeout(1000)
        waited += 1000
        page.goto(url)


def _only_here(url: str, address: str, faults: list[str]) -> None:
    if not url.startswith((address, "data:", "blob:")):
        faults.append(f"asked {url}")
