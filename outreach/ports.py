"""What a channel offers delivery: one way to hand over one message. Knows no provider and no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message, ready to leave. `address` is None on channels that have none; never log it."""

    outbox_id: UUID
    contact_id: UUID
    conversation_id: UUID | None
    attempt: int
    channel: str
    purpose: str
    language: str
    address: str | None
    subject: str | None
    text: str
    account_id: UUID | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    """Beside the text, of an answer in a talk: `buttons`, `media`, `of`; and `thread` of its conversation."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it.

    Attributes:
        dead_address: nobody is there, so write to this address no more.
        opted_out: the provider holds a stop of this person that we did not know of.
    """

    rule: str
    reason: str
    dead_address: bool = False
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class RetryLater:
    """It was definitely not taken and may be later; `after` when the provider says how much later.

    `holds_account`: the provider wants nothing more from this account until then, whoever it is for.
    """

    reason: str
    after: timedelta | None = None
    holds_account: bool = False


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have been taken, or not."""

    reason: str


SendOutcome = Accepted | Refused | RetryLater | InDoubt


@dataclass(frozen=True, slots=True)
class Look:
    """A message as whoever gets it reads or hears it; `spoken` instead of `texts` where it is heard."""

    texts: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    subject: str | None = None
    html: str | None = None


class LetterLook(Protocol):
    """Shows what a channel makes of a message, by what really sends it. Sends nothing and asks nobody."""

    @property
    def channel(self) -> str:
        """The channel's name."""
        ...

    def show(self, envelope: Envelope) -> Look:
        """The message as it would leave; its addresses are made up."""
        ...


class Sender(Protocol):
    """Hands messages over to one channel's provider."""

    @property
    def channel(self) -> str:
        """The channel's name."""
        ...

    def configured(self) -> str | None:
        """What is missing before anything may be sent, in words that name the setting; None when nothing is."""
        ...

    async def send(self, envelope: Envelope) -> SendOutcome:
        """Hands over one message, once. Refusals are outcomes; anything raised counts as in doubt."""
        ...


@runtime_checkable
class Closes(Protocol):
    """A sender that keeps connections."""

    async def close(self) -> None:
        """Gives them up."""
        ...


@dataclass(frozen=True, slots=True)
class Sought:
    """A message that may have left: what its provider can be asked for. Never log the address or text."""

    outbox_id: UUID
    account_id: UUID | None
    address: str
    text: str
    since: datetime


@runtime_checkable
class Lists(Protocol):
    """A sender whose provider can be asked what it took."""

    async def find_sent(self, sought: Sought) -> Sequence[str]:
        """The provider's ids of messages of this text to this address since then, the oldest first.

        Raises:
            ProviderAway: it could not be asked.
        """
        ...


class ProviderAway(Exception):
    """A provider did not answer what it was asked for."""


class Reaction(Protocol):
    """What follows from events of contacts before journeys are looked at: their scores, their segments."""

    async def __call__(self, session: AsyncSession, contact_ids: Sequence[UUID], now: datetime) -> None:
        """Does it in the caller's transaction, which holds the contacts' rows."""
        ...


@dataclass(frozen=True, slots=True)
class OutsideRequest:
    """What a journey asks of a connector. The path is quoted already, the query is not."""

    connector: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


class Connector(Protocol):
    """Calls other systems."""

    async def call(self, request: OutsideRequest, *, key: str) -> Mapping[str, Any]:
        """Makes the call, or gives what came of it: the same key is the same call. Call it outside of a transaction.

        Returns:
            `{"ok": true, "json"}` or `{"ok": false, "problem"}`; it never raises for what the other side does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """A flow that a step begins with somebody. `occurrence` names it: the same again is the same talk.

    `conversation_id` is the chat they have open, on the web.
    """

    occurrence: str
    enrolment_id: UUID
    contact_id: UUID
    channel: str
    flow: str
    purpose: str
    journey: str
    step: str
    language: str
    conversation_id: UUID | None = None


class Talks(Protocol):
    """Talks with people, which the bot leads."""

    async def begin(self, session: AsyncSession, openings: Sequence[Opening], now: datetime) -> Mapping[str, UUID]:
        """Begins each in the caller's transaction; the turns that say something come soon after.

        Returns:
            By `occurrence` the conversation; none where another talk is under way, or the channel has no account.
        """
        ...


class DueWork(Protocol):
    """Something else that becomes due and that the pump is to look after."""

    async def do_due(self, now: datetime) -> int:
        """Does all that is due; returns how much it was. Twice, at once or late does no more than once."""
        ...

    async def next_due_at(self) -> datetime | None:
        """When more is due; None when nothing is."""
        ...
