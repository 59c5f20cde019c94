"""Fixtures of publishing: a workshop on a fresh database, over a scripted dialogue process that takes pushes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.dialogue import RasaDialogue
from bot.publishing.checks_on_replicas import ReplicaReplays, ReplicaTests
from bot.publishing.proposal import Workshop
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from outreach.enrolment import publish_journeys
from tests.bot.publishing.small_site import Rasa, asks_the_size
from tests.bot.scripted_dialogue import SECRET, ScriptedDialogue
from tests.bot.stage import MovedClock
from tests.conftest import Database


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
async def shop(database: Database, now: datetime, dialogue: ScriptedDialogue, rasa: Rasa) -> AsyncIterator[Workshop]:
    dialogue.strict, dialogue.script = True, asks_the_size
    source = PublishedSource(database.sessions)
    replicas = RasaDialogue([dialogue.url], SECRET, source)
    await replicas.open()
    yield Workshop(
        engine=database.engine,
        sessions=database.sessions,
        clock=MovedClock(now),
        source=source,
        trainer=rasa,
        journeys=publish_journeys,
        replicas=replicas,
        tests=ReplicaTests(replicas),
        replays=ReplicaReplays(database.sessions, replicas),
    )
    await replicas.close()


@pytest.fixture
def publisher(shop: Workshop) -> Publisher:
    return Publisher(shop)
