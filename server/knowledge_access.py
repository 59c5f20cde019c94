"""Gives a command of `parley knowledge` the database and an encoder; reads how the index stands. Changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import RasaDialogue
from bot.knowledge.models import KnowledgeArticle, KnowledgePassage
from bot.publishing.source import PublishedSource
from server.database_access import open_database
from server.dialogue_access import open_dialogue
from server.settings import Settings
from server.training import current_model
from server.wiring import Platform


@asynccontextmanager
async def open_knowledge(settings: Settings) -> AsyncIterator[tuple[Platform, RasaDialogue]]:
    """The database, and the dialogue processes that run or one of this command's own."""
    async with open_database(settings) as platform:
        model = current_model(settings)
        source = PublishedSource(platform.sessions)
        async with open_dialogue(platform.settings, source, model if model.exists() else None) as dialogue:
            yield platform, dialogue


async def read_status(session: AsyncSession) -> list[str]:
    """How the index stands, a line each."""
    article, passage = KnowledgeArticle, KnowledgePassage
    by_language = await session.execute(
        select(article.language, func.count()).where(article.live).group_by(article.language).order_by(article.language)
    )
    languages = [f"{count} in {language}" for language, count in by_language]
    kept = await session.scalar(select(func.count()).where(~article.live))
    by_encoder = await session.execute(
        select(passage.encoder, func.count()).where(passage.live).group_by(passage.encoder).order_by(passage.encoder)
    )
    lines = [
        f"Articles live: {', '.join(languages) or 'none'}.",
        f"Kept of earlier publications: {kept}.",
    ]
    for encoder, count in by_encoder:
        made = f"have a vector of {encoder}" if encoder else "have no vector yet and are found by words alone"
        lines.append(f"{count} passages {made}.")
    return lines
