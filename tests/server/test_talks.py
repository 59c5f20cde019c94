"""A journey's talk begins in the chat that somebody has open, or on the account of the channel it is to be on."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select

from base.clock import SystemClock
from base.database import transaction
from base.ids import new_id
from bot.conversations import start_conversation
from bot.models import Conversation, Message
from crm.contacts.models import ContactPoint
from crm.contacts.service import attach_address, create_contact
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.enrolment import enrol, publish_journeys
from outreach.models import Enrolment
from outreach.ports import Opening
from server.settings import Settings
from server.talks import JourneyTalks
from server.wiring import Platform
from server.worker import create_pump

JOURNEY = {
    "journey": "ask_them", "name": "Ask", "version": "v1", "purpose": "service", "re_entry": "always",
    "exit_when": ["opted_out"], "entries": [], "first": "ask",
    "steps": {
        "ask": {
            "step": "converse", "flow": "how_are_you", "channels": ["web"], "seconds": 3_600, "unreached": "done",
            "next": [{"to": "done"}],
        },
        "done": {"step": "exit"},
    },
    "wording": {},
}  # fmt: skip


@pytest.fixture
def platform(database, keys, tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", database_url=database.url)
    return Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test")


async def contact(platform, **addresses):
    now = platform.clock.now()
    async with transaction(platform.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone="Europe/London", now=now)
        for kind, value in addresses.items():
            await attach_address(session, platform.keys, contact_id=contact_id, kind=kind, value=value, now=now)
    return contact_id


async def test_the_pump_begins_a_talk_in_the_chat_somebody_has_open(platform):
    now = platform.clock.now()
    contact_id = await contact(platform)
    async with transaction(platform.sessions) as session:
        await publish_journeys(session, {"ask_them": JOURNEY}, now)
        chat = await start_conversation(
            session, channel="web", language="en", time_zone="Europe/London", page_url=None, now=now, opening=None,
            contact_id=contact_id,
        )  # fmt: skip
        assert await enrol(session, journey="ask_them", contact_id=contact_id, conversation_id=None, now=now)
    async with AsyncExitStack() as closing:
        await create_pump(platform, closing).run_once()
    async with platform.sessions() as session:
        (opening,) = await session.scalars(select(Message).where(Message.conversation_id == chat))
        enrolment = (await session.scalars(select(Enrolment))).one()
    assert (opening.kind, opening.turn_state, opening.data["value"]) == ("start", "pending", "how_are_you")
    assert opening.data["begun_by"] == {
        "purpose": "service", "journey": "ask_them", "step": "ask", "enrolment_id": str(enrolment.id),
    }  # fmt: skip
    assert (enrolment.state, enrolment.step) == ("active", "ask")


def opening(contact_id, channel, **place):
    return Opening(
        occurrence=f"{contact_id}:{channel}", enrolment_id=new_id(), contact_id=contact_id, channel=channel,
        flow="how_are_you", purpose="service", journey="ask_them", step="ask", language="en", **place,
    )  # fmt: skip


async def test_a_talk_by_text_message_is_on_our_number_and_with_their_number(platform):
    now = platform.clock.now()
    contact_id, nobody = await contact(platform, phone="+14155552671"), await contact(platform)
    talks = JourneyTalks(AccountBook(platform.sessions, platform.keys))
    asked = [opening(contact_id, "sms"), opening(nobody, "sms"), opening(contact_id, "web")]
    async with transaction(platform.sessions) as session:
        # Without a number of ours, an address of theirs or an open chat there is no place to begin.
        assert await talks.begin(session, asked, now) == {}
        account_id = await save_account(
            session, platform.keys, channel="sms", name="main", address="+14155550000", settings={}, secrets={}, now=now
        )
    talks = JourneyTalks(AccountBook(platform.sessions, platform.keys))
    async with transaction(platform.sessions) as session:
        begun = await talks.begin(session, asked, now)
        assert await talks.begin(session, asked, now) == begun
        (talk,) = await session.scalars(select(Conversation))
        point_id = await session.scalar(select(ContactPoint.id).where(ContactPoint.contact_id == contact_id))
    assert begun == {asked[0].occurrence: talk.id}
    assert (talk.channel, talk.contact_id, talk.contact_point_id) == ("sms", contact_id, point_id)
    assert talk.account_id == account_id
