"""How consent stands, told in the words a dialogue may branch on. Reads the ledger; allows nothing: that is the gate's.

What a conversation that only typed a contact's address may be told is what was said in that very conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.consent.ledger import ENTRY_COLUMNS
from crm.consent.models import ConsentEvent
from crm.consent.principals import is_principal_of, list_links
from crm.consent.rules import ConsentState, LedgerEntry, Scope, consent_for, covers, fold
from crm.consent.weaving import weave

Told = Literal["given", "refused", "withdrawn", "requested"]


async def tell_standings(
    session: AsyncSession,
    contact_id: UUID,
    *,
    scopes: Iterable[Scope],
    now: datetime,
    only_conversation: UUID | None = None,
) -> dict[Scope, Told]:
    """How the contact stands to each of these purposes and channels; one nothing was said about is absent.

    Args:
        only_conversation: to tell only what was said there.
    """
    rows = await session.execute(
        select(
            *ENTRY_COLUMNS,
            ConsentEvent.principal_ref,
            ConsentEvent.evidence["conversation_id"].astext.label("conversation_id"),
        )
        .where(is_principal_of(ConsentEvent.principal_ref, contact_id))
        .order_by(ConsentEvent.seq)
    )
    said = [row for row in rows if only_conversation is None or row.conversation_id == str(only_conversation)]
    links = (await list_links(session, [contact_id])).get(contact_id, [])
    entries = ((row.principal_ref, LedgerEntry(*row[: len(ENTRY_COLUMNS)])) for row in said)
    states = fold(weave(contact_id, entries, links))
    told = {scope: _tell(states, said, scope, now) for scope in scopes}
    return {scope: standing for scope, standing in told.items() if standing is not None}


def _tell(states: dict[Scope, ConsentState], said: Sequence[Row[Any]], scope: Scope, now: datetime) -> Told | None:
    standing = consent_for(states, *scope).at(now).state
    if standing in ("given", "refused", "withdrawn"):
        return cast("Told", standing)
    about = [row.event for row in said if covers((row.purpose, row.channel), scope)]
    return "requested" if about and about[-1] == "requested" else None
