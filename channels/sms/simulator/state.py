"""What the local Twilio knows: an account with its numbers and services, what was sent, what is to be said to that."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from base.sms_segments import read_segments

STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "unstop", "yes"})
HELP_WORDS = frozenset({"help", "info"})


def new_sid(prefix: str) -> str:
    """An id of Twilio's form: two letters, then 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass
class Number:
    """A number or short code of the account's."""

    number: str
    sid: str = ""
    sms: bool = True
    mms: bool = True
    sms_url: str = ""
    sms_fallback_url: str = ""
    toll_free_status: str | None = None

    def __post_init__(self) -> None:
        self.sid = self.sid or new_sid("SC" if self.is_short else "PN")

    @property
    def is_short(self) -> bool:
        """Whether it is a short code."""
        return not self.number.startswith("+")


@dataclass
class Service:
    """A messaging service: several numbers that send as one, and its registration with the American carriers."""

    numbers: list[Number]
    sid: str = field(default_factory=lambda: new_sid("MG"))
    inbound_request_url: str = ""
    fallback_url: str = ""
    use_inbound_webhook_on_number: bool = False
    advanced_opt_out: bool = False
    campaign_id: str | None = None
    campaign_status: str = "VERIFIED"
    brand_sid: str = field(default_factory=lambda: new_sid("BN"))
    brand_status: str = "APPROVED"


@dataclass
class Sent:
    """A message that was accepted."""

    sid: str
    sender: str | None
    service_sid: str | None
    to: str
    body: str
    status_callback: str
    validity_period: int
    status: str = "queued"
    error_code: int | None = None
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def segments(self) -> int:
        """How many texts it is charged as."""
        return read_segments(self.body).count


@dataclass(frozen=True)
class Answer:
    """What the API does with a message that is in order.

    Attributes:
        what: takes it; refuses it with `status` and `code`; takes it and breaks the line before the answer is out;
            breaks the line without having taken it; lets the caller wait for good; answers what is no JSON.
        statuses: what is reported of a message taken, in order.
        code: Twilio's error code, of a refusal or of a report of failure.
        early: whether the reports come before the answer does, as they may.
    """

    what: Literal["take", "refuse", "take and break", "break", "hang", "nonsense"] = "take"
    status: int = 400
    code: int | None = None
    retry_after: int | None = None
    statuses: Sequence[str] = ("sent", "delivered")
    early: bool = False


TAKE = Answer()
Script = Callable[[Sent], Answer]


@dataclass
class State:
    """Everything there is. `blocked` holds who stopped which sender."""

    account_sid: str
    tokens: list[str]
    keys: dict[str, str] = field(default_factory=dict)
    numbers: list[Number] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    messages: list[Sent] = field(default_factory=list)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    script: Script = lambda _sent: TAKE
    account_status: str = "active"
    answers_words: bool = True
    """Whether STOP, START and HELP are answered here, as Twilio does unless it is asked not to."""

    def find_number(self, number: str) -> Number | None:
        """The account's number, of its own or in a service."""
        every = [*self.numbers, *(one for service in self.services for one in service.numbers)]
        return next((one for one in every if number in (one.number, one.sid)), None)

    def find_service(self, sid: str | None) -> Service | None:
        """The account's service."""
        return next((one for one in self.services if one.sid == sid), None)

    def service_of(self, number: Number) -> Service | None:
        """The service a number is in."""
        return next((one for one in self.services if number in one.numbers), None)

    def block_key(self, number: Number, phone: str) -> tuple[str, str]:
        """What a stop of this phone blocks: the number, or all of its service."""
        service = self.service_of(number)
        return (service.sid if service else number.number, phone)
