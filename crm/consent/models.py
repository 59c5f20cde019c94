"""Tables of the consent ledger (ISO/IEC TS 27560 fields), the texts shown, its signed heads, and suppressions.

`consent_events`, `consent_notices`, `consent_heads` and `consent_keys` are append-only: a trigger refuses UPDATE,
DELETE and TRUNCATE. Nothing personal stands in them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ConsentNotice(Table):
    """A text that was shown to somebody, addressed by the SHA-256 (hex) of language, newline, text."""

    __tablename__ = "consent_notices"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]


class ConsentEvent(Table):
    """One event of the ledger. `principal_ref` is the contact's id and stays after the contact is erased.

    Since schema version 2: `brand` (None: the site's own), `purposes` and `data_categories` as IRIs of the Data Privacy
    Vocabulary, `jurisdiction` as ISO 3166 code where it is known.
    """

    __tablename__ = "consent_events"
    __table_args__ = (
        UniqueConstraint("id"),
        UniqueConstraint("hash"),
        # Two events after the same one would be two chains.
        UniqueConstraint("prev_hash"),
        CheckConstraint(
            "event in ('requested','given','confirmed','refused','withdrawn','expired','superseded','imported')",
            name="event",
        ),
        Index("ix_consent_events_principal_ref_seq", "principal_ref", "seq"),
        Index("ix_consent_events_valid_until", "valid_until", postgresql_where=text("valid_until is not null")),
    )

    seq: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    id: Mapped[UUID]
    schema_version: Mapped[int]
    event: Mapped[str]
    principal_ref: Mapped[UUID]
    address_hmac: Mapped[str | None]
    purpose: Mapped[str]
    channel: Mapped[str]
    controller: Mapped[str]
    lawful_basis: Mapped[str]
    notice_sha256: Mapped[str | None] = mapped_column(ForeignKey("consent_notices.sha256"))
    language: Mapped[str]
    method: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    actor: Mapped[str]
    effective_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    valid_until: Mapped[datetime | None]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    brand: Mapped[str | None]
    purposes: Mapped[list[str] | None]
    data_categories: Mapped[list[str] | None]
    jurisdiction: Mapped[str | None]


class PrincipalLink(Table):
    """A contact that was merged into another: what the ledger says of its id counts for the contact it is part of.

    `contact_id` is the contact there is now, `joined_ref` the one it was merged into, which may have been merged since.
    What was said up to `after_seq` was said of two people as it seemed. No foreign keys: it stays when they are erased.
    """

    __tablename__ = "principal_links"
    __table_args__ = (Index("ix_principal_links_contact_id", "contact_id"),)

    principal_ref: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID]
    joined_ref: Mapped[UUID]
    after_seq: Mapped[int]
    linked_at: Mapped[datetime]


class ConsentKey(Table):
    """A public key (Ed25519, base64url) that something was signed with. `key_id` is its RFC 7638 thumbprint."""

    __tablename__ = "consent_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str]
    created_at: Mapped[datetime]


class HeadRow(Table):
    """How long a chain was at a moment and its last hash, signed: what is cut off later shows by it."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    length: Mapped[int]
    head: Mapped[str]
    key_id: Mapped[str] = mapped_column(ForeignKey("consent_keys.key_id"))
    jws: Mapped[str]
    signed_at: Mapped[datetime]


class ConsentHead(HeadRow):
    """A signed head of the ledger."""

    __tablename__ = "consent_heads"


class ConsentConfirmation(Table):
    """A consent that counts only once it is confirmed by a link that is mailed to its address, used once.

    `address_hmac` is where the mail went; None while no address is known, which the mail waits for.
    """

    __tablename__ = "consent_confirmations"
    __table_args__ = (
        UniqueConstraint("requested_event_id"),
        Index("ix_consent_confirmations_contact_id", "contact_id"),
        Index("ix_consent_confirmations_conversation_id", "conversation_id"),
        Index("ix_consent_confirmations_to_mail", "created_at", postgresql_where=text("mailed_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    requested_event_id: Mapped[UUID]
    address_hmac: Mapped[str | None]
    conversation_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    confirmed_event_id: Mapped[UUID | None]


class Suppression(Table):
    """Nothing goes to this contact or address on this channel (`all`: on none), whatever else is allowed."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("(contact_id is null) <> (blind_index is null)", name="one_target"),
        Index(
            "uq_suppressions_contact",
            "contact_id",
            "channel",
            unique=True,
            postgresql_where=text("contact_id is not null"),
        ),
        Index(
            "uq_suppressions_address",
            "blind_index",
            "channel",
            unique=True,
            postgresql_where=text("blind_index is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID | None]
    blind_index: Mapped[bytes | None]
    channel: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    again_id: Mapped[UUID | None]
    """An id as old as the last time the same was said again; None when it was said once."""


class OptOutReview(Table):
    """An opt-out that was read from words that leave a doubt: it holds, and a person looks at it.

    `scope` is what was stopped: `{"purpose": …, "channels": […]}`. `rule` and `confidence` say what read it so.
    `status`: `open`, `confirmed` (it was one) or `reversed` (it was none: what it stopped was opened again).
    """

    __tablename__ = "opt_out_reviews"
    __table_args__ = (
        UniqueConstraint("message_id"),
        CheckConstraint("status in ('open','confirmed','reversed')", name="status"),
        Index("ix_opt_out_reviews_contact_id", "contact_id"),
        Index("ix_opt_out_reviews_conversation_id", "conversation_id"),
        Index("ix_opt_out_reviews_open", "created_at", postgresql_where=text("status = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    message_id: Mapped[UUID]
    conversation_id: Mapped[UUID | None]
    channel: Mapped[str]
    language: Mapped[str]
    scope: Mapped[dict[str, Any]]
    rule: Mapped[str]
    confidence: Mapped[float]
    consent_event_id: Mapped[UUID]
    before: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(default="open", server_default="open")
    reviewed_by: Mapped[str | None]
    reviewed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
