"""The first log-in: a one-time link for as long as nobody can sign in yet."""

from __future__ import annotations

from admin.sessions.setup import create_setup_token
from base.clock import SystemClock
from base.database import create_engine, create_sessions, transaction
from base.errors import Conflict
from server.settings import Settings
from server.wiring import database_url


async def find_setup_link(settings: Settings) -> str | None:
    """A fresh link to make the first user; None when there is one already."""
    engine = create_engine(database_url(settings))
    try:
        async with transaction(create_sessions(engine)) as session:
            token = await create_setup_token(session, SystemClock().now())
    except Conflict:
        return None
    finally:
        await engine.dispose()
    return f"{settings.site_url}/admin/setup?token={token}"
