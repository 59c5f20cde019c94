"""The table of users as an identity provider knows them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class ProviderIdentity(Table):
    """Whom an issuer calls by a subject: that stays, while addresses are given to somebody else."""

    __tablename__ = "admin_provider_identities"
    __table_args__ = (Index("ix_admin_provider_identities_user_id", "user_id"),)

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("admin_users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
