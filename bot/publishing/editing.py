"""Editing drafts as data: begin, save with what others saved meanwhile, restore, look at any state. Judges nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import Conflict, InvalidInput, NotFound
from bot.publishing.contents import find_live
from bot.publishing.drafts import Draft, find_draft, save_draft
from bot.publishing.merging import Clash, merge
from bot.publishing.models import ContentRevision
from bot.publishing.versions import get_files
from flows.content_data import ContentData, graph_file, kind_of, read_data, write_data
from flows.content_tree import Files, check_item

LIVE, DRAFT = "live", "draft"
_NUMBERED = re.compile(r"^([vr])([1-9]\d{0,8})$")


class DraftGone(Conflict):
    """There is no draft of this any more: it was published or discarded. Begin one, then save what you have."""

    code = "draft_gone"


class DraftTooOld(Conflict):
    """What you edited is so old that nobody can say what changed since: load the draft again, then bring yours in."""

    code = "draft_too_old"


class DraftConflict(Conflict):
    """Somebody else changed the same parts meanwhile: choose between theirs and yours, then save again."""

    code = "draft_conflict"

    def __init__(self, draft: Draft, clashes: Sequence[Clash]) -> None:
        named = ", ".join(str(clash.part) for clash in clashes)
        errors = [{"field": str(clash.part), "message": "was changed by somebody else, too"} for clash in clashes]
        super().__init__(f"Somebody else changed the same meanwhile: {named}. Choose, then save again.", errors=errors)
        self.details = {
            "version": draft.revision,
            "conflicts": [
                {
                    "part": clash.part.kind,
                    "name": clash.part.name,
                    "language": clash.part.language,
                    "base": clash.base,
                    "theirs": clash.theirs,
                    "mine": clash.mine,
                    "by": draft.author,
                    "at": draft.updated_at.isoformat(),
                }
                for clash in clashes
            ],
        }


class Saved(NamedTuple):
    """A draft as it is after saving; `merged` names what others changed meanwhile and is in it, too."""

    revision: int
    data: ContentData
    merged: list[str]


@dataclass(frozen=True)
class State:
    """An item as it is or was. `data` is None where there is nothing: the draft removes it."""

    name: str
    data: ContentData | None
    draft: Draft | None
    live: int | None


async def begin_draft(
    session: AsyncSession, item: str, fresh: Mapping[str, str] | None, *, author: str, now: datetime
) -> Draft:
    """The draft of an item: the one there is, else one of what is live, else of these files.

    Args:
        fresh: what it begins with where nothing is live.

    Raises:
        NotFound: nothing is live, and there are no files to begin with.
        Conflict: it is there already, and was to be begun with files.
    """
    draft = await find_draft(session, item)
    if draft is not None and fresh is None:
        return draft
    live = await _live_files(session, item)
    if fresh is not None and (draft is not None or live is not None):
        raise Conflict(f"There is a {item} already: give the new one another name.")
    files = live if live is not None else fresh
    if files is None:
        raise NotFound(f"There is no {item}.")
    await save_draft(session, item, files, author=author, revision=None, now=now)
    return await get_draft(session, item)


async def save_data(
    session: AsyncSession, item: str, data: ContentData, *, author: str, revision: int, now: datetime
) -> Saved:
    """Saves what somebody made of a revision, together with what others saved since.

    Raises:
        DraftGone, DraftTooOld, DraftConflict: it cannot be; nothing is saved.
        NotWritable, NotContent: this is no content.
    """
    check_item(item)
    draft = await find_draft(session, item, for_update=True)
    if draft is None or draft.files is None:
        raise DraftGone
    base = draft.files if draft.revision == revision else await _revision_files(session, item, revision)
    if base is None or revision > draft.revision:
        raise DraftTooOld
    # Reading and writing YAML takes a moment: aside, so that this process goes on answering.
    files, merged, names = await asyncio.to_thread(_brought_together, item, base, draft, data)
    if files == draft.files:
        return Saved(draft.revision, merged, names)
    saved = await save_draft(session, item, files, author=author, revision=draft.revision, now=now)
    return Saved(saved, merged, names)


async def restore_state(
    session: AsyncSession, item: str, state: str, *, author: str, revision: int, now: datetime
) -> Saved:
    """Has the draft be as an earlier state.

    Raises:
        NotFound: there is no such state, or nothing in it.
        Conflict: the draft is another by now.
    """
    files = await get_state_files(session, item, state)
    if files is None:
        raise NotFound(f"There is nothing in {state} of {item}.")
    data = read_data(item, files)
    saved = await save_draft(session, item, files, author=author, revision=revision, now=now)
    return Saved(saved, data, [])


async def get_draft(session: AsyncSession, item: str) -> Draft:
    """The draft of an item.

    Raises:
        DraftGone: there is none.
    """
    draft = await find_draft(session, item)
    if draft is None:
        raise DraftGone
    return draft


async def get_state(session: AsyncSession, item: str, state: str | None) -> State:
    """An item in one of its states; unless one is named the draft, or what is live where there is none.

    Raises:
        NotFound: there is none of this name.
        NotEditable: a file of it cannot be read as data.
    """
    draft = await find_draft(session, item)
    live = (await find_live(session)).contents.get(item)
    name = state or (DRAFT if draft else LIVE)
    files = draft.files if draft is not None and name == DRAFT else await get_state_files(session, item, name)
    data = None if files is None else await asyncio.to_thread(read_data, item, files)
    return State(name, data, draft, live)


async def get_state_files(session: AsyncSession, item: str, state: str) -> Files | None:
    """The files of a state; None for one that removes the item.

    Raises:
        NotFound: there is none of this name.
    """
    if state == LIVE:
        files = await _live_files(session, item)
        if files is None:
            raise NotFound(f"{item} is not live.")
        return files
    if state == DRAFT:
        draft = await find_draft(session, item)
        if draft is None:
            raise NotFound(f"There is no draft of {item}.")
        return draft.files
    numbered = _NUMBERED.fullmatch(state)
    if numbered is None:
        raise InvalidInput(f"A state is live, draft, v and a number, or r and a number; not {state[:20]}.")
    if numbered[1] == "v":
        return await get_files(session, item, int(numbered[2]))
    row = (await session.execute(_of_revision(item, int(numbered[2])))).one_or_none()
    if row is None:
        raise NotFound(f"There is no saved state {state} of {item}; only the newest are kept.")
    files_then: Files | None = row.files
    return files_then


async def list_revisions(session: AsyncSession, item: str) -> list[ContentRevision]:
    """The saved states of an item's drafts, the newest first, without their files."""
    shown = (ContentRevision.revision, ContentRevision.author, ContentRevision.saved_at)
    rows = await session.execute(
        select(*shown).where(ContentRevision.item == item).order_by(ContentRevision.revision.desc())
    )
    return [ContentRevision(item=item, revision=row[0], author=row[1], saved_at=row[2]) for row in rows]


def first_files(item: str, title: str, language: str) -> dict[str, str]:
    """What a new flow or journey begins with: the least that may be published."""
    name = item.partition("/")[2]
    if kind_of(item) == "flow":
        return write_data(item, _first_flow(name, title, language))
    return write_data(item, _first_journey(name, title, language))


def copied_files(item: str, data: ContentData, title: str | None) -> dict[str, str]:
    """What another item is, under a new name; its tests stay behind, for they name the other."""
    settings = {**data.settings, kind_of(item): item.partition("/")[2]}
    if title:
        settings["name"] = title
    # An intent starts one flow only, and so does a sentence.
    settings.pop("nlu_triggers", None)
    settings.pop("start_examples", None)
    if graph_file(item) is None:
        raise InvalidInput("What every flow says cannot be copied.")
    return write_data(item, replace(data, settings=settings, tests=None))


def _first_flow(name: str, title: str, language: str) -> ContentData:
    notice = {"id": "notice", "step": "ai_notice"}
    end = {"id": "goodbye", "step": "end", "outcome": "completed"}
    settings = {"flow": name, "name": title, "description": title, "language": language, "slots": {}}
    words = _FIRST_WORDS.get(language.partition("-")[0], _FIRST_WORDS["en"])
    return ContentData(settings, [notice, end], {language: {"notice": {"text": words}}})


def _first_journey(name: str, title: str, language: str) -> ContentData:
    settings = {
        "journey": name,
        "name": title,
        "description": title,
        "purpose": "service",
        "exit_when": ["opted_out"],
    }
    return ContentData(settings, [{"id": "leave", "step": "exit"}], {language: {}})


_FIRST_WORDS = {
    "en": "You're chatting with an automated assistant.",
    "es": "Está hablando con un asistente automático.",
    "fr": "Vous échangez avec un assistant automatique.",
    "de": "Sie schreiben mit einem automatischen Assistenten.",
}


def _brought_together(
    item: str, base: Files, draft: Draft, mine: ContentData
) -> tuple[dict[str, str], ContentData, list[str]]:
    assert draft.files is not None
    if base == draft.files:
        return write_data(item, mine, draft.files), mine, []
    write_data(item, mine)  # what is refused is refused, whatever others saved
    found = merge(read_data(item, base), read_data(item, draft.files), mine)
    if found.clashes:
        raise DraftConflict(draft, found.clashes)
    return write_data(item, found.data, draft.files), found.data, [str(part) for part in found.theirs]


async def _live_files(session: AsyncSession, item: str) -> Files | None:
    live = await find_live(session)
    if item not in live.contents:
        return None
    return await get_files(session, item, live.contents[item])


async def _revision_files(session: AsyncSession, item: str, revision: int) -> Files | None:
    row = (await session.execute(_of_revision(item, revision))).one_or_none()
    return None if row is None else row.files


def _of_revision(item: str, revision: int) -> Any:
    return select(ContentRevision.files).where(ContentRevision.item == item, ContentRevision.revision == revision)
