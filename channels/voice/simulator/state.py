"""What the local Twilio knows: an account, its numbers, how phones are answered, what was said on each call."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal


def new_sid(prefix: str) -> str:
    """An id of Twilio's form: two letters, then 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass
class Number:
    """A number of the account's."""

    number: str
    sid: str = field(default_factory=lambda: new_sid("PN"))
    voice: bool = True
    voice_url: str = ""
    voice_fallback_url: str = ""
    status_callback: str = ""


@dataclass(frozen=True)
class Pickup:
    """How a phone that is called behaves.

    Attributes:
        how: what becomes of the call, as Twilio calls it; `answered` when it is taken.
        answered_by: what the answering machine detection finds; None: it finds nothing.
        sip_code: of a call that failed.
        detects_first: whether it finds that before the one who answers has said anything.
    """

    how: Literal["answered", "busy", "no-answer", "failed", "canceled"] = "answered"
    answered_by: str | None = "human"
    sip_code: int | None = None


@dataclass(frozen=True)
class Answer:
    """What the API does with a request to call that is in order: takes it, refuses it, or breaks off."""

    what: Literal["take", "refuse", "take and break", "break", "nonsense"] = "take"
    status: int = 400
    code: int | None = None
    retry_after: int | None = None


@dataclass(frozen=True)
class Input:
    """What somebody does on the phone: says something, presses keys, stays silent, or hangs up.

    `barges`: while we still speak, so that what can be interrupted is; `cuts`: also what should not be.
    """

    kind: Literal["speech", "keys", "silence", "hang up"]
    text: str = ""
    confidence: float | None = 0.9
    barges: bool = False
    cuts: bool = False


@dataclass
class PhoneCall:
    """One call: what was heard on it, and what somebody does.

    Attributes:
        heard: what was said to the person, in order; a sound as its address.
        languages: what each was said in.
        dialled: numbers it was put through to.
        twiml: every document that was carried out.
        recorded: whether a recording is being made.
    """

    sid: str
    sender: str
    to: str
    direction: Literal["inbound", "outbound-api"]
    status_callback: str = ""
    url: str = ""
    amd_callback: str = ""
    machine_detection: str = ""
    verification: str = ""
    status: str = "queued"
    heard: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    twiml: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    recorded: bool = False
    dial_status: str = "completed"
    inputs: asyncio.Queue[Input] = field(default_factory=asyncio.Queue)
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    replaced: str | None = None
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    sent_over_socket: list[dict[str, object]] = field(default_factory=list)

    @property
    def all_heard(self) -> str:
        """Everything that was said to the person, as one text."""
        return "\n".join(self.heard)


TAKE = Answer()


@dataclass
class State:
    """Everything there is."""

    account_sid: str
    tokens: list[str]
    keys: dict[str, str] = field(default_factory=dict)
    numbers: list[Number] = field(default_factory=list)
    calls: list[PhoneCall] = field(default_factory=list)
    script: Callable[[str], Answer] = lambda _to: TAKE
    pickup: Callable[[str], Pickup] = lambda _to: Pickup()
    account_status: str = "active"

    def find_number(self, number: str) -> Number | None:
        """The account's number, by itself or its id."""
        return next((one for one in self.numbers if number in (one.number, one.sid)), None)

    def find_call(self, sid: str) -> PhoneCall | None:
        """A call by its id."""
        return next((one for one in self.calls if one.sid == sid), None)
