"""How long a search of the articles takes: ``python -m benchmarks.knowledge_speed [--passages 20000] [--plan]``.

Made-up articles of words as rare as words are, made-up vectors in clusters as texts of one topic have them.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pgvector import Vector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from base.database import create_engine, create_sessions, transaction
from base.migrate import migrate
from base.postgres import start_embedded
from bot.knowledge.answering import answer
from bot.knowledge.search import Question, parameters_of, statement_for

SEARCHES = 200
TOPICS = 200
PASSAGES_OF_ARTICLE = 5
VOCABULARY = 8_000
ENCODER = "made-up"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=20_000)
    parser.add_argument("--plan", action="store_true", help="print the plan PostgreSQL chooses")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        postgres = start_embedded(Path(folder) / "pg")
        try:
            migrate(postgres.url)
            asyncio.run(measure(postgres.url, options.passages, plan=options.plan))
        finally:
            postgres.stop()


async def measure(url: str, passages: int, *, plan: bool) -> None:
    """Fill the index and search it, one question after the other."""
    engine = create_engine(url)
    sessions = create_sessions(engine)
    made = Made(np.random.default_rng(7))
    async with transaction(sessions) as session:
        await fill(session, made, passages)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE knowledge_passages"))
    asked = [made.question() for _ in range(SEARCHES)]
    times = []
    for question in asked:
        async with sessions() as session:
            began = time.perf_counter()
            await answer(session, question, limit=3)
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    print(
        f"{passages} passages, {SEARCHES} searches: median {statistics.median(times):.1f} ms,"
        f" 95 % {times[int(SEARCHES * 0.95)]:.1f} ms, longest {times[-1]:.1f} ms"
    )
    async with sessions() as session:
        await show_plan(session, asked[0], full=plan)
    await engine.dispose()


async def show_plan(session: AsyncSession, question: Question, *, full: bool) -> None:
    """Say which indexes the statement reads."""
    statement = statement_for(len(question.vector or ()))
    rows = await session.execute(
        text("EXPLAIN (ANALYZE) " + statement.text), parameters_of(question, ["en"], limit=10)
    )  # fmt: skip
    lines = [str(row[0]) for row in rows]
    print("\n".join(line.strip() for line in lines if full or ("Index" in line and "ix_" in line)))


class Made:
    """Texts and vectors from one source of chance."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._chance = chance
        self._topics = chance.normal(size=(TOPICS, 384))
        shares = 1 / np.arange(1, VOCABULARY + 1)
        self._shares = shares / shares.sum()
        letters = "bcdfghklmnprst"
        self._words = ["".join(chance.choice(list(letters + "aeiou"), 7)) for _ in range(VOCABULARY)]

    def words(self, count: int) -> str:
        return " ".join(self._words[number] for number in self._chance.choice(VOCABULARY, count, p=self._shares))

    def vector(self, topic: int) -> list[float]:
        row = self._topics[topic] + self._chance.normal(size=384) * 0.8
        return [float(value) for value in row / np.linalg.norm(row)]

    def question(self) -> Question:
        return Question(self.words(7), "en", self.vector(int(self._chance.integers(TOPICS))), ENCODER)


async def fill(session: AsyncSession, made: Made, passages: int) -> None:
    """Write articles and passages as indexing and filling leave them."""
    articles = list(range(passages // PASSAGES_OF_ARTICLE))
    await session.execute(
        text("INSERT INTO knowledge_articles (sha256, file, title, language, live, encoder)"
             " VALUES (:sha, :file, :title, 'en', true, :encoder)"),
        [{"sha": f"a{n}", "file": f"a{n}.md", "title": made.words(4), "encoder": ENCODER} for n in articles],
    )  # fmt: skip
    statement = text(
        "INSERT INTO knowledge_passages"
        " (id, article_sha256, number, language, heading, text, search, live, encoder, embedding)"
        " VALUES (gen_random_uuid(), :sha, :number, 'en', '', :text, setweight(to_tsvector('english', :text), 'C'),"
        " true, :encoder, CAST(:vector AS vector))"
    )
    for article in articles:
        await session.execute(statement, list(_rows(made, article)))


def _rows(made: Made, article: int) -> Iterator[dict[str, object]]:
    for number in range(PASSAGES_OF_ARTICLE):
        vector = Vector(made.vector(article % TOPICS)).to_text()
        yield {
            "sha": f"a{article}", "number": number, "text": made.words(120), "encoder": ENCODER, "vector": vector,
        }  # fmt: skip


if __name__ == "__main__":
    main()
