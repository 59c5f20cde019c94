"""What is accepted goes live as any content does: checked, tested, whole or not at all; and only what was measured."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from base.database import transaction
from bot.publishing.contents import find_live, tree_of
from bot.publishing.drafts import find_draft, list_items, save_draft
from bot.publishing.models import Publication
from bot.publishing.service import Publisher
from bot.understanding.claims import CLAIM
from bot.understanding.models import Gap, Proposal
from bot.understanding.proposals import (
    AlreadyDecided,
    ContentChanged,
    Wish,
    accept,
    get_proposal,
    measure_again,
    propose,
    reject,
)
from bot.understanding.work import UnderstandingWork
from flows.intent_examples import examples_by_intent
from tests.bot.publishing.small_site import EXAMPLES, count_publications, reworded
from tests.bot.scripted_dialogue import ScriptedDialogue
from tests.bot.understanding.missed_talk import AddressFinder, miss
from tests.conftest import Database

MINE = EXAMPLES.replace("    - a demo please\n", "    - a demo please\n    - mine\n")


@pytest.fixture
def ready(database: Database, facts: AddressFinder, now: datetime, work: UnderstandingWork) -> Any:
    """Makes a proposal and has it measured."""

    async def make(*texts: str, **wish: Any) -> UUID:
        ids = await miss(database.sessions, now, *texts)
        wish = {"kind": "intent", "target": "ask_pricing", "message_ids": ids, **wish}
        proposal = await propose(database.sessions, facts, Wish(**wish), author="user:1", now=now)
        await work.do_all()
        return proposal.id

    return make


async def decide(database: Database, decision: Any, proposal_id: UUID, now: datetime) -> None:
    async with transaction(database.sessions) as session:
        await decision(session, proposal_id, user="user:2", now=now)


async def read(database: Database, proposal_id: UUID) -> Proposal:
    async with database.sessions() as session:
        return await get_proposal(session, proposal_id)


async def live_files(database: Database, item: str) -> dict[str, str]:
    async with database.sessions() as session:
        return (await tree_of(session, await find_live(session)))[item]


async def states(database: Database) -> set[str]:
    async with database.sessions() as session:
        return set(await session.scalars(select(Gap.status)))


async def test_accepted_examples_are_live_and_their_messages_off_the_list(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any
) -> None:
    proposal_id = await ready("moon tariff please", "price of the moon")
    await decide(database, accept, proposal_id, now)
    assert (await read(database, proposal_id)).status == "publishing"
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert (proposal.status, proposal.publication, proposal.problem) == ("accepted", 2, None)
    assert (proposal.decided_by, proposal.decided_at) == ("user:2", now)
    files = await live_files(database, "intents")
    assert examples_by_intent(files)["ask_pricing"][2:] == ("moon tariff please", "price of the moon")
    assert await states(database) == {"used"}
    async with database.sessions() as session:
        publication = await session.get(Publication, 2)
        assert all(item.draft is None for item in await list_items(session))
    assert publication is not None
    assert publication.author == "user:2"
    assert publication.note.startswith("2 examples more for ask_pricing (en)")
    assert publication.report["tests"] == {"conversations": 1, "failures": []}, "the test conversations were run"
    for decision in (accept, reject):
        with pytest.raises(AlreadyDecided):
            await decide(database, decision, proposal_id, now)
    with pytest.raises(AlreadyDecided):
        async with transaction(database.sessions) as session:
            await measure_again(session, proposal_id)


async def test_an_accepted_article_answers(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any
) -> None:
    wish = {"kind": "article", "target": "", "title": "The moon", "body": "We fly on Tuesdays."}
    proposal_id = await ready("do you ship to the moon", **wish)
    await decide(database, accept, proposal_id, now)
    await work.do_all()
    assert (await read(database, proposal_id)).status == "accepted"
    assert "We fly on Tuesdays." in (await live_files(database, "knowledge"))["the_moon.md"]


async def test_rejecting_keeps_the_messages_on_the_list_and_the_contents_as_they_are(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any
) -> None:
    proposal_id = await ready("moon tariff please")
    await decide(database, reject, proposal_id, now)
    await work.do_all()
    assert (await read(database, proposal_id)).status == "rejected"
    assert await states(database) == {"open"}
    assert await count_publications(database.sessions) == 1


async def test_when_something_else_went_live_it_must_be_measured_again(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any, publisher: Publisher
) -> None:
    proposal_id = await ready("moon tariff please")
    await publisher.publish(reworded("Your size?"), author="Ada")
    with pytest.raises(ContentChanged, match="measure it again"):
        await decide(database, accept, proposal_id, now)
    async with transaction(database.sessions) as session:
        await measure_again(session, proposal_id)
    await work.do_all()
    await decide(database, accept, proposal_id, now)
    await work.do_all()
    assert (await read(database, proposal_id)).publication == 3
    assert "Your size?" in (await live_files(database, "library/hello"))["wording.en.yml"]


async def test_what_went_live_between_the_yes_and_the_publishing_is_not_undone(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any, publisher: Publisher
) -> None:
    proposal_id = await ready("moon tariff please")
    await decide(database, accept, proposal_id, now)
    await publisher.publish(reworded("Your size?"), author="Ada")
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert (proposal.status, proposal.decided_by, proposal.publication) == ("ready", None, None)
    assert "measure it again" in str(proposal.problem)
    assert await states(database) == {"open"}


async def test_a_publication_that_is_refused_is_told_in_words_and_leaves_everything(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any, dialogue: ScriptedDialogue
) -> None:
    proposal_id = await ready("moon tariff please")
    dialogue.script = lambda _body: {"state": {"v": 2}, "replies": [{"text": "?"}], "effects": []}
    await decide(database, accept, proposal_id, now)
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert proposal.status == "ready"
    assert "Test conversations fail" in str(proposal.problem)
    assert "the size is asked first" in str(proposal.problem)
    assert await states(database) == {"open"}
    assert await count_publications(database.sessions) == 1
    assert "moon" not in str(await live_files(database, "intents"))
    async with database.sessions() as session:
        assert await find_draft(session, "intents") is None


async def test_a_draft_that_somebody_has_of_the_examples_gets_them_too_and_goes_live_later_without_undoing_them(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any, publisher: Publisher
) -> None:
    async with transaction(database.sessions) as session:
        files = {"site.en.yml": MINE}
        await save_draft(session, "intents", files, author="Bob", revision=None, now=now)
    proposal_id = await ready("moon tariff please")
    await decide(database, accept, proposal_id, now)
    await work.do_all()
    live = await live_files(database, "intents")
    assert "mine" not in live["site.en.yml"], "nobody's unfinished work goes live with it"
    async with database.sessions() as session:
        draft = await find_draft(session, "intents")
    assert draft is not None
    assert draft.files is not None
    assert (draft.author, draft.revision, draft.based_on) == ("Bob", 2, 2)
    assert "    - mine\n" in draft.files["site.en.yml"]
    assert "    - moon tariff please\n" in draft.files["site.en.yml"]
    await publisher.publish_drafts(author="Bob")
    assert (await live_files(database, "intents"))["site.en.yml"] == draft.files["site.en.yml"]


async def test_a_draft_that_was_behind_already_stays_behind(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any, publisher: Publisher
) -> None:
    async with transaction(database.sessions) as session:
        await save_draft(session, "intents", {"site.en.yml": MINE}, author="Bob", revision=None, now=now)
    tree = {**reworded("Your size?"), "intents": {"site.en.yml": EXAMPLES.replace("show me", "show us")}}
    await publisher.publish(tree, author="Ada", force=True)
    proposal_id = await ready("moon tariff please")
    await decide(database, accept, proposal_id, now)
    await work.do_all()
    assert (await read(database, proposal_id)).status == "accepted"
    async with database.sessions() as session:
        draft = await find_draft(session, "intents")
    assert draft is not None
    assert (draft.files, draft.revision) == ({"site.en.yml": MINE}, 1)


async def test_a_process_that_died_after_publishing_is_not_followed_by_a_second_publication(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal_id = await ready("moon tariff please")
    await decide(database, accept, proposal_id, now)

    async def die(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("bot.understanding.accepting.Acceptor._settle", die)
        with pytest.raises(RuntimeError):
            await work.do_all()
    assert (await read(database, proposal_id)).status == "publishing"
    assert await count_publications(database.sessions) == 2
    async with transaction(database.sessions) as session:
        await session.execute(update(Proposal).values(claimed_until=Proposal.claimed_until - 2 * CLAIM))
    await work.do_all()
    proposal = await read(database, proposal_id)
    assert (proposal.status, proposal.publication) == ("accepted", 2)
    assert await count_publications(database.sessions) == 2
    assert await states(database) == {"used"}


async def test_a_wake_up_begins_the_work_and_one_that_comes_meanwhile_is_not_lost(
    database: Database, now: datetime, work: UnderstandingWork, ready: Any
) -> None:
    proposal_id = await ready("moon tariff please")
    await decide(database, accept, proposal_id, now)
    work.wake()
    work.wake()
    running = work._running
    assert running is not None
    await running
    assert (await read(database, proposal_id)).status == "accepted"
