"""The endpoints of merges and identities. What they mean is crm's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.merges import shapes
from admin.snapshot import snapshot
from base.database import repeat_on_deadlock, transaction
from base.errors import Conflict, NotFound
from bot.models import Conversation
from crm.contacts.external_ids import (
    find_contact_by_id,
    list_external_ids,
    remove_external_id,
    set_external_id,
)
from crm.contacts.merge_records import Recorded, list_merges, tell
from crm.contacts.merging import merge_contacts, preview_merge
from crm.contacts.models import ContactMerge, ContactPoint
from crm.contacts.number_challenges import list_challenged, settle_challenge
from crm.contacts.service import get_contact, read_points
from crm.contacts.unmerging import unmerge
from outreach.confirmed import release_number

_MOST_TALKS = 500
Result = TypeVar("Result")


@endpoint(
    "GET",
    "/api/v1/merges",
    permission="contacts.read",
    summary="Contacts that turned out to be one, the latest first",
    problems={400: "The cursor is not one of ours"},
)
async def list_contact_merges(call: Call, query: shapes.MergeQuery) -> shapes.MergePage:
    after = Cursor.decode(query.cursor) if query.cursor else None
    async with snapshot(call.context.sessions) as session:
        found = await list_merges(
            session,
            contact_id=query.contact,
            after=(after.at, after.id) if after else None,
            limit=query.limit + 1,
        )
    shown = found[: query.limit]
    last = shown[-1].merge if len(found) > query.limit else None
    return shapes.MergePage(
        items=[_show(one) for one in shown],
        next_cursor=Cursor(last.merged_at, last.id).encode() if last else None,
    )


@endpoint(
    "GET",
    "/api/v1/contacts/{id}/merge-preview",
    permission="contacts.read",
    summary="What merging another contact into this one would do",
)
async def preview_contact_merge(call: Call, query: shapes.MergePreviewQuery) -> shapes.MergePreview:
    async with snapshot(call.context.sessions) as session:
        preview = await preview_merge(session, call.ids["id"], query.merged_id)
    return shapes.MergePreview(
        conflicts={
            name: shapes.FieldConflict(survivor=survivor, merged=merged)
            for name, (survivor, merged) in preview.conflicts.items()
        },
        rows=dict(preview.rows),
        **preview.becomes,
    )


@endpoint(
    "POST",
    "/api/v1/contacts/{id}/merge",
    permission="contacts.write",
    summary="Merge another contact into this one; it can be undone",
)
async def merge_contact(call: Call, body: shapes.NewMerge) -> shapes.Merge:
    context = call.context

    async def run(session: AsyncSession) -> Recorded:
        merge_id = await merge_contacts(
            session,
            call.ids["id"],
            body.merged_id,
            _user(call),
            context.clock.now(),
            take=body.take,
            keys=context.keys,
        )
        merge = await session.get_one(ContactMerge, merge_id)
        await record(session, call, "merge_contact", "contact", merge.survivor_id, None, body)
        (recorded,) = await tell(session, [merge])
        return recorded

    return _show(await _change(call, run))


@endpoint(
    "POST",
    "/api/v1/merges/{id}/unmerge",
    permission="contacts.write",
    summary="Make them two contacts again",
    problems={409: "It was undone already, or the contact was merged again since: undo that first"},
)
async def unmerge_contacts(call: Call) -> shapes.Merge:
    async def run(session: AsyncSession) -> Recorded:
        merge = await unmerge(session, call.ids["id"], _user(call), call.context.clock.now())
        before, after = {"merged": str(merge.merged_id), "into": str(merge.survivor_id)}, None
        await record(session, call, "unmerge_contacts", "merge", merge.id, before, after, contact_id=merge.survivor_id)
        return Recorded(merge, {})

    return _show(await _change(call, run))


@endpoint(
    "GET", "/api/v1/contacts/{id}/identities", permission="contacts.read", summary="All by which a contact is known"
)
async def get_identities(call: Call) -> shapes.Identities:
    async with snapshot(call.context.sessions) as session:
        return await _read_identities(session, call, call.ids["id"])


@endpoint(
    "POST",
    "/api/v1/contacts/{id}/external-ids",
    permission="contacts.write",
    summary="Say what another system knows the contact as",
    problems={409: "Another contact has it"},
)
async def set_contact_external_id(call: Call, body: shapes.NewExternalId) -> shapes.Identities:
    context = call.context

    async def run(session: AsyncSession) -> shapes.Identities:
        holder = await set_external_id(
            session,
            context.keys,
            call.ids["id"],
            source=body.source,
            value=body.value,
            verified=body.verified,
            merge_same=body.merge_same,
            by=_user(call),
            now=context.clock.now(),
        )
        # Not what it is: that may be an address.
        after = {"source": body.source, "verified": body.verified}
        await record(session, call, "set_contact_external_id", "contact", holder, None, after)
        return await _read_identities(session, call, holder)

    return await _change(call, run)


@endpoint(
    "DELETE",
    "/api/v1/external-ids/{id}",
    permission="contacts.write",
    summary="Take away what another system knows a contact as",
    status=204,
)
async def remove_contact_external_id(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        await remove_external_id(session, call.ids["id"])


@endpoint(
    "POST",
    "/api/v1/contact-addresses/{id}/let-through",
    permission="contacts.write",
    summary="Let messages go to a number without its browser's work, as a colleague knows whose it is",
    problems={409: "This address waits for nothing"},
)
async def let_number_through(call: Call) -> shapes.Identities:
    context = call.context

    async def run(session: AsyncSession) -> shapes.Identities:
        now = context.clock.now()
        settled = await settle_challenge(session, context.keys, call.ids["id"], conversation_id=None, now=now)
        if settled is None:
            if await session.get(ContactPoint, call.ids["id"]) is None:
                raise NotFound("There is no such address.")
            raise Conflict("This address waits for nothing (any more).")
        contact_id, _ = settled
        await release_number(session, contact_id, now)
        await record(session, call, "let_number_through", "contact", contact_id, None, {"address": str(call.ids["id"])})
        return await _read_identities(session, call, contact_id)

    known = await _change(call, run)
    await context.replies.settled()
    return known


@endpoint(
    "GET",
    "/api/v1/identities",
    permission="contacts.read",
    summary="The contact that another system knows as this",
    problems={404: "No contact is known as this"},
)
async def find_identity(call: Call, query: shapes.IdentityQuery) -> shapes.Identities:
    async with snapshot(call.context.sessions) as session:
        contact_id = await find_contact_by_id(session, call.context.keys, query.source, query.value)
        if contact_id is None:
            raise NotFound("No contact is known as this.")
        return await _read_identities(session, call, contact_id)


async def _read_identities(session: AsyncSession, call: Call, contact_id: UUID) -> shapes.Identities:
    keys = call.context.keys
    await get_contact(session, contact_id)
    points = (
        await session.scalars(
            select(ContactPoint).where(ContactPoint.contact_id == contact_id).order_by(ContactPoint.id)
        )
    ).all()
    values = await read_points(session, keys, [point.id for point in points])
    waiting = await list_challenged(session, contact_id)
    talks = await session.scalars(
        select(Conversation.id)
        .where(Conversation.contact_id == contact_id, Conversation.channel == "web")
        .order_by(Conversation.id.desc())
        .limit(_MOST_TALKS)
    )
    return shapes.Identities(
        contact_id=contact_id,
        addresses=[
            shapes.Address(
                id=point.id,
                kind=point.kind,
                value=values[point.id],
                verified_at=point.verified_at,
                waits_since=waiting.get(point.id),
            )
            for point in points
        ],
        external_ids=[
            shapes.ExternalId(id=one.id, source=one.source, value=one.value, verified_at=one.verified_at)
            for one in await list_external_ids(session, keys, contact_id)
        ],
        web_talks=list(talks),
    )


async def _change(call: Call, work: Callable[[AsyncSession], Awaitable[Result]]) -> Result:
    async def once() -> Result:
        async with transaction(call.context.sessions) as session:
            return await work(session)

    return await repeat_on_deadlock(once)


def _show(recorded: Recorded) -> shapes.Merge:
    merge = recorded.merge
    return shapes.Merge(
        id=merge.id,
        survivor_id=merge.survivor_id,
        merged_id=merge.merged_id,
        reason=merge.reason,
        merged_by=merge.merged_by,
        merged_at=merge.merged_at,
        undone_by=merge.undone_by,
        undone_at=merge.undone_at,
        kept=dict(recorded.kept),
    )


def _user(call: Call) -> str:
    return f"user:{call.user.id}"


ENDPOINTS = (
    list_contact_merges,
    preview_contact_merge,
    merge_contact,
    unmerge_contacts,
    get_identities,
    set_contact_external_id,
    remove_contact_external_id,
    let_number_through,
    find_identity,
)
