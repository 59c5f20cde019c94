"""Tables of the sample workspace: that there is one, and who and what of it is made up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class SampleWorkspace(Table):
    """The sample workspace, of which there is one at most: its row goes when it is removed.

    `adding` and `removing` are a worker's, whose turn it is until `claimed_until`; `attempts` counts turns since one
    got on. `made_at` is the moment that all its days are counted back from. `failed`: each turn broke off.
    """

    __tablename__ = "sample_workspaces"
    __table_args__ = (
        CheckConstraint("state in ('adding','ready','removing','failed')", name="state"),
        Index("uq_sample_workspaces_one", text("(true)"), unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    total: Mapped[int] = mapped_column(default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    made_by: Mapped[UUID]
    made_at: Mapped[datetime]
    claimed_by: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]


class SamplePerson(Table):
    """A contact that is made up: nothing is ever sent to them. `name` is what the shipped content calls them.

    It stands here before anything else is known of the contact. Triggers keep events of theirs from being reacted to
    and from being told to other systems.
    """

    __tablename__ = "sample_people"
    __table_args__ = (UniqueConstraint("name"),)

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str]


class SampleThing(Table):
    """A company, a segment or an import that was made with them, by what the shipped content calls it."""

    __tablename__ = "sample_things"
    __table_args__ = (CheckConstraint("kind in ('company','segment','import')", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    thing_id: Mapped[UUID]
