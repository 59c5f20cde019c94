"""The endpoints of bulk operations. The work is a worker's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, exists
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.api.endpoints import Call, NotPermitted, endpoint
from admin.api.files import Download
from admin.api.permissions import Granted
from admin.audit.service import record
from admin.bulk import service
from admin.bulk.models import BulkContact, BulkState, Operation
from admin.bulk.models import BulkOperation as Row
from admin.bulk.reasons import reason_in_words
from admin.bulk.shapes import (
    BulkCount,
    BulkCountWish,
    BulkOperation,
    BulkPage,
    BulkQuery,
    BulkReason,
    BulkSelection,
    BulkWish,
    StoppedContact,
    StoppedPage,
    StoppedQuery,
)
from admin.inbox.people import read_names
from admin.leads.filters import conditions_of
from admin.leads.names import name_from
from admin.segments.meanings import learn
from admin.snapshot import snapshot
from base.database import transaction
from crm.contacts.models import Contact
from crm.imports.exporting import export_csv
from crm.scoring.books import read_book
from crm.segments.counting import those_of
from crm.segments.service import check_references

_PERMISSIONS: Mapping[Operation, Granted] = {
    "add_tag": "contacts.write",
    "remove_tag": "contacts.write",
    "set_stage": "contacts.write",
    "set_owner": "contacts.write",
    "enrol": "journeys.write",
    "export": "contacts.export",
    "erase": "privacy.carry_out",
}


@endpoint(
    "POST",
    "/api/v1/contacts/bulk",
    permission="contacts.read",
    summary="Do something to many contacts: who is meant is fixed now, a worker does it. What is done is permitted as "
    "it is for one contact",
    status=202,
    problems={
        404: "There is no such segment",
        409: "Nobody is selected, or not as many as were to be erased, or nobody can be put into this journey now",
        503: "No dialogue process could say what a text in the rule means",
    },
)
async def start_bulk_operation(call: Call, body: BulkWish) -> BulkOperation:
    context, now = call.context, call.context.clock.now()
    _check_permitted(call, body.operation)
    if body.selection.tree is not None:
        await learn(call, body.selection.tree)
    async with transaction(context.sessions) as session:
        await service.check_value(session, body.operation, body.value)
        meant, selection = await _meant(call, session, body.selection)
        row = await service.start(
            session, meant, operation=body.operation, value=body.value, selection=selection, made_by=call.user.id,
            made_by_token=call.user.token_id, now=now, expected=body.contacts,
        )  # fmt: skip
        told = {"operation": row.operation, "value": row.value, "selection": selection, "contacts": row.total}
        await record(session, call, "start_bulk_operation", "bulk_operation", row.id, None, told)
        shown = await _show_one(call, session, row)
    await context.wake_bulk()
    return shown


@endpoint(
    "POST",
    "/api/v1/contacts/bulk/count",
    permission="contacts.read",
    summary="How many contacts would be meant now",
    problems={
        404: "There is no such segment",
        503: "No dialogue process could say what a text in the rule means",
    },
    leaves_trail=False,
)
async def count_bulk_selection(call: Call, body: BulkCountWish) -> BulkCount:
    if body.selection.tree is not None:
        await learn(call, body.selection.tree)
    async with snapshot(call.context.sessions) as session:
        meant, _ = await _meant(call, session, body.selection)
        return BulkCount(contacts=await service.count_meant(session, meant))


@endpoint(
    "GET",
    "/api/v1/contacts/bulk",
    permission="contacts.read",
    summary="Bulk operations, the latest first, and how far each is",
    problems={400: "The cursor is not one of ours"},
)
async def list_bulk_operations(call: Call, query: BulkQuery) -> BulkPage:
    after = Cursor.decode(query.cursor) if query.cursor else None
    async with snapshot(call.context.sessions) as session:
        rows = await service.list_operations(
            session, after=(after.at, after.id) if after else None, is_open=query.open, limit=query.limit + 1
        )
        shown = rows[: query.limit]
        last = shown[-1] if len(rows) > query.limit else None
        return BulkPage(
            items=await _show(session, shown, call.language),
            next_cursor=Cursor(last.made_at, last.id).encode() if last else None,
        )


@endpoint(
    "GET", "/api/v1/contacts/bulk/{id}", permission="contacts.read", summary="One bulk operation, and how far it is"
)
async def get_bulk_operation(call: Call) -> BulkOperation:
    async with snapshot(call.context.sessions) as session:
        return await _show_one(call, session, await service.get_operation(session, call.ids["id"]))


@endpoint(
    "POST",
    "/api/v1/contacts/bulk/{id}/cancel",
    permission="contacts.read",
    summary="Stop a bulk operation; what is done stays. Permitted to whom the operation is",
    problems={409: "It is over"},
)
async def cancel_bulk_operation(call: Call) -> BulkOperation:
    async with transaction(call.context.sessions) as session:
        known = await service.get_operation(session, call.ids["id"])
        _check_permitted(call, cast("Operation", known.operation))
        row = await service.cancel(session, known.id, call.context.clock.now())
        told = {"done": row.done, "changed": row.changed, "contacts": row.total}
        await record(session, call, "cancel_bulk_operation", "bulk_operation", row.id, None, told)
        return await _show_one(call, session, row)


@endpoint(
    "GET",
    "/api/v1/contacts/bulk/{id}/stopped",
    permission="contacts.read",
    summary="The contacts that a bulk operation left as they were, each with the reason",
)
async def list_stopped_contacts(call: Call, query: StoppedQuery) -> StoppedPage:
    async with snapshot(call.context.sessions) as session:
        await service.get_operation(session, call.ids["id"])
        rows = await service.list_stopped(session, call.ids["id"], after=query.after, limit=query.limit + 1)
    shown = rows[: query.limit]
    return StoppedPage(
        items=[
            StoppedContact(
                contact_id=contact.id,
                name=name_from(contact.fields),
                rule=str(one.reason),
                text=reason_in_words(str(one.reason), call.language),
            )
            for one, contact in shown
        ],
        after=shown[-1][1].id if len(rows) > query.limit else None,
    )


@endpoint(
    "GET",
    "/api/v1/contacts/bulk/{id}/file",
    permission="contacts.export",
    summary="The contacts of an export that is done, as CSV; they are written as they stand now",
    gives=("text/csv",),
    problems={409: "It is not done yet, or it is no export"},
)
async def download_bulk_export(call: Call) -> Download:
    async with snapshot(call.context.sessions) as session:
        row = await service.get_operation(session, call.ids["id"])
    if row.operation != "export" or row.state != "done":
        raise service.BulkEnded("Only an export that is done has a file: look at the operation again.")
    meant = exists().where(
        BulkContact.operation_id == row.id, BulkContact.contact_id == Contact.id, BulkContact.reason.is_(None)
    )

    async def pieces() -> AsyncGenerator[str]:
        async with snapshot(call.context.sessions) as session:
            async for piece in export_csv(session, call.context.keys, [meant]):
                yield piece

    return Download("text/csv", "contacts.csv", pieces())


def _check_permitted(call: Call, operation: Operation) -> None:
    needed = _PERMISSIONS[operation]
    if needed not in call.user.permissions:
        raise NotPermitted(f"What you are allowed does not hold {needed}: ask an owner of this site.")


async def _meant(call: Call, session: AsyncSession, wanted: BulkSelection) -> tuple[Select[Any], dict[str, Any]]:
    """Who is meant, and what is kept of how they were found: not what was searched for, which may be an address."""
    if wanted.ids is not None:
        return service.meant_by_ids(wanted.ids), {"by": "ids"}
    if wanted.segment is not None:
        return await service.meant_by_segment(session, wanted.segment), {
            "by": "segment",
            "segment": str(wanted.segment),
        }
    if wanted.tree is not None:
        await check_references(session, wanted.tree)
        tree = wanted.tree.model_dump(mode="json", exclude_unset=True)
        return those_of(wanted.tree, call.context.clock.now()), {"by": "tree", "tree": tree}
    assert wanted.filter is not None  # the shape checks it
    bands = (await read_book(session)).book.bands
    conditions = conditions_of(call.context.keys, wanted.filter, bands)
    kept = wanted.filter.model_dump(mode="json", exclude_none=True, exclude={"q"})
    return service.meant_by_conditions(conditions), {"by": "filter", "searched": wanted.filter.q is not None, **kept}


async def _show_one(call: Call, session: AsyncSession, row: Row) -> BulkOperation:
    return (await _show(session, [row], call.language))[0]


async def _show(session: AsyncSession, rows: Sequence[Row], language: str) -> list[BulkOperation]:
    reasons = await service.count_reasons(session, [row.id for row in rows])
    owners = {UUID(row.value) for row in rows if row.operation == "set_owner" and row.value}
    wanted = {*(row.made_by for row in rows), *owners}
    names = {str(user_id): name for user_id, name in (await read_names(session, wanted)).items()}
    return [
        BulkOperation(
            id=row.id,
            operation=cast("Operation", row.operation),  # held to these by the table's check constraints
            value=row.value,
            owner_name=names.get(str(row.value)),
            state=cast("BulkState", row.state),
            total=row.total,
            done=row.done,
            changed=row.changed,
            stopped=row.stopped,
            gone=row.gone,
            reasons=[
                BulkReason(rule=rule, text=reason_in_words(rule, language), contacts=number)
                for rule, number in reasons.get(row.id, {}).items()
            ],
            problem=row.problem,
            made_by=names.get(str(row.made_by)),
            made_at=row.made_at,
            finished_at=row.finished_at,
        )
        for row in rows
    ]


ENDPOINTS = (
    start_bulk_operation,
    count_bulk_selection,
    list_bulk_operations,
    get_bulk_operation,
    cancel_bulk_operation,
    list_stopped_contacts,
    download_bulk_export,
)
