"""A visitor's socket from hello to answer: nothing lost, nothing twice, in order."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from bot.models import Conversation, Message
from channels.web.replays import PAGE
from tests.bot.scripted_dialogue import ScriptedDialogue, say
from tests.channels.web.chat_stage import ORIGIN, Process, texts


async def test_opening_the_chat_gives_a_session_whose_replay_has_the_greeting(process: Process) -> None:
    opened = await process.open()
    assert (opened["socket"], opened["poll"]) == ("/chat/socket", "/chat/messages")
    assert process.tokens.read(opened["token"], ORIGIN) == UUID(opened["conversation_id"])
    async with process.visitor(opened["token"]) as visitor:
        assert texts(await visitor.messages(1)) == [(1, "bot", "welcome")]


async def test_a_message_is_received_then_answered(process: Process, opened: dict[str, Any]) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        assert await visitor.frame("messages") == {"type": "messages", "messages": []}
        client_id = await visitor.say("hello")
        assert await visitor.frame("received") == {"type": "received", "client_id": client_id, "seq": 2}
        # The visitor's own message may be shown before or after its receipt.
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        shown = await visitor.messages(3)
    assert texts(shown) == [(2, "visitor", "hello"), (3, "bot", "echo hello")]
    assert shown[0]["client_id"] == client_id
    assert shown[1]["client_id"] is None


async def test_a_message_sent_again_gives_the_same_number_and_no_second_turn(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    client_id = uuid4()
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        receipts = []
        for _ in range(3):
            await visitor.say("once", client_id)
            receipts.append(await visitor.frame("received"))
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.say("once", client_id)
        receipts.append(await visitor.frame("received"))
    await process.turns.drain()
    assert receipts == [{"type": "received", "client_id": str(client_id), "seq": 2}] * 4
    assert [body["message"]["text"] for body in dialogue.requests] == ["", "once"]


async def test_coming_back_shows_exactly_what_was_missed(process: Process, opened: dict[str, Any]) -> None:
    await process.append(opened["conversation_id"], 5)
    for last_seen in range(8):
        async with process.visitor(opened["token"], last_seen=last_seen) as visitor:
            replay = (await visitor.frame("messages"))["messages"]
            assert [message["seq"] for message in replay] == list(range(last_seen + 1, 7))


async def test_a_replay_longer_than_a_page_comes_whole_and_in_order_and_the_chat_goes_on(
    process: Process, opened: dict[str, Any]
) -> None:
    count = 2 * PAGE + 30
    await process.append(opened["conversation_id"], count)
    async with process.visitor(opened["token"], last_seen=3) as visitor:
        replay = await visitor.messages(count + 1)
        assert [message["seq"] for message in replay] == list(range(4, count + 2))
        await visitor.say("still there?")
        assert texts(await visitor.messages(count + 3))[-1] == (count + 3, "bot", "echo still there?")


async def test_a_replay_of_exactly_one_page_does_not_stall(process: Process, opened: dict[str, Any]) -> None:
    await process.append(opened["conversation_id"], PAGE - 1)
    async with process.visitor(opened["token"]) as visitor:
        assert len(await visitor.messages(PAGE)) == PAGE
        await visitor.say("more?")
        assert texts(await visitor.messages(PAGE + 2))[-1][2] == "echo more?"


async def test_two_sockets_of_one_visitor_both_see_everything_once(process: Process, opened: dict[str, Any]) -> None:
    token = opened["token"]
    async with process.visitor(token) as first, process.visitor(token) as second:
        await first.messages(1)
        await second.messages(1)
        for number in range(5):
            await (first, second)[number % 2].say(f"m{number}")
        shown = [await visitor.messages(11) for visitor in (first, second)]
        assert await first.nothing_more()
        assert await second.nothing_more()
    assert texts(shown[0]) == texts(shown[1])
    assert [message["seq"] for message in shown[0]] == list(range(2, 12))
    assert sorted(text for _, author, text in texts(shown[0]) if author == "visitor") == [f"m{n}" for n in range(5)]


async def test_an_old_token_goes_on_with_its_conversation(process: Process, opened: dict[str, Any]) -> None:
    again = await process.open(token=opened["token"])
    assert again["conversation_id"] == opened["conversation_id"]
    async with process.visitor(again["token"]) as visitor:
        assert texts(await visitor.messages(1)) == [(1, "bot", "welcome")]


async def test_a_token_that_is_no_longer_valid_starts_a_new_conversation(
    process: Process, opened: dict[str, Any]
) -> None:
    fresh = await process.open(token=opened["token"][:-3] + "abc")
    assert fresh["conversation_id"] != opened["conversation_id"]


async def test_a_tapped_choice_reaches_the_dialogue_with_its_step(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        tap = {"type": "choice", "client_id": str(uuid4()), "step": "demo/ask_size", "value": "small", "text": "1-10"}
        await visitor.send(tap)
        assert texts(await visitor.messages(3)) == [(2, "visitor", "1-10"), (3, "bot", "echo 1-10")]
    asked = dialogue.requests[-1]["message"]
    assert (asked["kind"], asked["step"], asked["value"], asked["text"]) == ("choice", "demo/ask_size", "small", "1-10")


async def test_a_question_is_shown_with_its_choices_and_consent_internals_stay_on_the_server(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    choices = [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}]
    notice = {
        "text": "May we?", "step": "demo/ask_marketing", "input": "consent", "choices": choices,
        "consent": {"purpose": "marketing", "channels": ["email"], "slot": "agreed"}, "secret": "internal",
    }  # fmt: skip
    dialogue.script = lambda _body: {**say(), "replies": [notice]}
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.say("go on")
        live = (await visitor.messages(3))[-1]
    async with process.visitor(opened["token"], last_seen=2) as visitor:
        replayed = (await visitor.messages(3))[-1]
    assert live == replayed
    assert set(live) == {
        "id", "seq", "author", "text", "choices", "input", "step", "notice", "source", "media", "cards", "limits",
            "client_id", "at",
    }  # fmt: skip
    assert (live["choices"], live["input"], live["step"]) == (choices, "consent", "demo/ask_marketing")


async def test_slow_answers_are_announced_and_the_announcement_ends(
    process: Process, opened: dict[str, Any], dialogue: ScriptedDialogue
) -> None:
    dialogue.delay = 0.4
    async with process.visitor(opened["token"], last_seen=1) as visitor:
        await visitor.say("think about it")
        assert (await visitor.frame("typing"))["on"] is True
        assert (await visitor.frame("typing"))["on"] is False


async def test_reading_another_conversation_takes_its_token(process: Process, opened: dict[str, Any]) -> None:
    other = await process.open()
    async with process.visitor(other["token"], last_seen=1) as visitor:
        await visitor.say("a secret")
        await visitor.messages(3)
    async with process.visitor(opened["token"]) as curious:
        extra = {"conversation_id": other["conversation_id"], "client_id": str(uuid4()), "text": "hi"}
        await curious.send({"type": "message", **extra})
        assert "secret" not in str(await curious.messages(3))
    async with process.request("GET", f"/chat/messages?conversation_id={other['conversation_id']}&after=0",
                               token=opened["token"]) as answer:  # fmt: skip
        assert "secret" not in await answer.text()
    async with process.sessions() as session:
        owners = await session.execute(select(Message.text, Message.conversation_id).where(Message.text == "hi"))
        assert owners.all() == [("hi", UUID(opened["conversation_id"]))]


async def test_an_erased_conversation_tells_the_browser_to_open_a_new_one(
    process: Process, opened: dict[str, Any]
) -> None:
    async with process.visitor(opened["token"]) as visitor:
        await visitor.messages(1)
        async with process.sessions.begin() as session:
            await session.delete(await session.get_one(Conversation, UUID(opened["conversation_id"])))
        await visitor.say("hello?")
        assert await visitor.close_code() == 4401
    async with process.request("POST", "/chat/messages", token=opened["token"],
                               json={"type": "message", "client_id": str(uuid4()), "text": "x"}) as answer:  # fmt: skip
        assert answer.status == 401
    assert (await process.open(token=opened["token"]))["conversation_id"] != opened["conversation_id"]
