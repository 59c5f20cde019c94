"""A talk that began elsewhere goes on in the chat by its code; a wrong code keeps nobody from chatting."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from base.database import transaction
from bot.conversations import start_conversation
from bot.models import Conversation
from bot.resume_codes import issue_code
from channels.web.limits import CODES_TRIED, CODES_TRIED_BY_ALL, ChatLimits, Rates
from channels.web.opening import Opening
from channels.web.sessions import ChatSessions
from channels.web.tokens import VisitorTokens
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.channels.web.chat_stage import Process, texts


async def begin_elsewhere(process: Process, channels: tuple[str, ...] = ("web",)) -> tuple[UUID, str]:
    """A talk by SMS and the code that opens it."""
    async with transaction(process.sessions) as session:
        conversation_id = await start_conversation(
            session, channel="sms", language="de", time_zone=None, page_url=None, now=process.clock.now()
        )
    await process.turns.resume(conversation_id)
    return conversation_id, await issue(process, conversation_id, channels)


async def issue(process: Process, conversation_id: UUID, channels: tuple[str, ...]) -> str:
    async with transaction(process.sessions) as session:
        return await issue_code(
            session,
            process.keys,
            conversation_id=conversation_id,
            channels=channels,
            attempt_key=str(uuid4()),
            now=process.clock.now(),
        )


async def test_a_code_opens_a_session_in_which_the_talk_goes_on(process: Process, dialogue: ScriptedDialogue) -> None:
    left, code = await begin_elsewhere(process)
    dialogue.requests.clear()
    opened = await process.open(resume=code.lower(), language="en-GB")
    await process.turns.drain()
    assert "notice" not in opened
    assert [request["message"]["kind"] for request in dialogue.requests] == ["resume"]
    assert (dialogue.requests[0]["channel"], dialogue.requests[0]["language"]) == ("web", "de")
    async with process.sessions() as session:
        moved_to = await session.scalar(select(Conversation.moved_to).where(Conversation.id == left))
    assert str(moved_to) == opened["conversation_id"]
    async with process.visitor(opened["token"]) as visitor:
        assert texts(await visitor.messages(1)) == [(1, "bot", "echo ")]


async def test_a_code_works_once_and_afterwards_the_chat_goes_on_with_a_notice(process: Process) -> None:
    _, code = await begin_elsewhere(process)
    first = await process.open(resume=code)
    again = await process.open(resume=code, token=first["token"])
    assert again["conversation_id"] == first["conversation_id"]
    assert "not valid" in again["notice"]
    fresh = await process.open(resume="K7M2QX")
    assert fresh["conversation_id"] != first["conversation_id"]
    assert "not valid" in fresh["notice"]


async def test_a_code_for_another_channel_opens_nothing(process: Process) -> None:
    _, code = await begin_elsewhere(process, channels=("telegram",))
    assert "not valid" in (await process.open(resume=code))["notice"]


async def test_codes_cannot_be_guessed_by_trying(process: Process) -> None:
    _, code = await begin_elsewhere(process)
    for number in range(CODES_TRIED):
        assert "not valid" in (await process.open(resume=f"K7M2Q{'BCDFGHJK'[number]}"))["notice"]
    late = await process.open(resume=code)
    assert "too much" in late["notice"]
    async with process.sessions() as session:
        assert await session.scalar(select(Conversation.id).where(Conversation.moved_to.is_not(None))) is None


async def test_a_talk_that_goes_on_elsewhere_says_so_and_a_reload_begins_anew(
    process: Process, opened: dict[str, Any]
) -> None:
    conversation_id = UUID(opened["conversation_id"])
    code = await issue(process, conversation_id, ("telegram",))
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await process.turns.resume_by_code(code, channel="telegram", language="en")
        await process.turns.drain()
        await visitor.say("still there?")
        error = await visitor.frame("error")
    assert (error["code"], error["client_id"]) == ("moved", None)
    assert "another channel" in error["message"]
    await process.turns.drain()  # while a turn runs, what comes is only taken
    frame = {"type": "message", "client_id": str(uuid4()), "text": "hello?"}
    async with process.request("POST", "/chat/messages", token=opened["token"], json=frame) as answer:
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (409, "moved")
    reloaded = await process.open(token=opened["token"])
    assert reloaded["conversation_id"] != opened["conversation_id"]


async def test_what_the_platform_tells_the_dialogue_itself_is_never_shown(process: Process) -> None:
    _, code = await begin_elsewhere(process)
    opened = await process.open(resume=code)
    await process.turns.drain()
    async with process.request("GET", "/chat/messages?after=0&wait=0", token=opened["token"]) as answer:
        shown = (await answer.json())["messages"]
    assert [message["author"] for message in shown] == ["bot"]


async def test_a_code_that_is_no_code_at_all_keeps_nobody_from_chatting(process: Process) -> None:
    for code in ("x" * 5_000, "\0", "🙂", "   "):
        assert "not valid" in (await process.open(resume=code))["notice"]


async def test_many_addresses_cannot_guess_codes_either(process: Process) -> None:
    openings = ChatSessions(
        sessions=process.sessions, turns=process.turns, tokens=VisitorTokens(process.keys), clock=process.clock,
        limits=ChatLimits(process.sessions, process.keys, Rates(10**6, 10**6, 10**6)),
    )  # fmt: skip

    async def notice_of(code: str, address: str) -> str | None:
        return (await openings.open(Opening(resume=code), origin="https://a.example", address=address)).notice

    for number in range(CODES_TRIED + 1):
        notice = await notice_of("nothing", f"2001:db8:1:2::{number:x}")
    assert "too much" in (notice or ""), "one customer has a whole /64 of addresses"
    tried = 0
    while "not valid" in (notice := await notice_of("nothing", f"2001:db8:2:{tried:x}::1") or ""):
        tried += 1
        assert tried < 2 * CODES_TRIED_BY_ALL
    assert "too much" in notice
