"""The turn in which effects happen: whom it is about, where its rows go, and how an effect's fields are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from base.encryption import KeyRing
from base.messages import Stored
from base.tables import table_of
from bot.claims import Claim
from bot.intake.sealing import sender_index_of
from bot.models import Conversation
from bot.ports import ConfirmMeeting, FollowUps
from crm.contacts.service import create_contact
from crm.privacy.requests import Hands
from crm.timeline.service import know_contact, record

LONGEST_TEXT = 10_000
"""Characters of one field of an effect: nothing a flow says of a person is longer."""


_conversations = table_of(Conversation)
_POINT = (
    update(_conversations)
    .where(_conversations.c.id == bindparam("of_conversation", type_=_conversations.c.id.type))
    .values(contact_id=bindparam("new_contact_id", type_=_conversations.c.contact_id.type))
)


@dataclass(slots=True)
class Scene:
    """One turn. `contact_id` is filled when the first effect needs a contact; `said` is what effects add to be said.

    `number_waits`: the visitor's browser has to do some work before the number they left is texted or called.
    """

    session: AsyncSession
    keys: KeyRing
    follow_ups: FollowUps
    controller: str
    claim: Claim
    now: datetime
    contact_id: UUID | None
    status: str
    confirm_meeting: ConfirmMeeting | None = None
    score_changed: bool = False
    said: list[Stored] = field(default_factory=list)
    number_waits: bool = False

    @property
    def hands(self) -> Hands:
        """What carrying out a privacy request takes."""
        # A turn files requests, and erases nobody.
        return Hands(self.keys, self.follow_ups, sender_index_of(self.keys), self.controller, None)

    async def contact(self) -> UUID:
        """The conversation's contact, made now if there is none."""
        if self.contact_id is None:
            self.contact_id = await create_contact(
                self.session, language=self.claim.language, time_zone=self.claim.time_zone, now=self.now
            )
            await self._point_conversation()
            await know_contact(self.session, self.claim.conversation_id, self.contact_id)
        return self.contact_id

    async def join(self, contact_id: UUID) -> None:
        """From here on the conversation adds to this contact."""
        if contact_id != self.contact_id:
            is_first, self.contact_id = self.contact_id is None, contact_id
            await self._point_conversation()
            if is_first:
                await know_contact(self.session, self.claim.conversation_id, contact_id)

    async def note(self, kind: str, **data: Any) -> None:
        """An event on the contact's timeline."""
        await record(
            self.session,
            kind=kind,
            contact_id=self.contact_id,
            conversation_id=self.claim.conversation_id,
            data=data,
            now=self.now,
        )

    async def _point_conversation(self) -> None:
        connection = await self.session.connection()
        values = {"of_conversation": self.claim.conversation_id, "new_contact_id": self.contact_id}
        await connection.execute(_POINT, values)


def text(effect: dict[str, Any], name: str) -> str:
    """A field that must be a text; raises KeyError or TypeError."""
    value = effect[name]
    if not isinstance(value, str):
        raise TypeError(name)
    if len(value) > LONGEST_TEXT:
        raise ValueError(name)
    return value


def texts(effect: dict[str, Any], name: str) -> list[str]:
    """A field that must be a list of texts, or is left out; raises TypeError."""
    values = effect.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError(name)
    return values
