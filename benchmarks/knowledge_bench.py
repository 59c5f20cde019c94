"""What measurements of knowledge share: a database with indexed articles, an encoder, questions asked three ways."""

from __future__ import annotations

import asyncio
import json
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from base.clock import SystemClock
from base.database import Sessions, create_engine, create_sessions, transaction
from base.migrate import migrate
from base.postgres import start_embedded
from bot.knowledge.filling import fill_vectors
from bot.knowledge.indexing import index_articles
from bot.knowledge.search import Found, Question, search
from bot.turn_shapes import Vectors

ROOT = Path(__file__).resolve().parents[1]
ENCODER = ROOT / "var" / "encoder"
LOOKED_AT = 10  # articles


class RasaEncoder:
    """`bot.knowledge.filling.VectorSource`: the encoder, run by Rasa's interpreter for each batch."""

    def __init__(self, folder: Path = ENCODER) -> None:
        self._folder = folder

    async def vectors(self, texts: Sequence[str]) -> Vectors:
        return await asyncio.to_thread(self._encode, list(texts))

    def _encode(self, texts: list[str]) -> Vectors:
        command = [str(ROOT / ".venv-rasa/bin/python"), "-m", "benchmarks.knowledge_encoder", str(self._folder)]
        done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, cwd=ROOT, check=False)
        if done.returncode:
            raise RuntimeError(f"the encoder failed: {done.stderr[-1000:]}")
        return Vectors.model_validate_json(done.stdout)


@dataclass(frozen=True)
class Ranked:
    """One question and what each way of searching found, the best first."""

    text: str
    language: str
    article: str | None
    fused: Sequence[Found]
    words: Sequence[Found]
    meaning: Sequence[Found]


@asynccontextmanager
async def indexed(files: Mapping[str, str], encoder: RasaEncoder) -> AsyncIterator[Sessions]:
    """A database of its own, with these articles live."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        postgres = await asyncio.to_thread(start_embedded, Path(folder) / "pg")
        try:
            await asyncio.to_thread(migrate, postgres.url)
            engine = create_engine(postgres.url)
            sessions = create_sessions(engine)
            async with transaction(sessions) as session:
                await index_articles(session, files, default_language="en", now=SystemClock().now())
            await fill_vectors(sessions, encoder, SystemClock())
            yield sessions
            await engine.dispose()
        finally:
            await asyncio.to_thread(postgres.stop)


async def rank_all(sessions: Sessions, encoder: RasaEncoder, asked: Sequence[Mapping[str, Any]]) -> list[Ranked]:
    """Ask every question fused, by words alone and by meaning alone."""
    meanings = await encoder.vectors([one["text"] for one in asked])
    return [
        await _rank(sessions, one, row, meanings.encoder) for one, row in zip(asked, meanings.rows, strict=True)
    ]  # fmt: skip


async def _rank(sessions: Sessions, one: Mapping[str, Any], row: Sequence[float], encoder: str) -> Ranked:
    whole = Question(one["text"], one.get("language", "en"), row, encoder)
    ways = (whole, replace(whole, vector=None, encoder=None), replace(whole, text=""))
    async with sessions() as session:
        fused, words, meaning = [await search(session, way, limit=LOOKED_AT) for way in ways]
    return Ranked(whole.text, whole.language, one.get("article"), fused, words, meaning)


def topic_of(found: Found) -> str:
    """What an article is about: its name without the language that the name ends with (`pricing.es`)."""
    return found.article.partition(".")[0]


def figures(ranked: Sequence[Ranked], way: str) -> dict[str, float]:
    """Recall and mean reciprocal rank of the right article."""
    places = []
    for one in ranked:
        # The same article in another language is the same answer.
        names = [topic_of(found) for found in getattr(one, way)]
        places.append(names.index(one.article) + 1 if one.article in names else 0)
    count = max(len(places), 1)
    return {
        "questions": len(places),
        "recall_at_1": round(sum(place == 1 for place in places) / count, 4),
        "recall_at_3": round(sum(0 < place <= 3 for place in places) / count, 4),
        "mrr": round(sum(1 / place for place in places if place) / count, 4),
    }
