"""What publishing promises: everything goes live together or nothing does, and what is live stays until then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import cast, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from admin.segments.uses import list_uses
from base.database import libpq_url, transaction
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from bot.models import Message
from bot.publishing.contents import find_live, get_report, list_publications, tree_of
from bot.publishing.drafts import find_draft, list_items, save_draft
from bot.publishing.live import PUBLICATION_CHANNEL
from bot.publishing.models import DialogueModel, Publication
from bot.publishing.proposal import Workshop, read_live
from bot.publishing.reports import NoReplicaReady, Outdated, PublishRefused
from bot.publishing.service import Publisher
from bot.publishing.versions import count_versions, history
from crm.segments.models import Segment
from flows.compiler import FORMAT
from flows.errors import FlowsRefused
from outreach.models import Journey
from tests.bot.publishing.small_site import (
    FLOW,
    WORDS,
    Rasa,
    Told,
    asks_the_size,
    count_publications,
    hello,
    reworded,
    small_site,
    stand,
)
from tests.bot.scripted_dialogue import Answer, ScriptedDialogue, say
from tests.conftest import Database


async def test_a_journey_that_waits_for_an_event_nobody_knows_is_refused_before_anything_is_trained(
    publisher: Publisher, shop: Workshop
) -> None:
    journey = dict(small_site()["journeys/follow_up"])
    waiting = "steps:\n  - {id: enter, step: on_event, kind: order_plcaed}\n"
    journey["journey.yml"] = journey["journey.yml"].replace("steps:\n", waiting)

    with pytest.raises(
        FlowsRefused, match=r"journeys/follow_up/journey.yml:7: .* there is no kind of event order_plcaed"
    ):
        await publisher.publish(small_site(journeys__follow_up=journey), author="Ada")

    journey["journey.yml"] = journey["journey.yml"].replace("order_plcaed", "order_placed")
    await publisher.publish(small_site(journeys__follow_up=journey), author="Ada")
    assert (await read_live(shop.sessions)).tree["journeys/follow_up"] == journey


async def test_a_journey_names_a_segment_that_exists_and_is_found_among_its_uses(
    publisher: Publisher, shop: Workshop, now: datetime
) -> None:
    journey = dict(small_site()["journeys/follow_up"])
    entering = "steps:\n  - {id: enter, step: on_segment, segment: Regular buyers}\n"
    journey["journey.yml"] = journey["journey.yml"].replace("steps:\n", entering)
    site = small_site(journeys__follow_up=journey)
    with pytest.raises(FlowsRefused, match="there is no segment Regular buyers"):
        await publisher.publish(site, author="Ada")
    segment = Segment(
        id=new_id(), name="Regular buyers", tree={"tag": "regular"}, made_by="Ada", created_at=now, updated_at=now
    )
    async with transaction(shop.sessions) as session:
        session.add(segment)
        segment_id = segment.id

    await publisher.publish(site, author="Ada")

    async with shop.sessions() as session:
        assert await list_uses(session, segment_id) == ["the journey follow_up"]


async def test_publishing_checks_tests_trains_preloads_and_goes_live(
    publisher: Publisher, shop: Workshop, dialogue: ScriptedDialogue
) -> None:
    told = Told()
    report = await publisher.publish(small_site(), author="Ada", note="the first", say=told)
    live = await read_live(shop.sessions)
    assert (live.published.seq, live.published.author, live.published.note) == (report.seq, "Ada", "the first")
    assert live.tree == small_site()
    assert live.compiled["flows"]["hello"]["name"] == "Hello"
    assert list(dialogue.flows) == [live.compiled["version"]]
    assert list(dialogue.models) == [live.published.model_id]
    assert report.tests is not None
    assert report.tests.passed
    assert (report.trained, list(report.replicas.values())) == (True, [None])
    assert told.lines[-1] == f"Publication {report.seq} is live."
    async with shop.sessions() as session:
        assert await session.scalar(select(Journey.id)) == "follow_up"
        assert (await get_report(session, live.published.seq))["trained"] is True


async def test_a_wording_only_change_trains_nothing_and_makes_one_new_version(
    publisher: Publisher, shop: Workshop, rasa: Rasa
) -> None:
    await publisher.publish(small_site(), author="Ada")
    report = await publisher.publish(reworded("How many are you?"), author="Bob", note="shorter")
    assert (rasa.trained, report.trained) == (1, False)
    assert [(change.item, change.words) for change in report.changes] == [
        ("library/hello", ["wording en: ask_size changed (text)"])
    ]
    async with shop.sessions() as session:
        entries = await history(session, "library/hello")
        assert [(entry.number, entry.author, entry.note, entry.live) for entry in entries] == [
            (2, "Bob", "shorter", True), (1, "Ada", "", False),
        ]  # fmt: skip
        assert [entry.publications for entry in entries] == [(2,), (1,)]
        assert len(await history(session, "knowledge")) == 1


async def test_other_examples_are_trained_before_the_tests_run_on_them(
    publisher: Publisher, rasa: Rasa, dialogue: ScriptedDialogue
) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    dialogue.requests.clear()
    examples = small_site()["intents"]["site.en.yml"] + "    - how much\n"
    second = await publisher.publish(small_site(intents={"site.en.yml": examples}), author="Ada")
    assert rasa.trained == 2
    assert second.model_id != first.model_id
    assert {request["model"] for request in dialogue.requests} == {second.model_id}


async def test_the_same_contents_again_publish_nothing(publisher: Publisher, shop: Workshop) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    again = await publisher.publish(small_site(), author="Ada")
    assert (again.unchanged, again.seq) == (True, first.seq)
    assert await count_publications(shop.sessions) == 1


async def test_faults_refuse_with_file_and_line_and_leave_nothing_behind(publisher: Publisher, shop: Workshop) -> None:
    lost = FLOW.replace("    slot: company\n", "    slot: company\n    next: nowhere\n")
    with pytest.raises(FlowsRefused, match=r"library/hello/flow\.yml:\d+: step ask_company"):
        await publisher.publish(small_site(library__hello=hello(lost)), author="Ada")
    await _check_nothing_stored(shop)


async def test_a_failing_test_conversation_refuses_and_leaves_nothing_behind(
    publisher: Publisher, shop: Workshop, dialogue: ScriptedDialogue
) -> None:
    dialogue.script = lambda _body: say("Hello?")
    with pytest.raises(PublishRefused, match="the size is asked first") as refused:
        await publisher.publish(small_site(), author="Ada")
    assert refused.value.report.tests is not None
    assert not refused.value.report.tests.passed
    await _check_nothing_stored(shop)


async def test_when_no_replica_takes_the_flows_nothing_goes_live(
    publisher: Publisher, shop: Workshop, dialogue: ScriptedDialogue
) -> None:
    dialogue.push_status = 500
    untested = Publisher(replace(shop, tests=None))
    with pytest.raises(NoReplicaReady, match="what is live stays"):
        await untested.publish(small_site(), author="Ada")
    await _check_nothing_stored(shop)


async def test_a_journey_that_cannot_be_published_takes_all_the_rest_back(shop: Workshop, publisher: Publisher) -> None:
    await publisher.publish(small_site(), author="Ada")

    async def refuse(*_args: object) -> None:
        raise InvalidInput("The journey cannot be published.")

    with pytest.raises(InvalidInput, match="cannot be published"):
        await Publisher(replace(shop, journeys=refuse)).publish(reworded("How many?"), author="Ada")
    assert (await read_live(shop.sessions)).tree == small_site()
    async with shop.sessions() as session:
        assert await count_versions(session) == len(small_site())


async def test_an_interrupted_publish_leaves_the_old_one_live_and_the_way_free(
    shop: Workshop, publisher: Publisher, dialogue: ScriptedDialogue
) -> None:
    await publisher.publish(small_site(), author="Ada")
    reached = asyncio.Event()

    async def stall(*_args: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(Publisher(replace(shop, journeys=stall)).publish(reworded("How many?"), author="Ada"))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await read_live(shop.sessions)).tree == small_site()
    report = await publisher.publish(reworded("How many?"), author="Ada")
    assert (await read_live(shop.sessions)).published.seq == report.seq


async def test_two_who_publish_at_once_take_turns_and_the_second_is_told_what_changed(
    publisher: Publisher, shop: Workshop
) -> None:
    await publisher.publish(small_site(), author="Ada")
    results = await asyncio.gather(
        publisher.publish(reworded("How many are you?"), author="Ada"),
        publisher.publish(reworded("What size?"), author="Bob"),
        return_exceptions=True,
    )
    (outdated,) = [result for result in results if isinstance(result, BaseException)]
    assert isinstance(outdated, Outdated)
    assert outdated.since == ["library/hello"]
    assert await count_publications(shop.sessions) == 2


async def test_contents_begun_from_an_older_publication_are_refused_unless_forced(
    publisher: Publisher, shop: Workshop
) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    await publisher.publish(reworded("How many are you?"), author="Ada")
    with pytest.raises(Outdated, match="library/hello"):
        await publisher.publish(reworded("What size?"), author="Bob", based_on=first.seq)
    await publisher.publish(reworded("What size?"), author="Bob", based_on=first.seq, force=True)
    assert (await read_live(shop.sessions)).tree == reworded("What size?")


async def test_contents_that_keep_what_changed_meanwhile_are_not_outdated(publisher: Publisher) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    newer = reworded("How many are you?")
    await publisher.publish(newer, author="Ada")
    article = {"pricing.md": newer["knowledge"]["pricing.md"].replace("ten euros", "twelve")}
    report = await publisher.publish({**newer, "knowledge": article}, author="Bob", based_on=first.seq)
    assert [change.item for change in report.changes] == ["knowledge"]


async def test_a_draft_begun_on_an_older_version_is_refused_unless_forced(publisher: Publisher, shop: Workshop) -> None:
    await publisher.publish(small_site(), author="Ada")
    await _draft(shop, "library/hello", reworded("What size?")["library/hello"], "Bob")
    await publisher.publish(reworded("How many are you?"), author="Ada")
    with pytest.raises(Outdated, match="library/hello"):
        await publisher.publish_drafts(author="Bob")
    await publisher.publish_drafts(author="Bob", force=True)
    assert (await read_live(shop.sessions)).tree == reworded("What size?")


async def test_drafts_are_published_together_and_those_that_went_live_are_gone(
    publisher: Publisher, shop: Workshop
) -> None:
    await publisher.publish(small_site(), author="Ada")
    await _draft(shop, "library/hello", reworded("What size?")["library/hello"], "Bob")
    await _draft(shop, "journeys/follow_up", None, "Bob")
    await publisher.publish_drafts(author="Bob")
    live = await read_live(shop.sessions)
    assert live.tree == {item: files for item, files in reworded("What size?").items() if item != "journeys/follow_up"}
    async with shop.sessions() as session:
        assert not any(entry.draft for entry in await list_items(session))


async def test_a_draft_that_says_something_else_outlives_a_publication(publisher: Publisher, shop: Workshop) -> None:
    await publisher.publish(small_site(), author="Ada")
    await _draft(shop, "knowledge", {"pricing.md": "unfinished"}, "Bob")
    await publisher.publish(reworded("What size?"), author="Ada")
    async with shop.sessions() as session:
        draft = await find_draft(session, "knowledge")
    assert draft is not None
    assert draft.files == {"pricing.md": "unfinished"}


async def test_a_preview_does_everything_but_going_live(
    publisher: Publisher, shop: Workshop, dialogue: ScriptedDialogue
) -> None:
    await publisher.publish(small_site(), author="Ada")
    report = await publisher.preview(reworded("What size?"))
    assert report.seq is None
    assert report.tests is not None
    assert report.tests.passed
    assert [change.item for change in report.changes] == ["library/hello"]
    assert await count_publications(shop.sessions) == 1


async def test_rolling_back_is_a_new_publication_of_the_old_contents_without_training(
    publisher: Publisher, shop: Workshop, rasa: Rasa
) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    examples = {"site.en.yml": small_site()["intents"]["site.en.yml"] + "    - how much\n"}
    await publisher.publish({**reworded("What size?"), "intents": examples}, author="Ada")
    assert first.seq is not None
    back = await publisher.rollback(first.seq, author="Bob")
    live = await read_live(shop.sessions)
    assert (live.tree, live.published.rollback_of, live.published.seq) == (small_site(), first.seq, back.seq)
    assert (live.published.flows_version, live.published.model_id) == (first.flows_version, first.model_id)
    assert rasa.trained == 2
    async with shop.sessions() as session:
        assert [one.seq for one in await list_publications(session)] == [3, 2, 1]
        assert await tree_of(session, await find_live(session)) == small_site()


async def test_one_item_goes_back_alone(publisher: Publisher, shop: Workshop) -> None:
    await publisher.publish(small_site(), author="Ada")
    article = {"pricing.md": small_site()["knowledge"]["pricing.md"].replace("ten euros", "twelve")}
    await publisher.publish({**reworded("What size?"), "knowledge": article}, author="Ada")
    await publisher.rollback_item("library/hello", 1, author="Bob")
    assert (await read_live(shop.sessions)).tree == small_site(knowledge=article)


async def test_what_never_was_cannot_come_back(publisher: Publisher) -> None:
    await publisher.publish(small_site(), author="Ada")
    with pytest.raises(NotFound):
        await publisher.rollback(99, author="Ada")
    with pytest.raises(NotFound):
        await publisher.rollback_item("library/hello", 99, author="Ada")


async def test_models_of_the_last_five_publications_are_kept(publisher: Publisher, shop: Workshop) -> None:
    reports = []
    for number in range(6):
        examples = {"site.en.yml": small_site()["intents"]["site.en.yml"] + f"    - number {number}\n"}
        reports.append(await publisher.publish(small_site(intents=examples), author="Ada"))
    async with shop.sessions() as session:
        kept = set(await session.scalars(select(DialogueModel.id)))
    assert kept == {report.model_id for report in reports[1:]}


async def test_a_model_that_is_not_signed_is_made_anew_and_what_is_live_published_with_it(
    publisher: Publisher, shop: Workshop
) -> None:
    """As a database has it that was filled before models were signed, or by somebody else."""
    first = await publisher.publish(small_site(), author="Ada")
    async with transaction(shop.sessions) as session:
        signed = await session.scalar(select(DialogueModel.data))
        await session.execute(update(DialogueModel).values(data=b"unsigned"))
    again = await publisher.recompile()
    assert again is not None
    assert (again.seq, again.model_id) == (first.seq + 1, first.model_id)
    async with transaction(shop.sessions) as session:
        assert await session.scalar(select(DialogueModel.data)) == signed
        await session.execute(update(DialogueModel).values(data=b"unsigned"))
    assert (await publisher.publish(small_site(), author="Ada")).seq == first.seq + 2
    assert (await publisher.publish(small_site(), author="Ada")).seq == first.seq + 2


async def test_seeding_twice_or_at_once_is_one_publication(shop: Workshop) -> None:
    bare = Publisher(replace(shop, replicas=None, tests=None, replays=None))
    reports = await asyncio.gather(bare.seed(small_site()), bare.seed(small_site()))
    assert sum(report is not None for report in reports) == 1
    assert await bare.seed(reworded("What size?")) is None
    assert await count_publications(shop.sessions) == 1


async def test_what_an_older_program_compiled_or_trained_is_published_anew_once(
    publisher: Publisher, shop: Workshop, rasa: Rasa
) -> None:
    await publisher.publish(small_site(), author="Ada")
    assert await publisher.recompile() is None
    rasa.program = "two"
    report = await publisher.recompile()
    assert report is not None
    assert report.trained
    assert await publisher.recompile() is None
    assert (await read_live(shop.sessions)).tree == small_site()


async def test_what_was_compiled_in_an_older_format_is_compiled_anew(publisher: Publisher, shop: Workshop) -> None:
    await publisher.publish(small_site(), author="Ada")
    async with transaction(shop.sessions) as session:
        old = update(Publication).values(compiled=Publication.compiled.op("||")(cast({"format": 1}, JSONB)))
        await session.execute(old)
    report = await publisher.recompile()
    assert report is not None
    assert not report.trained
    assert (await read_live(shop.sessions)).compiled["format"] == FORMAT


async def test_a_conversation_that_would_end_otherwise_is_told_and_refuses_only_when_asked_to(
    publisher: Publisher, shop: Workshop, dialogue: ScriptedDialogue
) -> None:
    first = await publisher.publish(small_site(), author="Ada")
    talk = await stand(shop.sessions, shop.clock.now(), ("hello", "x", "ask_size"))
    async with transaction(shop.sessions) as session:
        session.add(
            Message(
                id=new_id(),
                conversation_id=talk,
                seq=1,
                author="visitor",
                kind="text",
                text="small",
                data={},
                turn_state="done",
                created_at=shop.clock.now(),
            )
        )

    def script(body: dict[str, Any]) -> Answer:
        if body["message"]["text"] and body["flows"] != first.flows_version:
            return say("Bye.", state={"v": 2, "stack": [], "ended": "declined"})
        return asks_the_size(body)

    dialogue.script = script
    huge = hello(FLOW.replace("[small, large]", "[small, huge]"), WORDS.replace("large: Large", "huge: Huge"))
    with pytest.raises(PublishRefused, match=f"{talk}.*end with declined"):
        await publisher.publish(small_site(library__hello=huge), author="Ada", replay=10, strict_replay=True)
    report = await publisher.publish(small_site(library__hello=huge), author="Ada", replay=10)
    assert report.replay is not None
    assert not report.replay.passed
    assert (await read_live(shop.sessions)).published.seq == report.seq


async def test_every_process_hears_of_a_publication_when_it_is_committed(
    publisher: Publisher, database: Database
) -> None:
    async with await psycopg.AsyncConnection.connect(libpq_url(database.url), autocommit=True) as connection:
        await connection.execute(f"LISTEN {PUBLICATION_CHANNEL}")
        report = await publisher.publish(small_site(), author="Ada")
        heard = [notification.payload async for notification in connection.notifies(timeout=5, stop_after=1)]
    assert heard == [str(report.seq)]


async def _check_nothing_stored(shop: Workshop) -> None:
    assert await count_publications(shop.sessions) == 0
    async with shop.sessions() as session:
        assert await count_versions(session) == 0
        assert await session.scalar(select(DialogueModel.id)) is None
        assert await session.scalar(select(Journey.id)) is None


async def _draft(shop: Workshop, item: str, files: dict[str, str] | None, author: str) -> None:
    async with transaction(shop.sessions) as session:
        await save_draft(session, item, files, author=author, revision=None, now=shop.clock.now())


async def test_what_journeys_must_not_do_is_said_before_anything_is_tested(shop: Workshop) -> None:
    tested: list[str] = []

    async def refuse(_session: AsyncSession, compiled: Mapping[str, Mapping[str, Any]]) -> None:
        assert compiled.keys() == {"follow_up"}
        raise InvalidInput("People stand on steps that are removed.")

    async def note(*_: Any) -> Any:
        tested.append("tests")

    publisher = Publisher(replace(shop, journey_check=refuse, tests=note))
    for publish in (publisher.preview(small_site()), publisher.publish(small_site(), author="Ada")):
        with pytest.raises(InvalidInput, match="removed"):
            await publish
    assert tested == []
    assert await count_publications(shop.sessions) == 0
