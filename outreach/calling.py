"""Makes the calls that journeys wait for, outside of any transaction, and notes what came of each. Decides no step.

A call is named by the arrival it was asked for: made again after a crash, the other side and `Connector` know it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import structlog
from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import NotFound
from crm.contacts.models import Contact
from crm.contacts.service import lock_contact, set_fields
from crm.profiling.service import find_refusals
from crm.samples.made_up import is_made_up
from flows.steps.do import find_value
from flows.wording import names_in, render
from outreach.definitions import Step
from outreach.entry_models import JourneyCall
from outreach.library import Library
from outreach.models import Enrolment
from outreach.ports import Connector, OutsideRequest

_log = structlog.get_logger(__name__)

AT_ONCE = 16
"""Calls one worker makes at the same time."""
_LEASE = timedelta(minutes=2)
"""After this a call whose worker died is made again."""
_MOST_ATTEMPTS = 3
_LONGEST = 2_000
"""Characters of a text that an answer may put into a field."""
_BEFORE = "it may have been made before the back-up was restored, and is not made again"
_STEPS_UP = frozenset({".", ".."})


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: UUID
    occurrence: str
    enrolment_id: UUID
    contact_id: UUID
    journey: str
    version: str
    step: str
    attempts: int


class ConnectorCalls:
    """`outreach.ports.DueWork`: calls that are due."""

    def __init__(
        self, sessions: Sessions, library: Library, connector: Connector, keys: KeyRing | None, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._library = library
        self._connector = connector
        self._keys = keys
        self._clock = clock

    async def do_due(self, now: datetime) -> int:
        """Makes them, some at a time; returns how many."""
        made = 0
        while True:
            async with transaction(self._sessions) as session:
                claimed = await _claim(session, now)
            if not claimed:
                return made
            await asyncio.gather(*(self._make(one, now) for one in claimed))
            made += len(claimed)

    async def next_due_at(self) -> datetime | None:
        async with transaction(self._sessions) as session:
            return await session.scalar(select(func.min(JourneyCall.due_at)).where(JourneyCall.state == "waiting"))

    async def _make(self, call: _Claimed, now: datetime) -> None:
        async with transaction(self._sessions) as session:
            definition = (await self._library.read(session, [(call.journey, call.version)])).get(
                (call.journey, call.version)
            )
            step = definition.steps.get(call.step) if definition is not None else None
            request = await _request_of(session, call, step) if step is not None else None
            made_up = await is_made_up(session, call.contact_id)
        result: Mapping[str, Any]
        if made_up:
            result = {"ok": False, "problem": "the contact is made up: no other system is told of them"}
        elif step is None or request is None:
            result = {"ok": False, "problem": "a fact that its path names is not known"}
        elif call.attempts > _MOST_ATTEMPTS:
            result = {"ok": False, "problem": "each attempt ended in a crash"}
        else:
            result = await self._connector.call(request, key=f"journey:{call.occurrence}")
        async with transaction(self._sessions) as session:
            await self._note(session, call, step, result, now)

    async def _note(
        self, session: AsyncSession, call: _Claimed, step: Step | None, result: Mapping[str, Any], now: datetime
    ) -> None:
        """Keeps what came of it, fills the fields, and lets the enrolment go on."""
        try:
            await lock_contact(session, call.contact_id)
        except NotFound:
            return  # erased meanwhile, and the call's row with them
        told = _told(step, result.get("json")) if result["ok"] and step is not None else {}
        if told:
            await self._save(session, call.contact_id, told, now)
        state = "done" if result["ok"] else "failed"
        if not result["ok"]:
            _log.warning("journey_call_failed", journey=call.journey, step=call.step, problem=result.get("problem"))
        await session.execute(
            update(JourneyCall)
            .where(JourneyCall.id == call.id)
            .values(state=state, problem=result.get("problem"))
            .execution_options(synchronize_session=False)
        )
        await session.execute(
            update(Enrolment)
            .where(Enrolment.id == call.enrolment_id, Enrolment.state == "active", Enrolment.step == call.step)
            # For the journey's own words, whatever may be kept of the person: they were asked for to be told.
            .values(due_at=self._clock.now(), remembered=Enrolment.remembered.op("||")(cast(told, JSONB)))
            .execution_options(synchronize_session=False)
        )

    async def _save(self, session: AsyncSession, contact_id: UUID, told: Mapping[str, Any], now: datetime) -> None:
        """Fills fields from another system, which is completing somebody's profile: only of whom that may be done."""
        refusal = (await find_refusals(session, self._keys, [contact_id], "enriching", now)).get(contact_id)
        if refusal is not None:
            _log.info("journey_answer_not_kept", contact_id=str(contact_id))
            return
        await set_fields(session, contact_id, told, now)


async def give_up_waiting(session: AsyncSession, *, asked_by: datetime, now: datetime) -> int:
    """Makes none of the calls that were asked for up to a moment; who waits for one goes on as where it failed.

    Returns:
        How many people go on.
    """
    given_up = (
        update(JourneyCall)
        .where(JourneyCall.state == "waiting", JourneyCall.made_at <= asked_by)
        .values(state="failed", problem=_BEFORE)
        .returning(JourneyCall.enrolment_id, JourneyCall.step)
        .cte("given_up")
    )
    going_on = await session.scalars(
        update(Enrolment)
        .where(
            Enrolment.id == given_up.c.enrolment_id,
            Enrolment.step == given_up.c.step,
            Enrolment.state == "active",
        )
        .values(due_at=now)
        .returning(Enrolment.id)
        .execution_options(synchronize_session=False)
    )
    return len(going_on.all())


def _told(step: Step, answer: Any) -> dict[str, Any]:
    """By field, what the answer says where the step looks for it."""
    found = {field: find_value(answer, pointer) for field, pointer in step.save.items()}
    return {
        field: value[:_LONGEST] if isinstance(value, str) else value
        for field, value in found.items()
        if isinstance(value, str | int | float)
    }


async def _claim(session: AsyncSession, now: datetime) -> list[_Claimed]:
    due = (
        select(JourneyCall.id)
        .where(JourneyCall.state == "waiting", JourneyCall.due_at <= now)
        .order_by(JourneyCall.due_at)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    claimed = await session.execute(
        update(JourneyCall)
        .where(JourneyCall.id.in_(due.scalar_subquery()))
        .values(due_at=now + _LEASE, attempts=JourneyCall.attempts + 1)
        .returning(
            JourneyCall.id,
            JourneyCall.occurrence,
            JourneyCall.enrolment_id,
            JourneyCall.contact_id,
            JourneyCall.journey,
            JourneyCall.version,
            JourneyCall.step,
            JourneyCall.attempts,
        )
        .execution_options(synchronize_session=False)
    )
    return [_Claimed(**row) for row in claimed.mappings()]


async def _request_of(session: AsyncSession, call: _Claimed, step: Step) -> OutsideRequest | None:
    """What is asked, from what is known of the contact now; None when its path cannot be filled."""
    row = (
        await session.execute(
            select(Contact.fields, Contact.score, Contact.stage, Contact.qualification, Contact.language,
                   Enrolment.remembered)
            .join(Enrolment, Enrolment.contact_id == Contact.id)
            .where(Enrolment.id == call.enrolment_id)
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    facts = {
        **row.fields,
        "score": row.score,
        "stage": row.stage,
        "qualification": row.qualification,
        "language": row.language,
        **row.remembered,
    }
    path = _fill_path(step.path, facts)
    if path is None or step.connector is None:
        return None
    return OutsideRequest(
        connector=step.connector,
        method=step.method,
        path=path,
        query={name: render(str(value), facts) for name, value in step.query.items()},
        body=None if step.body is None else {name: _fill(value, facts) for name, value in step.body.items()},
    )


def _fill_path(template: str, facts: Mapping[str, Any]) -> str | None:
    quoted = {name: quote(str(value), safe="") for name, value in facts.items() if value not in (None, "")}
    if any(not render(f"{{{{ {name} }}}}", quoted) and "|" not in template for name in names_in(template)):
        return None
    path = render(template, quoted)
    return None if _STEPS_UP.intersection(path.split("/")) else path


def _fill(value: Any, facts: Mapping[str, Any]) -> Any:
    """A value that only names a fact keeps the fact's type."""
    if not isinstance(value, str):
        return value
    named = names_in(value)
    if len(named) == 1 and value.strip() in {f"{{{{ {next(iter(named))} }}}}", f"{{{{{next(iter(named))}}}}}"}:
        return facts.get(next(iter(named)))
    return render(value, facts)
