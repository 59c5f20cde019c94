"""Reads flows and journeys for the API, at one moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.languages import sentence_in_words
from admin.flows.people import names_of
from admin.flows.shapes import (
    DraftMark,
    FieldChange,
    FlowContent,
    FlowDiff,
    FlowDocument,
    FlowHistory,
    FlowList,
    FlowNames,
    FlowNote,
    FlowProblem,
    FlowRow,
    NamedChoice,
    PartChange,
    PublishedVersion,
    SavedRevision,
    StepPosition,
)
from base.errors import NotFound
from bot.connectors.models import Connector
from bot.publishing.changes_in_words import describe_changes
from bot.publishing.checking import LookedAt
from bot.publishing.contents import find_live
from bot.publishing.draft_checks import CheckedDrafts
from bot.publishing.drafts import Draft, Item
from bot.publishing.editing import get_state, get_state_files, list_revisions
from bot.publishing.faults import place
from bot.publishing.models import ContentNote, ContentVersion
from bot.publishing.notes import list_notes, read_layout
from bot.publishing.part_changes import compare
from bot.publishing.versions import history
from crm.meetings.models import Calendar
from flows.content_data import ContentData, kind_of, read_data
from flows.parts import OUTCOMES
from flows.wording_models import PATTERNS as PATTERN_NAMES

CHANNELS = ["web", "email", "sms", "telegram", "voice"]
_FAULTS = Path(__file__).with_name("faults.yml")


async def read_flows(session: AsyncSession, checked: CheckedDrafts) -> FlowList:
    """All flows and journeys, and what every flow says."""
    items = [one for one in checked.items if _is_edited(one.item)]
    versions = await _read_versions(session, {one.item: one.live for one in items if one.live is not None})
    names = await names_of(
        session,
        [*(author for author, _ in versions.values()), *(one.draft.author for one in items if one.draft is not None)],
    )
    faults = Counter(place(fault).item for fault in checked.looked.faults)
    return FlowList(items=[_row(one, checked.looked, versions.get(one.item), names, faults[one.item]) for one in items])


async def read_document(session: AsyncSession, item: str, state: str | None) -> FlowDocument:
    """One state of an item, with what stands beside it.

    Raises:
        NotFound: there is no such item or state.
        NotEditable: a file of it cannot be read as data.
    """
    found = await get_state(session, item, state)
    notes = await list_notes(session, item)
    names = await names_of(session, [found.draft.author if found.draft else None, *(note.author for note in notes)])
    layout = await read_layout(session, item)
    return FlowDocument(
        version=found.draft.revision if found.draft else 0,
        item=item,
        kind=kind_of(item),
        state=found.name,
        live=found.live,
        draft=_mark(found.draft, found.live, names),
        content=None if found.data is None else as_content(found.data),
        layout={step: StepPosition.model_validate(at) for step, at in layout.items()},
        notes=[as_note(note, names) for note in notes],
    )


async def read_history(session: AsyncSession, item: str) -> FlowHistory:
    """The published versions and saved states of an item.

    Raises:
        NotFound: there was never such an item.
    """
    revisions = await list_revisions(session, item)
    try:
        versions = await history(session, item)
    except NotFound:
        if not revisions:
            raise
        versions = []
    names = await names_of(session, [*(one.author for one in versions), *(one.author for one in revisions)])
    return FlowHistory(
        versions=[
            PublishedVersion(
                state=f"v{one.number}",
                number=one.number,
                by=names.get(one.author, ""),
                at=one.created_at,
                note=one.note,
                publications=list(one.publications),
                live=one.live,
            )
            for one in versions
        ],
        revisions=[
            SavedRevision(
                state=f"r{one.revision}", revision=one.revision, by=names.get(one.author, ""), at=one.saved_at
            )
            for one in revisions
        ],
    )


async def read_diff(session: AsyncSession, item: str, before: str, after: str) -> FlowDiff:
    """What differs between two states; nothing stands for an item that is not live.

    Raises:
        NotFound: there is no such state.
        NotEditable: a file of one cannot be read as data.
    """
    live = (await find_live(session)).contents
    old, new = [
        None if state == "live" and item not in live else await get_state_files(session, item, state)
        for state in (before, after)
    ]
    data = [ContentData() if files is None else await asyncio.to_thread(read_data, item, files) for files in (old, new)]
    changes = compare(*data)
    return FlowDiff(
        item=item,
        before=before,
        after=after,
        parts=[
            PartChange.model_validate(
                {
                    "part": one.part.kind,
                    "name": one.part.name,
                    "language": one.part.language,
                    "change": one.change,
                    "fields": [FieldChange(field=f.field, before=f.before, after=f.after) for f in one.fields],
                }
            )
            for one in changes
        ],
        words=describe_changes(item, old, new),
    )


async def read_names(session: AsyncSession, checked: CheckedDrafts) -> FlowNames:
    """What steps may name."""
    content = checked.looked.content
    library, outside = content.library, content.outside
    return FlowNames(
        flows=[NamedChoice(name=name, title=folder.model.name) for name, folder in content.flows.items()],
        journeys=[NamedChoice(name=name, title=folder.model.name) for name, folder in content.journeys.items()],
        outcomes=[NamedChoice(name=name, title=meaning) for name, meaning in _outcomes(content.flows.values())],
        intents=sorted(content.intents or ()),
        teams=sorted(library.teams) if library else [],
        segments=sorted(outside.segments or ()),
        events=sorted(outside.kinds or ()),
        scores=sorted({"total", *(outside.scores or ())}),
        connectors=sorted(await session.scalars(select(Connector.name))),
        calendars=sorted(await session.scalars(select(Calendar.name).where(Calendar.removed_at.is_(None)))),
        languages=sorted(content.patterns),
        channels=CHANNELS,
        patterns=list(PATTERN_NAMES),
        default_language=content.default_language,
        entry_flow=library.entry_flow if library else "",
    )


def as_content(data: ContentData) -> FlowContent:
    """Data as the API has it."""
    return FlowContent(
        settings=dict(data.settings),
        steps=[dict(step) for step in data.steps],
        wording={language: dict(words) for language, words in data.wording.items()},
        tests=None if data.tests is None else list(data.tests),
    )


def as_data(content: FlowContent) -> ContentData:
    """The same the other way."""
    return ContentData(content.settings, content.steps, content.wording, content.tests)


def as_note(note: ContentNote, names: Mapping[str | None, str]) -> FlowNote:
    """A comment as the API has it."""
    return FlowNote(
        id=note.id,
        step=note.step,
        text=note.text,
        by=names.get(note.author, ""),
        at=note.created_at,
        done=note.done_at is not None,
    )


def as_problem(fault: Mapping[str, Any], language: str) -> FlowProblem:
    """A fault as the API has it, in a language."""
    told = {name: sentence_in_words(fault[name], language, _FAULTS) for name in ("problem", "remedy")}
    return FlowProblem.model_validate({**fault, **told})


def _is_edited(item: str) -> bool:
    """Whether it is a flow or journey, or what every flow says; articles and examples have pages of their own."""
    return "/" in item


def _row(
    one: Item,
    looked: LookedAt,
    version: tuple[str, datetime] | None,
    names: Mapping[str | None, str],
    problems: int,
) -> FlowRow:
    kind, name = kind_of(one.item), one.item.partition("/")[2]
    model: Any = None
    if kind == "flow" and name in looked.content.flows:
        model = looked.content.flows[name].model
    elif kind == "journey" and name in looked.content.journeys:
        model = looked.content.journeys[name].model
    author, at = (one.draft.author, one.draft.updated_at) if one.draft else (version or (None, None))
    return FlowRow(
        item=one.item,
        kind=kind,
        name=name,
        title=model.name if model else name,
        description=model.description if model else "",
        steps=len(model.steps) if model else 0,
        live=one.live,
        draft=_mark(one.draft, one.live, names),
        problems=problems,
        changed_at=at,
        changed_by=None if author is None else names.get(author, ""),
    )


def _mark(draft: Draft | None, live: int | None, names: Mapping[str | None, str]) -> DraftMark | None:
    if draft is None:
        return None
    return DraftMark(
        revision=draft.revision,
        by=names.get(draft.author, ""),
        at=draft.updated_at,
        outdated=draft.based_on != live,
        removes=draft.files is None,
    )


async def _read_versions(session: AsyncSession, live: Mapping[str, int]) -> dict[str, tuple[str, datetime]]:
    if not live:
        return {}
    wanted = tuple_(ContentVersion.item, ContentVersion.number).in_(list(live.items()))
    shown = (ContentVersion.item, ContentVersion.author, ContentVersion.created_at)
    return {row[0]: (row[1], row[2]) for row in await session.execute(select(*shown).where(wanted))}


def _outcomes(flows: Iterable[Any]) -> list[tuple[str, str]]:
    own = {name: meaning for folder in flows for name, meaning in folder.model.outcomes.items()}
    return list({**own, **OUTCOMES}.items())
