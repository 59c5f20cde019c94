"""Consent in the chat: believed only for the notice that was on the screen, and proved by what was sent."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from base.database import transaction
from base.encryption import KeyRing
from base.messages import Inbound
from bot.conversations import append_message
from bot.models import Conversation, Message
from crm.consent.ledger import list_consent_events, verify_chain
from crm.consent.models import ConsentEvent, Suppression
from tests.bot.happenings import Effect, contact_of, count, happen, kinds
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

NOTICE = "May Northwind Ledger send you e-mails about its product? You can stop them at any time. 🙂"
STEP = "demo_request/ask_marketing"
EMAIL = {"effect": "capture_lead", "field": "email", "value": "ada@example.com", "slot": "email"}


def consent(decision: str = "given", purpose: str = "marketing", channels: tuple[str, ...] = ("email",)) -> Effect:
    return {
        "effect": "record_consent",
        "purpose": purpose,
        "channels": list(channels),
        "decision": decision,
        "step": STEP,
    }


async def show_notice(stage: Stage, channels: tuple[str, ...] = ("email",)) -> None:
    """A turn whose last question is the consent notice."""
    stage.dialogue.script = lambda _body: {**say(), "replies": [notice(channels)]}
    await stage.say("what next?")


def notice(channels: tuple[str, ...] = ("email",)) -> dict[str, Any]:
    return {
        "text": NOTICE,
        "step": STEP,
        "input": "consent",
        "choices": [{"value": "yes", "label": "Yes"}, {"value": "no", "label": "No"}],
        "consent": {"purpose": "marketing", "channels": list(channels), "slot": "marketing"},
    }


async def tap(stage: Stage, value: str, *effects: Effect, step: str = STEP) -> list[str]:
    """Taps a choice; returns the events logged."""
    logged = await happen(stage, *effects, text=value.title(), step=step, value=value)
    return [str(entry["event"]) for entry in logged]


async def test_consent_by_tap_is_recorded_with_the_text_that_was_sent(stage: Stage) -> None:
    await show_notice(stage)
    await tap(stage, "yes", EMAIL, consent())
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        ((event, text),) = await list_consent_events(session, contact.id)
        shown = await session.scalar(select(Message).where(Message.text == NOTICE))
        answered = await session.scalar(select(Message.id).where(Message.text == "Yes"))
        assert (await verify_chain(session)).is_intact
    assert shown is not None
    assert text == shown.text == NOTICE
    assert (event.event, event.purpose, event.channel) == ("given", "marketing", "email")
    assert (event.method, event.actor, event.controller) == ("chat_choice", "subject", "Northwind Ledger")
    assert event.effective_at == stage.clock.now()
    assert event.evidence == {
        "conversation_id": str(stage.conversation_id),
        "notice_message_id": str(shown.id),
        "answer_message_id": str(answered),
        "step": STEP,
        "channel": "web",
    }
    # It is worth points, too.
    assert (await kinds(stage))[-2:] == ["consent_given", "score_changed"]


async def test_consent_by_typed_words_says_so(stage: Stage) -> None:
    await show_notice(stage)
    await happen(stage, consent(), text="yes please")
    async with stage.sessions() as session:
        assert list(await session.scalars(select(ConsentEvent.method))) == ["chat_text"]


async def test_a_refusal_is_recorded_too(stage: Stage) -> None:
    await show_notice(stage)
    await tap(stage, "no", consent("refused"))
    async with stage.sessions() as session:
        assert list(await session.scalars(select(ConsentEvent.event))) == ["refused"]
    assert (await kinds(stage))[-1] == "consent_refused"


async def test_a_notice_for_two_channels_gives_a_record_for_each(stage: Stage) -> None:
    await show_notice(stage, ("email", "sms"))
    await tap(stage, "yes", consent(channels=("email", "sms")))
    async with stage.sessions() as session:
        assert list(await session.scalars(select(ConsentEvent.channel).order_by(ConsentEvent.seq))) == ["email", "sms"]


async def test_a_persons_follow_up_in_between_does_not_hide_the_notice(stage: Stage) -> None:
    await show_notice(stage)
    async with transaction(stage.sessions) as session:
        await append_message(
            session,
            conversation_id=stage.conversation_id,
            author="follow_up",
            text="By the way …",
            data={},
            client_id=stage.conversation_id,
            now=stage.clock.now(),
        )
    await tap(stage, "yes", consent())
    assert await count(stage, ConsentEvent) == 1


async def test_consent_without_any_notice_is_refused_and_logged(stage: Stage) -> None:
    logged = await happen(stage, EMAIL, consent())
    assert [entry["event"] for entry in logged] == ["consent_not_shown"]
    assert await count(stage, ConsentEvent) == 0
    assert "consent_given" not in await kinds(stage)


@pytest.mark.parametrize(
    "claimed",
    [
        consent(purpose="partner_offers"),
        consent(channels=("sms",)),
        consent(channels=("email", "sms")),
        consent(channels=()),
        {**consent(), "channels": "email"},
        {**consent(), "channels": [{"email": True}]},
        {**consent(), "purpose": None},
    ],
)
async def test_consent_to_something_else_than_was_shown_is_refused(stage: Stage, claimed: Effect) -> None:
    await show_notice(stage)
    assert await tap(stage, "yes", claimed) == ["consent_not_shown"]
    assert await count(stage, ConsentEvent) == 0


async def test_a_notice_followed_by_another_question_is_no_longer_on_the_table(stage: Stage) -> None:
    await show_notice(stage)
    stage.dialogue.script = lambda _body: {**say(), "replies": [{"text": "Your name?", "input": "text", "step": "a/b"}]}
    await stage.say("never mind")
    logged = await happen(stage, consent(), text="yes")
    assert [entry["event"] for entry in logged] == ["consent_not_shown"]


async def test_a_notice_of_another_conversation_does_not_count(stage: Stage) -> None:
    await show_notice(stage)
    await stage.begin_again()
    await happen(stage, consent(), text="yes")
    assert await count(stage, ConsentEvent) == 0


async def test_a_yes_written_before_the_notice_came_agrees_to_nothing(stage: Stage) -> None:
    """Two quick messages: the second is answered after the notice, but was written before it was on the screen."""
    script = iter([{**say(), "replies": [notice()]}, say("thank you", effects=[consent()])])
    stage.dialogue.script = lambda _body: next(script)
    first = await stage.turns.take(stage.inbound("ada@example.com"))
    await stage.turns.take(stage.inbound("yes"))
    await stage.turns.answer(first.claim)
    assert [text for author, text in await stage.transcript() if author == "bot"] == [NOTICE, "thank you"]
    assert await count(stage, ConsentEvent) == 0


@pytest.mark.parametrize(
    ("value", "decision", "step"),
    [("no", "given", STEP), ("yes", "refused", STEP), ("small", "given", STEP), ("yes", "given", "demo_request/other")],
)
async def test_a_tap_is_believed_only_when_it_says_the_same_of_the_same_notice(
    stage: Stage, value: str, decision: str, step: str
) -> None:
    await show_notice(stage)
    assert await tap(stage, value, consent(decision), step=step) == ["consent_not_tapped"]
    assert await count(stage, ConsentEvent) == 0


async def test_consent_counts_in_the_score(stage: Stage) -> None:
    await show_notice(stage)
    await tap(stage, "yes", EMAIL)
    before = (await contact_of(stage)).score
    await show_notice(stage)
    await tap(stage, "yes", consent())
    assert (await contact_of(stage)).score > before


async def test_an_opt_out_withdraws_everything_and_stops_the_follow_ups(stage: Stage, keys: KeyRing) -> None:
    await show_notice(stage)
    await tap(stage, "yes", EMAIL, consent())
    contact = await contact_of(stage)
    await happen(stage, {"effect": "opt_out", "scope": "everything"}, text="that will do for today")
    async with stage.sessions() as session:
        last = (await list_consent_events(session, contact.id))[-1][0]
        suppressed = {
            row.contact_id or row.blind_index: row.channel for row in await session.scalars(select(Suppression))
        }
    assert (last.event, last.purpose, last.channel, last.method) == ("withdrawn", "all", "all", "web_chat")
    assert suppressed == {contact.id: "all", keys.blind_index("ada@example.com", kind="email"): "all"}
    assert stage.follow_ups.stopped == [(contact.id, "opted_out")]
    assert (await kinds(stage))[-1] == "opted_out"


async def test_an_opt_out_of_somebody_unknown_still_stops_this_conversation(stage: Stage) -> None:
    await happen(stage, {"effect": "opt_out", "scope": "everything"})
    contact = await contact_of(stage)
    assert stage.follow_ups.stopped == [(contact.id, "opted_out")]
    assert await count(stage, Suppression) == 1


async def test_the_same_consent_message_sent_twice_is_one_record(stage: Stage) -> None:
    await show_notice(stage)
    stage.dialogue.script = lambda _body: say("thank you", effects=[consent()])
    inbound = Inbound(stage.conversation_id, stage.conversation_id, "choice", "Yes", STEP, "yes")
    for _ in range(2):
        taken = await stage.turns.take(inbound)
        await stage.turns.answer(taken.claim)
    assert await count(stage, ConsentEvent) == 1


@pytest.mark.parametrize("kind", ["no_reply", "timed_out", "callback"])
@pytest.mark.parametrize("decision", ["given", "refused"])
async def test_nobody_answers_a_notice_by_silence(stage: Stage, kind: str, decision: str) -> None:
    await show_notice(stage)
    stage.dialogue.script = lambda _body: say("never mind", effects=[EMAIL, consent(decision)])
    async with transaction(stage.sessions) as session:
        await session.execute(
            insert(Message).values(
                id=uuid4(), conversation_id=stage.conversation_id, seq=90, author="system", kind=kind, text="",
                data={"step": STEP}, turn_state="pending", created_at=stage.clock.now(),
            )
        )  # fmt: skip
        await session.execute(update(Conversation).values(next_seq=91))
    await stage.turns.resume_waiting()
    assert (await stage.transcript())[-1] == ("bot", "never mind")
    assert await count(stage, ConsentEvent) == 0


async def test_a_withdrawal_of_more_channels_than_there_are_is_refused(stage: Stage) -> None:
    many = tuple(f"channel_{number}" for number in range(1000))
    logged = await happen(stage, EMAIL, consent("withdrawn", channels=many))
    assert "effect_refused" in [entry["event"] for entry in logged]
    assert await count(stage, ConsentEvent) == 0
