"""Follow-ups into the chat: a message of the conversation, seen now or when the visitor comes back."""

from __future__ import annotations

from sqlalchemy import func, select

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import NotFound
from bot.conversations import append_message
from bot.turn_statements import NOTIFY_CHANNEL
from outreach.ports import Accepted, Envelope, Refused, SendOutcome


class WebSender:
    """The send port of the web chat. The outbox id is the message's client id: sending twice shows it once."""

    channel = "web"

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def configured(self) -> str | None:
        """Always: the chat needs no provider."""
        return None

    async def send(self, envelope: Envelope) -> SendOutcome:
        """Writes the message and tells the web processes."""
        if envelope.conversation_id is None:
            return Refused("no_conversation", "This person never opened the web chat.")
        try:
            async with transaction(self._sessions) as session:
                stored = await append_message(
                    session,
                    conversation_id=envelope.conversation_id,
                    author="follow_up",
                    text=envelope.text,
                    data={},
                    client_id=envelope.outbox_id,
                    now=self._clock.now(),
                )
                if stored is not None:
                    await session.execute(select(func.pg_notify(NOTIFY_CHANNEL, f"- {envelope.conversation_id}")))
        except NotFound:
            return Refused("no_conversation", "The conversation no longer exists.")
        return Accepted(provider_id=str(envelope.outbox_id))
