"""Pictures of every page: three screens, two languages, two themes.

    python web/screenshots.py http://127.0.0.1:8212 OUTDIR [--quick] [--link TOKEN]

Needs the system's Chromium. Also reports what axe-core finds and when the largest
part of each page was painted.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
SCREENS = {"office": (1366, 768), "phone": (390, 844), "wall": (1920, 1080)}
PAGES = {
    "home": "/",
    "alarms": "/alarms",
    "alarms-grouped": "/alarms?group=kind&state=all",
    "alarm": "/alarms/1",
    "audit": "/audit",
    "screen": "/screen",
    "public": "/public",
    "map": "/map",
    "deadlines": "/deadlines",
    "account": "/account",
    "today": "/air/",
    "calendar": "/air/calendar",
    "variant": "/air/calendar?year=2014&variant=GB+3095-2026+transitional",
    "variant-missing": "/air/?variant=GB+3095-2026+final",
    "stations": "/air/stations",
    "station": "/air/station/1003A",
    "ranking": "/air/ranking",
    "budget": "/air/budget?date=2015-09-30&target=80",
    "water": "/water/",
    "water-section": "/water/section/TY07",
    "water-section-past": "/water/section/TY12?date=2015-12-12&property=do",
    "water-basins": "/water/basins",
    "water-league": "/water/league?section=TY07&item=nh3n&value=0.5",
    "water-compensation": "/water/compensation",
    "water-compare": "/water/compare",
    "water-river": "/water/river",
    "water-events": "/water/events",
    "water-event": "/water/event/TY05/20151229T0400",
    "water-event-replayed": "/water/event/TY05/20151229T0400?at=2015-12-29T08:00",
    "water-network": "/water/network",
    "sources": "/sources/?span=7",
    "sources-stack": "/sources/stack/SIM-cems-1?property=stack_nox",
    "sources-effectiveness": "/sources/effectiveness",
    "sources-enterprise": "/sources/enterprise/SIM-cems-enterprise-1",
    "standards": "/standards?edition=GB%203095-2012",
    "import": "/import",
    "bulletins": "/bulletins",
    "sign-in": "/sign-in",
    "missing": "/no-such-page",
}
LARGEST_PAINT = """new Promise((told) => {
  new PerformanceObserver((list) => told(list.getEntries().at(-1).startTime))
    .observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => told(NaN), 500);
})"""
AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("out", type=Path)
    parser.add_argument("--quick", action="store_true", help="office and phone, zh, light only")
    parser.add_argument("--link", default="", help="token of a one-time sign-in link")
    parser.add_argument("--palette", default="official", choices=["official", "safe"])
    parser.add_argument("--pages", nargs="*", default=list(PAGES))
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    screens = ["office", "phone"] if wanted.quick else list(SCREENS)
    languages, themes = (["zh"], ["light"]) if wanted.quick else (["zh", "en"], ["light", "dark"])
    faults, paints = 0, dict[str, list[float]]()
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        cookies = sign_in(browser, wanted.base, wanted.link) if wanted.link else []
        host = urlsplit(wanted.base).hostname or ""
        for language, theme, screen in itertools.product(languages, themes, screens):
            context = browser.new_context(
                reduced_motion="reduce",
                locale=LOCALES[language],
                color_scheme="dark" if theme == "dark" else "light",
            )
            page = context.new_page()
            page.on("pageerror", lambda error: print(f"  script error: {error}"))
            chosen = {"language": language, "theme": theme, "palette": wanted.palette}
            context.add_cookies(cookies)
            context.add_cookies(
                [{"name": k, "value": v, "domain": host, "path": "/"} for k, v in chosen.items()]
            )
            width, height = SCREENS[screen]
            page.set_viewport_size({"width": width, "height": height})
            for name in wanted.pages:
                # The public portal is told its language by the address, not by a cookie.
                path = f"/public?lang={language}" if name == "public" else PAGES[name]
                page.goto(wanted.base + path, wait_until="networkidle")
                paints.setdefault(name, []).append(page.evaluate(LARGEST_PAINT))
                picture = wanted.out / f"{name}-{screen}-{language}-{theme}.png"
                page.screenshot(path=picture, full_page=screen == "phone")
                faults += examine(page, picture.stem)
            context.close()
        browser.close()
    for name, times in paints.items():
        print(f"{name}: largest contentful paint {median(times):.0f} ms, slowest {max(times):.0f}")
    print(f"{faults} accessibility findings")
    return 1 if faults else 0


def sign_in(browser: Browser, base: str, token: str) -> Any:
    """The cookies of somebody signed in; the link works once."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/sign-in/{token}")
    page.click("main button.primary")
    cookies = context.cookies()
    context.close()
    return cookies


def examine(page: Page, name: str) -> int:
    """What axe-core finds, and whether the page is wider than the screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        print(f"{name}: {wide} px wider than the screen")
    page.evaluate(AXE.read_text(encoding="utf-8"))  # not as a tag: the pages' own policy forbids it
    found = page.evaluate("axe.run().then(r => r.violations)")
    for item in found:
        where = item["nodes"][0]["target"][0]
        print(f"{name}: {item['id']} ({item['impact']}) at {where}, {len(item['nodes'])} places")
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
