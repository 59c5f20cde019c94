"""Facts: what the dialogue may be told of a person, and how much less when the chat only typed their address."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from base.database import transaction
from bot.conversations import start_conversation
from bot.facts import NOBODY, read_facts
from bot.models import Conversation
from tests.bot.happenings import Effect, contact_of, happen
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.bot.test_effects_of_flows import WITHDRAW, agree

EMAIL: Effect = {"effect": "capture_lead", "field": "email", "value": "ada@example.com", "slot": "email"}
NAME: Effect = {"effect": "capture_lead", "field": "first_name", "value": "Ada", "slot": "first_name"}
OPT_OUT: Effect = {"effect": "opt_out", "scope": "everything"}


def points(amount: int, rule: str = "demo/qualify/0") -> Effect:
    return {"effect": "add_points", "points": amount, "reason": "Asked for a demo", "rule": rule}


def tags(*names: str) -> Effect:
    return {"effect": "tag", "add": list(names)}


def outcome(value: str) -> Effect:
    return {"effect": "set_outcome", "field": "qualification", "value": value, "points": 60}


async def facts_of(stage: Stage) -> dict[str, Any]:
    """What the need is answered with, as the dialogue gets it."""
    told: list[dict[str, Any]] = []

    def script(body: dict[str, Any]) -> dict[str, Any]:
        if body["message"]["kind"] != "result":
            return say(need={"need": "facts", "step": "demo/branch"})
        told.append(body["message"]["value"])
        return say("ok")

    stage.dialogue.script = script
    await stage.say("and now?")
    return told[0]


async def test_of_a_visitor_who_said_nothing_there_is_nothing_to_tell(stage: Stage) -> None:
    assert await facts_of(stage) == NOBODY


async def test_a_talk_is_told_of_its_own_contact(stage: Stage) -> None:
    await happen(stage, EMAIL, NAME, points(30), outcome("hot"), tags("pilot"))
    await agree(stage, "email", "sms")
    await happen(stage, WITHDRAW)
    contact = await contact_of(stage)
    assert await facts_of(stage) == {
        "score": contact.score,
        "qualification": "hot",
        "stage": "mql",
        "known_contact": True,
        "tags": ["pilot"],
        "consents": {"marketing/email": "withdrawn", "marketing/sms": "given"},
        "suppressed": [],
    }


async def test_a_visitor_without_an_address_is_nobody_known(stage: Stage) -> None:
    await happen(stage, NAME)
    assert (await facts_of(stage))["known_contact"] is False


async def test_an_opt_out_of_everything_stands_for_every_channel_and_purpose(stage: Stage) -> None:
    await happen(stage, EMAIL, OPT_OUT)
    facts = await facts_of(stage)
    assert facts["suppressed"] == ["web", "email", "sms", "telegram", "voice"]
    assert facts["consents"]["marketing/sms"] == "withdrawn"


async def test_a_chat_that_typed_somebodys_address_is_told_what_it_gave_itself_and_no_more(stage: Stage) -> None:
    await happen(stage, EMAIL, NAME, points(30), outcome("hot"), tags("vip"))
    await agree(stage, "email")
    await happen(stage, OPT_OUT)
    await stage.begin_again()
    await happen(stage, EMAIL)
    assert await facts_of(stage) == NOBODY
    await happen(stage, points(7, "demo/qualify/1"), outcome("cold"), tags("pilot", "gone"))
    await happen(stage, {"effect": "tag", "remove": ["gone"]})
    await agree(stage, "email")
    facts = await facts_of(stage)
    assert facts == NOBODY | {
        # No points are kept of whoever stopped everything, whoever gives them.
        "score": 0,
        "qualification": "cold",
        "tags": ["pilot"],
        # What it said itself; that it does not count against the contact's no is not for it to know.
        "consents": {"marketing/email": "requested"},
    }


async def test_a_talk_that_begins_with_a_known_contact_begins_with_what_they_told(stage: Stage) -> None:
    await happen(stage, EMAIL, NAME)
    contact = await contact_of(stage)
    async with transaction(stage.sessions) as session:
        begun = await start_conversation(
            session,
            channel="sms",
            language="en",
            time_zone=None,
            page_url=None,
            now=stage.clock.now(),
            flow="renewal",
        )
        await session.execute(update(Conversation).where(Conversation.id == begun).values(contact_id=contact.id))
    stage.dialogue.requests.clear()
    await stage.turns.resume(begun)
    (asked,) = stage.dialogue.requests
    assert asked["facts"] == {"first_name": "Ada", "email": "ada@example.com"}
    assert (asked["message"]["kind"], asked["message"]["value"]) == ("start", "renewal")


async def test_what_is_told_does_not_change_what_nobody_is_told(stage: Stage) -> None:
    async with stage.sessions() as session:
        told = await read_facts(session, contact_id=None, conversation_id=stage.conversation_id, now=stage.clock.now())
    assert told == {
        "score": 0, "qualification": None, "stage": "visitor", "known_contact": False, "tags": [], "consents": {},
        "suppressed": [],
    }  # fmt: skip
