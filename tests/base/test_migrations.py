"""The migrations and the models say the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

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


def test_the_index_of_webhook_attempts_is_built_anew_where_it_was_broken_off_and_by_one_of_two_who_migrate(
    fresh_database_url: str,
) -> None:
    engine = create_engine(driver_url(fresh_database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0034'"))
        # As an attempt leaves it that was broken off.
        connection.execute(
            text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_webhook_deliveries_tried'::regclass")
        )
    with ThreadPoolExecutor(2) as both:
        for one in [both.submit(migrate, fresh_database_url) for _ in range(2)]:
            one.result(timeout=30)
    with engine.connect() as connection:
        assert connection.scalar(
            text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_webhook_deliveries_tried'::regclass")
        )
    engine.dispose()


def test_migrating_twice_changes_nothing(fresh_database_url: str) -> None:
    migrate(fresh_database_url)
    migrate(fresh_database_url)
