"""Tables of publishing: drafts, versions, publications and dialogue models. All but drafts are never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, UniqueConstraint
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
    """A trained model. `id` is the SHA-256 of `data`; `fingerprint` that of everything it was trained from."""

    __tablename__ = "dialogue_models"
    __table_args__ = (Index("ix_dialogue_models_fingerprint_created_at", "fingerprint", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    data: Mapped[bytes]
    created_at: Mapped[datetime]
