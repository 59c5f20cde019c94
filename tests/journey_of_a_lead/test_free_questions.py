"""A visitor asks in the middle of a talk what no intent knows: an article answers, or the bot says that none does."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Browser, expect

from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor

pytestmark = pytest.mark.journey

SAID = """
    SELECT text, data->'needs' AS needs, gap.reason
    FROM messages LEFT JOIN understanding_gaps AS gap ON gap.message_id = messages.id
    WHERE author = 'visitor' AND conversation_id = (SELECT conversation_id FROM messages WHERE text = %s LIMIT 1)
"""
LINK = "https://northwind-ledger.example/help/single-sign-on"


async def wait_for_index(site: RunningSite, *, seconds: float = 120) -> None:
    """Until the worker has given every live passage its vector."""
    deadline = time.monotonic() + seconds
    filled = "SELECT count(*) AS n, count(encoder) AS filled FROM knowledge_passages WHERE live"
    while time.monotonic() < deadline:
        (row,) = site.query(filled)
        if row["n"] and row["filled"] == row["n"]:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"only {row['filled']} of {row['n']} passages have a vector after {seconds} s")


async def test_a_question_in_between_is_answered_from_an_article_and_the_open_question_asked_again(
    site: RunningSite, browser: Browser
) -> None:
    await wait_for_index(site)
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    await visitor.taps("demo", until="What may I call you")
    before = await visitor.messages("bot").count()
    await visitor.says("do you have single sign-on?", until="SAML 2.0")

    quoted = visitor.messages("bot").filter(has_text="SAML 2.0").last
    await expect(quoted.get_by_test_id("source")).to_have_attribute("href", LINK, timeout=WAIT)
    await expect(visitor.messages("bot").last).to_contain_text("What may I call you", timeout=WAIT)
    assert await visitor.messages("bot").count() <= before + 3, "the answer, the way back and the question"

    await visitor.says("do you repair bicycles?", until="found no answer")
    await expect(visitor.messages("bot").last).to_contain_text("What may I call you", timeout=WAIT)
    await visitor.says("Ada", until="How many people")
    await visitor.leave()

    kept = {row["text"]: row for row in site.query(SAID, "do you have single sign-on?")}
    known, unknown = kept["do you have single sign-on?"], kept["do you repair bicycles?"]
    assert [(need["need"], need["step"], need["result"]["sure"]) for need in known["needs"]] == [
        ("knowledge", "patterns/knowledge", True)
    ]
    assert known["needs"][0]["result"]["passages"][0]["article"] == "single_sign_on"
    assert [need["result"]["sure"] for need in unknown["needs"]] == [False]
    assert not kept["Ada"]["needs"], "an answer is not looked up"
    assert (known["reason"], unknown["reason"]) == (None, "below_bar")
