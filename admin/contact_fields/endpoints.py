"""The endpoints of fields."""

from __future__ import annotations

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.contact_fields.shapes import (
    ContactField,
    ContactFieldChange,
    ContactFieldList,
    ContactFieldValues,
    FieldValues,
    NewContactField,
)
from admin.snapshot import snapshot
from base.database import transaction
from crm.contacts.service import get_contact, set_fields
from crm.fields.models import ContactField as Row
from crm.fields.rules import Definition, built_in_fields
from crm.fields.service import (
    change_field,
    check_defined,
    create_field,
    definition_of,
    delete_field,
    list_own_fields,
)
from crm.scoring.service import rescore


@endpoint(
    "GET",
    "/api/v1/contact-fields",
    permission="contacts.read",
    summary="The fields contacts have, ours before your own",
)
async def list_contact_fields(call: Call) -> ContactFieldList:
    async with snapshot(call.context.sessions) as session:
        own = [_show(row) for row in await list_own_fields(session)]
    ours = [_show_definition(one) for one in built_in_fields().values()]
    return ContactFieldList(items=[*ours, *own])


@endpoint(
    "POST",
    "/api/v1/contact-fields",
    permission="settings.write",
    summary="Define a field of your own",
    status=201,
    problems={409: "There is a field of this name already"},
)
async def create_contact_field(call: Call, body: NewContactField) -> ContactField:
    definition = Definition(**{**dict(body), "choices": tuple(body.choices)})
    async with transaction(call.context.sessions) as session:
        row = await create_field(session, definition, call.context.clock.now())
        await record(session, call, "create_contact_field", "contact_field", row.id, None, body)
        return _show(row)


@endpoint(
    "PATCH",
    "/api/v1/contact-fields/{id}",
    permission="settings.write",
    summary="Change a field's label, choices, sensitivity or how long it is kept",
)
async def change_contact_field(call: Call, body: ContactFieldChange) -> ContactField:
    named = body.model_dump(exclude_unset=True)
    # Only how long it is kept can be unsaid again.
    changes = {name: value for name, value in named.items() if value is not None or name == "keep_days"}
    async with transaction(call.context.sessions) as session:
        known = await session.get(Row, call.ids["id"])
        before = None if known is None else _show(known).model_dump(include=set(changes))
        row = await change_field(session, call.ids["id"], call.context.clock.now(), **changes)
        await record(session, call, "change_contact_field", "contact_field", row.id, before, changes)
        return _show(row)


@endpoint(
    "DELETE",
    "/api/v1/contact-fields/{id}",
    permission="settings.write",
    summary="Take a field's definition away; what contacts have in it stays",
    status=204,
)
async def delete_contact_field(call: Call) -> None:
    async with transaction(call.context.sessions) as session:
        known = await session.get(Row, call.ids["id"])
        before = None if known is None else _show(known)
        await delete_field(session, call.ids["id"])
        await record(session, call, "delete_contact_field", "contact_field", call.ids["id"], before, None)


@endpoint(
    "PATCH",
    "/api/v1/contacts/{id}/fields",
    permission="contacts.write",
    summary="Set or forget what is known of a contact; every field must be defined",
)
async def set_contact_fields(call: Call, body: FieldValues) -> ContactFieldValues:
    context, contact_id = call.context, call.ids["id"]
    async with transaction(context.sessions) as session:
        await check_defined(session, [name for name, value in body.fields.items() if value is not None])
        known = (await get_contact(session, contact_id)).fields
        before = {name: known.get(name) for name in body.fields}
        await set_fields(session, contact_id, body.fields, context.clock.now())
        await record(session, call, "set_contact_fields", "contact", contact_id, before, body.fields)
        await rescore(session, context.keys, contact_id, message_id=None, now=context.clock.now())
        contact = await get_contact(session, contact_id)
        return ContactFieldValues(contact_id=contact_id, fields=contact.fields)


def _show(row: Row) -> ContactField:
    return _show_definition(definition_of(row)).model_copy(update={"id": row.id})


def _show_definition(one: Definition) -> ContactField:
    return ContactField(
        id=None,
        name=one.name,
        label=one.label,
        type=one.type,
        choices=list(one.choices),
        sensitivity=one.sensitivity,
        keep_days=one.keep_days,
    )


ENDPOINTS = (
    list_contact_fields,
    create_contact_field,
    change_contact_field,
    delete_contact_field,
    set_contact_fields,
)
