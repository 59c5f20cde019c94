"""Opt-outs in any words, HELP and START: what a turn makes of them, whatever the dialogue does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update

from base.database import transaction
from bot.claims import store_and_claim
from bot.conversations import start_conversation
from bot.models import Conversation
from bot.opt_out_effects import OWN_REASONS
from crm.consent.ledger import ConsentFact, consent_for, consent_states, record_consent_event
from crm.consent.models import ConsentEvent, OptOutReview, Suppression
from crm.consent.suppression import list_suppressions, suppress
from tests.bot.happenings import contact_of, kinds
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

OPEN: dict[str, Any] = {"v": 2, "slots": {}, "stack": [{"flow": "demo", "step": "ask_size"}], "ended": None}
TEXTS_ONLY = "no more texts please, emails are fine"


async def talk_on(stage: Stage, channel: str) -> None:
    """A conversation on another channel, with its opening answered."""
    async with transaction(stage.sessions) as session:
        stage.conversation_id = await start_conversation(
            session, channel=channel, language="en", time_zone=None, page_url=None, now=stage.clock.now()
        )
    await stage.answer_opening()


async def suppressed(stage: Stage) -> set[str]:
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        return set((await list_suppressions(session, [contact.id]))[contact.id])


async def agree(stage: Stage, channel: str) -> None:
    contact = await contact_of(stage)
    fact = ConsentFact(
        event="given",
        principal_ref=contact.id,
        purpose="marketing",
        channel=channel,
        controller="Northwind Ledger",
        language="en",
        method="chat_choice",
        actor="subject",
        effective_at=stage.clock.now(),
        notice_text="May we write to you?",
    )
    async with transaction(stage.sessions) as session:
        await record_consent_event(session, fact, stage.clock.now())


async def standing(stage: Stage, channel: str, purpose: str = "marketing") -> str:
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        states = (await consent_states(session, [contact.id], stage.clock.now()))[contact.id]
    return consent_for(states, purpose, channel).state


async def test_a_phrase_in_spanish_stops_everything_and_the_dialogue_is_only_told(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    await stage.say("Por favor, no me escriban más")
    assert {body["message"]["kind"] for body in stage.dialogue.requests} <= {"stopped"}
    assert (await stage.transcript())[-1] == ("bot", "<stopped en>")
    assert await suppressed(stage) == {"all"}
    assert (await contact_of(stage)).id == stage.follow_ups.stopped[0][0]


async def test_to_stop_texts_leaves_email_and_the_talk_goes_on_where_it_was(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("how many are you?", state=OPEN)
    await stage.say("hello")
    stage.dialogue.requests.clear()
    await stage.say(TEXTS_ONLY)
    assert await suppressed(stage) == {"sms"}
    assert stage.dialogue.requests == []
    assert (await stage.transcript())[-1] == ("bot", "<stopped_scope en>")
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.state)) == OPEN


async def test_to_stop_texts_by_text_closes_that_talk(stage: Stage) -> None:
    await talk_on(stage, "sms")
    await stage.say(TEXTS_ONLY)
    assert await suppressed(stage) == {"sms"}
    assert (await stage.transcript())[-1] == ("bot", "<stopped en>")


async def test_to_stop_marketing_suppresses_nothing_and_takes_back_marketing_everywhere(stage: Stage) -> None:
    told: dict[str, Any] = {"effect": "opt_out", "scope": {"purpose": "marketing", "channels": "all"}}
    stage.dialogue.script = lambda _body: say("ok", effects=[{"effect": "tag", "add": ["seen"]}])
    await stage.say("hello")
    await agree(stage, "email")
    stage.dialogue.script = lambda _body: say("done", effects=[told])
    await stage.say("that is enough of your offers I think")
    assert await suppressed(stage) == set()
    assert [await standing(stage, name) for name in ("email", "sms", "web")] == ["withdrawn"] * 3
    assert await standing(stage, "email", "service") == "none"


@pytest.mark.parametrize("scope", [None, 7, "sms", {"channels": ["fax"]}, {"purpose": "x", "channels": []}, {}])
async def test_a_scope_that_cannot_be_read_stops_everything(stage: Stage, scope: Any) -> None:
    stage.dialogue.script = lambda _body: say("done", effects=[{"effect": "opt_out", "scope": scope}])
    await stage.say("hmm")
    assert await suppressed(stage) == {"all"}


async def test_a_doubtful_opt_out_holds_and_is_on_the_list_of_people(stage: Stage) -> None:
    doubt = {"effect": "opt_out", "scope": "everything", "rule": "classifier", "confidence": 0.6, "doubtful": True}
    stage.dialogue.script = lambda _body: say("done", effects=[doubt])
    await stage.say("hmm")
    assert await suppressed(stage) == {"all"}
    async with stage.sessions() as session:
        review = (await session.scalars(select(OptOutReview))).one()
    assert (review.status, review.rule, review.confidence) == ("open", "classifier", 0.6)
    assert review.scope == {"purpose": "all", "channels": "all"}
    assert (await kinds(stage))[-2:] == ["opted_out", "opt_out_doubted"]


async def test_words_that_leave_a_doubt_stop_at_once_and_are_put_on_the_list(stage: Stage) -> None:
    await stage.say("this is harassment")
    assert await suppressed(stage) == {"all"}
    async with stage.sessions() as session:
        review = await session.scalar(select(OptOutReview))
    assert review is not None
    assert (review.status, review.rule) == ("open", "phrase:en/report")


@pytest.mark.parametrize("channel", ["sms", "telegram", "email", "voice"])
async def test_a_second_stop_is_recorded_and_not_confirmed_again(stage: Stage, channel: str) -> None:
    await talk_on(stage, channel)
    await stage.say("STOP")
    await stage.say("stop")
    assert await stage.transcript() == [("visitor", "STOP"), ("bot", "<stopped en>"), ("visitor", "stop")]
    async with stage.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Suppression)) == 1
        assert await session.scalar(select(func.count()).select_from(ConsentEvent)) == 2


async def test_in_the_chat_a_second_stop_is_told_that_it_is_done(stage: Stage) -> None:
    await stage.say("STOP")
    await stage.say("STOP")
    assert (await stage.transcript())[-1] == ("bot", "<stopped_already en>")


@pytest.mark.parametrize("channel", ["sms", "telegram", "email", "voice"])
async def test_help_is_answered_also_for_those_who_stopped(stage: Stage, channel: str) -> None:
    await talk_on(stage, channel)
    await stage.say("STOP")
    stage.dialogue.requests.clear()
    await stage.say("HELP")
    assert (await stage.transcript())[-1] == ("bot", "<help_keyword en>")
    assert stage.dialogue.requests == []
    assert await suppressed(stage) == {"all"}
    assert (await kinds(stage))[-1] == "help_asked"


async def test_help_makes_no_contact_of_whoever_asks(stage: Stage) -> None:
    await talk_on(stage, "sms")
    await stage.say("info")
    async with stage.sessions() as session:
        row = await session.get(Conversation, stage.conversation_id)
    assert row is not None
    assert row.contact_id is None


@pytest.mark.parametrize("text", ["HELP", "START"])
async def test_in_the_chat_help_and_start_are_the_dialogues(stage: Stage, text: str) -> None:
    await stage.say("STOP")
    stage.dialogue.script = lambda _body: say("how can I help?")
    await stage.say(text)
    assert (await stage.transcript())[-1] == ("bot", "how can I help?")
    assert await suppressed(stage) == {"all"}


async def test_start_opens_this_channel_only_and_gives_no_consent_back(stage: Stage) -> None:
    await talk_on(stage, "sms")
    stage.dialogue.script = lambda _body: say("ok", effects=[{"effect": "tag", "add": ["seen"]}])
    await stage.say("hello")
    await agree(stage, "sms")
    await stage.say("STOP")
    await stage.say("START")
    assert (await stage.transcript())[-1] == ("bot", "<started_again en>")
    assert await suppressed(stage) == {"email", "telegram", "voice", "web"}
    assert await standing(stage, "sms") == "withdrawn"
    assert (await kinds(stage))[-1] == "suppression_lifted"
    await stage.say("STOP")
    assert (await stage.transcript())[-1] == ("bot", "<stopped en>"), "it is an opt-out anew, and confirmed"


async def test_start_lifts_no_complaint_and_no_bounce(stage: Stage) -> None:
    await talk_on(stage, "sms")
    await stage.say("STOP")
    contact = await contact_of(stage)
    async with transaction(stage.sessions) as session:
        await suppress(session, [contact.id], "sms", "complaint", stage.clock.now())
    await stage.say("UNSTOP")
    assert "sms" in await suppressed(stage)
    assert "complaint" not in OWN_REASONS


async def test_start_is_a_word_like_any_other_when_nothing_was_stopped(stage: Stage) -> None:
    await talk_on(stage, "telegram")
    stage.dialogue.script = lambda _body: say("welcome!")
    await stage.say("START")
    assert (await stage.transcript())[-1] == ("bot", "welcome!")


@pytest.mark.parametrize("effect", ["reopen_channel", "answer_help"])
async def test_the_dialogue_cannot_lift_an_opt_out(stage: Stage, effect: str) -> None:
    await talk_on(stage, "sms")
    await stage.say("STOP")

    def script(_body: dict[str, Any]) -> Answer:
        return say("ok", effects=[{"effect": effect}])

    stage.dialogue.script = script
    await stage.say("how are you today?")
    assert await suppressed(stage) == {"all"}


async def test_nothing_of_an_opt_out_is_written_when_the_claim_was_lost(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        stale = (await store_and_claim(session, stage.inbound("STOP"), stage.clock.now())).claim
        await session.execute(update(Conversation).values(turn_fence=Conversation.turn_fence + 1))
    await stage.turns.answer(stale)
    async with stage.sessions() as session:
        for table in (Suppression, ConsentEvent, OptOutReview):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
    assert stage.follow_ups.stopped == []


async def test_no_more_marketing_in_a_text_message_leaves_the_talk_and_its_channel_open(stage: Stage) -> None:
    await talk_on(stage, "sms")
    await stage.say("no more marketing please")
    await stage.say("no more marketing please")
    assert (await stage.transcript())[1:] == [
        ("bot", "<stopped_scope en>"),
        ("visitor", "no more marketing please"),
    ], "confirmed once"
    assert await suppressed(stage) == set()
    assert await standing(stage, "sms") == "withdrawn"
    stage.dialogue.script = lambda _body: say("on we go")
    await stage.say("where is my order?")
    assert (await stage.transcript())[-1] == ("bot", "on we go")
