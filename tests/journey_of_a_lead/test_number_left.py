"""A visitor leaves their number in the chat of the whole set-up: their browser does its work for it."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Browser

from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import Visitor

pytestmark = pytest.mark.journey

WORK = """
    SELECT work.solved_at FROM number_challenges AS work
    JOIN messages ON messages.conversation_id = work.conversation_id WHERE messages.text = %s
"""
SAID = "You can call me at +1 415 867 5309"
DEAR = "Then call me at +1 900 234 5678"
POINTS = """
    SELECT count(*) AS n FROM contact_points JOIN conversations USING (contact_id)
    JOIN messages ON messages.conversation_id = conversations.id
    WHERE messages.text = %s AND contact_points.kind = 'phone'
"""


async def test_the_browser_of_whoever_left_a_number_does_the_work_it_waits_for(
    site: RunningSite, browser: Browser
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    await visitor.taps("demo", until="What may I call you")
    await visitor.says(SAID, until="What may I call you")
    deadline = time.monotonic() + 60
    while not (rows := site.query(WORK, SAID)) or rows[0]["solved_at"] is None:
        assert time.monotonic() < deadline, "the browser did not do its work"
        await asyncio.sleep(0.2)
    await visitor.leave()


async def test_a_premium_number_that_is_typed_is_not_taken(site: RunningSite, browser: Browser) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await visitor.open_chat()
    await visitor.taps("demo", until="What may I call you")
    await visitor.says(DEAR, until="What may I call you")
    await visitor.leave()
    assert site.query(POINTS, DEAR)[0]["n"] == 0
