"""What leaves of a person's answer, by the one way that everything leaves by; and whether it may. Sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from admin.inbox.shapes import MayReply
from base.errors import Conflict
from base.ids import new_id
from base.messages import Stored
from bot.models import Conversation
from bot.said_out import to_parts
from outreach.answers import OutboxAnswers
from outreach.decisions import Defer, Deny, message_class_of
from outreach.gatekeeper import Gatekeeper
from outreach.snapshots import Question

_ANSWER = "answer"
_FETCHED = MayReply(
    allowed=True, rule="chat", reason="They see it in the chat, now or when they come back.", until=None
)
_NO_WRITING = MayReply(
    allowed=False, rule="call", reason="A call cannot be answered in writing: call back, or write by another channel.",
    until=None,
)  # fmt: skip
_NOBODY = MayReply(allowed=False, rule="nobody", reason="It is not known whom to write to.", until=None)
_NOT_ASKED = MayReply(allowed=True, rule="later", reason="The gate is asked when it leaves.", until=None)


class ReplyRefused(Conflict):
    """This may not be sent."""

    code = "reply_refused"


async def _nobody_is_woken() -> None:
    return None


@dataclass(frozen=True)
class Replies:
    """What it takes to send an answer. `settled` is called once it is committed, so that it leaves at once."""

    answers: OutboxAnswers = field(default_factory=lambda: OutboxAnswers(("sms", "telegram", "email")))
    gatekeeper: Gatekeeper | None = None
    settled: Callable[[], Awaitable[None]] = _nobody_is_woken

    async def may_reply(self, session: AsyncSession, talk: Conversation, now: datetime) -> MayReply:
        """What the gate says to an answer in this talk now."""
        if talk.channel not in self.answers.channels:
            return _NO_WRITING if talk.channel == "voice" else _FETCHED
        if talk.contact_id is None:
            return _NOBODY
        if self.gatekeeper is None:
            return _NOT_ASKED
        if self.gatekeeper.accounts is not None:
            await self.gatekeeper.accounts.refresh()
        answer_id = new_id()
        asked = Question(
            id=answer_id,
            contact_id=talk.contact_id,
            conversation_id=talk.id,
            journey=None,
            channel=talk.channel,
            purpose=_ANSWER,
            message_class=message_class_of(talk.channel, _ANSWER),
            frequency_class="normal",
            due_at=now,
            created_at=now,
            message_id=answer_id,
        )
        verdicts = await self.gatekeeper.ask(session, [asked], "plan", now)
        decision = verdicts[asked.id].decision
        until = decision.until if isinstance(decision, Defer) else None
        return MayReply(allowed=not isinstance(decision, Deny), rule=decision.rule, reason=decision.reason, until=until)

    async def check(self, session: AsyncSession, talk: Conversation, now: datetime) -> None:
        """Refuses what the gate denies before it is said.

        Raises:
            ReplyRefused: with the gate's reason.
        """
        answer = await self.may_reply(session, talk, now)
        if not answer.allowed:
            raise ReplyRefused(answer.reason)

    async def queue(self, session: AsyncSession, talk: Conversation, said: Stored, now: datetime) -> None:
        """Has what was said leave, where a provider carries it."""
        if talk.channel in self.answers.channels:
            parts = to_parts([said], talk.channel, talk.language)
            await self.answers.queue(session, conversation_id=talk.id, purpose=_ANSWER, parts=parts, now=now)
