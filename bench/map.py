"""How smoothly the one map moves: 20,000 points drawn one by one, in headless Chromium.

    python bench/map.py [--points 20000] [--seconds 5] [--json] [--picture FILE]

Starts `fenhe serve` on loopback over data made here, opens the map, lets it pan and zoom without
pause and counts the frames the map drew. Headless Chromium without a graphics card draws by
software (SwiftShader), so what is measured is the lowest that people will see; the frames of the
same map with nothing on it are told beside. Exit code 1 below 30 frames a second.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LEAST = 30
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-sync",
         "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # fmt: skip
MOVE = """async ([seconds, what]) => {
  const map = document.querySelector("#map").fenheMap;
  const middle = map.getCenter(), zoom = map.getZoom();
  let drawn = 0, longest = 0, last = performance.now();
  map.on("render", () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    drawn++;
  });
  const began = performance.now();
  await new Promise((done) => {
    const step = () => {
      const at = (performance.now() - began) / 1000;
      if (at > seconds) return done();
      if (what === "pan")
        map.jumpTo({
          center: [middle.lng + 0.4 * Math.sin(at * 2), middle.lat + 0.3 * Math.cos(at)],
        });
      else map.jumpTo({ zoom: zoom + 1.2 * Math.abs(Math.sin(at)) });
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  return { frames: drawn / ((performance.now() - began) / 1000), longest };
}"""
HIDE = """() => {
  const map = document.querySelector("#map").fenheMap;
  for (const layer of map.getStyle().layers) map.setLayoutProperty(layer.id, "visibility", "none");
}"""
HOURS = """async () => {
  const slider = document.querySelector("#map-hour");
  const began = performance.now();
  for (let hour = 0; hour < 10; hour++) {
    slider.value = String(hour);
    slider.dispatchEvent(new Event("input"));
    const map = document.querySelector("#map").fenheMap;
    await new Promise((done) => map.once("render", () => requestAnimationFrame(done)));
  }
  return (performance.now() - began) / 10;
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fenhe-map-") as folder:
        environment = {**os.environ, "FENHE_DATA_DIR": folder, "FENHE_DATABASE_URL": ""}
        os.environ.update(environment)
        link = make(asked.points)
        server = subprocess.Popen(
            [sys.executable, "-m", "fenhe", "serve", "--port", "0"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            found = look(_address(server), link, asked)
        finally:
            server.terminate()
            server.wait(60)
    found["load"] = round(os.getloadavg()[0], 1)
    if asked.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name}: {value}")
    return int(min(found["pan frames/s"], found["zoom frames/s"]) < LEAST)


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    while line := server.stdout.readline():
        if match := re.search(r"http://127\.0\.0\.1:\d+", line):
            return match[0]
    raise SystemExit("the server ended before it answered")


def make(points: int) -> str:
    """Stations over Shanxi; returns the path of a one-time link."""
    from fenhe.app.boot import boot

    boot()
    from face import objects

    from fenhe.access import sign_in
    from fenhe.access.models import Person
    from fenhe.app import records
    from fenhe.registry.models import Object

    records.migrate()
    objects(points + 11)
    assert Object.objects.filter(kind="air_station").count() == points
    person = Person.objects.create(username="chief", role="administrator")
    return f"/sign-in/{sign_in.make_link(person)}"


def look(address: str, link: str, asked: Any) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(120_000)
        page.goto(address + link)
        page.click("main button.primary")
        page.goto(f"{address}/map?kind=air_station")
        page.wait_for_selector("#map-rows li", timeout=60_000)
        page.wait_for_timeout(5000)
        drawn = page.evaluate(
            "document.querySelector('#map').fenheMap.queryRenderedFeatures()"
            ".filter(f => f.source === 'air.aqi').length"
        )
        pan = page.evaluate(MOVE, [asked.seconds, "pan"])
        zoom = page.evaluate(MOVE, [asked.seconds, "zoom"])
        hour = page.evaluate(HOURS)
        if asked.picture:
            page.screenshot(path=asked.picture)
        page.evaluate(HIDE)
        empty = page.evaluate(MOVE, [asked.seconds, "pan"])
        browser.close()
    return {
        "points drawn": drawn,
        "pan frames/s": round(pan["frames"], 1),
        "pan longest ms": round(pan["longest"]),
        "zoom frames/s": round(zoom["frames"], 1),
        "zoom longest ms": round(zoom["longest"]),
        "pan frames/s of an empty map": round(empty["frames"], 1),
        "hour of the slider ms": round(hour),
    }


if __name__ == "__main__":
    sys.exit(main())
