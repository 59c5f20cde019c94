"""Table of files that people send. They are kept as bytes, never run, and never served as a page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ConversationFile(Table):
    """One file. `kind` is what its bytes are (`image`, `pdf` …), not what its name says."""

    __tablename__ = "conversation_files"
    __table_args__ = (Index("ix_conversation_files_conversation_id", "conversation_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    name: Mapped[str]
    kind: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[bytes]
    data: Mapped[bytes]
    uploaded_at: Mapped[datetime]
