"""The need `knowledge`, its vectors, and what a publication does to the index."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.database import create_engine, create_sessions, transaction
from bot.dialogue import DialogueFailed, MemorySource, Need, RasaDialogue
from bot.knowledge.answering import KnowledgeNeed
from bot.knowledge.confidence import rate
from bot.knowledge.filling import fill_vectors
from bot.knowledge.indexing import index_articles
from bot.knowledge.search import Found
from bot.vectors import NotAVector, read_vector, write_vector
from tests.bot.knowledge.word_vectors import WordVectors
from tests.bot.scripted_dialogue import SECRET, scripted_dialogue
from tests.bot.stage import MovedClock

ARTICLE = "---\ntitle: Refunds\nlink: https://x.example/r\n---\nRefunds are paid within ten days.\n"


def claim():
    return SimpleNamespace(conversation_id=uuid4(), language="en")


async def test_a_question_gets_passages_with_their_confidence_and_article(database, now):
    source = WordVectors()
    async with transaction(database.sessions) as session:
        await index_articles(session, {"refunds.md": ARTICLE}, default_language="en", now=now)
    await fill_vectors(database.sessions, source, MovedClock(now))
    words = "refunds are paid within how many days"
    vector = write_vector(source.of(words))
    need = Need(
        need="knowledge", step="patterns/knowledge", query=words, vector=vector, encoder=source.encoder, count=3
    )
    result = await KnowledgeNeed(database.sessions)(claim(), need, "k")
    (passage,) = result["passages"]
    assert 0 < passage.pop("confidence") <= 1
    assert passage == {
        "article": "refunds", "title": "Refunds", "link": "https://x.example/r", "heading": "",
        "quote": "Refunds are paid within ten days.", "language": "en",
    }  # fmt: skip
    assert result["sure"] is True


@pytest.mark.parametrize("vector", [None, "no base64!", write_vector([1.0, 2.0]), write_vector([0.0] * 384)])
async def test_a_vector_that_cannot_be_used_leaves_the_words(database, now, vector):
    async with transaction(database.sessions) as session:
        await index_articles(session, {"refunds.md": ARTICLE}, default_language="en", now=now)
    need = Need(need="knowledge", step="patterns/knowledge", query="refunds", vector=vector, encoder="e", count=3)
    result = await KnowledgeNeed(database.sessions)(claim(), need, "k")
    assert [one["article"] for one in result["passages"]] == ["refunds"]


async def test_a_database_that_is_gone_makes_the_answer_unknown_and_fails_no_turn():
    engine = create_engine("postgresql://nobody@127.0.0.1:1/none")
    need = Need(need="knowledge", step="patterns/knowledge", query="refunds")
    assert await KnowledgeNeed(create_sessions(engine))(claim(), need, "k") == {"passages": [], "sure": False}
    await engine.dispose()


@pytest.fixture
async def dialogue_and_client():
    async with scripted_dialogue() as scripted:
        client = RasaDialogue([scripted.url], SECRET, MemorySource())
        await client.open()
        yield scripted, client
        await client.close()


async def test_vectors_come_in_batches_and_in_order(dialogue_and_client):
    scripted, client = dialogue_and_client
    found = await client.vectors(["x" * length for length in range(1, 151)])
    assert [row[1] for row in found.rows] == list(range(1, 151))
    assert scripted.vector_batches == [64, 64, 22]


@pytest.mark.parametrize(
    "answer",
    [
        {"encoder": "e", "dimensions": 2, "vectors": []},
        {"encoder": "e", "dimensions": 3, "vectors": [write_vector([1.0, 2.0])]},
        {"encoder": "e", "dimensions": 1, "vectors": ["?"]},
        {"error": "no"},
    ],
)
async def test_an_answer_that_holds_no_usable_vectors_is_a_failure(dialogue_and_client, answer):
    scripted, client = dialogue_and_client
    scripted.vectors = lambda _texts: answer
    with pytest.raises(DialogueFailed):
        await client.vectors(["a"])


FLOATS = st.floats(-1e3, 1e3, width=32).filter(lambda value: value == 0 or abs(value) > 1e-3)


@given(st.lists(FLOATS, min_size=1, max_size=20).filter(any))
def test_a_vector_arrives_as_it_was_sent(values):
    assert read_vector(write_vector(values)) == values


@given(st.text(max_size=40))
def test_what_is_no_vector_is_told_so(text):
    with contextlib.suppress(NotAVector):
        assert write_vector(read_vector(text)) == text


SHARES = st.floats(0, 1)


@given(SHARES, SHARES, SHARES)
def test_more_evidence_never_makes_less_sure(cosine, more, coverage):
    lower, higher = sorted((cosine, more))

    def found(near: float) -> Found:
        return Found("a", "A", None, "en", "", "t", 0.1, near, coverage, 0.0)

    assert 0 <= rate(found(lower), "en") <= rate(found(higher), "en") <= 1
