"""The kiosk's page in Chromium: shutter to first hit, first paint, bytes, and memory over many searches.

`pocketshelf kiosk` and a headless Chromium run as processes of their own. Chromium's camera shows two
garments that are on the shelf, photographed from another side; where POCKETSHELF_DATA is not set, two
drawn (synthetic) ones. A search is a press of the shutter; its time is taken in the page, from the press to
the second frame drawn with the first hit in it. Between two searches the page goes back to the camera, with
no pause. Memory is read after a collection of garbage, at 20 points: the program with its workers and the
browser's renderers (resident), and the page's heap, nodes and listeners. `growth` compares the median of the
last quarter with that of the second: the first is warm-up.

    python benchmarks/kiosk.py [--searches 2000] [--paints 9] [--print]
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

from common import record
from pocketshelf.catalogue import build_store
from pocketshelf.errors import UsageError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

POINTS = 20
SEARCH = """async () => {
  const wanted = '.best[data-test=hit], [data-test=not-here]';
  const frame = () => new Promise(requestAnimationFrame);
  const began = performance.now();
  document.querySelector('[data-test=shutter]').click();
  while (!document.querySelector(wanted)?.checkVisibility()) await frame();
  await frame();
  const took = performance.now() - began;
  const found = document.querySelector(wanted).dataset.test === 'hit';
  document.querySelector('[data-test=retake]').click();
  const ready = () => document.querySelector('[data-test=shutter]')?.checkVisibility() &&
    document.querySelector('video')?.readyState >= 2;
  while (!ready()) await frame();
  return [took, found];
}"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def measure(folder: Path, searches: int, paints: int) -> dict[str, Any]:
    """All figures of the page."""
    from playwright.sync_api import sync_playwright

    from browser.processes import kiosk
    from browser.shelves import make_shelf
    from browser.visits import launch, write_film

    data = os.environ.get("POCKETSHELF_DATA")
    shelf = make_shelf(folder / "shelf", Path(data) if data else None)
    store = folder / "shelf/store"
    build_store(shelf.catalogue, store)
    film = write_film(folder / "scene.mjpeg", shelf.scene)
    with kiosk(store, folder) as program, sync_playwright() as playwright:
        browser = launch(playwright, _chromium(), film)
        found = {
            "photos": "real" if shelf.real else "drawn (synthetic)",
            "browser": f"Chromium {browser.version}, headless",
            "load_before": [round(one, 1) for one in os.getloadavg()],
            "bytes": page_bytes(),
            "first_paint_ms": first_paints(browser, program.url, paints),
            **replay(browser, program, searches),
        }
        browser.close()
    return found


def _chromium() -> str:
    found = os.environ.get("POCKETSHELF_CHROMIUM") or shutil.which("chromium")
    if not found:
        raise UsageError("no Chromium here: apt-get install chromium, or set POCKETSHELF_CHROMIUM")
    return found


def page_bytes() -> dict[str, int]:
    """Of scripts and styles, as they are sent without compression."""
    from pocketshelf.page.asset_files import asset

    names = ("kiosk.js", "kiosk.css", "console.js", "console.css")
    sizes = {name: len(asset(name)) for name in names}
    return {**sizes, "together": sum(sizes.values())}


def first_paints(browser: Any, url: str, count: int) -> dict[str, float]:
    """Milliseconds from the address to the first thing drawn, each in a browser context of its own."""
    times = []
    for _ in range(count):
        context = browser.new_context(viewport={"width": 1080, "height": 1920})
        page = context.new_page()
        page.goto(url)
        page.wait_for_function(f"() => ({PAINT})() !== null")
        times.append(page.evaluate(PAINT))
        context.close()
    return {"median": round(statistics.median(times), 1), "max": round(max(times), 1)}


def replay(browser: Any, program: Any, searches: int) -> dict[str, Any]:
    """Presses the shutter ``searches`` times; times, and memory on the way."""
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, permissions=["camera"])
    page = context.new_page()
    page.goto(f"{program.url}/?view=live")
    page.locator("[data-test=box]").first.wait_for()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    times, hits, memory = [], 0, [memory_now(session, program)]
    for number in range(1, searches + 1):
        took, hit = page.evaluate(SEARCH)
        times.append(took)
        hits += hit
        if number % max(1, searches // POINTS) == 0:
            memory.append({"searches": number, **memory_now(session, program)})
    context.close()
    return {
        "searches": searches,
        "with_a_hit": hits,
        "shutter_to_hit_ms": _times(times),
        "growth": growth(memory[1:]),
        "memory": memory,
    }


def memory_now(session: Any, program: Any) -> dict[str, float]:
    """After a collection of garbage: MB of program, renderers and the page's heap; nodes, listeners."""
    session.send("HeapProfiler.collectGarbage")
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    main = psutil.Process(program.process.pid)
    resident = sum(one.memory_info().rss for one in (main, *main.children(recursive=True)))
    return {
        "program_mb": round(resident / 1e6, 1),
        "browser_mb": round(sum(map(_resident, _renderers())) / 1e6, 1),
        "heap_mb": round(told["JSHeapUsedSize"] / 1e6, 3),
        "nodes": int(told["Nodes"]),
        "listeners": int(told["JSEventListeners"]),
    }


def _renderers() -> list[psutil.Process]:
    """The browser's processes that draw pages."""
    family = psutil.Process().children(recursive=True)
    return [one for one in family if "--type=renderer" in _words(one)]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # It has just ended.
        return []


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def growth(memory: list[dict[str, float]]) -> dict[str, float]:
    """Last quarter's median less the second quarter's, of each figure."""
    quarter = max(1, len(memory) // 4)
    early, late = memory[quarter : 2 * quarter] or memory[:1], memory[-quarter:]
    return {
        name: round(statistics.median(m[name] for m in late) - statistics.median(m[name] for m in early), 3)
        for name in ("program_mb", "browser_mb", "heap_mb", "nodes", "listeners")
    }


def _times(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "max": round(ordered[-1], 1),
    }


def main() -> int:
    """Measure and write ``results/kiosk.json``, or print it."""
    parser = record.parser(__doc__)
    parser.add_argument("--searches", type=int, default=2000)
    parser.add_argument("--paints", type=int, default=9, help="contexts to open for the first paint")
    parser.add_argument("--print", action="store_true", help="print the figures as JSON, write nothing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pocketshelf-kiosk-") as folder:
        figures = measure(Path(folder), arguments.searches, arguments.paints)
    if arguments.print:
        print(json.dumps(figures))
    else:
        record.write("kiosk", figures)
    return 0


if __name__ == "__main__":
    record.run(main)
