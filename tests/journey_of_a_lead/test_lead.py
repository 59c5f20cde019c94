"""A visitor becomes a lead, is followed up, and is left alone when they say so."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from outreach.alarm import create_alarm, create_connector, wake
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.visitor import WAIT, Visitor, become_a_lead

pytestmark = pytest.mark.journey


async def test_a_visitor_becomes_a_lead_gets_the_follow_up_and_unsubscribes(
    site: RunningSite, browser: Browser
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "ada@engines.example.com")
    first = await visitor.messages("bot").first.inner_text()
    assert "automated" in first.lower(), "told that it is automated before anything is asked"

    contact = site.query("SELECT * FROM contacts WHERE stage = 'mql' ORDER BY created_at DESC")[0]
    assert contact["qualification"] == "hot"
    assert contact["fields"]["company"] == "Analytical Engines Ltd"
    reasons = site.query("SELECT points, reason FROM score_entries WHERE contact_id = %s", contact["id"])
    assert contact["score"] == sum(row["points"] for row in reasons)
    assert len(reasons) >= 4

    consent = site.query(
        "SELECT event, purpose, channel, text FROM consent_events JOIN consent_notices ON sha256 = notice_sha256 "
        "WHERE principal_ref = %s", contact["id"],
    )  # fmt: skip
    assert [(row["event"], row["purpose"], row["channel"]) for row in consent] == [("given", "marketing", "email")]
    shown = visitor.log.locator('[data-testid="message"]').filter(has_text="May Northwind Ledger").last
    assert consent[0]["text"] in await shown.inner_text(), "the text stored is the text that was on the screen"

    letter = await site.letters.wait_for("ada@engines.example.com")
    assert "Ada" in letter.get_body(("plain",)).get_content()
    await expect(visitor.messages("follow_up").first).to_be_visible(timeout=WAIT)
    await visitor.leave()

    await _unsubscribe_by_one_click(letter)
    exits = site.query("SELECT state, exit_reason FROM enrolments WHERE contact_id = %s", contact["id"])
    assert exits == [{"state": "exited", "exit_reason": "unsubscribed"}]
    await _try_to_follow_up_again(site, contact["id"])
    assert len(site.letters.to("ada@engines.example.com")) == 1, "nothing more was sent"
    last = site.query("SELECT state, reason_rule, reason FROM outbox WHERE occurrence = 'by hand'")[0]
    assert last["state"] == "skipped"
    assert last["reason_rule"]
    assert last["reason"]


async def test_whoever_refuses_consent_is_answered_kindly_and_never_written_to(
    site: RunningSite, browser: Browser
) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "grace@compilers.example.com", consent="no")
    await visitor.leave()
    rows = site.query(
        "SELECT c.id, e.event FROM contacts c JOIN consent_events e ON e.principal_ref = c.id WHERE e.event = 'refused'"
    )
    assert len(rows) == 1
    assert site.query("SELECT 1 FROM enrolments WHERE contact_id = %s", rows[0]["id"]) == []
    await asyncio.sleep(3)
    assert site.letters.to("grace@compilers.example.com") == []


async def test_a_visitor_who_comes_back_finds_the_talk_and_the_follow_up(site: RunningSite, browser: Browser) -> None:
    visitor = await Visitor.arrive(browser, site.url)
    await become_a_lead(visitor, "edsger@paths.example.com")
    await visitor.page.goto("about:blank")
    await site.letters.wait_for("edsger@paths.example.com")
    await asyncio.sleep(2)
    await visitor.page.goto(site.url)
    await visitor.open_chat()
    await expect(visitor.messages("follow_up").first).to_be_visible(timeout=WAIT)
    await expect(visitor.messages("visitor").filter(has_text="Analytical Engines Ltd")).to_have_count(1)
    await visitor.leave()


async def _unsubscribe_by_one_click(letter: object) -> None:
    """What a mail program does (RFC 8058): a POST without cookie, and a GET by a scanner before it."""
    url = re.search(r"<(http[^>]+)>", letter["List-Unsubscribe"]).group(1)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    async with aiohttp.ClientSession() as session:
        async with session.get(url) as scanned:
            assert scanned.status == 200
        body = {"List-Unsubscribe": "One-Click"}
        for _ in range(2):
            async with session.post(url, data=body, allow_redirects=False) as done:
                assert done.status == 200


async def _try_to_follow_up_again(site: RunningSite, contact_id: object) -> None:
    """Queues the e-mail once more, behind the platform's back, and lets the worker come to it."""
    site.query(
        "INSERT INTO outbox (id, occurrence, contact_id, conversation_id, journey, step, channel, purpose, "
        "message_class, subject, text, state, due_at, created_at, updated_at) "
        "SELECT gen_random_uuid(), 'by hand', contact_id, conversation_id, journey, step, channel, purpose, "
        "message_class, subject, text, 'planned', now(), now(), now() "
        "FROM outbox WHERE contact_id = %s AND channel = 'email'", contact_id,
    )  # fmt: skip
    alarm = create_alarm(create_connector(site.database_url))
    async with alarm.open_async():
        await wake(alarm)
    for _ in range(200):
        rows = site.query("SELECT state FROM outbox WHERE occurrence = 'by hand'")
        if rows[0]["state"] != "planned":
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the worker did not look at it")
