"""Sends what is due: claim, the gate once more, one send, the outcome. The only code that calls a channel's sender."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from crm.consent.suppression import suppress
from crm.contacts.addresses import ADDRESS_KINDS
from crm.contacts.models import Contact
from crm.contacts.service import read_addresses, read_points
from outreach.accounts.rates import hold
from outreach.claiming import Claim, Claimed, claim_due, refuse
from outreach.gatekeeper import Gatekeeper, put_off, split_verdicts
from outreach.models import OutboxMessage
from outreach.neighbours import conversations
from outreach.outcomes import bury_address, sweep_interrupted, write_outcome
from outreach.ports import Envelope, InDoubt, Refused, RetryLater, SendOutcome

_log = structlog.get_logger(__name__)

SEND_TIMEOUT = timedelta(seconds=30)
"""For one send, everything included; what has no outcome after twice this long was interrupted."""
CONCURRENCY = 8
_BROKEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery run came to."""

    attempted: int = 0
    deferred: int = 0
    skipped: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(self.attempted + other.attempted, self.deferred + other.deferred, self.skipped + other.skipped)


class Delivery:
    """Delivers the outbox. Any number may run at once."""

    def __init__(
        self,
        sessions: Sessions,
        keys: KeyRing,
        gatekeeper: Gatekeeper,
        *,
        send_timeout: timedelta = SEND_TIMEOUT,
        concurrency: int = CONCURRENCY,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._gatekeeper = gatekeeper
        self._send_timeout = send_timeout
        self._concurrency = concurrency
        self.finishing = False
        """Set when the process is asked to stop: what is in hand is finished, nothing more is claimed."""

    async def sweep(self, clock: Clock) -> int:
        """Settles sends that were interrupted; returns how many."""
        async with transaction(self._sessions) as session:
            return await sweep_interrupted(session, clock.now(), older_than=2 * self._send_timeout)

    async def deliver_due(self, clock: Clock) -> Delivered:
        """Sends every message that is due and that nobody else is sending, a few at a time."""
        total = Delivered()
        while not self.finishing and (claim := await self.claim(clock)).looked_at:
            total += Delivered(len(claim.messages), claim.deferred, claim.skipped)
            await self.deliver(claim.messages, clock)
        return total

    async def claim(self, clock: Clock) -> Claim:
        """Puts the next few due messages into `sending`, committed."""
        if self._gatekeeper.accounts is not None:
            await self._gatekeeper.accounts.refresh()
        async with transaction(self._sessions) as session:
            return await claim_due(session, self._gatekeeper, clock.now(), limit=self._concurrency)

    async def deliver(self, messages: Sequence[Claimed], clock: Clock) -> None:
        """Sends claimed messages, all at once, unless the gate now says otherwise."""
        try:
            envelopes = await self._open_the_gate(messages, clock)
        except Exception:  # noqa: BLE001  # one message's fault is not the others'
            # Nothing has left yet, so trying again is safe; not at once, for it may be the row that is broken.
            _log.exception("sends_not_prepared", outbox_ids=[str(one.id) for one in messages])
            if len(messages) > 1:
                for message in messages:
                    await self.deliver([message], clock)
            elif messages:
                await self._write(
                    messages[0], None, RetryLater("It could not be prepared for sending.", _BROKEN), clock
                )
            return
        # One send that fails must not break off the others, which are on the wire.
        sends = [self._deliver(message, envelope, clock) for message, envelope in envelopes]
        results = await asyncio.gather(*sends, return_exceptions=True)
        errors = [result for result in results if isinstance(result, Exception)]
        if errors:
            raise ExceptionGroup("outcomes could not be stored", errors)

    async def _deliver(self, message: Claimed, envelope: Envelope, clock: Clock) -> None:
        await self._write(message, envelope, await self._send(envelope), clock)

    async def _open_the_gate(self, messages: Sequence[Claimed], clock: Clock) -> list[tuple[Claimed, Envelope]]:
        """Asks the gate a last time; the messages that are to be sent now, as they are to be sent."""
        async with transaction(self._sessions) as session:
            now = clock.now()
            held = await _still_held(session, messages)
            verdicts = await self._gatekeeper.ask(session, held, "wire", now)
            await self._gatekeeper.store(session, verdicts.values())
            allowed, deferred, denied = split_verdicts(verdicts.values())
            await put_off(session, deferred, now)
            await refuse(session, denied, held, now)
            open_ids = {verdict.outbox_id for verdict in allowed}
            return await self._seal(session, [message for message in held if message.id in open_ids])

    async def _seal(self, session: AsyncSession, messages: Sequence[Claimed]) -> list[tuple[Claimed, Envelope]]:
        contact_ids = [message.contact_id for message in messages]
        addresses = await read_addresses(session, self._keys, contact_ids)
        points = await read_points(
            session, self._keys, [message.contact_point_id for message in messages if message.contact_point_id]
        )
        rows = await session.execute(select(Contact.id, Contact.language).where(Contact.id.in_(contact_ids)))
        languages = {row.id: row.language for row in rows}
        talks = await _talks(session, messages)
        sealed: list[tuple[Claimed, Envelope]] = []
        for message in messages:
            kind = ADDRESS_KINDS.get(message.channel)
            own = addresses[message.contact_id]
            account = self._gatekeeper.account_of(message.channel, message.account_id)
            language, thread = languages[message.contact_id], None
            if message.message_id is not None and message.conversation_id in talks:
                language, thread = talks[message.conversation_id]
            envelope = Envelope(
                outbox_id=message.id,
                contact_id=message.contact_id,
                conversation_id=message.conversation_id,
                attempt=message.attempts,
                channel=message.channel,
                purpose=message.purpose,
                language=language,
                address=points.get(message.contact_point_id)
                or next((value for name, value in own.items() if name == kind), None),
                subject=message.subject,
                text=message.text,
                account_id=message.account_id if account is None else account.id,
                content={**(message.content or {}), **({"thread": thread} if thread else {})},
            )
            sealed.append((message, envelope))
        return sealed

    async def _send(self, envelope: Envelope) -> SendOutcome:
        try:
            async with asyncio.timeout(self._send_timeout.total_seconds()):
                return await self._gatekeeper.senders[envelope.channel].send(envelope)
        except TimeoutError:
            return InDoubt("There was no answer in time.")
        except Exception as error:  # noqa: BLE001  # whatever a sender raises, the message may have left
            _log.exception("send_broke_off", outbox_id=str(envelope.outbox_id), channel=envelope.channel)
            return InDoubt(f"Sending broke off ({type(error).__name__}).")

    async def _write(self, message: Claimed, envelope: Envelope | None, outcome: SendOutcome, clock: Clock) -> None:
        async with transaction(self._sessions) as session:
            now = clock.now()
            await write_outcome(session, message, outcome, now)
            if isinstance(outcome, Refused) and envelope is not None and envelope.address:
                if outcome.dead_address or outcome.opted_out:
                    rule = f"{message.channel}_provider_stop" if outcome.opted_out else outcome.rule
                    await bury_address(session, self._keys, message.channel, envelope.address, rule=rule, now=now)
                if outcome.opted_out and await suppress(session, [message.contact_id], message.channel, rule, now):
                    # Somebody's stop went by us: the operator must find out how.
                    _log.error("provider_knew_of_a_stop", outbox_id=str(message.id), channel=message.channel)
            if isinstance(outcome, RetryLater) and outcome.holds_account and envelope is not None:
                await self._hold_account(session, envelope, outcome, now)
        _log.info("send_settled", outbox_id=str(message.id), channel=message.channel, outcome=type(outcome).__name__)

    @staticmethod
    async def _hold_account(session: AsyncSession, envelope: Envelope, outcome: RetryLater, now: datetime) -> None:
        if envelope.account_id is not None and outcome.after is not None:
            await hold(session, envelope.account_id, now + outcome.after, now)


async def _talks(
    session: AsyncSession, messages: Sequence[Claimed]
) -> dict[UUID | None, tuple[str, dict[str, Any] | None]]:
    """By conversation, the language of answers and what they need to land where the talk is."""
    ids = [message.conversation_id for message in messages if message.message_id is not None]
    if not ids:
        return {}
    found = select(conversations.c.id, conversations.c.language, conversations.c.thread)
    rows = await session.execute(found.where(conversations.c.id.in_(ids)))
    return {row.id: (row.language, row.thread) for row in rows}


async def _still_held(session: AsyncSession, messages: Sequence[Claimed]) -> list[Claimed]:
    """The messages that are still this sender's: a process that slept too long has lost them."""
    held = select(OutboxMessage.id, OutboxMessage.fence).where(
        OutboxMessage.id.in_([message.id for message in messages]), OutboxMessage.state == "sending"
    )
    fences = {row.id: row.fence for row in await session.execute(held.with_for_update())}
    return [message for message in messages if fences.get(message.id) == message.fence]
