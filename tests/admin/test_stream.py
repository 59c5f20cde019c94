"""Live news: told as it happens, taken up where it was cut off, and over when its reader signs out."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from admin.models import AdminUser
from admin.stream import endpoints
from admin.stream.feed import REMEMBERED, Feed
from base.database import transaction
from bot.handoff.service import tell
from bot.handoff.typing import Typing, tell_typing
from tests.admin.people import make_contact, make_talk

WITHIN = 20.0  # seconds; a busy machine needs some of them


@pytest.fixture
async def feed(context, database):
    """The feed of the site, listening."""
    listening = asyncio.create_task(context.feed.listen(database.url))
    with context.feed.subscribe() as queue:
        async with asyncio.timeout(WITHIN):
            await queue.get()  # it tells that it listens
    yield context.feed
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


async def next_event(answer: Any) -> dict[str, str]:
    """The next event of a stream, without its heartbeats."""
    event: dict[str, str] = {}
    async with asyncio.timeout(WITHIN):
        async for line in answer.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                event[name] = value
            elif "event" in event:
                return event
            else:
                event = {}
    return {}


async def test_a_page_is_told_of_a_talk_as_soon_as_something_is_new_there(signed_in, context, feed):
    conversation_id = uuid4()
    answer = await signed_in.get("/api/v1/stream")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    async with transaction(context.sessions) as session:
        await tell(session, conversation_id)
    event = await next_event(answer)
    assert (event["event"], json.loads(event["data"])) == ("conversation", {"conversation_id": str(conversation_id)})
    answer.close()


async def test_what_a_page_missed_is_told_when_it_comes_back(signed_in, context, feed):
    answer = await signed_in.get("/api/v1/stream")
    first, missed = uuid4(), uuid4()
    async with transaction(context.sessions) as session:
        await tell(session, first)
    seen = (await next_event(answer))["id"]
    answer.close()
    with feed.subscribe() as queue:
        async with transaction(context.sessions) as session:
            await tell(session, missed)
        async with asyncio.timeout(WITHIN):
            await queue.get()
    again = await signed_in.client.get("/api/v1/stream", headers={"Last-Event-ID": seen})
    assert json.loads((await next_event(again))["data"]) == {"conversation_id": str(missed)}
    again.close()


async def test_a_page_that_comes_back_too_late_or_to_another_process_looks_at_everything(signed_in, feed):
    for place in ("elsewhere-5", "nonsense", "🦆"):
        answer = await signed_in.client.get(
            "/api/v1/stream", headers={"Last-Event-ID": place.encode().decode("latin-1")}
        )
        assert (await next_event(answer))["event"] == "all"
        answer.close()


def test_only_so_much_is_remembered():
    feed = Feed()
    begun_at = feed.place_of()
    for _ in range(REMEMBERED):
        feed._tell("conversation", uuid4())
    assert len(feed.since(begun_at)) == REMEMBERED
    feed._tell("conversation", uuid4())
    assert [news.kind for news in feed.since(begun_at)] == ["all"]


async def test_that_the_visitor_types_is_told_while_a_person_has_the_talk_and_else_not(
    signed_in, context, keys, now, feed
):
    async with transaction(context.sessions) as session:
        contact_id = await make_contact(session, keys, now)
        with_bot = await make_talk(session, contact_id, now)
        with_person = await make_talk(session, contact_id, now, status="handed_off")
    answer = await signed_in.get("/api/v1/stream")
    for talk in (with_bot, with_person):
        async with transaction(context.sessions) as session:
            await tell_typing(session, Typing(talk, "visitor", True))
    event = await next_event(answer)
    assert (event["event"], json.loads(event["data"])) == (
        "typing",
        {"conversation_id": str(with_person), "on": True},
    )
    answer.close()


async def test_who_signed_out_is_told_nothing_more(signed_in, context, feed, monkeypatch):
    monkeypatch.setattr(endpoints, "HEARTBEAT", 0.2)
    answer = await signed_in.get("/api/v1/stream")
    assert (await signed_in.send("DELETE", "/api/v1/session")).status == 204
    async with asyncio.timeout(WITHIN):
        rest = await answer.content.read()
    assert b"event:" not in rest


async def test_without_a_session_there_is_no_stream(admin):
    assert (await admin.get("/api/v1/stream")).status == 401


async def test_who_may_read_no_talks_is_told_of_none_and_who_may_no_longer_soon_hears_nothing(
    signed_in, context, user, feed, monkeypatch
):
    async def becomes(role: str) -> None:
        async with transaction(context.sessions) as session:
            await session.execute(update(AdminUser).where(AdminUser.id == user.id).values(role=role))

    await becomes("analyst")
    assert (await signed_in.get("/api/v1/stream")).status == 403
    monkeypatch.setattr(endpoints, "HEARTBEAT", 0.2)
    await becomes("agent")
    answer = await signed_in.get("/api/v1/stream")
    assert answer.status == 200
    await becomes("analyst")
    async with asyncio.timeout(WITHIN):
        await answer.content.read()


async def test_a_process_that_ends_does_not_wait_for_its_readers(signed_in, context, feed):
    answer = await signed_in.get("/api/v1/stream")
    await feed.close(None)
    async with asyncio.timeout(WITHIN):
        await answer.content.read()
