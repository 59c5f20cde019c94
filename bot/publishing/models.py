"""Tables of publishing: drafts and what stands beside them, versions, publications, dialogue models, jobs.

Versions, publications and models are never changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ContentDraft(Table):
    """The working copy of one item of content (`library/demo_request`, `journeys/…`, `knowledge`, `intents` …).

    `files` maps a file's name inside the item to its text; null when the draft removes the item.
    `revision` grows with each edit, so that who edits an older one is told.
    """

    __tablename__ = "content_drafts"

    item: Mapped[str] = mapped_column(primary_key=True)
    files: Mapped[dict[str, Any] | None]
    based_on: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1, server_default="1")
    author: Mapped[str]
    updated_at: Mapped[datetime]


class ContentRevision(Table):
    """A saved state of a draft, so that two people's edits can be merged and earlier ones restored."""

    __tablename__ = "content_revisions"

    item: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True)
    files: Mapped[dict[str, Any] | None]
    author: Mapped[str]
    saved_at: Mapped[datetime]


class ContentLayout(Table):
    """Where the steps of an item stand on the canvas: `{step: {x, y}}`. Never part of what is published."""

    __tablename__ = "content_layouts"

    item: Mapped[str] = mapped_column(primary_key=True)
    positions: Mapped[dict[str, Any]]


class ContentNote(Table):
    """A colleague's comment on a step of an item, or on all of it. Never part of what is published."""

    __tablename__ = "content_notes"
    __table_args__ = (Index("ix_content_notes_item_created_at", "item", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    item: Mapped[str]
    step: Mapped[str | None]
    text: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class PublishJob(Table):
    """A publishing that somebody asked for over the API, and what came of it; a worker does it.

    `wish` is what was asked for, `lines` what was said of it so far, `outcome` its report, faults and stranded steps.
    """

    __tablename__ = "publish_jobs"
    __table_args__ = (
        CheckConstraint("kind in ('try','publish','rollback')", name="kind"),
        CheckConstraint("status in ('waiting','running','done','refused','failed')", name="status"),
        Index("ix_publish_jobs_asked_at", "asked_at"),
        Index("ix_publish_jobs_open", "asked_at", postgresql_where=sql("status in ('waiting','running')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(default="waiting", server_default="waiting")
    wish: Mapped[dict[str, Any]]
    author: Mapped[str]
    lines: Mapped[list[str]] = mapped_column(default=list, server_default=sql("'[]'"))
    code: Mapped[str | None]
    problem: Mapped[str | None]
    outcome: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=sql("'{}'"))
    publication: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_until: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ContentVersion(Table):
    """One published state of one item. The same files again are the same version."""

    __tablename__ = "content_versions"
    __table_args__ = (UniqueConstraint("item", "digest"),)

    item: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    files: Mapped[dict[str, Any]]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    created_at: Mapped[datetime]


class Publication(Table):
    """What went live together: `contents` gives the version of each item. The one with the highest `seq` is live."""

    __tablename__ = "publications"

    seq: Mapped[int] = mapped_column(Identity(), primary_key=True)
    flows_version: Mapped[str]
    compiled: Mapped[dict[str, Any]]
    contents: Mapped[dict[str, Any]]
    model_id: Mapped[str]
    author: Mapped[str]
    note: Mapped[str] = mapped_column(default="", server_default="")
    report: Mapped[dict[str, Any]]
    rollback_of: Mapped[int | None]
    published_at: Mapped[datetime]


class DialogueModel(Table):
    """A trained model, signed (`bot.signed_models`).

    `id` is the SHA-256 of its archive; `fingerprint` that of everything it was trained from.
    """

    __tablename__ = "dialogue_models"
    __table_args__ = (Index("ix_dialogue_models_fingerprint_created_at", "fingerprint", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    data: Mapped[bytes]
    created_at: Mapped[datetime]
