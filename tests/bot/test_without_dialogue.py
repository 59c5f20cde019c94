"""No dialogue process is there at all: opting out, HELP and a person still work, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from base.database import transaction
from bot.conversations import start_conversation
from bot.handoff.asking import asks_for_person
from bot.handoff.models import Handoff
from bot.handoff.words import words_of
from bot.models import Conversation
from bot.turns import PATIENCE
from crm.consent.suppression import list_suppressions
from tests.bot.happenings import contact_of
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage


@pytest.fixture(autouse=True)
async def away(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    stage.live.shown = replace(stage.live.shown, languages=("en", "de", "es", "fr"))


async def talk(stage: Stage, channel: str, language: str) -> None:
    async with transaction(stage.sessions) as session:
        stage.conversation_id = await start_conversation(
            session, channel=channel, language=language, time_zone=None, page_url=None, now=stage.clock.now()
        )
    stage.dialogue.script = lambda _body: say()
    await stage.turns.resume(stage.conversation_id)
    stage.dialogue.script = lambda _body: 503


async def waits_for_a_person(stage: Stage) -> str | None:
    async with stage.sessions() as session:
        status = await session.scalar(select(Conversation.status).where(Conversation.id == stage.conversation_id))
        open_one = select(Handoff.reason).where(Handoff.conversation_id == stage.conversation_id)
        return await session.scalar(open_one) if status == "handed_off" else None


async def test_stop_holds_and_is_confirmed_at_once(stage: Stage) -> None:
    await talk(stage, "sms", "es")
    await stage.say("STOP")
    assert (await stage.transcript())[-1] == ("bot", "<stopped es>")
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        assert set((await list_suppressions(session, [contact.id]))[contact.id]) == {"all"}


async def test_help_is_answered_at_once(stage: Stage) -> None:
    await talk(stage, "sms", "en")
    await stage.say("HELP")
    assert (await stage.transcript())[-1] == ("bot", "<help_keyword en>")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Can I talk to a person, please?"),
        ("de", "Ich möchte mit einem Mitarbeiter sprechen"),
        ("es", "quiero hablar con una persona"),
        ("fr", "Je voudrais parler à quelqu’un"),
    ],
)
async def test_who_asks_for_a_person_gets_one_at_once(stage: Stage, language: str, text: str) -> None:
    await talk(stage, "web", language)
    await stage.say(text)
    assert (await stage.transcript())[-1] == ("bot", f"<handed_off {language}>")
    assert await waits_for_a_person(stage) == "asked"


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
async def test_anybody_else_gets_one_honest_line_in_their_language_and_waits_in_the_inbox(
    stage: Stage, language: str
) -> None:
    await talk(stage, "web", language)
    await stage.say("What does it cost?")
    for _ in range(5):
        stage.clock.move(PATIENCE / 4)
        await stage.turns.resume_waiting()
    assert (await stage.transcript())[-2:] == [
        ("visitor", "What does it cost?"),
        ("bot", words_of(language)["away"]),
    ]
    assert await waits_for_a_person(stage) == "dialogue_unavailable"
    await stage.say("Hello?")
    assert (await stage.transcript())[-1] == ("visitor", "Hello?")


async def test_whoever_gives_a_message_up_logs_what_was_the_matter(stage: Stage) -> None:
    await talk(stage, "web", "en")
    with capture_logs() as logged:
        await stage.say("What does it cost?")
        stage.clock.move(PATIENCE)
        await stage.turns.resume_waiting()
    (given_up,) = [line for line in logged if line["event"] == "turn_given_up"]
    assert given_up["reason"] == "dialogue_unavailable"
    assert "is not ready" in given_up["problem"] or "left alone" in given_up["problem"]


async def test_the_line_is_in_the_language_they_write_in_not_the_one_the_page_was_in(stage: Stage) -> None:
    await talk(stage, "web", "en")
    await stage.say("Guten Tag, was kostet das und wie lange dauert die Einrichtung?")
    stage.clock.move(PATIENCE)
    await stage.turns.resume_waiting()
    assert (await stage.transcript())[-1] == ("bot", words_of("de")["away"])


async def test_a_short_outage_is_sat_out_and_each_message_is_answered_once(stage: Stage) -> None:
    await stage.say("one")
    await stage.say("two")
    stage.clock.move(timedelta(seconds=20))
    await stage.turns.resume_waiting()
    stage.dialogue.script = lambda body: say(f"re {body['message']['text']}")
    await stage.turns.resume_waiting()
    assert [text for author, text in await stage.transcript() if author == "bot"] == ["re one", "re two"]


@pytest.mark.parametrize(
    "text",
    [
        "What is the price per person?",
        "are you a human or a bot",
        "we have twenty agents in the office and need a seat for each person on the team by the end of the year",
        "mein Mitarbeiter hat schon bestellt",
        "Una persona cuesta cuánto?",
        "human resources software",
        "I don’t want to talk to a human",
        "please do not make me speak to an agent",
        "are you a real human?",
        "Am I talking to a real human?",
        "Ich möchte nicht mit einem Menschen sprechen",
        "Spreche ich mit einer echten Person?",
        "No quiero hablar con una persona",
        "¿Eres una persona real por favor?",
        "Je ne veux pas parler à un humain",
        "Êtes-vous une vraie personne ?",
    ],
)
def test_a_person_that_is_only_mentioned_is_not_asked_for(text: str) -> None:
    assert not asks_for_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "No, I want to talk to a human",
        "I am not a robot, I want to talk to a human",
        "Is it possible to talk to a human?",
        "Das verstehe ich nicht, ich möchte mit einem Menschen sprechen",
        "No, quiero hablar con una persona",
        "Est-ce que je peux parler à un conseiller ?",
    ],
)
def test_a_denial_or_a_question_elsewhere_in_the_text_takes_no_wish_back(text: str) -> None:
    assert asks_for_person(text)
