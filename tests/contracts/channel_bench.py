"""What a channel gives the contract suite: a way to play its provider and the people behind it.

A channel's bench stands in tests/channels/<name>/contract_bench.py as a class `Bench`; its module's name is added to
`BENCHES` in tests/contracts/test_channel_contract.py, and the whole suite runs for it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from outreach.models import OutboxMessage
from tests.contracts.house import House

__all__ = ["AsyncIterator", "ChannelBench", "Expected", "OutboxMessage"]


@dataclass(frozen=True)
class Expected:
    """What a behaviour of the provider must come to.

    Attributes:
        state: of the message afterwards.
        took_it: whether the provider has the message.
        stops: a suppression that must exist then: `dead address` of the address alone, `opted out` of the person.
        holds_account: whether nothing more leaves from the account for now.
    """

    state: str
    took_it: bool = False
    stops: str | None = None
    holds_account: bool = False


class ChannelBench(ABC):
    """One channel, put up in a house.

    Attributes:
        channel: its name.
        forgeries: names of requests that must be refused; `forge` makes each.
        behaviours: what the provider may do with a message, and what must come of it.
        reports: what the provider reports, by its own name, and the state that says; empty where it reports nothing.
        secrets: what must stand in no log: credentials, and the address and words of people.
        answers_by_outbox: whether what the bot says is sent; False where it is fetched (a call).
    """

    channel: ClassVar[str]
    forgeries: ClassVar[Sequence[str]]
    behaviours: ClassVar[Mapping[str, Expected]]
    reports: ClassVar[Mapping[str, str]]
    answers_by_outbox: ClassVar[bool] = True
    secrets: Sequence[str]

    @classmethod
    @abstractmethod
    def put_up(cls, house: House) -> AbstractAsyncContextManager[ChannelBench]:
        """The bench with its account, its provider and its webhooks; `house.sender` is set."""

    @abstractmethod
    async def say(self, text: str, *, person: int = 0) -> int:
        """Somebody writes; returns the status their message was acknowledged with (200 where there is none)."""

    @abstractmethod
    async def repeat(self) -> int:
        """The provider tells the last message once more, exactly as before."""

    @abstractmethod
    async def forge(self, how: str) -> int:
        """Somebody else tells what only the provider may tell; returns the status."""

    @abstractmethod
    def play(self, behaviour: str) -> None:
        """From now on the provider does this with what it is sent: one of `behaviours`, or `take`."""

    @abstractmethod
    def arrived(self) -> list[str]:
        """What the provider took, in order: the texts, with the labels of buttons where it shows any."""

    @abstractmethod
    async def report(self, outbox_id: UUID, status: str) -> int:
        """The provider reports of a message it took; of one it never had where `outbox_id` is not its own."""

    @abstractmethod
    async def forge_report(self, outbox_id: UUID, status: str) -> int:
        """Somebody else reports."""
