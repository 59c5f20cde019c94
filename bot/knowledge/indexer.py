"""Keeps the index complete after publications: takes in what is live, fills in vectors, drops what is old.

Does nothing twice: however often and at once it runs, only what is missing is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from base.clock import Clock
from base.database import Sessions, transaction
from base.errors import ParleyError
from bot.knowledge.filling import Progress, VectorSource, fill_vectors, lacks_vectors, tell_nobody
from bot.knowledge.indexing import drop_old, index_articles
from bot.publishing.contents import NOTHING, find_live, tree_of
from bot.publishing.models import Publication
from bot.publishing.publishing_lock import hold_while_storing
from flows.content_tree import KNOWLEDGE

log = structlog.get_logger(__name__)

ASK_ENCODER_EVERY = timedelta(minutes=10)
"""How often it is looked whether the dialogue processes have another encoder than the vectors are of."""


@dataclass
class KnowledgeIndexer:
    """What a worker does each minute, and `parley knowledge index` at once."""

    sessions: Sessions
    source: VectorSource
    clock: Clock
    _asked_at: datetime | None = None

    async def index(self, told: Callable[[Progress], None] = tell_nobody) -> int:
        """Brings the index up to date; returns how many vectors were made.

        Raises:
            DialogueUnavailable, DialogueFailed: no dialogue process made vectors; words are searched all the same.
        """
        async with transaction(self.sessions) as session:
            # Else what goes live meanwhile would be taken out again.
            await hold_while_storing(session)
            published = await find_live(session)
            if published != NOTHING:
                files = (await tree_of(session, published)).get(KNOWLEDGE, {})
                statement = select(Publication.compiled["default_language"].as_string())
                language = await session.scalar(statement.where(Publication.seq == published.seq))
                await index_articles(session, files, default_language=language or "en", now=self.clock.now())
            await drop_old(session, self.clock.now())
        return await fill_vectors(self.sessions, self.source, self.clock, told)

    async def index_if_due(self) -> int:
        """The same, where something is missing or was not looked at for long. Tells failures to the log only."""
        now = self.clock.now()
        async with self.sessions() as session:
            missing = await lacks_vectors(session)
        if not missing and self._asked_at is not None and now < self._asked_at + ASK_ENCODER_EVERY:
            return 0
        try:
            made = await self.index()
        except ParleyError as error:
            log.warning("knowledge_vectors_missing", error=error.code, problem=error.message)
            return 0
        self._asked_at = now
        if made:
            log.info("knowledge_indexed", vectors=made)
        return made
