"""Drafts: nobody overwrites what somebody else saved without having seen it."""

from __future__ import annotations

from datetime import datetime

import pytest

from base.database import transaction
from base.errors import Conflict, NotFound
from bot.publishing.drafts import discard_draft, draft_tree, find_draft, list_items, save_draft
from bot.publishing.service import Publisher
from flows.content_tree import NotContent
from tests.bot.publishing.small_site import hello, small_site
from tests.conftest import Database


async def _save(database: Database, now: datetime, revision: int | None, **details: object) -> int:
    values = {"item": "library/hello", "files": hello(words="a: b"), "author": "Ada"} | details
    async with transaction(database.sessions) as session:
        return await save_draft(session, revision=revision, now=now, **values)  # type: ignore[arg-type]


async def test_each_edit_has_the_next_revision(database: Database, now: datetime) -> None:
    assert await _save(database, now, None) == 1
    assert await _save(database, now, 1) == 2
    async with database.sessions() as session:
        draft = await find_draft(session, "library/hello")
    assert draft is not None
    assert (draft.revision, draft.author, draft.based_on) == (2, "Ada", None)


async def test_who_edits_an_older_revision_is_told_who_was_faster(database: Database, now: datetime) -> None:
    await _save(database, now, None)
    await _save(database, now, 1, author="Bob")
    with pytest.raises(Conflict, match="Bob changed library/hello"):
        await _save(database, now, 1)
    with pytest.raises(Conflict, match="Bob changed library/hello"):
        await _save(database, now, None)
    async with transaction(database.sessions) as session:
        with pytest.raises(Conflict):
            await discard_draft(session, "library/hello", revision=1)


async def test_who_edits_a_draft_that_is_gone_is_told_so(database: Database, now: datetime) -> None:
    await _save(database, now, None)
    async with transaction(database.sessions) as session:
        await discard_draft(session, "library/hello", revision=1)
    with pytest.raises(Conflict, match="published or discarded"):
        await _save(database, now, 1)
    async with transaction(database.sessions) as session:
        with pytest.raises(NotFound):
            await discard_draft(session, "library/hello", revision=1)


async def test_a_draft_of_what_is_no_content_is_refused(database: Database, now: datetime) -> None:
    with pytest.raises(NotContent):
        await _save(database, now, None, files={"../x": ""})
    with pytest.raises(NotContent):
        await _save(database, now, None, item="library/../x", files=None)
    with pytest.raises(NotFound):
        await _save(database, now, None, files=None)


async def test_drafts_lie_over_what_is_live(database: Database, now: datetime, publisher: Publisher) -> None:
    await publisher.publish(small_site(), author="Ada")
    await _save(database, now, None)
    await _save(database, now, None, item="journeys/follow_up", files=None)
    await _save(database, now, None, item="library/fresh", files={"flow.yml": "x"})
    async with database.sessions() as session:
        tree = await draft_tree(session)
        items = {
            entry.item: (entry.live, entry.draft is not None, entry.outdated) for entry in await list_items(session)
        }
    expected = small_site(
        library__hello=hello(words="a: b"), library__fresh={"flow.yml": "x"}, journeys__follow_up=None
    )
    assert tree == expected
    assert items["library/hello"] == (1, True, False)
    assert items["library/fresh"] == (None, True, False)
    assert items["journeys/follow_up"] == (1, True, False)
    assert items["knowledge"] == (1, False, False)
