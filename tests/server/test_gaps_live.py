"""From a visitor who is not understood to the next one who is: real Rasa, its programs, PostgreSQL and publishing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from base.clock import SystemClock
from base.database import transaction
from base.encryption import KeyRing
from base.messages import Inbound
from bot.conversations import list_messages, start_conversation
from bot.dialogue import RasaDialogue
from bot.knowledge.answering import KnowledgeNeed
from bot.needs import PlatformNeeds
from bot.publishing.live import PublishedFlows
from bot.publishing.service import Publisher
from bot.publishing.source import PublishedSource
from bot.turns import TurnService, TurnSettings
from bot.understanding.example_texts import TextsRefused
from bot.understanding.grouping import ask_for_grouping
from bot.understanding.intent_effect import compare_intents
from bot.understanding.models import Gap, GapGroup
from bot.understanding.proposals import Wish, accept, get_proposal, propose
from bot.understanding.work import UnderstandingWork
from flows.content_tree import write_tree
from server.local_replica import local_replica
from server.publishing import create_workshop
from server.settings import ROOT, Settings
from server.understanding import create_understanding_work
from server.wiring import Platform
from tests.bot.publishing.small_site import small_site
from tests.bot.stage import NotedFollowUps, NotedWatchers
from tests.conftest import Database

EXAMPLES = """version: "3.1"
nlu:
- intent: request_demo
  examples: |
    - show me
    - a demo please
    - can I see the product
    - book a demo for us
- intent: ask_pricing
  # Plain words.
  examples: |
    - what does it cost
    - price please
    - how much is it per month
    - what are your prices
- intent: greet
  examples: |
    - hello
    - good morning
    - hi there
- intent: out_of_scope
  examples: |
    - tell me a joke
    - will it rain tomorrow
    - who won the match
    - the chicken crossed the road
    - my car has a scratch
"""
HELD_OUT = """version: "3.1"
nlu:
- intent: ask_pricing
  examples: |
    - what is the price
    - alright so what would the damage be
- intent: request_demo
  examples: |
    - I would like a demo
"""
ASKED = ("so what is the damage", "what's the damage then", "how bad is the damage", "okay and the damage")


@dataclass
class Visitors:
    """People in the web chat."""

    platform: Platform
    turns: TurnService

    async def say(self, text: str) -> list[str]:
        """What the bot answers to somebody new who writes this after its first question."""
        clock = self.platform.clock
        async with transaction(self.platform.sessions) as session:
            conversation_id: UUID = await start_conversation(
                session, channel="web", language="en", time_zone=None, page_url=None, now=clock.now()
            )
        await self.turns.resume(conversation_id)
        taken = await self.turns.take(Inbound(conversation_id, uuid4(), "text", text))
        await self.turns.answer(taken.claim)
        async with self.platform.sessions() as session:
            messages = await list_messages(session, conversation_id)
        said = [message.author for message in messages].index("visitor")
        return [message.text for message in messages[said + 1 :]]


@dataclass
class Site:
    platform: Platform
    visitors: Visitors
    dialogue: RasaDialogue
    live: PublishedFlows
    work: UnderstandingWork


@pytest.fixture
async def site(database: Database, keys: KeyRing, tmp_path: Path) -> AsyncIterator[Site]:
    encoder = ROOT / "var" / "encoder"
    if not (encoder / "meta.json").exists() or not (ROOT / ".venv-rasa").exists():
        pytest.fail("Rasa's environment and the encoder are not set up: run make setup-dev", pytrace=False)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "encoder").symlink_to(encoder)
    tree = small_site(intents={"site.en.yml": EXAMPLES})
    write_tree(tree, tmp_path / "content", tmp_path / "nlu")
    (tmp_path / "nlu" / "evaluation").mkdir()
    (tmp_path / "nlu" / "evaluation" / "held_out.yml").write_text(HELD_OUT)
    settings = Settings(data_dir=tmp_path / "data", content_dir=tmp_path / "content", nlu_dir=tmp_path / "nlu")
    platform = Platform(settings, database.engine, database.sessions, keys, SystemClock(), "test-process")
    source = PublishedSource(database.sessions)
    async with local_replica(settings, None) as (url, secret):
        dialogue = RasaDialogue([url], secret, source)
        await dialogue.open()
        await Publisher(create_workshop(platform, source, dialogue)).publish(tree, author="Ada")
        live = PublishedFlows(database.sessions, database.url)
        await live.refresh()
        turns = TurnService(
            sessions=database.sessions,
            dialogue=dialogue,
            live=live,
            needs=PlatformNeeds(
                database.sessions, keys, platform.clock, settings.site_url, knowledge=KnowledgeNeed(database.sessions)
            ),
            follow_ups=NotedFollowUps(),
            watchers=NotedWatchers(),
            keys=keys,
            clock=platform.clock,
            wording=live.wording,
            settings=TurnSettings("Northwind Ledger", "test-process"),
        )
        work = create_understanding_work(platform, source, dialogue)
        yield Site(platform, Visitors(platform, turns), dialogue, live, work)
        await work.stop()
        await turns.drain()
        await dialogue.close()


async def test_what_visitors_were_not_understood_in_is_understood_once_a_person_has_accepted_it(site: Site) -> None:
    sessions, now = site.platform.sessions, site.platform.clock.now()
    assert "It costs ten euros." in await site.visitors.say("what does it cost?")
    for text in ASKED:
        assert "It costs ten euros." not in await site.visitors.say(text)
    async with transaction(sessions) as session:
        await ask_for_grouping(session, by="user:1", now=now)
    await site.work.do_all()

    async with sessions() as session:
        (group,) = (await session.scalars(select(GapGroup))).all()
        reasons = set(await session.scalars(select(Gap.reason).where(Gap.group_id == group.id)))
    assert group.size == len(ASKED)
    assert "damage" in group.name.casefold()
    assert reasons <= {"missed", "clarified", "below_bar"}

    wish = Wish("intent", "ask_pricing", group_id=group.id)
    personal = Wish("intent", "ask_pricing", "en", [*ASKED, "I'm Ann from Acme, what's the damage"])
    with pytest.raises(TextsRefused, match=r"edit them"):
        await propose(sessions, site.dialogue, personal, author="user:1", now=now)
    proposal = await propose(sessions, site.dialogue, wish, author="user:1", now=now)
    await site.work.do_all()
    async with transaction(sessions) as session:
        proposal = await get_proposal(session, proposal.id)
        assert (proposal.status, proposal.problem) == ("ready", None)
        assert proposal.before is not None
        assert proposal.after is not None
        effect = compare_intents(proposal.before, proposal.after)
        assert [one["text"] for one in effect["newly_right"]] == ["alright so what would the damage be"]
        assert effect["newly_wrong"] == []
        await accept(session, proposal.id, user="user:2", now=now)
    await site.work.do_all()

    async with sessions() as session:
        proposal = await get_proposal(session, proposal.id)
        assert (proposal.status, proposal.publication, proposal.problem) == ("accepted", 2, None)
        assert set(await session.scalars(select(Gap.status))) == {"used"}
    await site.live.refresh()
    assert "It costs ten euros." in await site.visitors.say("and what would the damage be?")
    assert "It costs ten euros." in await site.visitors.say("what does it cost?")
