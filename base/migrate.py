"""Brings the database to the newest schema. Safe to run from many processes: one at a time by an advisory lock."""

from __future__ import annotations

import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, text

from base.database import driver_url

_LOCK = 7_274_001  # any number nobody else uses for pg_advisory_lock
_LOOK_AGAIN = 0.2  # seconds


def alembic_config(url: str, metadata: MetaData | None = None) -> Config:
    """Alembic's configuration for this database, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", driver_url(url).replace("%", "%%"))
    config.attributes["metadata"] = metadata
    return config


def migrate(url: str) -> None:
    """Applies every migration that is not applied yet."""
    engine = create_engine(driver_url(url))
    try:
        with engine.connect() as guard:
            # Who waits is in no transaction: an index that is built while others write would wait for that in turn.
            while not guard.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}):
                guard.commit()
                time.sleep(_LOOK_AGAIN)
            guard.commit()
            command.upgrade(alembic_config(url), "head")
            guard.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            guard.commit()
    finally:
        engine.dispose()
