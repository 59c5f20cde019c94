"""The endpoints of one contact's journeys: which ones they are or were in, and taking them out by hand."""

from __future__ import annotations

from sqlalchemy import select

from admin.api.endpoints import Call, endpoint
from admin.audit.service import record
from admin.journeys.shapes import ContactJourney, ContactJourneys, LeaveWish
from admin.snapshot import snapshot
from base.database import transaction
from base.errors import NotFound
from crm.contacts.records import lock_contact
from crm.contacts.service import get_contact
from outreach.exiting import end
from outreach.library import Library
from outreach.models import Enrolment
from outreach.reasons import TAKEN_OUT, reason_in_words

_MOST = 100
"""Enrolments shown; nobody looks at older ones."""


@endpoint(
    "GET",
    "/api/v1/contacts/{id}/journeys",
    permission="contacts.read",
    summary="The journeys a contact is in or was in, the latest first",
)
async def list_contact_journeys(call: Call) -> ContactJourneys:
    contact_id = call.ids["id"]
    async with snapshot(call.context.sessions) as session:
        await get_contact(session, contact_id)
        rows = await session.scalars(
            select(Enrolment)
            # Who is held back is not told from who is not: knowing it would change how they are treated.
            .where(Enrolment.contact_id == contact_id, Enrolment.state != "held_out")
            .order_by(Enrolment.entered_at.desc(), Enrolment.id.desc())
            .limit(_MOST)
        )
        found = rows.all()
        live = await Library().live(session, sorted({row.journey for row in found}))
        return ContactJourneys(
            items=[
                _shown(row, live[row.journey].definition.name if row.journey in live else row.journey, call.language)
                for row in found
            ]
        )


@endpoint(
    "POST",
    "/api/v1/contacts/{id}/journeys/leave",
    permission="journeys.write",
    summary="Takes a contact out of a journey; messages of it that have not left are withdrawn",
    status=204,
    problems={404: "There is no such contact, or they are not in this journey"},
)
async def take_out(call: Call, body: LeaveWish) -> None:
    contact_id, now = call.ids["id"], call.context.clock.now()
    async with transaction(call.context.sessions) as session:
        await lock_contact(session, contact_id)
        inside = select(Enrolment.id).where(
            Enrolment.contact_id == contact_id, Enrolment.journey == body.journey, Enrolment.state == "active"
        )
        if not await end(session, (await session.scalars(inside)).all(), TAKEN_OUT, now):
            raise NotFound(f"This contact is not in the journey {body.journey}.")
        await record(session, call, "leave_journey", "contact", contact_id, {"journey": body.journey}, None)


def _shown(row: Enrolment, name: str, language: str) -> ContactJourney:
    return ContactJourney.model_validate(
        {
            "id": row.id,
            "journey": row.journey,
            "name": name,
            "version": row.version,
            "step": row.step,
            "state": row.state,
            "left_because": reason_in_words(row.exit_reason, language) if row.exit_reason else None,
            "paused": row.parked_due_at is not None,
            "due_at": None if row.parked_due_at else row.due_at,
            "entered_at": row.entered_at,
            "left_at": row.updated_at if row.state == "exited" else None,
            "goal_at": row.goal_at,
        }
    )


ENDPOINTS = (list_contact_journeys, take_out)
