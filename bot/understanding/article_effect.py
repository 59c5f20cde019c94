"""What another article, or more questions of one, do to the answers: measured with the real index and search."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from base.clock import Clock
from base.database import Sessions
from bot.knowledge.answering import Answered
from bot.knowledge.confidence import read_calibration
from bot.knowledge.filling import VectorSource, fill_vectors
from bot.knowledge.trying_out import Asked, as_if_live, ask_live
from bot.turn_shapes import Vectors
from bot.understanding.material import Question
from flows.content_tree import Files, digest_of

Effect = dict[str, Any]
FindKnown = Callable[[str], Awaitable[Mapping[str, Any] | None]]


@dataclass(frozen=True)
class Tried:
    """A text to look at.

    Attributes:
        message_id: where a visitor's own words stand, which are not copied; None for words that are proposed.
    """

    text: str
    language: str
    message_id: UUID | None = None

    def told(self) -> dict[str, str]:
        """How it is known in an effect."""
        return {"text": self.text} if self.message_id is None else {"message_id": str(self.message_id)}


@dataclass(frozen=True)
class ArticleTrial:
    """Measures changes of the articles."""

    engine: AsyncEngine
    sessions: Sessions
    source: VectorSource
    clock: Clock

    async def measure(
        self,
        before: Files,
        after: Files,
        *,
        tried: Sequence[Tried],
        questions: Sequence[Question],
        default_language: str,
        find_known: FindKnown,
    ) -> tuple[Effect, Effect]:
        """What is answered by the articles `before`, which are live, and what would be by those `after`.

        Args:
            tried: texts to look at one by one.
            questions: of the evaluation; those to articles that are not there yet are left out.
            find_known: gives what was measured of the same contents before, which is not measured again.

        Raises:
            DialogueUnavailable, DialogueFailed: no dialogue process made vectors.
        """
        await fill_vectors(self.sessions, self.source, self.clock)
        put = [one for one in questions if f"{one.article}.md" in before]
        texts = [Asked(one.text, one.language) for one in tried]
        texts += [Asked(one.text, one.language) for one in put]
        meanings = await self.source.vectors([one.text for one in texts]) if texts else _NOTHING
        marks = [mark_of(files, put, meanings.encoder) for files in (before, after)]
        known = await find_known(marks[0])
        count = len(texts) if known is None else len(tried)
        live = await ask_live(self.sessions, texts[:count], _first(meanings, count))
        trial = as_if_live(self.engine, after, default_language=default_language, source=self.source, clock=self.clock)
        async with trial as sessions:
            then = await ask_live(sessions, texts, meanings)
        figures = _figures(put, live[len(tried) :]) if known is None else known["evaluation"]
        return _effect(marks[0], tried, live, figures), _effect(
            marks[1], tried, then, _figures(put, then[len(tried) :])
        )


def mark_of(files: Files, questions: Sequence[Question], encoder: str) -> str:
    """What an evaluation of these articles is made of: same mark, same figures."""
    asked = [[one.text, one.article, one.language] for one in questions]
    parts = [digest_of(files), encoder, read_calibration().model_dump(mode="json"), asked]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


_NOTHING = Vectors.model_construct(encoder="none", dimensions=1, rows=[])


def _first(meanings: Vectors, count: int) -> Vectors:
    return meanings.model_copy(update={"rows": meanings.rows[:count]})


def _effect(mark: str, tried: Sequence[Tried], answered: Sequence[Answered], figures: Any) -> Effect:
    texts = [{**one.told(), **_best(found)} for one, found in zip(tried, answered, strict=False)]
    return {"of": mark, "bar": read_calibration().bar, "texts": texts, "evaluation": figures}


def _best(answered: Answered) -> dict[str, Any]:
    """The article that would be quoted, or would be if it were sure enough."""
    if not answered.passages:
        return {"article": None, "confidence": 0.0, "answered": False}
    found, confidence = answered.passages[0]
    return {"article": found.article, "confidence": round(confidence, 4), "answered": answered.sure}


def _figures(questions: Sequence[Question], answered: Sequence[Answered]) -> dict[str, Any] | None:
    """Recall and mean reciprocal rank of the right article, and how often it would have been given."""
    if not questions:
        return None
    places, right = [], 0
    for question, one in zip(questions, answered, strict=True):
        names = [found.article for found, _ in one.passages]
        places.append(names.index(question.article) + 1 if question.article in names else 0)
        right += one.sure and places[-1] == 1
    return {
        "questions": len(places),
        "recall_at_1": _share(sum(place == 1 for place in places), places),
        "recall_at_3": _share(sum(0 < place <= 3 for place in places), places),
        "mrr": _share(sum(1 / place for place in places if place), places),
        "answered_rightly": _share(right, places),
    }


def _share(part: float, whole: Sequence[int]) -> float:
    return round(part / len(whole), 4)
