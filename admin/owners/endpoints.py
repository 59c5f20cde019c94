"""The endpoint of owners."""

from __future__ import annotations

from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.models import AdminUser
from admin.owners.queries import read_owners
from admin.owners.shapes import ContactOwner, OwnerChange
from base.database import transaction
from base.errors import InvalidInput
from crm.owners.service import assign_owner


@endpoint(
    "PUT",
    "/api/v1/contacts/{id}/owner",
    permission="contacts.write",
    summary="Give a contact to a colleague, or to nobody",
)
async def set_contact_owner(call: Call, body: OwnerChange) -> ContactOwner:
    context, contact_id = call.context, call.ids["id"]
    async with transaction(context.sessions) as session:
        if body.user_id is not None:
            active = select(AdminUser.id).where(AdminUser.deactivated_at.is_(None))
            known = await session.scalar(active.where(AdminUser.id == body.user_id))
            if known is None:
                raise InvalidInput("There is no such user.", errors=[{"field": "user_id", "message": "No such user."}])
        by = f"user:{call.user.id}"
        owner = (await read_owners(session, [contact_id])).get(contact_id)
        before = None if owner is None else owner.model_dump(include={"user_id"})
        await assign_owner(session, contact_id, body.user_id, by=by, now=context.clock.now())
        await record(session, call, "set_contact_owner", "contact", contact_id, before, body)
        owners = await read_owners(session, [contact_id])
    return ContactOwner(contact_id=contact_id, owner=owners.get(contact_id))


ENDPOINTS = (set_contact_owner,)
