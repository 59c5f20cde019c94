"""What a proposal would change is measured before anybody can accept it, and what is known is not measured again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import transaction
from base.errors import InvalidInput
from bot.dialogue import DialogueUnavailable
from bot.knowledge.models import KnowledgeArticle, KnowledgePassage
from bot.publishing.service import Publisher
from bot.understanding.claims import CLAIM
from bot.understanding.intent_effect import compare_intents
from bot.understanding.models import Proposal
from bot.understanding.proposals import (
    AlreadyDecided,
    NotMeasured,
    Wish,
    accept,
    get_proposal,
    measure_again,
    propose,
    reject,
)
from bot.understanding.work import UnderstandingWork
from tests.bot.publishing.small_site import reworded
from tests.bot.understanding.missed_talk import AddressFinder, Programs, miss
from tests.conftest import Database

INTENT: dict[str, Any] = {"kind": "intent", "target": "ask_pricing", "language": "en", "texts": ["moon tariff please"]}
ARTICLE: dict[str, Any] = {
    "kind": "article", "target": "pricing", "language": "en", "texts": ["what is the moon tariff"],
}  # fmt: skip


@pytest.fixture
def proposing(database: Database, facts: AddressFinder, now: datetime) -> Any:
    async def make(**wish: Any) -> UUID:
        return (await propose(database.sessions, facts, Wish(**wish), author="user:1", now=now)).id

    return make


async def read(database: Database, proposal_id: UUID) -> Proposal:
    async with database.sessions() as session:
        return await get_proposal(session, proposal_id)


async def test_examples_are_measured_on_texts_that_nothing_is_trained_on(
    database: Database, work: UnderstandingWork, proposing: Any
) -> None:
    proposal = await read(database, await proposing(**INTENT))
    with pytest.raises(NotMeasured):
        async with transaction(database.sessions) as session:
            await accept(session, proposal.id, user="user:1", now=proposal.created_at)
    await work.do_all()
    proposal = await read(database, proposal.id)
    assert (proposal.status, proposal.problem, proposal.based_on) == ("ready", None, 1)
    assert proposal.before is not None
    assert proposal.after is not None
    assert (proposal.before["held_out"], proposal.after["held_out"]) == ({"right": 3, "of": 4}, {"right": 3, "of": 4})
    changed = compare_intents(proposal.before, proposal.after)
    assert changed["newly_right"] == [{"text": "moon tariff", "intent": "ask_pricing", "found": "request_demo"}]
    assert changed["newly_wrong"] == [{"text": "may we see the moon", "intent": "request_demo", "found": "ask_pricing"}]
    assert changed["intents"] == [
        {
            "intent": "ask_pricing", "language": "en", "examples_before": 2, "examples_after": 3,
            "f1_before": 0.6667, "f1_after": 0.75,
        }
    ]  # fmt: skip


async def test_the_same_contents_are_never_measured_twice(
    database: Database, work: UnderstandingWork, proposing: Any, programs: Programs
) -> None:
    first = await proposing(**INTENT)
    await work.do_all()
    assert programs.reports == 2
    await proposing(**{**INTENT, "texts": ["moon price"]})
    await work.do_all()
    assert programs.reports == 3, "what is live was known"
    async with transaction(database.sessions) as session:
        await measure_again(session, first)
    await work.do_all()
    assert programs.reports == 4, "its own after was forgotten with the order to measure again"
    assert (await read(database, first)).status == "ready"


async def test_questions_are_measured_by_the_real_search_and_the_index_stays_as_it_is(
    database: Database, now: datetime, work: UnderstandingWork, proposing: Any
) -> None:
    own, _ = await miss(database.sessions, now, "tariff on the moon I am Ada", "What is the moon tariff?")
    before = await _index(database)
    ids = [own, _]
    proposal = await read(database, await proposing(**ARTICLE, message_ids=ids))
    await work.do_all()
    proposal = await read(database, proposal.id)
    assert (proposal.status, proposal.problem) == ("ready", None)
    assert proposal.before is not None
    assert proposal.after is not None
    (asked, message), (asked_then, message_then) = proposal.before["texts"], proposal.after["texts"]
    assert asked["text"] == "what is the moon tariff"
    assert (asked_then["article"], asked_then["answered"]) == ("pricing", True)
    assert asked_then["confidence"] > asked["confidence"]
    assert message["message_id"] == message_then["message_id"] == str(own)
    assert "text" not in message, "a visitor's own words are not copied"
    assert "Ada" not in str(proposal.before) + str(proposal.after)
    assert (proposal.before["evaluation"]["questions"], proposal.after["evaluation"]["questions"]) == (2, 2)
    assert set(proposal.after["evaluation"]) == {"questions", "recall_at_1", "recall_at_3", "mrr", "answered_rightly"}
    assert await _index(database) == before


async def test_a_new_article_is_found_once_it_is_tried(
    database: Database, now: datetime, work: UnderstandingWork, proposing: Any
) -> None:
    ids = await miss(database.sessions, now, "penguins of the south")
    wish = {"kind": "article", "title": "Penguins", "body": "The penguins of the south are well.", "message_ids": ids}
    proposal_id = await proposing(**wish)
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert proposal.problem is None
    assert proposal.before is not None
    assert proposal.after is not None
    assert proposal.before["texts"][0]["article"] != "penguins"
    assert proposal.after["texts"][0]["article"] == "penguins"


async def test_what_is_known_of_the_articles_is_not_asked_again(
    database: Database, work: UnderstandingWork, proposing: Any
) -> None:
    first = await proposing(**ARTICLE)
    await work.do_all()
    evaluation = (await read(database, first)).before["evaluation"]  # type: ignore[index]
    async with transaction(database.sessions) as session:
        kept = await get_proposal(session, first)
        kept.before = {**(kept.before or {}), "evaluation": {**evaluation, "mrr": 0.125}}
    second = await proposing(**{**ARTICLE, "texts": ["moon money"]})
    await work.do_all()
    proposal = await read(database, second)
    assert proposal.before is not None
    assert proposal.before["evaluation"] == {**evaluation, "mrr": 0.125}


async def test_it_is_measured_against_what_is_live_when_it_is_measured(
    database: Database, work: UnderstandingWork, proposing: Any, publisher: Publisher
) -> None:
    proposal_id = await proposing(**INTENT)
    await publisher.publish(reworded("Your size?"), author="Ada")
    await work.do_all()
    assert (await read(database, proposal_id)).based_on == 2


async def test_what_cannot_be_measured_says_why_and_may_be_tried_again(
    database: Database, work: UnderstandingWork, proposing: Any, programs: Programs
) -> None:
    programs.fails = InvalidInput("Not a file of examples: x.")
    proposal_id = await proposing(**INTENT)
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert (proposal.status, proposal.problem) == ("failed", "Not a file of examples: x.")
    with pytest.raises(NotMeasured):
        async with transaction(database.sessions) as session:
            await accept(session, proposal_id, user="user:1", now=proposal.created_at)
    programs.fails = None
    async with transaction(database.sessions) as session:
        await measure_again(session, proposal_id)
    await work.do_all()
    assert (await read(database, proposal_id)).status == "ready"


async def test_without_a_dialogue_process_it_waits_for_one_however_long_that_lasts(
    database: Database, work: UnderstandingWork, proposing: Any, programs: Programs
) -> None:
    programs.fails = DialogueUnavailable()
    proposal_id = await proposing(**INTENT)
    for _ in range(5):
        await work.do_all()
        assert ((await read(database, proposal_id)).status, programs.reports) == ("measuring", 0)
        async with transaction(database.sessions) as session:
            await session.execute(update(Proposal).values(claimed_until=Proposal.claimed_until - 2 * CLAIM))
    programs.fails = None
    await work.do_all()
    assert (await read(database, proposal_id)).status == "ready"


async def test_what_is_rejected_while_it_is_measured_stays_rejected(
    database: Database, now: datetime, work: UnderstandingWork, proposing: Any, programs: Programs
) -> None:
    proposal_id = await proposing(**INTENT)
    compute = programs.report

    async def meanwhile(*arguments: Any) -> Any:
        async with transaction(database.sessions) as session:
            if (await get_proposal(session, proposal_id)).status == "measuring":
                await reject(session, proposal_id, user="user:2", now=now)
        return await compute(*arguments)

    programs.report = meanwhile  # type: ignore[method-assign]
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert (proposal.status, proposal.decided_by, proposal.before) == ("rejected", "user:2", None)
    for decide in (reject, accept):
        with pytest.raises(AlreadyDecided):
            async with transaction(database.sessions) as session:
                await decide(session, proposal_id, user="user:1", now=now)


async def test_one_that_takes_its_process_down_is_measured_by_another_and_given_up_in_the_end(
    database: Database, work: UnderstandingWork, proposing: Any, programs: Programs
) -> None:
    proposal_id = await proposing(**INTENT)
    programs.fails = RuntimeError("killed")  # type: ignore[assignment]
    for attempt in (1, 2, 3):
        with pytest.raises(RuntimeError):
            await work.do_all()
        proposal = await read(database, proposal_id)
        assert (proposal.status, proposal.attempts) == ("measuring", attempt)
        await work.do_all()
        assert (await read(database, proposal_id)).attempts == attempt, "the claim holds"
        async with transaction(database.sessions) as session:
            await session.execute(update(Proposal).values(claimed_until=Proposal.claimed_until - 2 * CLAIM))
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert proposal.status == "failed"
    assert "broke off" in str(proposal.problem)


async def test_a_claim_is_held_on_to_while_the_work_goes_on(
    database: Database, work: UnderstandingWork, proposing: Any, programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.understanding.claims._HOLD_EVERY", timedelta(milliseconds=20))
    proposal_id = await proposing(**INTENT)
    compute, seen = programs.report, []

    async def slow(*arguments: Any) -> Any:
        for _ in range(2):
            seen.append((await read(database, proposal_id)).claimed_until)
            await asyncio.sleep(0.2)
        return await compute(*arguments)

    programs.report = slow  # type: ignore[method-assign]
    await work.do_all()
    assert seen[0] < seen[1]


async def _index(database: Database) -> list[Any]:
    async with database.sessions() as session:
        articles = await session.execute(
            select(KnowledgeArticle.sha256, KnowledgeArticle.live).order_by(KnowledgeArticle.sha256)
        )
        passages = await session.execute(
            select(KnowledgePassage.id, KnowledgePassage.live).order_by(KnowledgePassage.id)
        )
        return [*articles.all(), *passages.all()]
