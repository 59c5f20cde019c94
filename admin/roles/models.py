"""The table of roles that a site made itself; the shipped ones stand in `admin.api.permissions`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Role(Table):
    """A role of this site's own. Users name it by its name, which therefore does not change."""

    __tablename__ = "admin_roles"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
