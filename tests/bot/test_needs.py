"""Needs: a turn goes on with what was obtained for it, once, however often it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from base.database import transaction
from bot.deciding import MOST_NEEDS
from bot.dialogue import Need
from bot.handoff.words import words_of
from bot.models import Conversation, Message, ResumeCode
from bot.needs import PlatformNeeds
from bot.resume_codes import find_code
from bot.turns import MAX_ATTEMPTS
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

HTTP = {"need": "http", "step": "demo/look_up", "connector": "crm", "method": "GET", "path": "/plan"}
AWAITS = {"v": 2, "awaits": {"step": "demo/look_up", "need": "http"}}


def looks_up(body: dict[str, Any]) -> Answer:
    if body["message"]["kind"] == "result":
        return say(f"number {body['message']['value']['json']['number']}", state={"v": 2, "done": True})
    return say("one moment", state=AWAITS, need=HTTP)


async def test_a_turn_goes_on_with_what_it_needed_and_its_replies_add_up(stage: Stage) -> None:
    stage.dialogue.script = looks_up
    await stage.say("my plan?")
    assert [text for author, text in await stage.transcript() if author == "bot"] == ["one moment", "number 1"]
    asked, went_on = stage.dialogue.requests
    assert went_on["state"] == AWAITS
    assert {name: went_on["message"][name] for name in ("id", "kind", "step", "need")} == {
        "id": asked["message"]["id"], "kind": "result", "step": "demo/look_up", "need": "http",
    }  # fmt: skip


async def test_what_was_obtained_is_kept_with_the_message_for_replays(stage: Stage) -> None:
    stage.dialogue.script = looks_up
    await stage.say("my plan?")
    async with stage.sessions() as session:
        data = await session.scalar(select(Message.data).where(Message.author == "visitor", Message.seq > 0))
    assert data == {
        "needs": [
            {"step": "demo/look_up", "need": "http", "result": {"ok": True, "status": 200, "json": {"number": 1}}}
        ]
    }


async def test_a_turn_that_is_done_again_asks_another_system_once(stage: Stage) -> None:
    def breaks_first(body: dict[str, Any]) -> Answer | int:
        if body["message"]["kind"] == "result" and len(stage.dialogue.requests) < 3:
            return 500
        return looks_up(body)

    stage.dialogue.script = breaks_first
    await stage.say("my plan?")
    assert await stage.transcript() == [("visitor", "my plan?")]
    await stage.turns.resume_waiting()
    assert [text for author, text in await stage.transcript() if author == "bot"] == ["one moment", "number 1"]
    assert stage.system.calls == ["demo/look_up"]


async def test_a_turn_that_needs_without_end_is_given_up(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("", state=AWAITS, need=HTTP)
    await stage.say("my plan?")
    assert len(stage.dialogue.requests) == MOST_NEEDS + 1
    for _ in range(MAX_ATTEMPTS):
        await stage.turns.resume_waiting()
    assert await stage.transcript() == [("visitor", "my plan?"), ("bot", words_of("en")["away"])]
    assert len(stage.system.calls) == MOST_NEEDS, "the same needs of the same turn, asked once each"


async def test_a_turn_that_lost_its_claim_while_it_needed_something_changes_nothing(stage: Stage) -> None:
    async def lose_the_claim() -> None:
        async with transaction(stage.sessions) as session:
            await session.execute(update(Conversation).values(turn_fence=Conversation.turn_fence + 1))

    stage.system.meanwhile = lose_the_claim
    stage.dialogue.script = looks_up
    await stage.say("my plan?")
    assert stage.system.calls == ["demo/look_up"]
    assert len(stage.dialogue.requests) == 1, "the dialogue is not asked for a turn that cannot count"
    assert await stage.transcript() == [("visitor", "my plan?")]


async def test_a_long_turn_keeps_its_claim_so_that_nobody_else_begins_it(stage: Stage) -> None:
    taken_on: list[int] = []

    async def take_long() -> None:
        taken_on.append(await stage.turns.resume_waiting())
        async with transaction(stage.sessions) as session:
            nearly_over = func.now() + timedelta(milliseconds=1)
            await session.execute(update(Conversation).values(turn_claimed_until=nearly_over))

    def script(body: dict[str, Any]) -> Answer:
        again = len(stage.dialogue.requests) < 4
        return say(state=AWAITS, need=HTTP) if again else say("at last")

    stage.system.meanwhile = take_long
    stage.dialogue.script = script
    await stage.say("my plan?")
    assert taken_on == [0, 0, 0]
    assert (await stage.transcript())[-1] == ("bot", "at last")


async def test_what_nobody_can_obtain_is_answered_so_that_the_flow_goes_another_way(stage: Stage) -> None:
    results: list[Any] = []

    def script(body: dict[str, Any]) -> Answer:
        if body["message"]["kind"] != "result":
            return say(state=AWAITS, need={"need": "free_times", "step": "demo/book", "calendar": "sales"})
        results.append(body["message"]["value"])
        return say("none free")

    stage.dialogue.script = script
    await stage.say("a meeting please")
    assert results == [{"times": [], "more": False}]
    assert (await stage.transcript())[-1] == ("bot", "none free")


async def test_the_code_of_a_turn_done_again_is_the_same_code(stage: Stage) -> None:
    told: list[dict[str, Any]] = []
    need = {"need": "resume_code", "step": "demo/move", "channels": ["sms"]}

    def script(body: dict[str, Any]) -> Answer | int:
        if body["message"]["kind"] != "result":
            return say(state=AWAITS, need=need)
        told.append(body["message"]["value"])
        return 500 if len(told) == 1 else say("here is your code")

    stage.dialogue.script = script
    await stage.say("by text message, please")
    await stage.turns.resume_waiting()
    first, second = told
    assert first == second
    assert find_code(first["code"]) == first["code"]
    assert first["link"] == "", "a code for text messages opens nothing on the web"
    async with stage.sessions() as session:
        (kept,) = list(await session.scalars(select(ResumeCode)))
    assert first["code"].encode() not in kept.code_sha256
    assert (kept.channels, kept.conversation_id) == (["sms"], stage.conversation_id)


async def test_facts_asked_for_after_effects_that_cannot_be_read_are_a_failed_answer(stage: Stage) -> None:
    wrong = {"effect": "add_points", "points": "many"}
    stage.dialogue.script = lambda _body: say(effects=[wrong], need={"need": "facts", "step": "demo/look"})
    await stage.say("hello")
    for _ in range(MAX_ATTEMPTS):
        await stage.turns.resume_waiting()
    assert await stage.transcript() == [("visitor", "hello"), ("bot", words_of("en")["away"])]


@pytest.mark.parametrize(
    ("channels", "link"),
    [
        (["telegram", "web"], "https://t.me/a_bot?start={code}"),
        (["web", "telegram"], "https://shop.example/?resume={code}"),
        (["sms", "telegram"], "https://t.me/a_bot?start={code}"),
        (["sms"], ""),
    ],
)
async def test_the_code_of_a_talk_comes_with_a_link_for_the_first_channel_that_has_one(
    stage: Stage, channels: list[str], link: str
) -> None:
    async def link_to(channel: str, code: str) -> str | None:
        return f"https://t.me/a_bot?start={code}" if channel == "telegram" else None

    needs = PlatformNeeds(stage.sessions, stage.keys, stage.clock, "https://shop.example", link_to=link_to)
    claim = (await stage.turns.take(stage.inbound("elsewhere, please"))).claim
    assert claim is not None
    need = Need(need="resume_code", step="demo/move", channels=channels)
    result = await needs.answer(claim, need, attempt_key="once")
    assert result["link"] == link.format(code=result["code"])
