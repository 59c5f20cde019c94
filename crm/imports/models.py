"""Tables of imports: what was imported, and which contact each row made. No address or name stands in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ContactImport(Table):
    """One import. The counts grow with every set of rows; one that stays `running` was stopped and can be undone."""

    __tablename__ = "contact_imports"
    __table_args__ = (CheckConstraint("state in ('running','done','undone')", name="state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_sha256: Mapped[str]
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Headings of the file, each with what its column became."""
    made_by: Mapped[str]
    state: Mapped[str] = mapped_column(default="running", server_default="running")
    rows: Mapped[int] = mapped_column(default=0, server_default="0")
    created: Mapped[int] = mapped_column(default=0, server_default="0")
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    consents: Mapped[int] = mapped_column(default=0, server_default="0")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class ImportedContact(Table):
    """A contact that an import made, and by which row of the file."""

    __tablename__ = "imported_contacts"
    __table_args__ = (Index("ix_imported_contacts_import_id", "import_id"),)

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("contact_imports.id"))
    row_number: Mapped[int]
    created_at: Mapped[datetime]
