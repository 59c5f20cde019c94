"""What every channel with a provider behind it speaks: what came in, verified and parsed, and what is to go out.

Plain data: no provider's format and no rows. A channel turns its provider's payloads into these and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from base.delivery_states import DeliveryState

SenderKind = Literal["phone", "telegram", "email"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: an address that the provider vouches for.

    Attributes:
        kind: of the address.
        value: the address itself; never log it.
        name: the first name they gave the provider, where it tells one.
        proven: whether the provider proves that the message came from the address. E-mail that no check of its origin
            passed is not: then nothing is told and nothing but an opt-out is believed.
    """

    kind: SenderKind
    value: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    proven: bool = True


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came along, still where the provider keeps it. `ref` is what the channel fetches it by."""

    ref: str = field(repr=False)
    media_type: str
    name: str = "file"


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a person wrote, tapped or sent.

    Attributes:
        provider_id: the provider's own id; the same one again is the same message.
        text: what was written; of a tap, its label; of a deep link, the code of a talk begun elsewhere.
        tapped: `(message_id, index)` of a tap: the message whose button it was and which of them.
        language: BCP 47, where the provider tells the person's.
        thread: what an answer needs to land in the same place (e-mail: subject and message ids).
        conversation_id: the conversation it belongs to, where it carries proof of that (a reply to our signed address).
        opens: the wish to begin, without words (Telegram's Start button): it opens the talk, or is START after a stop.
            A text with it is the code of a talk begun elsewhere.
        closes: no words but the news that they shut this channel to us at the provider (blocked the bot).
        also_theirs: further addresses that the provider vouches for are the sender's (a shared phone number).
        answered: the provider has answered this word of the carriers (STOP, START, HELP) itself: it takes effect here,
            and nothing of ours is said to it.
        answers_promotion: it answers a promotional message of ours, to which a plain no is an opt-out.
    """

    provider_id: str
    sender: Sender
    text: str = field(default="", repr=False)
    tapped: tuple[UUID, int] | None = None
    attachments: tuple[Attachment, ...] = ()
    language: str | None = None
    thread: dict[str, Any] = field(default_factory=dict)
    conversation_id: UUID | None = None
    sent_at: datetime | None = None
    opens: bool = False
    closes: bool = False
    also_theirs: tuple[Sender, ...] = field(default=(), repr=False)
    answered: bool = False
    answers_promotion: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a message of ours, as the provider reports it. The same report twice changes nothing more.

    Attributes:
        outbox_id: the message, where the report carries our own id of it; else it is found by `message_provider_id`.
        dead_address: nobody is behind the address: nothing more goes there.
        opted_out: the provider holds a stop of this person that we do not know of.
        put_off: it was not delivered for the hour at the person's place: it goes again when it is day there.
    """

    state: DeliveryState
    outbox_id: UUID | None = None
    message_provider_id: str | None = None
    rule: str | None = None
    reason: str | None = None
    dead_address: bool = False
    opted_out: bool = False
    put_off: bool = False


@dataclass(frozen=True, slots=True)
class AccountField:
    """Something the operator must tell of an account: a key of `Account.secrets` or `Account.settings`.

    Attributes:
        secret: sealed, never shown again.
        help: where to find it, in a sentence.
        required: whether nothing works without it.
    """

    name: str
    label: str
    help: str
    secret: bool = False
    required: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check of an account found, in plain words, with what to do about it."""

    level: Literal["ok", "warning", "missing"]
    text: str
    remedy: str | None = None
