"""Asks for many people at once whether they may be profiled. Who scores, sorts, completes or trains asks here first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, any_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.nested_rows import Ids, nested
from base.tables import table_of
from crm.consent.ledger import ConsentState, Scope, events_about, states_of
from crm.consent.principals import links_of
from crm.contacts.models import SEALED_COLUMN, Contact, ContactPoint
from crm.places.rules import UNKNOWN, Whereabouts, find_whereabouts
from crm.privacy.limits import limit_of, marks_of, signalled_by
from crm.profiling.rules import PURPOSE, Mode, Refusal, Use, may_profile, read_modes, standing_on_profiling

__all__ = ["Judge", "find_refusals", "grounds", "read_grounds"]

_CONTACTS, _POINTS = table_of(Contact), table_of(ContactPoint)


async def find_refusals(
    session: AsyncSession, keys: KeyRing | None, contact_ids: Iterable[UUID], use: Use, now: datetime
) -> dict[UUID, Refusal]:
    """Those who may not be, with the reason; who is absent may. One query, however many they are.

    Args:
        keys: open phone numbers, which tell a country; without them a number tells that it is unknown.
    """
    people = await read_grounds(session, list(contact_ids), purposes=[PURPOSE])
    judge = Judge(use, keys, now)
    judged = ((row.id, judge.refusal_of(row, judge.states_of(row))) for row in people)
    return {contact_id: refusal for contact_id, refusal in judged if refusal is not None}


async def read_grounds(
    session: AsyncSession, contact_ids: Sequence[UUID], *, purposes: Sequence[str] | None = None
) -> Sequence[Any]:
    """What `Judge` goes by, of all who are there.

    Args:
        purposes: of which the ledger is read, `profiling` among them; None reads all of it.
    """
    if not contact_ids:
        return []
    connection = await session.connection()
    if len(contact_ids) == 1:
        rows = await connection.execute(_OF_ONE, {"contact_id": contact_ids[0], "purposes": purposes})
    else:
        rows = await connection.execute(_OF_SEVERAL, {"contact_ids": list(contact_ids), "purposes": purposes})
    return rows.all()


def grounds() -> tuple[ColumnElement[Any], ...]:
    """What `Judge` goes by, as columns of a statement over contacts; its parameter `purposes` is `read_grounds`'."""
    sealed = func.encode(_POINTS.c.value_sealed, "hex")
    numbers = select(_POINTS.c.id, sealed).where(_POINTS.c.contact_id == _CONTACTS.c.id, _POINTS.c.kind == "phone")
    return (
        _CONTACTS.c.id,
        _CONTACTS.c.fields,
        _CONTACTS.c.time_zone,
        nested(events_about(_CONTACTS.c.id)).label("events"),
        nested(links_of(_CONTACTS.c.id)).label("links"),
        nested(marks_of(_CONTACTS.c.id)).label("marks"),
        signalled_by(_CONTACTS.c.id).label("signalled"),
        nested(numbers.correlate(_CONTACTS)).label("numbers"),
    )


class Judge:
    """Says of one after the other whether they may be profiled for a use, at a moment."""

    def __init__(self, use: Use, keys: KeyRing | None, now: datetime) -> None:
        self._use: Use = use
        self._keys = keys
        self._now = now
        self._modes: dict[tuple[str, ...], Mode] = {}

    def states_of(self, row: Any) -> dict[Scope, ConsentState]:
        """How the ledger stands to the purposes that were read."""
        return states_of(row.id, row.events, row.links, self._now)

    def refusal_of(self, row: Any, states: Mapping[Scope, ConsentState]) -> Refusal | None:
        """Why the person of a row of `grounds` may not be; None: they may."""
        mode = self._mode_of(self._where(row))
        limit = limit_of(row.marks, signalled=row.signalled)
        return may_profile(self._use, standing_on_profiling(states), mode, limit)

    def _where(self, row: Any) -> Whereabouts:
        numbers = self._open(row.numbers or ())
        where = find_whereabouts(row.fields, numbers=numbers, zones=[row.time_zone])
        return where if len(numbers) == len(row.numbers or ()) else where | Whereabouts((UNKNOWN,))

    def _open(self, numbers: Sequence[Sequence[str]]) -> list[str]:
        if self._keys is None:
            return []
        return [
            self._keys.unseal(bytes.fromhex(sealed), column=SEALED_COLUMN, row=UUID(point_id))
            for point_id, sealed in numbers
        ]

    def _mode_of(self, where: Whereabouts) -> Mode:
        mode = self._modes.get(where.countries)
        if mode is None:
            mode = self._modes[where.countries] = read_modes().mode_of(self._use, where.countries, self._now)
        return mode


def _statement(named: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return select(*grounds()).where(named)


_OF_ONE = _statement(_CONTACTS.c.id == bindparam("contact_id", type_=_CONTACTS.c.id.type))
_OF_SEVERAL = _statement(_CONTACTS.c.id == any_(bindparam("contact_ids", type_=Ids())))
