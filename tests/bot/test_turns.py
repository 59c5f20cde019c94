"""What a turn promises: stored before answered, one at a time, committed once."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from base.database import transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.messages import Inbound
from bot.claims import claim_conversation, release, store_and_claim
from bot.handoff.words import words_of
from bot.models import Conversation, Message
from bot.ports import Live
from bot.publishing.live import NothingPublished
from bot.turn_statements import CLAIM
from bot.turns import MAX_ATTEMPTS, PATIENCE, TextTooLong
from crm.contacts.models import Contact
from tests.bot.scripted_dialogue import SECRET, Answer, ScriptedDialogue, say
from tests.bot.stage import Stage, staged
from tests.conftest import Database
from tests.locks import until_a_lock_is_waited_for
from tests.statements import statements


async def test_a_message_is_answered_and_the_state_goes_back_with_the_next_one(stage: Stage) -> None:
    stage.dialogue.script = lambda body: say("first", state={"v": 1, "turn": len(body["message"]["text"])})
    await stage.say("hello")
    stage.dialogue.script = lambda body: say(f"you came from {body['state']['turn']}")
    await stage.say("again")
    assert await stage.transcript() == [
        ("visitor", "hello"), ("bot", "first"), ("visitor", "again"), ("bot", "you came from 5"),
    ]  # fmt: skip
    assert stage.dialogue.secrets[-1] == SECRET


async def test_the_opening_of_a_chat_is_a_turn_nobody_sees_as_a_message(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    dialogue.script = lambda body: say(f"welcome, {body['message']['kind']}")
    async with staged(database.sessions, keys, now, dialogue, start=True) as stage:
        await stage.turns.resume(stage.conversation_id)
        assert await stage.transcript() == [("bot", "welcome, start")]


async def test_the_same_message_twice_is_one_message_and_one_turn(stage: Stage) -> None:
    client_id = uuid4()
    first = await stage.turns.take(stage.inbound("once", client_id=client_id))
    again = await stage.turns.take(stage.inbound("once", client_id=client_id))
    await stage.turns.answer(first.claim)
    after = await stage.turns.take(stage.inbound("once", client_id=client_id))
    assert (again.seq, again.duplicate, again.claim) == (first.seq, True, None)
    assert (after.seq, after.duplicate, after.claim) == (first.seq, True, None)
    assert await stage.transcript() == [("visitor", "once"), ("bot", "echo once")]


async def test_a_refused_duplicate_leaves_no_gap_in_the_numbers(stage: Stage) -> None:
    client_id = uuid4()
    await stage.turns.take(stage.inbound("a", client_id=client_id))
    await stage.turns.take(stage.inbound("a", client_id=client_id))
    taken = await stage.turns.take(stage.inbound("b"))
    assert taken.seq == 2


async def test_messages_sent_while_a_turn_runs_wait_and_are_answered_in_order(stage: Stage) -> None:
    stage.dialogue.delay = 0.05
    taken = [await stage.turns.take(stage.inbound(text)) for text in ("one", "two", "three")]
    assert [one.claim is not None for one in taken] == [True, False, False]
    await stage.turns.answer(taken[0].claim)
    bot = [text for author, text in await stage.transcript() if author == "bot"]
    assert bot == ["echo one", "echo two", "echo three"]


async def test_many_messages_at_once_are_each_answered_once_and_one_turn_runs_at_a_time(stage: Stage) -> None:
    async def one(number: int) -> None:
        taken = await stage.turns.take(stage.inbound(f"m{number}"))
        await stage.turns.answer(taken.claim)

    await asyncio.gather(*(one(number) for number in range(25)))
    transcript = await stage.transcript()
    said = [text for author, text in transcript if author == "visitor"]
    assert sorted(text for author, text in transcript if author == "bot") == sorted(f"echo {text}" for text in said)
    assert len(stage.dialogue.requests) == 25
    assert stage.dialogue.most_in_hand == 1


async def test_what_comes_while_the_turn_is_being_stored_is_answered_after_it(stage: Stage) -> None:
    taken = await stage.turns.take(stage.inbound("one"))
    async with transaction(stage.sessions) as session:
        # Stored and not yet committed: the end of the turn before waits for it, and has not seen it begin.
        second = await store_and_claim(session, stage.inbound("two"), stage.clock.now())
        answering = asyncio.create_task(stage.turns.answer(taken.claim))
        await until_a_lock_is_waited_for(stage.sessions)
    await answering
    assert second.claim is None
    bot = [text for author, text in await stage.transcript() if author == "bot"]
    assert bot == ["echo one", "echo two"]
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.turn_claimed_until)) is None


async def test_a_message_that_only_moves_the_talk_on_asks_the_database_twice(stage: Stage) -> None:
    with statements(stage.sessions) as asked:
        await stage.say("hello")
    assert len(asked) == 2, asked
    stage.dialogue.script = lambda _body: say("noted", effects=[{"effect": "tag", "add": ["curious"]}])
    with statements(stage.sessions) as asked:
        await stage.say("hello again")
    assert len(asked) > 2


async def test_a_turn_left_by_a_dead_process_is_done_again_by_the_sweep_and_committed_once(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        lost = await store_and_claim(session, stage.inbound("are you there?"), stage.clock.now())
    assert lost.claim is not None
    assert await stage.turns.resume_waiting() == 0, "the claim still holds"
    await _expire_claim(stage)
    assert await stage.turns.resume_waiting() == 1
    assert await stage.transcript() == [("visitor", "are you there?"), ("bot", "echo are you there?")]
    # The process was not dead but slow: what it brings now must not count.
    await stage.turns.answer(lost.claim)
    assert await stage.transcript() == [("visitor", "are you there?"), ("bot", "echo are you there?")]


async def test_effects_of_a_stale_turn_do_not_happen(stage: Stage) -> None:
    effects = [{"effect": "capture_lead", "field": "first_name", "value": "Ada", "slot": "first_name"}]
    stage.dialogue.script = lambda _body: say("noted", effects=effects)
    async with transaction(stage.sessions) as session:
        stale = (await store_and_claim(session, stage.inbound("Ada"), stage.clock.now())).claim
    await _expire_claim(stage)
    async with transaction(stage.sessions) as session:
        fresh = await claim_conversation(session, stage.conversation_id, stage.clock.now())
    await stage.turns.answer(stale)
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.contact_id)) is None
    await stage.turns.answer(fresh)
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.contact_id)) is not None


async def test_while_no_dialogue_can_be_reached_the_message_waits_and_is_answered_later(
    database: Database, keys: KeyRing, now: datetime, dialogue: ScriptedDialogue
) -> None:
    async with staged(database.sessions, keys, now, dialogue) as stage:
        stage.dialogue.script = lambda _body: 503
        await stage.say("anybody?")
        assert await stage.transcript() == [("visitor", "anybody?")]
        stage.dialogue.script = lambda _body: say("yes")
        assert await stage.turns.resume_waiting() == 1
        assert await stage.transcript() == [("visitor", "anybody?"), ("bot", "yes")]


async def test_waiting_for_the_dialogue_is_not_counted_against_the_message(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    await stage.say("anybody?")
    for _ in range(MAX_ATTEMPTS + 2):
        await stage.turns.resume_waiting()
    async with stage.sessions() as session:
        assert await session.scalar(select(Message.turn_attempts).where(Message.text == "anybody?")) == 0


async def test_giving_back_a_claim_that_was_lost_changes_nothing_for_who_has_it_now(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        stale = (await store_and_claim(session, stage.inbound("hello"), stage.clock.now())).claim
    assert stale is not None
    await _expire_claim(stage)
    async with transaction(stage.sessions) as session:
        fresh = await claim_conversation(session, stage.conversation_id, stage.clock.now())
    assert fresh is not None
    async with transaction(stage.sessions) as session:
        await release(session, stale, count_attempt=False)
    async with stage.sessions() as session:
        assert await session.scalar(select(Message.turn_attempts).where(Message.id == stale.message_id)) == 2
        assert await session.scalar(select(Conversation.turn_claimed_until)) is not None


async def test_one_conversation_that_hangs_does_not_hold_up_the_others_in_the_sweep(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    for number in range(4):
        await stage.begin_again()
        await stage.say(f"m{number}")
    stage.dialogue.script = lambda _body: say("here")
    stage.dialogue.delay = 0.5
    began = time.monotonic()
    assert await stage.turns.resume_waiting() == 4
    assert time.monotonic() - began < 4 * 0.5


async def test_after_two_minutes_without_a_dialogue_a_person_is_asked_to_take_over(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    await stage.say("anybody?")
    stage.clock.move(PATIENCE)
    await stage.turns.resume_waiting()
    assert (await stage.transcript())[-1] == ("bot", words_of("en")["away"])
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.status)) == "handed_off"


@pytest.mark.parametrize("answer", [500, {"state": "no object", "replies": [], "effects": []}, {"nothing": 1}])
async def test_a_message_that_breaks_the_dialogue_goes_to_a_person_after_three_tries(
    stage: Stage, answer: object
) -> None:
    stage.dialogue.script = lambda _body: answer  # type: ignore[assignment, return-value]
    await stage.say("poison")
    for _ in range(MAX_ATTEMPTS + 2):
        await stage.turns.resume_waiting()
    assert len(stage.dialogue.requests) == MAX_ATTEMPTS
    assert await stage.transcript() == [("visitor", "poison"), ("bot", words_of("en")["away"])]


async def test_when_a_person_has_the_conversation_the_bot_is_silent(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("a colleague will answer", effects=[
        {"effect": "hand_off", "team": "sales", "reason": "asked"}])  # fmt: skip
    await stage.say("a person please")
    await stage.say("hello?")
    assert await stage.transcript() == [
        ("visitor", "a person please"), ("bot", "a colleague will answer"), ("visitor", "hello?"),
    ]  # fmt: skip
    async with stage.sessions() as session:
        waiting = select(func.count()).where(Message.turn_state == "pending")
        assert await session.scalar(waiting) == 0


async def test_a_message_that_waited_is_answered_with_what_the_turn_before_it_changed(stage: Stage) -> None:
    def script(body: dict[str, Any]) -> Answer:
        fact = {"effect": "capture_lead", "field": "first_name", "value": body["message"]["text"], "slot": "first_name"}
        return say("noted", effects=[fact])

    stage.dialogue.script = script
    first = await stage.turns.take(stage.inbound("Ada"))
    await stage.turns.take(stage.inbound("Grace"))
    await stage.turns.answer(first.claim)
    async with stage.sessions() as session:
        contacts = list(await session.scalars(select(Contact)))
    assert [contact.fields["first_name"] for contact in contacts] == ["Grace"], "one person, not two"


async def test_a_message_that_waited_while_the_talk_was_handed_off_is_left_to_the_person(stage: Stage) -> None:
    hand_off = {"effect": "hand_off", "team": "sales", "reason": "asked"}
    stage.dialogue.script = lambda _body: say("a colleague will answer", effects=[hand_off])
    first = await stage.turns.take(stage.inbound("a person please"))
    await stage.turns.take(stage.inbound("quickly"))
    await stage.turns.answer(first.claim)
    assert len(stage.dialogue.requests) == 1


async def test_an_opt_out_word_stops_everything_whatever_the_dialogue_says(stage: Stage) -> None:
    await stage.say("STOP")
    assert [body["message"]["kind"] for body in stage.dialogue.requests] == ["stopped"]
    assert await stage.transcript() == [("visitor", "STOP"), ("bot", "<stopped en>")]
    assert [reason for _, reason in stage.follow_ups.stopped] == ["opted_out"]


async def test_an_opt_out_word_works_while_a_person_has_the_conversation(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(status="handed_off"))
    await stage.say("unsubscribe")
    assert len(stage.follow_ups.stopped) == 1


async def test_a_text_over_the_limit_is_refused_and_nothing_is_stored(stage: Stage) -> None:
    with pytest.raises(TextTooLong):
        await stage.turns.take(stage.inbound("x" * 4_001))
    assert await stage.transcript() == []


async def test_a_conversation_that_does_not_exist_is_a_clear_error(stage: Stage) -> None:
    with pytest.raises(NotFound, match="open the chat again"):
        await stage.turns.take(Inbound(uuid4(), uuid4(), "text", "hello"))


async def test_watchers_see_messages_in_the_order_of_their_numbers(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("a", "b")
    await stage.say("hello")
    assert [(message.seq, message.author) for message in stage.watchers.shown] == [
        (1, "visitor"), (2, "bot"), (3, "bot"),
    ]  # fmt: skip


async def _expire_claim(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(turn_claimed_until=func.now() - CLAIM - timedelta(seconds=1)))


async def test_before_the_first_publication_a_message_waits_however_long_it_takes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotYet:
        @property
        def current(self) -> Live:
            raise NothingPublished

    monkeypatch.setattr(stage.turns._decider, "_live", NotYet())
    await stage.say("hello")
    for _ in range(MAX_ATTEMPTS + 2):
        stage.clock.move(PATIENCE)
        await stage.turns.resume_waiting()
    monkeypatch.undo()
    await stage.turns.resume_waiting()
    assert await stage.transcript() == [("visitor", "hello"), ("bot", "echo hello")]
