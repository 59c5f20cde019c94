"""Thoughts in pieces: texts that come shortly after one another are one answer; a tap or an opt-out is at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from base.database import transaction
from base.messages import MAX_TEXT
from bot.claims import Taken
from bot.models import Conversation, Message
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

WAIT = timedelta(seconds=4)


@pytest.fixture
async def asking(stage: Stage) -> Stage:
    """A talk whose open question waits four seconds for more text."""
    stage.dialogue.script = lambda _body: say("tell me", debounce=WAIT.total_seconds())
    await stage.say("hello")
    stage.dialogue.script = lambda body: say(f"echo {body['message']['text'] or body['message']['value']}")
    stage.dialogue.requests.clear()
    return stage


async def take(stage: Stage, text: str, **details: Any) -> Taken:
    taken = await stage.turns.take(stage.inbound(text, **details))
    await stage.turns.answer(taken.claim)
    return taken


def texts(stage: Stage) -> list[str]:
    return [body["message"]["text"] for body in stage.dialogue.requests]


async def test_texts_in_pieces_are_one_turn_once_nothing_more_comes(asking: Stage) -> None:
    await take(asking, "we are")
    asking.clock.move(WAIT - timedelta(seconds=1))
    last = await take(asking, "about twenty")
    asking.clock.move(WAIT - timedelta(seconds=1))
    assert await asking.turns.resume_waiting() == 0, "each piece puts it off"
    assert asking.dialogue.requests == []
    asking.clock.move(timedelta(seconds=1))
    assert await asking.turns.resume_waiting() == 1
    assert texts(asking) == ["we are\nabout twenty"]
    assert asking.dialogue.requests[0]["message"]["id"] == str(last.message_id)
    async with asking.sessions() as session:
        assert await session.scalar(select(func.count()).where(Message.turn_state == "pending")) == 0


async def test_nobody_waits_longer_than_three_times_the_wait(asking: Stage) -> None:
    began = asking.clock.now()
    while (await take(asking, "and")).waits_until is not None:
        asking.clock.move(WAIT - timedelta(seconds=1))
        assert asking.clock.now() < began + 4 * WAIT
    assert asking.clock.now() == began + 3 * WAIT
    assert texts(asking) == ["\n".join(["and"] * 5)]


async def test_a_tap_is_answered_at_once_and_after_what_was_said_before_it(asking: Stage) -> None:
    await take(asking, "we are")
    await take(asking, "twenty")
    await take(asking, "Small", step="demo/ask_size", value="small")
    assert texts(asking) == ["we are\ntwenty", "Small"]
    async with asking.sessions() as session:
        assert await session.scalar(select(Conversation.turn_not_before)) is None


async def test_the_process_that_took_the_last_piece_answers_it_by_itself(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("tell me", debounce=0.05)
    await stage.say("hello")
    stage.dialogue.script = lambda body: say(f"echo {body['message']['text']}")
    first = await take(stage, "we are")
    await take(stage, "twenty")
    assert first.claim is None
    stage.clock.move(timedelta(seconds=1))
    for _ in range(200):
        if (await stage.transcript())[-1][0] == "bot":
            break
        await asyncio.sleep(0.02)
    assert (await stage.transcript())[-1] == ("bot", "echo we are\ntwenty")
    assert await stage.turns.resume_waiting() == 0


async def test_an_opt_out_among_the_pieces_is_heard_at_once_and_is_no_part_of_an_answer(asking: Stage) -> None:
    await take(asking, "wait, no")
    await take(asking, "STOP")
    assert len(asking.follow_ups.stopped) == 1
    assert [body["message"]["kind"] for body in asking.dialogue.requests] == ["stopped", "text"]
    assert texts(asking)[1] == "wait, no"


async def test_an_opt_out_does_not_wait_behind_what_the_dialogue_cannot_answer_now(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    await stage.say("anybody?")
    await stage.say("STOP")
    assert [reason for _, reason in stage.follow_ups.stopped] == ["opted_out"]
    assert ("bot", "<stopped en>") in await stage.transcript()


async def test_the_same_piece_twice_is_one_piece(asking: Stage) -> None:
    client_id = uuid4()
    for _ in range(2):
        await take(asking, "we are", client_id=client_id)
    asking.clock.move(WAIT)
    await asking.turns.resume_waiting()
    assert texts(asking) == ["we are"]


async def test_only_as_many_pieces_as_a_message_holds_are_one_turn(asking: Stage) -> None:
    await take(asking, "a" * (MAX_TEXT - 10))
    await take(asking, "b" * 9)
    await take(asking, "c" * 9)
    asking.clock.move(WAIT)
    await asking.turns.resume_waiting()
    assert [len(text) for text in texts(asking)] == [MAX_TEXT, 9]


async def test_pieces_of_a_turn_that_broke_are_the_same_turn_again(asking: Stage) -> None:
    await take(asking, "we are")
    await take(asking, "twenty")
    asking.clock.move(WAIT)
    asking.dialogue.script = lambda _body: 500
    await asking.turns.resume_waiting()
    asking.dialogue.script = lambda _body: say("noted")
    await asking.turns.resume_waiting()
    assert texts(asking) == ["we are\ntwenty"] * 2
    assert (await asking.transcript())[-1] == ("bot", "noted")


async def test_pieces_and_a_tap_at_the_same_moment_are_each_answered_once(asking: Stage) -> None:
    async def one(number: int) -> None:
        details = {"step": "demo/ask_size", "value": "small"} if number == 4 else {}
        await take(asking, f"m{number}", **details)

    def script(body: dict[str, Any]) -> Answer:
        return say(f"echo {body['message']['text']}", debounce=WAIT.total_seconds())

    asking.dialogue.script = script
    await asyncio.gather(*(one(number) for number in range(9)))
    asking.clock.move(WAIT * 3)
    await asking.turns.resume_waiting()
    said = sorted(piece for text in texts(asking) for piece in text.split("\n"))
    assert said == [f"m{number}" for number in range(9)]


async def test_one_more_piece_before_the_turn_is_done_again_asks_no_other_system_twice(asking: Stage) -> None:
    need = {"need": "http", "step": "demo/order", "connector": "shop", "method": "POST", "path": "/orders"}

    def script(body: dict[str, Any]) -> Answer | int:
        if body["message"]["kind"] != "result":
            return say(state={"v": 2, "awaits": {"step": "demo/order", "need": "http"}}, need=need)
        return 503 if len(asking.dialogue.requests) == 2 else say("ordered")

    asking.dialogue.script = script
    await take(asking, "order the")
    asking.clock.move(WAIT)
    await asking.turns.resume_waiting()
    assert len(asking.system.calls) == 1
    await take(asking, "blue one")
    asking.clock.move(3 * WAIT)
    await asking.turns.resume_waiting()
    assert texts(asking)[-1] == "order the\nblue one"
    assert (await asking.transcript())[-1] == ("bot", "ordered")
    assert len(asking.system.calls) == 1


async def test_nobody_on_the_phone_waits_for_more_of_what_they_said(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(channel="voice"))
    stage.dialogue.script = lambda _body: say("tell me", debounce=WAIT.total_seconds())
    await stage.say("hello")
    assert (await take(stage, "we are about twenty")).waits_until is None
    assert texts(stage) == ["hello", "we are about twenty"]
