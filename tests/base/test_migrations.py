"""The migrations and the models say the same."""

from __future__ import annotations

from importlib import import_module

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from base.database import driver_url
from base.migrate import migrate
from base.tables import Table
from server.settings import ROOT

ROOMS = tuple(
    import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for room in ("admin", "base", "bot", "channels", "crm", "outreach")
    for pattern in ("*models.py", "*/*models.py")
    for path in sorted((ROOT / room).glob(pattern))
)
"""Every module with tables, also those that come later."""


def test_the_migrated_schema_is_exactly_what_the_models_say(fresh_database_url: str) -> None:
    engine = create_engine(driver_url(fresh_database_url))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Table.metadata)
    engine.dispose()
    assert [entry for entry in differences if "procrastinate" not in str(entry)] == []


def test_migrating_twice_changes_nothing(fresh_database_url: str) -> None:
    migrate(fresh_database_url)
    migrate(fresh_database_url)
