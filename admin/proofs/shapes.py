"""What proofs hold. They are read by people and lawyers: every field says what it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from admin.api.fields import AnswerShape, PlainText, RequestShape


class ProvenConsent(AnswerShape):
    """An event of the ledger: who said what, to which exact text, how and when, and its signed receipt."""

    seq: int
    id: UUID
    event: str
    purpose: str
    channel: str
    brand: str | None
    controller: str
    lawful_basis: str
    jurisdiction: str | None
    text: str | None
    language: str
    method: str
    evidence: dict[str, Any]
    actor: str
    effective_at: datetime
    recorded_at: datetime
    valid_until: datetime | None
    hash: str
    receipt: dict[str, Any]
    kantara: dict[str, Any]


class GateAnswer(AnswerShape):
    """What the gate answered, when and by which rule, with everything it was given and the version of its data."""

    stage: str
    answer: str
    rule: str
    reason: str
    until: datetime | None
    pack_version: str
    inputs: dict[str, Any]
    decided_at: datetime


class SaidInTalk(AnswerShape):
    """A message of the talk."""

    id: UUID
    author: str
    text: str
    at: datetime


class Happening(AnswerShape):
    """What the timeline says of a message."""

    kind: str
    at: datetime
    data: dict[str, Any]


class SentMessage(AnswerShape):
    """A row of the outbox."""

    id: UUID
    contact_id: UUID
    channel: str
    purpose: str
    message_class: str
    journey: str | None
    step: str | None
    subject: str | None
    text: str
    state: str
    reason_rule: str | None
    reason: str | None
    attempts: int
    provider_id: str | None
    created_at: datetime
    due_at: datetime
    claimed_at: datetime | None
    updated_at: datetime


class MessageProof(AnswerShape):
    """Why one message was sent, or not.

    `basis` is the event of the ledger by which consent stood when it was claimed (or, unclaimed, planned): absent for a
    message that needs none. `talk` is what was said last before it, and what it answers.
    """

    message: SentMessage
    basis: UUID | None
    standing: str
    decisions: list[GateAnswer]
    consent: list[ProvenConsent]
    happened: list[Happening]
    talk: list[SaidInTalk]


class Stopped(AnswerShape):
    """A suppression of the person or of one of their addresses."""

    channel: str
    reason: str


class MessageInPerson(AnswerShape):
    """A message with what the gate answered about it."""

    message: SentMessage
    decisions: list[GateAnswer]


class PersonProof(AnswerShape):
    """Everything about one person's consent and what was sent to them; the latest 1,000 messages."""

    contact_id: UUID
    standing: dict[str, str]
    consent: list[ProvenConsent]
    stopped: list[Stopped]
    messages: list[MessageInPerson]


class CarrierQuery(RequestShape):
    """For which channel and purpose, and how many opt-ins are shown."""

    channel: PlainText = "sms"
    purpose: PlainText = "marketing"
    limit: int = Field(20, ge=1, le=200)


class ShownText(AnswerShape):
    """A consent text that people agreed to, how many did, and when first and last."""

    text: str
    language: str
    opt_ins: int
    first_at: datetime
    last_at: datetime


class OptIn(AnswerShape):
    """One opt-in: by an id, never by an address."""

    event_id: UUID
    at: datetime
    method: str
    url: str | None
    where: str | None
    language: str
    text: str | None
    hash: str


class CarrierProof(AnswerShape):
    """Opt-in evidence as a carrier's campaign form asks for it."""

    company: str
    channel: str
    purpose: str
    opted_in: int
    opted_out: int
    texts: list[ShownText]
    opt_ins: list[OptIn]


class ConsentReceipts(AnswerShape):
    """A person's receipts, oldest first; checked with the keys at `/.well-known/jwks.json`."""

    receipts: list[dict[str, Any]]


class LedgerHead(AnswerShape):
    """The head that was signed last."""

    length: int
    head: str
    signed_at: datetime
    key_id: str
    jws: str
