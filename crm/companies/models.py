"""Tables of companies. Who works where stands in `contact_companies`; a company itself names nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class Company(Table):
    """A company. `fields` are what colleagues note of it."""

    __tablename__ = "companies"
    __table_args__ = (
        Index("ix_companies_created_at_id", "created_at", "id"),
        Index("ix_companies_name_pieces", text("name_pieces(name)"), postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CompanyDomain(Table):
    """A domain of e-mail addresses that is one company's."""

    __tablename__ = "company_domains"
    __table_args__ = (Index("ix_company_domains_company_id", "company_id"),)

    domain: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))


class ContactCompany(Table):
    """Where a contact works. Without a company a colleague said that it is none: their domain links them no more."""

    __tablename__ = "contact_companies"
    __table_args__ = (
        CheckConstraint("source in ('domain','person')", name="source"),
        Index("ix_contact_companies_company_id", "company_id"),
    )

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True)
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"))
    source: Mapped[str]
    linked_by: Mapped[str | None]
    linked_at: Mapped[datetime]
