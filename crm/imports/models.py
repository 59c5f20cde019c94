"""Tables of imports: what was imported, which contact each row made, what was wrong with rows.

No address or name stands in them; the name of a file goes with the file.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table

ImportState = Literal["uploaded", "waiting", "running", "done", "failed", "cancelled", "undoing", "undone"]
OPEN: tuple[ImportState, ...] = ("waiting", "running", "undoing")
"""States in which a worker has something to do."""


class ContactImport(Table):
    """One import. The counts grow with every set of rows, in its transaction.

    `waiting`, `running` and `undoing` are a worker's, by turns: only whose turn it is (`claimed_by`) may write, and
    `attempts` counts turns since a set was stored. One by command has no file (`stored_as`); if it stays `running` it
    was stopped and can be undone.
    `started_at` is when the file came until somebody starts the import.
    """

    __tablename__ = "contact_imports"
    __table_args__ = (
        CheckConstraint(
            "state in ('uploaded','waiting','running','done','failed','cancelled','undoing','undone')", name="state"
        ),
        Index("ix_contact_imports_started_at_id", "started_at", "id"),
        Index(
            "ix_contact_imports_open",
            "started_at",
            postgresql_where=text("state in ('waiting','running','undoing')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    file_sha256: Mapped[str]
    file_name: Mapped[str | None]
    """As whoever sent it calls it; shown, never opened."""
    stored_as: Mapped[str | None]
    """Its name in the folder of uploads while it is there."""
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Headings of the file, each with what its column became."""
    options: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    """How it is taken (`crm.imports.options.Options`)."""
    made_by: Mapped[str]
    state: Mapped[str] = mapped_column(default="running", server_default="running")
    problem: Mapped[str | None]
    """Why it failed, in words for whoever started it."""
    rows_expected: Mapped[int | None]
    rows_a_second: Mapped[int | None]
    last_row: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of the last row that was dealt with: whoever goes on begins behind it."""
    rows: Mapped[int] = mapped_column(default=0, server_default="0")
    created: Mapped[int] = mapped_column(default=0, server_default="0")
    refused: Mapped[int] = mapped_column(default=0, server_default="0")
    consents: Mapped[int] = mapped_column(default=0, server_default="0")
    problems: Mapped[int] = mapped_column(default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed_by: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None]
    removed: Mapped[int] = mapped_column(default=0, server_default="0")
    """Contacts that undoing it removed."""


class ImportedContact(Table):
    """A contact that an import made, and by which row of the file."""

    __tablename__ = "imported_contacts"
    __table_args__ = (Index("ix_imported_contacts_import_id", "import_id"),)

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    import_id: Mapped[UUID] = mapped_column(ForeignKey("contact_imports.id"))
    row_number: Mapped[int]
    created_at: Mapped[datetime]


class ImportProblem(Table):
    """What was wrong with a row: which column, by what it was to become, and why. The value itself is not kept."""

    __tablename__ = "import_problems"
    __table_args__ = (Index("ix_import_problems_created_at", "created_at"),)

    import_id: Mapped[UUID] = mapped_column(ForeignKey("contact_imports.id"), primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    """Which of the row's problems, from 0."""
    target: Mapped[str]
    reason: Mapped[str]
    refused: Mapped[bool]
    """Whether nothing of the row was imported, else all but this."""
    created_at: Mapped[datetime]
