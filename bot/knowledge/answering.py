"""What the articles say to a question: passages with a confidence, for a turn or for whoever tries them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Sessions
from bot.claims import Claim
from bot.knowledge.confidence import rate, read_calibration
from bot.knowledge.quoting import quote
from bot.knowledge.search import Found, Question, search
from bot.turn_shapes import Need
from bot.vectors import NotAVector, read_vector

log = structlog.get_logger(__name__)

MOST_PASSAGES = 10

NOTHING: Mapping[str, Any] = {"passages": [], "sure": False}
"""The result when no article answers."""


@dataclass(frozen=True)
class Answered:
    """What was found, the best first, each with its confidence.

    Attributes:
        sure: whether the best is above the bar.
    """

    passages: list[tuple[Found, float]]
    sure: bool


async def answer(session: AsyncSession, question: Question, *, limit: int) -> Answered:
    """The articles that may answer the question, one passage of each."""
    found = await search(session, question, limit=max(limit, MOST_PASSAGES))
    rated = sorted(((one, rate(one, question.language)) for one in found), key=lambda pair: -pair[1])[:limit]
    return Answered(rated, bool(rated) and rated[0][1] >= read_calibration().bar)


@dataclass(frozen=True)
class KnowledgeNeed:
    """The need `knowledge`, as `bot.needs.Obtain`. Never fails a turn: what cannot be looked up is not known."""

    sessions: Sessions

    async def __call__(self, claim: Claim, need: Need, _attempt_key: str) -> Mapping[str, Any]:
        """Looks the question up, in the language of the talk."""
        return await self.look_up(need, claim.language)

    async def look_up(self, need: Need, language: str) -> Mapping[str, Any]:
        """The same for a talk that is only tried out."""
        text = need.query if isinstance(need.query, str) else ""
        limit = max(1, min(need.count or 1, MOST_PASSAGES))
        try:
            question = Question(text.replace("\x00", ""), language, *_meaning(need))
            async with self.sessions() as session:
                answered = await answer(session, question, limit=limit)
        except (SQLAlchemyError, OSError) as error:
            log.error("knowledge_not_searched", error=type(error).__name__)
            return NOTHING
        return {"passages": [as_json(*one) for one in answered.passages], "sure": answered.sure}


def _meaning(need: Need) -> tuple[list[float] | None, str | None]:
    if not need.vector or not need.encoder:
        return None, None
    try:
        return read_vector(need.vector), need.encoder
    except NotAVector as problem:
        log.warning("knowledge_vector_unusable", problem=str(problem))
        return None, None


def as_json(found: Found, confidence: float) -> dict[str, Any]:
    """One passage of the result."""
    return {
        "article": found.article,
        "title": found.title,
        "link": found.link,
        "heading": found.heading,
        "quote": quote(found.text),
        "language": found.language,
        "confidence": round(confidence, 4),
    }
