"""How soon the flow editor opens a long flow in a real browser, and how smoothly it moves, beside a short one.

`parley up` runs as an operator starts it. In one signed-in Chromium, both flows are opened (the first time in a process
that has checked neither, then again), moved by the wheel and by the mouse, zoomed, and written in; what is told is how
long until a step is there to be clicked, and the pauses between frames (Frame Timing by requestAnimationFrame, 60 a
second at best).

Everything runs on 127.0.0.1 in a temporary folder and is stopped at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import psutil
from playwright.async_api import Page, async_playwright

from benchmarks.saving import add_saving, save
from server.setup.machine import find_browser
from tests.flows.large_flow import large_content
from tests.flows.random_flows import SLOTS
from tests.journey_of_a_lead.author import WIDE
from tests.journey_of_a_lead.colleague import Colleague
from tests.journey_of_a_lead.running_site import running_site

RESULT = ROOT / "docs" / "benchmarks" / "flow_editor.json"
OPEN_WITHIN = 2.0
"""Seconds."""
PAUSE_AT_MOST = 100.0
"""Milliseconds between two frames: what is longer is seen as a jerk (RAIL, web.dev)."""
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
_LISTEN = """() => {
    window.pauses = []; let last = performance.now();
    const next = now => { window.pauses.push(now - last); last = now; window.listening = requestAnimationFrame(next); };
    window.listening = requestAnimationFrame(next);
}"""
_HEARD = "() => { cancelAnimationFrame(window.listening); return window.pauses.slice(1); }"


async def _begin(colleague: Colleague, name: str, steps: int) -> None:
    """A draft of so many steps that branch, ask, ask for consent and begin journeys; 0: as a new one is."""
    answer = await colleague.send("POST", "/flows/drafts", {"item": f"library/{name}", "title": name})
    assert answer.ok, await answer.text()
    document = await answer.json()
    if not steps:
        return
    made = large_content(steps).flows["large"]
    content = document["content"]
    content["settings"] |= {"slots": SLOTS}
    content["steps"] = [step.model_dump(mode="json", by_alias=True, exclude_unset=True) for step in made.model.steps]
    content["wording"]["en"] = {
        step: words.model_dump(mode="json", by_alias=True, exclude_unset=True)
        for step, words in made.wording["en"].entries.items()
    }
    answer = await colleague.send(
        "PUT", "/flows/drafts", {"item": document["item"], "content": content},
        **{"If-Match": f'"{document["version"]}"'},
    )  # fmt: skip
    assert answer.ok, await answer.text()


async def _open(colleague: Colleague, name: str) -> float:
    """Seconds from the address to a step that can be clicked; the page is loaded anew."""
    began = time.perf_counter()
    await colleague.page.goto(f"{colleague.site.url}/admin/flows/{name}", wait_until="commit")
    step = colleague.page.locator('[data-step="notice"]')
    await step.click(timeout=60_000)
    return time.perf_counter() - began


async def _moving(page: Page) -> dict[str, float]:
    """Pauses between frames while the canvas is moved by the mouse and zoomed, and while a text is written."""
    box = await page.get_by_test_id("canvas").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.move(*middle)
    found: dict[str, float] = {}
    await page.evaluate(_LISTEN)
    for number in range(60):
        await page.mouse.wheel(0, 120 if number < 30 else -120)
        await page.wait_for_timeout(16)
    found |= _pauses("scroll", await page.evaluate(_HEARD))
    await page.evaluate(_LISTEN)
    await page.keyboard.down("Control")
    for number in range(30):
        await page.mouse.wheel(0, 60 if number < 15 else -60)
        await page.wait_for_timeout(32)
    await page.keyboard.up("Control")
    found |= _pauses("zoom", await page.evaluate(_HEARD))
    await page.keyboard.press("Home")
    await page.locator('[data-step="notice"]').click()
    words = page.get_by_test_id("step-panel").get_by_label("Text", exact=True)
    await words.click()
    await page.evaluate(_LISTEN)
    await page.keyboard.type("Written while a long flow is open.", delay=40)
    return found | _pauses("write", await page.evaluate(_HEARD))


def _pauses(name: str, pauses: list[float]) -> dict[str, float]:
    ordered = sorted(pauses)
    return {
        f"{name}_median_ms": round(statistics.median(ordered), 1),
        f"{name}_p95_ms": round(ordered[int(len(ordered) * 0.95)], 1),
        f"{name}_longest_ms": round(ordered[-1], 1),
    }


async def _measure(colleague: Colleague, name: str, steps: int, options: argparse.Namespace) -> dict[str, Any]:
    await _begin(colleague, name, steps)
    first = await _open(colleague, name)
    again = statistics.median([await _open(colleague, name) for _ in range(options.rounds)])
    rounds = [await _moving(colleague.page) for _ in range(options.rounds)]
    moving = {part: statistics.median(one[part] for one in rounds) for part in rounds[0]}
    worst = {part: max(one[part] for one in rounds) for part in rounds[0] if part.endswith("longest_ms")}
    print(f"{steps or 2:4} steps: opened the first time {first:.2f} s, again {again:.2f} s (target {OPEN_WITHIN} s)")
    for part in ("scroll", "zoom", "write"):
        told = ", ".join(f"{kind} {moving[f'{part}_{kind}_ms']:.0f}" for kind in ("median", "p95", "longest"))
        print(f"     {part:7} pauses between frames, ms: {told}; the longest of all {worst[f'{part}_longest_ms']:.0f}")
    return {"steps": steps or 2, "first_s": round(first, 2), "again_s": round(again, 2), **moving, "worst": worst}


async def run(options: argparse.Namespace) -> None:
    """Measures both flows in one set-up."""
    print(f"load {psutil.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="parley-editor-") as folder:
        async with running_site(Path(folder)) as site, async_playwright() as playwright:
            program = find_browser()
            assert program is not None, "No Chromium found: apt-get install chromium, or set PARLEY_TEST_BROWSER."
            browser = await playwright.chromium.launch(executable_path=str(program), args=SWITCHES)
            async with await Colleague.arrive(browser, site, WIDE) as colleague:
                await _begin(colleague, "aside", 0)
                short = await _measure(colleague, "short", 0, options)
                long = await _measure(colleague, "long", options.steps, options)
            await browser.close()
    ratio = long["again_s"] / short["again_s"]
    print(f"opening {options.steps} steps takes {ratio:.2f} times as long as 2")
    save(RESULT, options, short=short, long=long, opening_ratio=round(ratio, 2))


def main() -> None:
    """Reads the options and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    add_saving(parser, RESULT)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
