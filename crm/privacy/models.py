"""Tables of privacy requests, of marks that limit what may be done with a person's data, and of erasures.

`contact_id` is a random id and no foreign key: it stays when the contact is gone, and names nobody then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class PrivacyRequest(Table):
    """What a person asked for, with the clock of GDPR 12(3).

    `made_by`: the person in a talk or on a page, or a colleague who took their word (`user:` and the id).
    `detail` holds what a correction is about, and is emptied when the request is closed. `outcome` is said in words.
    """

    __tablename__ = "privacy_requests"
    __table_args__ = (
        CheckConstraint(
            "kind in ('access','rectify','erase','object_marketing','object_profiling','restrict','unrestrict',"
            "'human_review','why_contacted')",
            name="kind",
        ),
        CheckConstraint("status in ('unverified','open','done','refused')", name="status"),
        CheckConstraint("(status in ('done','refused')) = (closed_at is not null)", name="closed_at"),
        Index("ix_privacy_requests_received_at_id", "received_at", "id"),
        Index("ix_privacy_requests_contact_id", "contact_id"),
        Index("ix_privacy_requests_due", "due_at", postgresql_where=sql("closed_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    channel: Mapped[str]
    made_by: Mapped[str]
    conversation_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sql("'{}'"))
    received_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    extended_for: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    outcome: Mapped[str | None]


class PrivacyMark(Table):
    """Something that limits what may be done with a person's data, since when and by whose word."""

    __tablename__ = "privacy_marks"
    __table_args__ = (CheckConstraint("mark in ('restricted','human_review','minor')", name="mark"),)

    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    mark: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    set_at: Mapped[datetime]


class Erasure(Table):
    """An erasure that was carried out: how many rows of which table, and the signed receipt. Names nobody."""

    __tablename__ = "privacy_erasures"
    __table_args__ = (Index("ix_privacy_erasures_contact_id", "contact_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID]
    reason: Mapped[str]
    counts: Mapped[dict[str, Any]]
    recipients: Mapped[list[str]]
    receipt: Mapped[str]
    erased_at: Mapped[datetime]
