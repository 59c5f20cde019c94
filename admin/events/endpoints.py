"""The endpoints of events. Programs send by the token of a source; users keep the sources and kinds."""

from __future__ import annotations

from pydantic import ValidationError

from admin.api.endpoints import Call, endpoint
from admin.api.problems import refuse_input
from admin.audit.service import record
from admin.events.shapes import (
    EventKindList,
    EventKindName,
    EventKindRow,
    EventSet,
    EventSourceList,
    EventSourceMade,
    EventSourceRow,
    EventsTaken,
    NewEventKind,
    NewEventSource,
)
from base.database import transaction
from crm.events.kinds import add_kind, list_kinds, remove_kind
from crm.events.models import EventSource
from crm.events.service import Giver, take_in
from crm.events.sources import list_sources, make_source, revoke_source
from crm.events.webhook import path_of
from crm.timeline.kinds import Kind, read_kinds

LARGEST_SET = 1024 * 1024
"""Largest set of events taken, in bytes."""


@endpoint(
    "POST",
    "/api/v1/events",
    permission="token",
    summary="Send events: all of them are taken, each once, or none",
    max_body=LARGEST_SET,
    problems={422: "Something of an event is wrong, or it is about nobody we know: nothing was taken"},
)
async def send_events(call: Call, body: EventSet) -> EventsTaken:
    context, source = call.context, call.source
    assert source is not None, "asked for by the permission"
    by = Giver("api", source.name, creates=source.unknown_people == "create")
    async with transaction(context.sessions) as session:
        taken = await take_in(session, context.keys, body.events, by, context.clock.now())
    return EventsTaken(written=taken.written, repeated=taken.repeated, contacts_made=taken.contacts_made)


@endpoint("GET", "/api/v1/event-sources", permission="events.read", summary="The systems that send events")
async def list_event_sources(call: Call) -> EventSourceList:
    async with call.context.sessions() as session:
        rows = await list_sources(session)
    return EventSourceList(items=[EventSourceRow.model_validate(row, from_attributes=True) for row in rows])


@endpoint(
    "POST",
    "/api/v1/event-sources",
    permission="events.write",
    summary="Let a system send events",
    status=201,
    problems={409: "There is a source of this name"},
)
async def make_event_source(call: Call, body: NewEventSource) -> EventSourceMade:
    context = call.context
    async with transaction(context.sessions) as session:
        made = await make_source(
            session,
            context.keys,
            name=body.name,
            way=body.way,
            unknown_people=body.unknown_people,
            mapping=body.mapping,
            made_by=f"user:{call.user.id}",
            now=context.clock.now(),
        )
        told = body.model_dump(mode="json", by_alias=True)
        await record(session, call, "make_event_source", "event_source", made.id, None, told)
    path = {"api": send_events.path, "webhook": path_of(made.id)}.get(body.way)
    return EventSourceMade(id=made.id, name=made.name, secret=made.secret, path=path)


@endpoint(
    "DELETE",
    "/api/v1/event-sources/{id}",
    permission="events.write",
    summary="Take no more events from a system",
    status=204,
)
async def revoke_event_source(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        source = await session.get(EventSource, call.ids["id"])
        await revoke_source(session, call.ids["id"], call.context.clock.now())
        if source is not None and source.revoked_at is None:
            before = {"name": source.name, "is_revoked": False}
            after = {**before, "is_revoked": True}
            await record(session, call, "revoke_event_source", "event_source", source.id, before, after)


@endpoint("GET", "/api/v1/event-kinds", permission="events.read", summary="The kinds of events, and what each may hold")
async def list_event_kinds(call: Call) -> EventKindList:
    async with call.context.sessions() as session:
        kinds = await list_kinds(session)
    shipped = read_kinds()
    return EventKindList(
        items=[
            EventKindRow(
                name=name,
                title=kind.title,
                senders=sorted(kind.senders),
                properties=kind.properties,
                required=list(kind.required),
                shipped=name in shipped,
            )
            for name, kind in kinds.items()
        ]
    )


@endpoint(
    "POST",
    "/api/v1/event-kinds",
    permission="events.write",
    summary="Add a kind of events",
    status=201,
    problems={409: "There is a kind of this name"},
)
async def add_event_kind(call: Call, body: NewEventKind) -> EventKindRow:
    context = call.context
    try:
        kind = Kind.model_validate(body.model_dump(exclude={"name"}) | {"from": ["outside"]})
    except ValidationError as error:
        raise refuse_input(error) from error
    async with transaction(context.sessions) as session:
        await add_kind(session, body.name, kind, made_by=f"user:{call.user.id}", now=context.clock.now())
        await record(session, call, "add_event_kind", "event_kind", body.name, None, body)
    return EventKindRow(
        name=body.name,
        title=kind.title,
        senders=["outside"],
        properties=kind.properties,
        required=list(kind.required),
        shipped=False,
    )


@endpoint(
    "DELETE",
    "/api/v1/event-kinds",
    permission="events.write",
    summary="Take no more events of a kind that was added",
    status=204,
    problems={404: "Nobody added such a kind"},
)
async def remove_event_kind(call: Call, query: EventKindName) -> None:
    async with transaction(call.context.sessions) as session:
        before = (await list_kinds(session)).get(query.name)
        await remove_kind(session, query.name)
        await record(session, call, "remove_event_kind", "event_kind", query.name, before, None)


ENDPOINTS = (
    send_events,
    list_event_sources,
    make_event_source,
    revoke_event_source,
    list_event_kinds,
    add_event_kind,
    remove_event_kind,
)
