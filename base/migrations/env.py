"""Alembic's entry. Migrations import no room: metadata for comparison is handed in by the caller."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

config = context.config
connection = config.attributes.get("connection")


def _run(bind: object) -> None:
    context.configure(
        connection=bind,  # type: ignore[arg-type]
        target_metadata=config.attributes.get("metadata"),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if connection is not None:
    _run(connection)
else:
    engine = create_engine(config.get_main_option("sqlalchemy.url") or "")
    with engine.connect() as bind:
        # A migration that cannot get its lock gives way instead of queueing every reader behind it.
        bind.execute(text("SET lock_timeout = '4s'"))
        bind.commit()
        _run(bind)
        bind.commit()
    engine.dispose()
