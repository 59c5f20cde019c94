"""What holds for the whole site and is known to every process by the database: one row a fact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from base.tables import Table


class SiteFact(Table):
    """A fact about the site.

    `schema`: `{"runs_since": "0031"}`, the oldest program that runs on this schema (`base.schema_version`).
    `quarantine`: nothing is sent (`outreach.quarantine`). `backup`: the latest back-up (`server.backup`).
    """

    __tablename__ = "site_facts"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    set_at: Mapped[datetime]
