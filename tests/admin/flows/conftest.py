"""A small site that is published, and its editor over a scripted dialogue process."""

from __future__ import annotations

from dataclasses import replace

import pytest

from admin.flows.desk import FlowDesk
from bot.dialogue import RasaDialogue
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from outreach.enrolment import publish_journeys
from tests.bot.publishing.small_site import Rasa, asks_the_size, small_site
from tests.bot.scripted_dialogue import SECRET, scripted_dialogue


@pytest.fixture
async def dialogue():
    async with scripted_dialogue() as running:
        running.strict, running.script = True, asks_the_size
        yield running


@pytest.fixture
async def context(context, database, dialogue, wake_ups):
    source = PublishedSource(database.sessions)
    turns = RasaDialogue([dialogue.url], SECRET, source)
    await turns.open()
    yield replace(context, flows=FlowDesk(turns, source, wake_ups.wake))
    await turns.close()


@pytest.fixture
def publisher(context, database):
    shop = Workshop(database.engine, database.sessions, context.clock, context.flows.source, Rasa(), publish_journeys)
    return Publisher(shop)


@pytest.fixture
async def site(publisher):
    """Publication 1."""
    await publisher.publish(small_site(), author="Ada")
