"""Tables of contacts, and of contacts that turned out to be one.

An address stands only in `contact_points`, an id of another system only in `external_ids`: sealed, and found by a blind
index.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

SEALED_COLUMN = "contact_points.value_sealed"
SEALED_EXTERNAL_ID = "external_ids.value_sealed"


class Contact(Table):
    """A person. `fields` holds what they told us (first_name, company …); `score` is the sum of score entries."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("stage in ('visitor','lead','mql','sql','customer','disqualified')", name="stage"),
        CheckConstraint("qualification in ('hot','warm','cold')", name="qualification"),
        Index("ix_contacts_created_at_id", "created_at", "id"),
        Index("ix_contacts_stage_created_at_id", "stage", "created_at", "id"),
        Index("ix_contacts_tags", "tags", postgresql_using="gin", postgresql_ops={"tags": "jsonb_path_ops"}),
        Index("ix_contacts_fields", "fields", postgresql_using="gin", postgresql_ops={"fields": "jsonb_path_ops"}),
        Index("ix_contacts_name_pieces", text("contact_name_pieces(fields)"), postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(default="visitor", server_default="visitor")
    qualification: Mapped[str | None]
    score: Mapped[int] = mapped_column(default=0, server_default="0")
    language: Mapped[str] = mapped_column(default="en", server_default="en")
    time_zone: Mapped[str | None]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    tags: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ContactPoint(Table):
    """An address of a contact: one row per address in the whole system."""

    __tablename__ = "contact_points"
    __table_args__ = (
        UniqueConstraint("kind", "blind_index"),
        CheckConstraint("kind in ('email','phone','telegram')", name="kind"),
        Index("ix_contact_points_contact_id", "contact_id"),
        # Segments are counted by it.
        Index("ix_contact_points_kind_contact_id", "kind", "contact_id", "verified_at"),
        Index("ix_contact_points_key_id", "key_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    value_sealed: Mapped[bytes]
    key_id: Mapped[str]
    blind_index: Mapped[bytes]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class NumberChallenge(Table):
    """A phone number left by an unknown visitor: nothing goes there before `solved_at`, see `number_challenges`."""

    __tablename__ = "number_challenges"
    __table_args__ = (Index("ix_number_challenges_conversation_id", "conversation_id"),)

    contact_point_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact_points.id", ondelete="CASCADE"), primary_key=True
    )
    conversation_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    solved_at: Mapped[datetime | None]


class ExternalId(Table):
    """What another system (`source`: crm, shop …) knows a contact as. Verified: the system itself said so."""

    __tablename__ = "external_ids"
    __table_args__ = (
        UniqueConstraint("source", "blind_index"),
        Index("ix_external_ids_contact_id", "contact_id"),
        Index("ix_external_ids_key_id", "key_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    source: Mapped[str]
    value_sealed: Mapped[bytes]
    key_id: Mapped[str]
    blind_index: Mapped[bytes]
    verified_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class ContactMerge(Table):
    """Two contacts that turned out to be one: `merged_id` is no contact any more, unless it was undone.

    `reason` is a code, such as `by_hand`. No foreign keys: it stays through later merges.
    """

    __tablename__ = "contact_merges"
    __table_args__ = (
        Index("ix_contact_merges_survivor_id", "survivor_id"),
        Index("ix_contact_merges_merged_id", "merged_id"),
        Index("uq_contact_merges_standing", "merged_id", unique=True, postgresql_where=text("undone_at is null")),
        Index("ix_contact_merges_merged_at_id", "merged_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    survivor_id: Mapped[UUID]
    merged_id: Mapped[UUID]
    reason: Mapped[str]
    merged_by: Mapped[str]
    merged_at: Mapped[datetime]
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]


class MergedRow(Table):
    """What a merge did to one row of another table, so that it can be taken back. Goes when it is.

    `moved`: it names the survivor now. `set_aside`: it stands only here, in `before`. `changed`: from the columns of
    `before` to those of `after`. `made`: by the merge. `key` is the row's key without the contact's id.
    """

    __tablename__ = "merged_rows"
    __table_args__ = (
        CheckConstraint("change in ('moved','set_aside','changed','made')", name="change"),
        Index("ix_merged_rows_merge_id_table_name", "merge_id", "table_name"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    merge_id: Mapped[UUID] = mapped_column(ForeignKey("contact_merges.id", ondelete="CASCADE"))
    table_name: Mapped[str]
    change: Mapped[str]
    key: Mapped[dict[str, Any] | None]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
