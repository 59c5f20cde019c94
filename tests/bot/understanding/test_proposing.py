"""Proposals are made of messages by a person, with words that tell nobody who wrote them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from base.database import transaction
from base.errors import Conflict, InvalidInput, NotFound
from bot.publishing.live import NothingPublished
from bot.understanding.example_texts import TextsRefused
from bot.understanding.gaps import close_gaps
from bot.understanding.models import GapGroup, Proposal
from bot.understanding.proposals import Wish, list_proposals, propose
from bot.understanding.work import UnderstandingWork
from tests.bot.understanding.missed_talk import AddressFinder, miss
from tests.conftest import Database

MOON = ("price to the moon", "cost to the moon", "Cost, to the moon!")


@pytest.fixture
async def group(database: Database, now: datetime, work: UnderstandingWork) -> UUID:
    """A group of the three messages."""
    await miss(database.sessions, now, *MOON)
    await work.do_all()
    async with database.sessions() as session:
        found = await session.scalar(select(GapGroup.id))
        assert found is not None
        return found


async def make(database: Database, facts: AddressFinder, now: datetime, **wish: Any) -> Proposal:
    return await propose(
        database.sessions, facts, Wish(**{"kind": "intent", "target": "ask_pricing", **wish}), author="user:1", now=now
    )


async def test_one_click_takes_the_words_of_a_group_as_they_are(
    database: Database, now: datetime, group: UUID, facts: AddressFinder
) -> None:
    proposal = await make(database, facts, now, group_id=group)
    assert (proposal.language, proposal.status, proposal.author, proposal.based_on) == ("en", "waiting", "user:1", 1)
    assert proposal.texts == ["Cost, to the moon!", "price to the moon"], "the newest first, each meaning once"
    assert len(proposal.message_ids) == 3
    assert facts.asked == [(proposal.texts, "en")]


async def test_edited_words_go_before_those_of_the_messages(
    database: Database, now: datetime, work: UnderstandingWork, facts: AddressFinder
) -> None:
    ids = await miss(database.sessions, now, "I am Ada, what is it to the moon")
    proposal = await make(database, facts, now, message_ids=ids, texts=["what is it to the moon"])
    assert (proposal.texts, proposal.message_ids) == (["what is it to the moon"], [str(ids[0])])


async def test_words_that_tell_who_wrote_them_are_refused_by_number_until_they_are_edited(
    database: Database, now: datetime, work: UnderstandingWork, facts: AddressFinder
) -> None:
    ids = await miss(database.sessions, now, "moon price to a@b.example", "I am Ada", "fine")
    with pytest.raises(TextsRefused) as refused:
        await make(database, facts, now, message_ids=[ids[2], ids[0], ids[1]])
    assert [(error["field"], "a@b" in error["message"]) for error in refused.value.errors] == [
        ("texts.1", False),
        ("texts.2", False),
    ]
    async with database.sessions() as session:
        assert await list_proposals(session, status=None, after=None, limit=5) == []


async def test_messages_that_are_gone_or_in_several_languages_are_no_proposal(
    database: Database, now: datetime, work: UnderstandingWork, facts: AddressFinder
) -> None:
    (english,) = await miss(database.sessions, now, "price to the moon")
    (french,) = await miss(database.sessions, now, "vers la lune", language="fr")
    with pytest.raises(InvalidInput, match="several languages"):
        await make(database, facts, now, message_ids=[english, french])
    with pytest.raises(NotFound, match="1 of these"):
        await make(database, facts, now, message_ids=[english, uuid4()])
    with pytest.raises(NotFound, match="grouped anew"):
        await make(database, facts, now, group_id=uuid4())
    with pytest.raises(InvalidInput, match="Name a group"):
        await make(database, facts, now)
    with pytest.raises(InvalidInput):
        await make(database, facts, now, texts=["price to the moon"])
    assert (await make(database, facts, now, texts=["price to the moon"], language="en")).message_ids == []


async def test_more_texts_than_anybody_reads_are_too_many(
    database: Database, now: datetime, work: UnderstandingWork, facts: AddressFinder
) -> None:
    with pytest.raises(InvalidInput, match="101 texts"):
        await make(database, facts, now, language="en", texts=[f"price {number}" for number in range(101)])


async def test_what_was_dismissed_is_not_among_the_words_of_its_group(
    database: Database, now: datetime, group: UUID, facts: AddressFinder
) -> None:
    proposal = await make(database, facts, now, group_id=group)
    async with transaction(database.sessions) as session:
        await close_gaps(session, [UUID(proposal.message_ids[0])], "dismissed", now)
    again = await make(database, facts, now, group_id=group)
    assert again.message_ids == proposal.message_ids[1:]


async def test_a_new_article_needs_no_questions_and_answers_the_messages(
    database: Database, now: datetime, group: UUID, facts: AddressFinder
) -> None:
    wish = {"kind": "article", "target": "", "group_id": group, "title": "Moon", "body": "We fly on Tuesdays."}
    proposal = await make(database, facts, now, **wish)
    assert (proposal.target, proposal.title, proposal.texts, len(proposal.message_ids)) == ("moon", "Moon", [], 3)


async def test_before_anything_is_live_nothing_can_be_proposed(
    database: Database, now: datetime, facts: AddressFinder
) -> None:
    with pytest.raises(NothingPublished):
        await make(database, facts, now, texts=["a"], language="en")


async def test_what_an_article_or_the_examples_cannot_take_is_refused_at_once(
    database: Database, now: datetime, group: UUID, facts: AddressFinder
) -> None:
    with pytest.raises(NotFound, match="weather"):
        await make(database, facts, now, kind="article", target="weather", group_id=group)
    with pytest.raises(Conflict):
        await make(database, facts, now, texts=["what does it cost"], language="en")
