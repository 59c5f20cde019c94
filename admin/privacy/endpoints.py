"""The endpoints of privacy requests. What they mean is crm's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import cast, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.api.cursors import Cursor
from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.privacy.shapes import (
    Decision,
    NewPrivacyRequest,
    PersonalData,
    PrivacyRequest,
    PrivacyRequestPage,
    PrivacyRequestQuery,
    ProcessingRecord,
    Reason,
)
from admin.snapshot import snapshot
from base.database import repeat_on_deadlock, transaction
from bot.intake.sealing import sender_index_of
from crm.privacy import requests
from crm.privacy.exporting import export_person
from crm.privacy.files import FiledMails
from crm.privacy.models import Erasure
from crm.privacy.models import PrivacyRequest as Row
from crm.privacy.record import Controller, describe_processing
from crm.privacy.registry import read_registry
from crm.privacy.requests import Filing, Hands, Status
from crm.privacy.rules import WORDS, RequestKind
from outreach.follow_ups import JourneyFollowUps


@endpoint(
    "GET",
    "/api/v1/privacy-requests",
    permission="privacy.read",
    summary="Privacy requests, the latest first, each with its clock",
    problems={400: "The cursor is not one of ours"},
)
async def list_privacy_requests(call: Call, query: PrivacyRequestQuery) -> PrivacyRequestPage:
    after = Cursor.decode(query.cursor) if query.cursor else None
    statuses: Sequence[Status] = [query.status] if query.status else get_args(Status)
    async with snapshot(call.context.sessions) as session:
        rows = await requests.list_requests(
            session, statuses=statuses, after=(after.at, after.id) if after else None, limit=query.limit + 1
        )
        shown = rows[: query.limit]
        last = shown[-1] if len(rows) > query.limit else None
        return PrivacyRequestPage(
            items=await _show(session, shown, call.context.clock.now()),
            next_cursor=Cursor(last.received_at, last.id).encode() if last else None,
        )


@endpoint(
    "POST",
    "/api/v1/privacy-requests",
    permission="privacy.write",
    summary="Take in a request",
    status=201,
    problems={404: "There is no such contact"},
)
async def file_privacy_request(call: Call, body: NewPrivacyRequest) -> PrivacyRequest:
    filing = Filing(body.contact_id, body.kind, body.channel, _user(call), body.verified, detail=body.fields)

    async def run(session: AsyncSession) -> Row:
        return await requests.file_request(session, _hands(call), filing, call.context.clock.now())

    return await _change(call, "file_privacy_request", run)


@endpoint(
    "POST",
    "/api/v1/privacy-requests/{id}/verify",
    permission="privacy.write",
    summary="The person showed who they are",
    problems={409: "It is closed"},
)
async def verify_privacy_request(call: Call) -> PrivacyRequest:
    async def run(session: AsyncSession) -> Row:
        return await requests.verify(session, call.ids["id"], call.context.clock.now())

    return await _change(call, "verify_privacy_request", run)


@endpoint(
    "POST",
    "/api/v1/privacy-requests/{id}/extend",
    permission="privacy.write",
    summary="Two months more; the person must be told why",
    problems={409: "It is closed, was put off before, or its first month is over"},
)
async def extend_privacy_request(call: Call, body: Reason) -> PrivacyRequest:
    async def run(session: AsyncSession) -> Row:
        return await requests.put_off(session, call.ids["id"], reason=body.reason, now=call.context.clock.now())

    return await _change(call, "extend_privacy_request", run)


@endpoint(
    "POST",
    "/api/v1/privacy-requests/{id}/refuse",
    permission="privacy.write",
    summary="Close it without doing it",
    problems={409: "It is closed, or was done when it was asked for"},
)
async def refuse_privacy_request(call: Call, body: Reason) -> PrivacyRequest:
    async def run(session: AsyncSession) -> Row:
        now = call.context.clock.now()
        return await requests.refuse(session, call.ids["id"], by=_user(call), why=body.reason, now=now)

    return await _change(call, "refuse_privacy_request", run)


@endpoint(
    "POST",
    "/api/v1/privacy-requests/{id}/carry-out",
    permission="privacy.carry_out",
    summary="Do what was asked and close it; an erasure cannot be undone",
    problems={409: "It is closed, or nobody verified yet that it is the person"},
)
async def carry_out_privacy_request(call: Call, body: Decision) -> PrivacyRequest:
    async with call.context.sessions() as session:
        kind = (await requests.get_request(session, call.ids["id"])).kind
    mails = FiledMails(call.context.mail_folder if kind == "erase" else None)

    async def run(session: AsyncSession) -> Row:
        row, _ = await requests.carry_out(
            session,
            _hands(call),
            call.ids["id"],
            by=_user(call),
            outcome=body.outcome,
            now=call.context.clock.now(),
            mails=mails,
            decision=body.decision,
        )
        return row

    async with mails.read_first():
        return await _change(call, "carry_out_privacy_request", run)


@endpoint(
    "GET",
    "/api/v1/leads/{id}/personal-data",
    permission="privacy.carry_out",
    summary="All that is held of a person, for the person (GDPR Art. 15, 20)",
)
async def export_personal_data(call: Call) -> PersonalData:
    context = call.context
    async with snapshot(context.sessions) as session:
        export = await export_person(
            session, context.keys, call.ids["id"], sender_index_of(context.keys), context.clock.now()
        )
    return PersonalData(export.as_json())


@endpoint(
    "GET", "/api/v1/processing-record", permission="privacy.read", summary="The record of processing (GDPR Art. 30)"
)
async def get_processing_record(call: Call) -> ProcessingRecord:
    controller = Controller(call.context.company_name, call.context.postal_address)
    return ProcessingRecord(describe_processing(read_registry(), controller))


async def _change(call: Call, action: str, run: Callable[[AsyncSession], Awaitable[Row]]) -> PrivacyRequest:
    """One change in a transaction of its own, shown as it is then."""

    async def once() -> PrivacyRequest:
        async with transaction(call.context.sessions) as session:
            row = await run(session)
            # Only what says nothing of the person: the entry outlives an erasure.
            after = {"kind": row.kind, "status": row.status}
            await record(session, call, action, "privacy_request", row.id, None, after)
            (shown,) = await _show(session, [row], call.context.clock.now())
        return shown

    return await repeat_on_deadlock(once)


async def _show(session: AsyncSession, rows: Sequence[Row], now: datetime) -> list[PrivacyRequest]:
    erased = await session.execute(
        select(Erasure.contact_id, Erasure.receipt).where(
            Erasure.contact_id.in_([row.contact_id for row in rows if row.kind == "erase" and row.status == "done"])
        )
    )
    receipts = {row.contact_id: row.receipt for row in erased}
    return [
        PrivacyRequest(
            id=row.id,
            contact_id=row.contact_id,
            kind=cast("RequestKind", row.kind),
            said=WORDS[row.kind],
            status=cast("Status", row.status),
            channel=row.channel,
            made_by=row.made_by,
            conversation_id=row.conversation_id,
            detail=row.detail,
            received_at=row.received_at,
            verified_at=row.verified_at,
            due_at=row.due_at,
            days_left=None if row.closed_at is not None else (row.due_at - now).days,
            extended_for=row.extended_for,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            outcome=row.outcome,
            receipt=receipts.get(row.contact_id) if row.kind == "erase" else None,
        )
        for row in rows
    ]


def _hands(call: Call) -> Hands:
    context, keys = call.context, call.context.keys
    return Hands(keys, JourneyFollowUps(), sender_index_of(keys), context.company_name, context.mail_folder)


def _user(call: Call) -> str:
    return f"user:{call.user.id}"


ENDPOINTS = (
    list_privacy_requests,
    file_privacy_request,
    verify_privacy_request,
    extend_privacy_request,
    refuse_privacy_request,
    carry_out_privacy_request,
    export_personal_data,
    get_processing_record,
)
