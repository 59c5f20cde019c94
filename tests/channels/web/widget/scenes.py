"""What the browser tests of the widget show and how they look at it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tests.channels.web.widget.chat_double import WEB, ChatDouble

RATING = {"lowest": 1, "highest": 5, "low_label": "Very poor", "high_label": "Excellent"}
CARDS = [
    {
        "title": f"Plan {name}",
        "text": f"For teams of {number} and more, with everything a small office needs.",
        "image": f"https://media.example/{number}.png",
        "link": f"https://shop.example/{number}",
        "button": "See details",
    }
    for number, name in enumerate(["Starter", "Team", "Business", "Enterprise"], start=1)
]


async def open_chat(page: Page) -> None:
    await page.get_by_test_id("launcher").click()
    await expect(page.get_by_test_id("panel")).to_have_attribute("data-link", "connected")


async def show_all_parts(page: Page, double: ChatDouble) -> None:
    """Every kind of part, closed questions and, last, an open one."""
    await double.say(
        "Here is the plan.", media={"kind": "image", "url": "https://media.example/a.png", "alt": "Two rooms"}
    )
    await double.say("", media={"kind": "audio", "url": "https://media.example/b.mp3", "alt": "A greeting"})
    await double.say("", media={"kind": "file", "url": "https://media.example/d.pdf", "alt": "Price list (PDF)"})
    await double.say("These may suit you:", cards=CARDS)
    await double.say("How many are you?", input="number", step="demo/size", limits={"minimum": 1, "maximum": 500})
    await double.say("25", author="visitor")
    await double.say("When shall we start?", input="date", step="demo/day", limits={"earliest": "2026-11-24"})
    await double.say("2026-12-01", author="visitor")
    await double.say("Can you send us a floor plan?", input="file", step="demo/plan", limits={"max_megabytes": 5})
    await double.say("plan.pdf", author="visitor")
    await double.say("How did we do?", input="rating", step="demo/rating", limits=RATING)
    await open_chat(page)
    await expect(page.get_by_test_id("message")).to_have_count(11)


async def violations_in(page: Page) -> list[Any]:
    """What axe-core finds wrong, by rule."""
    await page.add_script_tag(path=str(WEB / "widget" / "node_modules" / "axe-core" / "axe.min.js"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await page.evaluate("tags => axe.run({runOnly: tags})", tags)
    assert any("parley-chat" in str(node["target"]) for rule in found["passes"] for node in rule["nodes"])
    return [
        (rule["id"], [node["html"] + node["failureSummary"] for node in rule["nodes"]]) for rule in found["violations"]
    ]
