"""Sends what is due: claim, the gate once more, one send, the outcome. The only code that calls a channel's sender."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import BigInteger, DateTime, Update, Uuid, bindparam, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from base.clock import Clock
from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.group_commit import GroupCommit
from base.metrics import count_send
from base.row_sets import given_rows, rows_of
from base.tables import table_of
from base.tracing import span, tell_span
from crm.consent.suppression import suppress
from crm.contacts.models import Contact
from outreach.accounts.rates import hold
from outreach.claiming import Claim, Claimed, claim_due, refuse
from outreach.gatekeeper import Gatekeeper, put_off, split_verdicts
from outreach.models import OutboxMessage
from outreach.neighbours import conversations
from outreach.outcomes import bury_address, give_back, sweep_interrupted, write_outcomes
from outreach.ports import Accepted, Envelope, InDoubt, Refused, RetryLater, SendOutcome
from outreach.recipients import read_recipients
from outreach.spending.service import give_back_spent

_log = structlog.get_logger(__name__)

SEND_TIMEOUT = timedelta(seconds=30)
"""For one send, everything included; what has no outcome after twice this long was interrupted."""
CONCURRENCY = 16
"""Messages of a lane that are on the wire at once; when a process is killed, as many are in doubt until heard of."""
LANES = 2
CLAIMED_AT_ONCE = 64
"""Messages that are claimed by one transaction; those whose turn has not come have surely not left."""
_BROKEN = timedelta(hours=1)
_NAMES = {Accepted: "accepted", Refused: "refused", RetryLater: "later", InDoubt: "in_doubt"}


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
        claimed_at_once: int = CLAIMED_AT_ONCE,
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._gatekeeper = gatekeeper
        self._send_timeout = send_timeout
        self._concurrency = concurrency
        self._claimed_at_once = claimed_at_once
        self._outcomes = GroupCommit(self._write)
        self.finishing = False
        """Set when the process is asked to stop: what is in hand is finished, nothing more is begun."""

    async def sweep(self, clock: Clock) -> int:
        """Settles sends that were interrupted; returns how many."""
        async with transaction(self._sessions) as session:
            return await sweep_interrupted(session, clock.now(), older_than=2 * self._send_timeout)

    async def deliver_due(self, clock: Clock) -> Delivered:
        """Sends every message that is due and that nobody else is sending, a few at a time."""
        # While one lane waits for a provider or the database, the other goes on.
        lanes = await asyncio.gather(*(self._deliver_in_lane(clock) for _ in range(LANES)), return_exceptions=True)
        errors = [lane for lane in lanes if isinstance(lane, BaseException)]
        if errors:
            raise errors[0]
        return sum((lane for lane in lanes if isinstance(lane, Delivered)), Delivered())

    async def _deliver_in_lane(self, clock: Clock) -> Delivered:
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
            return await claim_due(session, self._gatekeeper, clock.now(), limit=self._claimed_at_once)

    async def deliver(self, messages: Sequence[Claimed], clock: Clock) -> None:
        """Sends claimed messages, some at once, unless the gate now says otherwise."""
        for start in range(0, len(messages), self._concurrency):
            if self.finishing:
                async with transaction(self._sessions) as session:
                    await give_back(session, messages[start:], clock.now())
                return
            await self._deliver_some(messages[start : start + self._concurrency], clock)

    async def _deliver_some(self, messages: Sequence[Claimed], clock: Clock) -> None:
        try:
            envelopes = await self._open_the_gate(messages, clock)
        except Exception:  # noqa: BLE001  # one message's fault is not the others'
            # Nothing has left yet, so trying again is safe; not at once, for it may be the row that is broken.
            _log.exception("sends_not_prepared", outbox_ids=[str(one.id) for one in messages])
            if len(messages) > 1:
                for message in messages:
                    await self._deliver_some([message], clock)
            elif messages:
                broken = RetryLater("It could not be prepared for sending.", _BROKEN)
                await self._outcomes.add(_Ended(messages[0], None, broken, clock.now()))
            return
        # One send that fails must not break off the others, which are on the wire.
        sends = [self._deliver(message, envelope, clock) for message, envelope in envelopes]
        results = await asyncio.gather(*sends, return_exceptions=True)
        errors = [result for result in results if isinstance(result, Exception)]
        if errors:
            raise ExceptionGroup("outcomes could not be stored", errors)

    async def _deliver(self, message: Claimed, envelope: Envelope, clock: Clock) -> None:
        # The span of what caused it is in the process that did: it has the same message or conversation.
        with span(
            "send",
            alone=True,
            outbox_id=message.id,
            conversation_id=message.conversation_id,
            message_id=message.message_id,
            channel=message.channel,
            purpose=message.purpose,
            attempt=message.attempts,
        ):
            began = time.perf_counter()
            outcome = await self._send(envelope)
            tell_span(outcome=_NAMES[type(outcome)])
        refused_by = outcome.rule if isinstance(outcome, Refused) else ""
        count_send(message.channel, _NAMES[type(outcome)], time.perf_counter() - began, refused_by=refused_by)
        await self._outcomes.add(_Ended(message, envelope, outcome, clock.now()))

    async def _open_the_gate(self, messages: Sequence[Claimed], clock: Clock) -> list[tuple[Claimed, Envelope]]:
        """Asks the gate a last time; the messages that are to be sent now, as they are to be sent."""
        async with transaction(self._sessions) as session:
            now = clock.now()
            held, languages = await _hold(session, messages, now)
            verdicts = await self._gatekeeper.ask(session, held, "wire", now)
            await self._gatekeeper.store(session, verdicts.values())
            allowed, deferred, denied = split_verdicts(verdicts.values())
            await put_off(session, deferred, now)
            await refuse(session, denied, held, now)
            await self._gatekeeper.charge(session, allowed, now)
            open_ids = {verdict.outbox_id for verdict in allowed}
            return await self._seal(session, [message for message in held if message.id in open_ids], languages)

    async def _seal(
        self, session: AsyncSession, messages: Sequence[Claimed], languages: Mapping[UUID, str]
    ) -> list[tuple[Claimed, Envelope]]:
        addresses = await read_recipients(session, self._keys, messages)
        talks = await _talks(session, messages)
        sealed: list[tuple[Claimed, Envelope]] = []
        for message in messages:
            account = self._gatekeeper.account_of(message.channel, message.account_id)
            language, thread = languages[message.id], None
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
                address=addresses.get(message.id),
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

    async def _write(self, ended: Sequence[_Ended]) -> None:
        """Stores outcomes, in one transaction; where one of them breaks it, each in its own."""
        try:
            async with transaction(self._sessions) as session:
                await self._write_all(session, ended)
        except OperationalError:
            raise  # the database is away: nothing is wrong with any of them
        except Exception:
            if len(ended) == 1:
                raise
            _log.exception("outcomes_not_stored_together", outbox_ids=[str(one.message.id) for one in ended])
            errors = [error for one in ended if (error := await self._try_to_write(one)) is not None]
            if errors:
                raise ExceptionGroup("outcomes could not be stored", errors) from None

    async def _try_to_write(self, one: _Ended) -> Exception | None:
        try:
            await self._write([one])
        except Exception as error:  # noqa: BLE001  # the others are stored all the same
            return error
        return None

    async def _write_all(self, session: AsyncSession, ended: Sequence[_Ended]) -> None:
        now = max(one.at for one in ended)
        written = await write_outcomes(session, [(one.message, one.outcome) for one in ended], now)
        await self._give_back(session, [one for one in ended if one.message.id in written], now)
        for one in ended:
            if one.envelope is not None:
                await self._heed(session, one.message, one.envelope, one.outcome, now)
            _log.info(
                "send_settled",
                outbox_id=str(one.message.id),
                channel=one.message.channel,
                outcome=type(one.outcome).__name__,
            )

    async def _give_back(self, session: AsyncSession, ended: Sequence[_Ended], now: datetime) -> None:
        """What was surely not taken costs nothing."""
        free = [
            (one.message.channel, one.message.text, one.envelope.address)
            for one in ended
            if one.envelope is not None and isinstance(one.outcome, Refused | RetryLater)
        ]
        await give_back_spent(session, self._gatekeeper.bill(free), now)

    async def _heed(
        self, session: AsyncSession, message: Claimed, envelope: Envelope, outcome: SendOutcome, now: datetime
    ) -> None:
        """Does what the provider's answer asks for beside the message: bury an address, hear a stop, pause."""
        if isinstance(outcome, Refused) and envelope.address:
            if outcome.dead_address or outcome.opted_out:
                rule = f"{message.channel}_provider_stop" if outcome.opted_out else outcome.rule
                await bury_address(session, self._keys, message.channel, envelope.address, rule=rule, now=now)
            if outcome.opted_out and await suppress(session, [message.contact_id], message.channel, rule, now):
                # Somebody's stop went by us: the operator must find out how.
                _log.error("provider_knew_of_a_stop", outbox_id=str(message.id), channel=message.channel)
        if isinstance(outcome, RetryLater) and outcome.holds_account:
            await self._hold_account(session, envelope, outcome, now)

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


def _build_let_go() -> Update:
    held = given_rows({"id": Uuid(), "fence": BigInteger()})
    outbox = table_of(OutboxMessage)
    mine = (outbox.c.id == held.c.id, outbox.c.fence == held.c.fence, outbox.c.state == "sending")
    let_go = update(outbox).where(*mine).values(unbegun=False, wired_at=bindparam("at", type_=DateTime(timezone=True)))
    language = select(Contact.language).where(Contact.id == outbox.c.contact_id).scalar_subquery()
    return let_go.returning(outbox.c.id, outbox.c.contact_id, language.label("language"))


_LET_GO = _build_let_go()


async def _hold(
    session: AsyncSession, messages: Sequence[Claimed], now: datetime
) -> tuple[list[Claimed], dict[UUID, str]]:
    """The messages that are still this sender's, from here on maybe on the wire, and their people's languages by them.

    A process that slept too long has lost them. What the gate still refuses is written over in the same transaction.
    """
    held = rows_of({"id": one.id, "fence": one.fence} for one in messages)
    kept = (await session.execute(_LET_GO, {**held, "at": now})).all()
    # Their contact may have been merged into another since they were claimed.
    contacts = {row.id: row.contact_id for row in kept}
    mine = [replace(message, contact_id=contacts[message.id]) for message in messages if message.id in contacts]
    return mine, {row.id: row.language for row in kept}


@dataclass(frozen=True, slots=True)
class _Ended:
    """What came of a message, and when; `envelope` is None when it never got that far."""

    message: Claimed
    envelope: Envelope | None
    outcome: SendOutcome
    at: datetime
