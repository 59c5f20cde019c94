"""Drafts edited as data by more than one person, and back to any state of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from base.database import transaction
from base.errors import Conflict, NotFound
from bot.publishing.drafts import KEPT_REVISIONS, discard_draft, find_draft, save_draft
from bot.publishing.editing import (
    DraftConflict,
    DraftGone,
    DraftTooOld,
    Saved,
    begin_draft,
    copied_files,
    first_files,
    get_state,
    list_revisions,
    restore_state,
    save_data,
)
from bot.publishing.models import ContentRevision
from bot.publishing.notes import add_note, change_note, list_notes, move_steps, read_layout, remove_note
from bot.publishing.service import Publisher
from flows.content_data import ContentData, read_data
from tests.bot.publishing.small_site import FLOW, hello, small_site
from tests.conftest import Database

ITEM = "library/hello"


@pytest.fixture
async def begun(database: Database, now: datetime, publisher: Publisher) -> ContentData:
    """A draft of revision 1 of what is live."""
    await publisher.publish(small_site(), author="Ada")
    async with transaction(database.sessions) as session:
        draft = await begin_draft(session, ITEM, None, author="Ada", now=now)
    assert (draft.revision, draft.based_on) == (1, 1)
    return read_data(ITEM, draft.files or {})


def reworded(data: ContentData, step: str, text: str) -> ContentData:
    words = {**data.wording["en"], step: {**data.wording["en"][step], "text": text}}
    return replace(data, wording={**data.wording, "en": words})


async def save(database: Database, now: datetime, data: ContentData, revision: int, author: str = "Ada") -> Saved:
    async with transaction(database.sessions) as session:
        return await save_data(session, ITEM, data, author=author, revision=revision, now=now)


async def test_a_draft_is_begun_once_and_is_as_what_is_live(
    database: Database, now: datetime, begun: ContentData
) -> None:
    async with transaction(database.sessions) as session:
        again = await begin_draft(session, ITEM, None, author="Bob", now=now)
        assert (again.author, again.files) == ("Ada", hello())
        with pytest.raises(NotFound):
            await begin_draft(session, "library/nowhere", None, author="Bob", now=now)
        with pytest.raises(Conflict, match="already"):
            await begin_draft(session, ITEM, first_files(ITEM, "Hello", "en"), author="Bob", now=now)


async def test_saving_what_is_there_makes_no_revision(database: Database, now: datetime, begun: ContentData) -> None:
    assert (await save(database, now, begun, 1)).revision == 1


async def test_two_people_who_change_other_steps_both_find_their_work_in_the_draft(
    database: Database, now: datetime, begun: ContentData
) -> None:
    first = await save(database, now, reworded(begun, "ask_size", "How many are you?"), 1, "Ada")
    second = await save(database, now, reworded(begun, "person", "Somebody takes over."), 1, "Bob")

    assert (first.revision, first.merged) == (2, [])
    assert (second.revision, second.merged) == (3, ["wording en ask_size"])
    async with database.sessions() as session:
        state = await get_state(session, ITEM, None)
    assert state.data is not None
    words = state.data.wording["en"]
    assert (words["ask_size"]["text"], words["person"]["text"]) == ("How many are you?", "Somebody takes over.")


async def test_two_people_who_change_one_step_are_shown_both_and_nothing_is_saved(
    database: Database, now: datetime, begun: ContentData
) -> None:
    await save(database, now, reworded(begun, "ask_size", "How many are you?"), 1, "Bob")

    with pytest.raises(DraftConflict) as refused:
        await save(database, now, reworded(begun, "ask_size", "Big or small?"), 1, "Ada")

    (clash,) = refused.value.details["conflicts"]
    assert (clash["part"], clash["language"], clash["name"], clash["by"]) == ("wording", "en", "ask_size", "Bob")
    assert [clash[one]["text"] for one in ("base", "theirs", "mine")] == [
        "How large are you?", "How many are you?", "Big or small?",
    ]  # fmt: skip
    assert refused.value.details["version"] == 2
    resolved = await save(database, now, reworded(begun, "ask_size", "Big or small?"), 2, "Ada")
    assert resolved.revision == 3


async def test_an_edit_of_a_draft_that_is_gone_or_of_another_one_is_refused(
    database: Database, now: datetime, begun: ContentData
) -> None:
    async with transaction(database.sessions) as session:
        await discard_draft(session, ITEM, revision=1)
    with pytest.raises(DraftGone):
        await save(database, now, begun, 1)
    async with transaction(database.sessions) as session:
        fresh = await begin_draft(session, ITEM, None, author="Bob", now=now)
    assert fresh.revision == 2, "a number is never used for two states"
    merged = await save(database, now, reworded(begun, "person", "Somebody takes over."), 1)
    assert merged.revision == 3, "what was made of the draft before is brought into the new one"
    with pytest.raises(DraftTooOld):
        await save(database, now, begun, 9)


async def test_only_the_newest_states_are_kept_and_older_ones_cannot_be_merged_with(
    database: Database, now: datetime, begun: ContentData
) -> None:
    async with transaction(database.sessions) as session:
        for revision in range(1, KEPT_REVISIONS + 2):
            files: dict[str, Any] = hello(flow=FLOW.replace("Hello", f"Hello {revision}"))
            await save_draft(session, ITEM, files, author="Bob", revision=revision, now=now)
        assert await session.scalar(select(func.count()).select_from(ContentRevision)) == KEPT_REVISIONS
    with pytest.raises(DraftTooOld):
        await save(database, now, begun, 1)


async def test_any_kept_state_can_be_looked_at_and_restored(
    database: Database, now: datetime, begun: ContentData
) -> None:
    await save(database, now, reworded(begun, "ask_size", "How many are you?"), 1)
    async with transaction(database.sessions) as session:
        states = [(await get_state(session, ITEM, name)).data for name in ("v1", "r1", "r2", "live", "draft")]
        assert [state is not None and state.wording["en"]["ask_size"]["text"] for state in states] == [
            "How large are you?", "How large are you?", "How many are you?", "How large are you?", "How many are you?",
        ]  # fmt: skip
        for missing in ("v9", "r9"):
            with pytest.raises(NotFound):
                await get_state(session, ITEM, missing)
        with pytest.raises(Conflict):
            await restore_state(session, ITEM, "v1", author="Ada", revision=1, now=now)
        restored = await restore_state(session, ITEM, "v1", author="Ada", revision=2, now=now)
        assert restored.revision == 3
        assert (await find_draft(session, ITEM)).files == hello()  # type: ignore[union-attr]
        assert [one.revision for one in await list_revisions(session, ITEM)] == [3, 2, 1]


async def test_what_is_begun_anew_may_be_published_as_it_is(
    database: Database, now: datetime, publisher: Publisher
) -> None:
    await publisher.publish(small_site(), author="Ada")
    async with transaction(database.sessions) as session:
        for item in ("library/fresh", "journeys/fresh"):
            await begin_draft(session, item, first_files(item, "Fresh", "en"), author="Ada", now=now)
        copied = copied_files("library/copy", read_data(ITEM, hello()), "A copy")
        await begin_draft(session, "library/copy", copied, author="Ada", now=now)

    report = await publisher.publish_drafts(author="Ada", items=["library/fresh", "journeys/fresh"])

    assert {change.item for change in report.changes} == {"library/fresh", "journeys/fresh"}
    async with database.sessions() as session:
        assert await find_draft(session, "library/copy") is not None, "only what was named is published"
    with pytest.raises(NotFound, match="library/nowhere"):
        await publisher.publish_drafts(author="Ada", items=["library/nowhere"])
    report = await publisher.publish_drafts(author="Ada")
    assert [change.item for change in report.changes] == ["library/copy"]


async def test_steps_that_two_people_move_both_stand_where_they_were_put_and_no_draft_changes(
    database: Database, now: datetime, begun: ContentData
) -> None:
    async with transaction(database.sessions) as session:
        await move_steps(session, ITEM, '{"ask_size": {"x": 1, "y": 2}, "person": {"x": 3, "y": 4}}')
        await move_steps(session, ITEM, '{"ask_size": {"x": 5, "y": 6}, "person": null}')
        assert await read_layout(session, ITEM) == {"ask_size": {"x": 5, "y": 6}}
        assert await read_layout(session, "library/other") == {}
        assert (await find_draft(session, ITEM)).revision == 1  # type: ignore[union-attr]


async def test_comments_are_kept_changed_and_taken_away(database: Database, now: datetime) -> None:
    async with transaction(database.sessions) as session:
        first = await add_note(session, ITEM, "ask_size", "Too blunt?", "Ada", now)
        await add_note(session, ITEM, None, "For the fair", "Bob", now)
        assert [note.text for note in await list_notes(session, ITEM)] == ["Too blunt?", "For the fair"]
        changed = await change_note(session, first.id, said="Still too blunt?", done=True, now=now)
        assert (changed.text, changed.done_at) == ("Still too blunt?", now)
        assert (await change_note(session, first.id, said=None, done=False, now=now)).done_at is None
        await remove_note(session, first.id)
        assert [note.text for note in await list_notes(session, ITEM)] == ["For the fair"]
        with pytest.raises(NotFound):
            await change_note(session, first.id, said="x", done=None, now=now)
        with pytest.raises(NotFound):
            await remove_note(session, first.id)
