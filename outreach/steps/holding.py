"""Takes the rows of contacts that a step changes, without waiting: who holds one may wait for its enrolments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from base.nested_rows import asked_ids
from crm.contacts.models import Contact
from outreach.walking import Walker, Work

_LOOK_AGAIN = timedelta(seconds=1)


def _statement() -> Any:
    asked = asked_ids("ids")
    found = select(Contact.id).join(asked, asked.c.id == Contact.id).order_by(Contact.id)
    return found.with_for_update(of=Contact, key_share=True, skip_locked=True)


_HOLD = _statement()


async def hold_contacts(work: Work, walkers: Sequence[Walker]) -> list[Walker]:
    """Those whose contact is ours until the transaction ends. The others are due again in a second."""
    held = set(await work.session.scalars(_HOLD, {"ids": [walker.contact_id for walker in walkers]}))
    for walker in walkers:
        if walker.contact_id not in held:
            walker.stay(work.now + _LOOK_AGAIN)
    return [walker for walker in walkers if walker.contact_id in held]
