"""Publishes the journeys of the content folder to the database. The flows reach Rasa by training."""

from __future__ import annotations

from base.clock import SystemClock
from base.database import create_engine, create_sessions, transaction
from flows.compiler import compile_journeys, load_content
from outreach.enrolment import publish_journeys
from server.settings import Settings
from server.wiring import database_url


async def publish_content(settings: Settings) -> int:
    """Publishes every journey whose content changed; returns how many journeys there are."""
    compiled = compile_journeys(load_content(settings.content_dir, settings.nlu_dir / "knowledge"))
    engine = create_engine(database_url(settings))
    try:
        async with transaction(create_sessions(engine)) as session:
            await publish_journeys(session, compiled, SystemClock().now())
    finally:
        await engine.dispose()
    return len(compiled)
