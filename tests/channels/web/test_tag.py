"""The tag: of people who agreed to it what they look at is kept, of all others nothing; it sets and stores nothing."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, update

from admin.api.problems import problem_middleware
from base.clock import SystemClock
from base.database import transaction
from bot.conversations import start_conversation
from bot.models import Conversation
from channels.web.limits import ChatLimits, Rates
from channels.web.tag.routes import SCRIPT, TagEventsHandler, routes
from channels.web.tokens import VisitorTokens
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import create_contact
from crm.privacy.limits import set_mark
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record

SIZE = 2_500  # bytes


class Page:
    """A page of the site whose visitor has a talk."""

    def __init__(self, client, database, now, talk, token) -> None:
        self.client, self.database, self.now, self.talk, self.token = client, database, now, talk, token
        self.origin = str(client.make_url("/"))[:-1]

    async def tell(self, *events, token=None, origin=None, **headers):
        sent = {"Authorization": f"Bearer {token or self.token}", "Origin": origin or self.origin, **headers}
        answer = await self.client.post("/chat/events", json={"events": list(events)}, headers=sent)
        return answer.status

    async def kept(self):
        async with self.database.sessions() as session:
            rows = await session.scalars(select(TimelineEvent).where(TimelineEvent.source == "web"))
            return [(row.contact_id, row.kind, row.data) for row in rows]

    async def meet(self):
        """The visitor becomes a contact."""
        async with transaction(self.database.sessions) as session:
            contact_id = await create_contact(session, time_zone=None, now=self.now)
            await session.execute(
                update(Conversation).where(Conversation.id == self.talk).values(contact_id=contact_id)
            )
        return contact_id

    async def say(self, contact_id, event):
        fact = ConsentFact(
            event=event, principal_ref=contact_id, purpose="profiling", channel="web", controller="Northwind Ledger",
            language="en", method="chat_choice", actor="subject", effective_at=self.now, notice_text="OK?",
        )  # fmt: skip
        async with transaction(self.database.sessions) as session:
            await record_consent_event(session, fact, self.now)


@asynccontextmanager
async def site(database, keys):
    """A site with the tag: its handler is told its origins once it has its port."""
    tokens, origins = VisitorTokens(keys), set()
    handler = TagEventsHandler(
        database.sessions, tokens, SystemClock(), origins, ChatLimits(database.sessions, keys, Rates(60, 60)).events
    )

    async def show(_request):
        return web.Response(
            text='<!doctype html><title>Prices</title><script src="/tag.js" defer></script>', content_type="text/html"
        )

    app = web.Application(middlewares=[problem_middleware])
    app.add_routes([*routes(handler), web.get("/pricing", show)])
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:
        origins.add(str(client.make_url("/"))[:-1])
        yield client, tokens


@pytest.fixture
async def page(database, keys, now):
    async with site(database, keys) as (client, tokens):
        async with transaction(database.sessions) as session:
            talk = await start_conversation(
                session, channel="web", language="en", time_zone=None, page_url=None, now=now
            )
        yield Page(client, database, now, talk, tokens.issue(talk, str(client.make_url("/"))[:-1]))


def viewed(id_="1", **properties):
    return {"id": id_, "kind": "page_viewed", "properties": {"url": "https://x.example/a?b=c", **properties}}


async def test_of_who_agreed_each_page_is_kept_once(page) -> None:
    ann = await page.meet()
    await page.say(ann, "given")
    for _ in range(2):
        assert await page.tell(viewed("1"), viewed("2", title="Prices")) == 204
    assert await page.kept() == [
        (ann, "page_viewed", {"url": "https://x.example/a"}),
        (ann, "page_viewed", {"url": "https://x.example/a", "title": "Prices"}),
    ]


async def test_of_who_did_not_agree_or_agrees_no_more_nothing_is_kept_and_the_page_hears_the_same(page) -> None:
    assert await page.tell(viewed()) == 204, "a visitor of whom nothing is known"
    ann = await page.meet()
    assert await page.tell(viewed()) == 204, "a contact that was not asked"
    await page.say(ann, "refused")
    assert await page.tell(viewed()) == 204
    await page.say(ann, "given")
    await page.say(ann, "withdrawn")
    assert await page.tell(viewed()) == 204
    assert await page.kept() == []


async def test_a_browser_that_asks_not_to_be_tracked_is_not(page) -> None:
    ann = await page.meet()
    await page.say(ann, "given")
    assert await page.tell(viewed(), **{"Sec-GPC": "1"}) == 204
    assert await page.kept() == []


async def test_who_is_under_age_or_may_not_be_used_is_not_followed_whatever_they_agreed_to(page) -> None:
    ann = await page.meet()
    await page.say(ann, "given")
    async with transaction(page.database.sessions) as session:
        await set_mark(session, ann, "minor", source="chat", now=page.now)
    assert await page.tell(viewed()) == 204
    assert await page.kept() == []


async def test_who_only_typed_somebodys_address_tells_nothing_of_that_person(page) -> None:
    ann = await page.meet()
    await page.say(ann, "given")
    async with transaction(page.database.sessions) as session:
        await record(
            session, kind="address_claimed", contact_id=ann, conversation_id=page.talk, data={"address": "email"},
            now=page.now,
        )  # fmt: skip
    assert await page.tell(viewed()) == 204
    assert await page.kept() == []


async def test_a_page_cannot_tell_of_what_only_others_may_nor_of_what_does_not_fit(page) -> None:
    ann = await page.meet()
    await page.say(ann, "given")
    order = {"order": "1", "value": 9, "currency": "EUR"}
    assert await page.tell({"id": "1", "kind": "order_placed", "properties": order}) == 422
    assert await page.tell({"id": "1", "kind": "consent_given", "properties": {}}) == 422
    assert await page.tell(viewed(url="javascript:x")) == 422
    assert await page.tell({"kind": "page_viewed"}) == 422
    assert await page.tell(*[viewed(str(number)) for number in range(21)]) == 422
    answer = await page.client.post("/chat/events", data="{", headers={
        "Authorization": f"Bearer {page.token}", "Origin": page.origin})  # fmt: skip
    assert answer.status == 400
    assert await page.kept() == []


async def test_other_sites_and_forged_sessions_are_refused(page) -> None:
    assert await page.tell(viewed(), origin="https://evil.example") == 403
    assert await page.tell(viewed(), token="forged") == 401
    bare = await page.client.post("/chat/events", json={}, headers={"Origin": page.origin})
    assert bare.status == 401
    assert (await page.client.options("/chat/events", headers={"Origin": page.origin})).status == 204
    assert (await page.client.options("/chat/events", headers={"Origin": "https://evil.example"})).status == 403


async def test_in_a_browser_the_tag_tells_of_the_page_and_stores_nothing(page, browser) -> None:
    ann = await page.meet()
    await page.say(ann, "given")
    context = await browser.new_context()
    tab = await context.new_page()
    calls = []
    tab.on("request", lambda request: calls.append(request.url))
    await tab.goto(f"{page.origin}/pricing?email=ann@x.example#top")
    await tab.wait_for_function("window.ParleyTag")
    assert not [url for url in calls if url.endswith("/chat/events")], "who never opened the chat is not told of"
    await tab.evaluate(
        "([key, kept]) => localStorage.setItem(key, kept)",
        [f"parley:{page.origin}", f'{{"token": "{page.token}", "unsent": []}}'],
    )
    async with tab.expect_response("**/chat/events") as answered:
        await tab.reload()
    assert (await answered.value).status == 204
    await tab.evaluate("ParleyTag.page()")
    async with tab.expect_response("**/chat/events"):
        await tab.evaluate('ParleyTag.track("product_viewed", {product: "P-1"})')
    for _ in range(50):
        if len(await page.kept()) == 2:
            break
        await asyncio.sleep(0.05)
    assert await page.kept() == [
        (ann, "page_viewed", {"url": f"{page.origin}/pricing", "title": "Prices"}),
        (ann, "product_viewed", {"product": "P-1"}),
    ]
    assert await context.cookies() == []
    assert await tab.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))") == [
        f"parley:{page.origin}"
    ]
    before = len(calls)
    await tab.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    await tab.reload()
    await tab.evaluate('ParleyTag.track("product_viewed", {product: "P-2"})')
    assert not [url for url in calls[before:] if url.endswith("/chat/events")]
    await context.close()


def test_the_script_is_small() -> None:
    assert SCRIPT.stat().st_size < SIZE
