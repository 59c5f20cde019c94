"""The endpoints of reading and editing flows and journeys."""

from __future__ import annotations

import asyncio
import json
from functools import cache

from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.flows import queries
from admin.flows.people import name_writers, names_of
from admin.flows.shapes import (
    BeginWish,
    DiffQuery,
    FlowDiff,
    FlowDocument,
    FlowHistory,
    FlowList,
    FlowNames,
    FlowNote,
    FlowNoteChange,
    FlowNoteWish,
    FlowProblems,
    ItemQuery,
    ProblemsQuery,
    RestoreWish,
    SavedDraft,
    SaveWish,
    StateQuery,
    StepKind,
    StepKinds,
    StepsMoved,
)
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import InvalidInput, NotFound
from bot.publishing.contents import find_live
from bot.publishing.drafts import discard_draft, find_draft, save_draft
from bot.publishing.editing import (
    DraftConflict,
    Saved,
    begin_draft,
    copied_files,
    first_files,
    get_state,
    restore_state,
    save_data,
)
from bot.publishing.faults import place
from bot.publishing.notes import add_note, change_note, move_steps, remove_note
from flows.content_data import ContentData, kind_of
from flows.step_kinds import StepKind as Kind
from flows.step_kinds import read_schemas

MAX_CONTENT = 4_000_000
"""Bytes of a flow with all its wording, as it is sent."""
_NO_ITEM = "There is no such flow, journey or state"
_NOT_EDITABLE = "A file of it cannot be read as data"


@endpoint(
    "GET",
    "/api/v1/flows",
    permission="flows.read",
    summary="All flows and journeys: what is live, what is drafted, how many problems, who changed them last",
)
async def list_flows(call: Call) -> FlowList:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_flows(session, await call.context.flows.checks.look(session))


@endpoint(
    "GET",
    "/api/v1/flows/content",
    permission="flows.read",
    summary="One state of a flow or journey as data, with where its steps stand and what colleagues remarked",
    problems={404: _NO_ITEM, 409: _NOT_EDITABLE},
)
async def get_flow(call: Call, query: StateQuery) -> FlowDocument:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_document(session, query.item, query.state)


@endpoint(
    "GET",
    "/api/v1/flows/step-kinds",
    permission="flows.read",
    summary="Every kind of step with its JSON Schema, and the schemas of settings and wording",
)
async def list_step_kinds(_call: Call) -> StepKinds:
    return await asyncio.to_thread(_step_kinds)


@cache
def _step_kinds() -> StepKinds:
    """Put together when it is first asked for, or before, as a process begins."""
    found = read_schemas()
    return StepKinds(
        flow=[_kind(kind) for kind in found.flow],
        journey=[_kind(kind) for kind in found.journey],
        flow_settings=found.flow_settings,
        journey_settings=found.journey_settings,
        flow_wording=found.flow_wording,
        journey_wording=found.journey_wording,
        definitions=found.definitions,
    )


@endpoint("GET", "/api/v1/flows/names", permission="flows.read", summary="What steps may name")
async def list_flow_names(call: Call) -> FlowNames:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_names(session, await call.context.flows.checks.look(session))


@endpoint(
    "POST",
    "/api/v1/flows/drafts",
    permission="flows.write",
    summary="Begins a draft: of what is live, as a copy, or a new one; gives the draft there is, when there is one",
    status=201,
    problems={404: "There is nothing of this name, nor of the one to copy", 409: "There is one of this name already"},
)
async def begin_flow_draft(call: Call, body: BeginWish) -> FlowDocument:
    context = call.context
    async with transaction(context.sessions) as session:
        fresh = None
        if body.copy_of is not None:
            _check_kind(body.item, body.copy_of)
            source = await get_state(session, body.copy_of, None)
            fresh = copied_files(body.item, source.data or ContentData(), body.title)
        elif body.title is not None:
            fresh = first_files(body.item, body.title, body.language)
        draft = await begin_draft(session, body.item, fresh, author=f"user:{call.user.id}", now=context.clock.now())
        await record(session, call, "begin_draft", "flow", body.item, after={"revision": draft.revision})
    async with snapshot(context.sessions) as session:
        return await queries.read_document(session, body.item, "draft")


@endpoint(
    "PUT",
    "/api/v1/flows/drafts",
    permission="flows.write",
    summary="Saves a draft; what others saved since the revision in If-Match is brought together with it, part by part",
    problems={
        409: "Others changed the same parts (`conflicts`), or the draft is gone or too old to be merged with",
        422: "It cannot be written as content",
    },
    max_body=MAX_CONTENT,
    edits=True,
)
async def save_flow_draft(call: Call, body: SaveWish) -> SavedDraft:
    context = call.context
    async with transaction(context.sessions) as session:
        try:
            saved = await save_data(
                session, body.item, queries.as_data(body.content),
                author=f"user:{call.user.id}", revision=call.version, now=context.clock.now(),
            )  # fmt: skip
        except DraftConflict as conflict:
            await name_writers(session, conflict)
            raise
        await _record_saved(session, call, "save_draft", body.item, saved)
    return _saved(body.item, saved)


@endpoint(
    "POST",
    "/api/v1/flows/drafts/restore",
    permission="flows.write",
    summary="Has a draft be as an earlier state: a published version, or a saved state of the draft",
    problems={404: _NO_ITEM, 409: f"The draft is another by now; or: {_NOT_EDITABLE}"},
    edits=True,
)
async def restore_flow_draft(call: Call, body: RestoreWish) -> SavedDraft:
    context = call.context
    async with transaction(context.sessions) as session:
        saved = await restore_state(
            session, body.item, body.state,
            author=f"user:{call.user.id}", revision=call.version, now=context.clock.now(),
        )  # fmt: skip
        await _record_saved(session, call, "restore_draft", body.item, saved)
    return _saved(body.item, saved)


@endpoint(
    "POST",
    "/api/v1/flows/drafts/remove",
    permission="flows.write",
    summary="Has the draft take the flow or journey away when it is published",
    status=204,
    problems={409: "The draft is another by now, or gone"},
    edits=True,
)
async def remove_flow(call: Call, body: ItemQuery) -> None:
    context = call.context
    async with transaction(context.sessions) as session:
        revision = await save_draft(
            session, body.item, None, author=f"user:{call.user.id}", revision=call.version, now=context.clock.now()
        )
        await record(session, call, "remove_flow", "flow", body.item, after={"revision": revision})


@endpoint(
    "POST",
    "/api/v1/flows/drafts/discard",
    permission="flows.write",
    summary="Throws a draft away; its saved states stay for a while",
    status=204,
    problems={404: "There is no draft", 409: "The draft is another by now"},
    edits=True,
)
async def discard_flow_draft(call: Call, body: ItemQuery) -> None:
    async with transaction(call.context.sessions) as session:
        await discard_draft(session, body.item, revision=call.version)
        await record(session, call, "discard_draft", "flow", body.item, before={"revision": call.version})


@endpoint(
    "PUT",
    "/api/v1/flows/layout",
    permission="flows.write",
    summary="Keeps where steps stand on the canvas, beside the content",
    status=204,
    problems={404: "There is no such flow or journey"},
)
async def move_flow_steps(call: Call, body: StepsMoved) -> None:
    positions = {step: place and place.model_dump() for step, place in body.positions.items()}
    async with transaction(call.context.sessions) as session:
        await _check_there(session, body.item)
        await move_steps(session, body.item, json.dumps(positions))


@endpoint(
    "POST",
    "/api/v1/flows/notes",
    permission="flows.write",
    summary="Adds a comment on a step, or on the whole",
    status=201,
    problems={404: "There is no such flow or journey"},
)
async def add_flow_note(call: Call, body: FlowNoteWish) -> FlowNote:
    context, author = call.context, f"user:{call.user.id}"
    async with transaction(context.sessions) as session:
        await _check_there(session, body.item)
        note = await add_note(session, body.item, body.step, body.text, author, context.clock.now())
        await record(session, call, "add_note", "flow", body.item, after={"step": body.step, "text": body.text})
        return queries.as_note(note, await names_of(session, [author]))


@endpoint(
    "PATCH",
    "/api/v1/flows/notes/{id}",
    permission="flows.write",
    summary="Changes a comment, or says that it is dealt with",
    problems={404: "There is no such comment"},
)
async def change_flow_note(call: Call, body: FlowNoteChange) -> FlowNote:
    context = call.context
    async with transaction(context.sessions) as session:
        note = await change_note(session, call.ids["id"], said=body.text, done=body.done, now=context.clock.now())
        await record(session, call, "change_note", "flow", note.item, after={"text": note.text, "done": body.done})
        return queries.as_note(note, await names_of(session, [note.author]))


@endpoint(
    "DELETE",
    "/api/v1/flows/notes/{id}",
    permission="flows.write",
    summary="Takes a comment away",
    status=204,
    problems={404: "There is no such comment"},
)
async def remove_flow_note(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        note = await remove_note(session, call.ids["id"])
        await record(session, call, "remove_note", "flow", note.item, before={"text": note.text})


@endpoint(
    "GET",
    "/api/v1/flows/history",
    permission="flows.read",
    summary="The published versions of a flow or journey, and the saved states of its drafts",
    problems={404: "There was never such a flow or journey"},
)
async def get_flow_history(call: Call, query: ItemQuery) -> FlowHistory:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_history(session, query.item)


@endpoint(
    "GET",
    "/api/v1/flows/diff",
    permission="flows.read",
    summary="What differs between two states of a flow or journey, step by step and field by field",
    problems={404: _NO_ITEM, 409: _NOT_EDITABLE},
)
async def diff_flow(call: Call, query: DiffQuery) -> FlowDiff:
    async with snapshot(call.context.sessions) as session:
        return await queries.read_diff(session, query.item, query.before, query.after)


@endpoint(
    "GET",
    "/api/v1/flows/problems",
    permission="flows.read",
    summary="What the checker says of what would be live if every draft were published",
)
async def list_flow_problems(call: Call, query: ProblemsQuery) -> FlowProblems:
    async with snapshot(call.context.sessions) as session:
        checked = await call.context.flows.checks.look(session)
    placed = (place(fault) for fault in checked.looked.faults)
    wanted = [fault.as_json() for fault in placed if query.item in {None, fault.item}]
    return FlowProblems(items=[queries.as_problem(fault, call.language) for fault in wanted])


async def _record_saved(session: AsyncSession, call: Call, action: str, item: str, saved: Saved) -> None:
    if saved.revision != call.version or saved.merged:
        await record(
            session, call, action, "flow", item,
            before={"revision": call.version}, after={"revision": saved.revision, "merged": saved.merged},
        )  # fmt: skip


async def _check_there(session: AsyncSession, item: str) -> None:
    if item not in (await find_live(session)).contents and await find_draft(session, item) is None:
        raise NotFound(f"There is no {item}.")


def _check_kind(item: str, copied: str) -> None:
    if kind_of(item) != kind_of(copied):
        raise InvalidInput(f"{item} cannot be a copy of {copied}: one is a flow, the other is none.")


def _saved(item: str, saved: Saved) -> SavedDraft:
    return SavedDraft(version=saved.revision, item=item, content=queries.as_content(saved.data), merged=saved.merged)


def _kind(kind: Kind) -> StepKind:
    return StepKind(
        kind=kind.kind,
        title=kind.title,
        description=kind.description,
        group=kind.group,
        schema_=kind.schema,
        says=kind.says,
        wording=list(kind.wording),
        leads=list(kind.leads),
        falls_through=kind.falls_through,
        ends=kind.ends,
        enters=kind.enters,
        example=kind.example,
    )


ENDPOINTS = (
    list_flows,
    get_flow,
    list_step_kinds,
    list_flow_names,
    begin_flow_draft,
    save_flow_draft,
    restore_flow_draft,
    remove_flow,
    discard_flow_draft,
    move_flow_steps,
    add_flow_note,
    change_flow_note,
    remove_flow_note,
    get_flow_history,
    diff_flow,
    list_flow_problems,
)
