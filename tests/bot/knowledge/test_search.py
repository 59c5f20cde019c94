"""Indexing and searching on a real database: what is live is found, by meaning and by words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from base.database import transaction
from bot.knowledge.filling import Progress, fill_vectors
from bot.knowledge.indexing import KEPT, drop_old, index_articles
from bot.knowledge.models import KnowledgeArticle, KnowledgePassage
from bot.knowledge.search import Question, search
from tests.bot.knowledge.word_vectors import WordVectors


@dataclass
class StandingClock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


def article(title: str, body: str, **more: str) -> str:
    front = "".join(f"{name}: {value}\n" for name, value in {"title": title, **more}.items())
    return f"---\n{front}---\n{body}\n"


FILES = {
    "refunds.md": article("Getting money back", "Refunds are paid within ten days.\n\n## Cards\nTo the same card."),
    "export.md": article("Taking your data along", "You can export invoices as CSV at any time.", questions="[csv?]"),
    "hours.md": article("When we are there", "Colleagues answer from nine to five."),
    "horas.md": article("Horario", "Respondemos de nueve a cinco los días laborables.", language="es"),
}


async def publish(database, now, files=FILES):
    async with transaction(database.sessions) as session:
        return await index_articles(session, files, default_language="en", now=now)


async def ask(database, words, language="en", source=None, limit=3):
    vector = source.of(words) if source else None
    question = Question(words, language, vector, source.encoder if source else None)
    async with database.sessions() as session:
        return await search(session, question, limit=limit)


async def test_words_alone_find_before_there_are_vectors(database, now):
    await publish(database, now)
    found = await ask(database, "when do I get refunds?")
    assert [(one.article, one.text, one.cosine) for one in found] == [
        ("refunds", "Refunds are paid within ten days.", None)
    ]
    assert 0 < found[0].coverage <= 1


async def test_endings_of_words_do_not_matter_in_the_language_of_the_article(database, now):
    await publish(database, now)
    assert [one.article for one in await ask(database, "exporting an invoice")] == ["export"]
    assert [one.article for one in await ask(database, "¿qué día responden?", "es")] == ["horas"]


async def test_vectors_find_what_words_do_not_and_both_together_come_first(database, now):
    source = WordVectors()
    await publish(database, now)
    await fill_vectors(database.sessions, source, StandingClock(now))
    found = await ask(database, "to the same card", source=source, limit=10)
    assert found[0].article == "refunds"
    assert (found[0].heading, found[0].text) == ("Cards", "To the same card.")
    assert found[0].cosine > max(one.cosine for one in found[1:])
    assert len({one.article for one in found}) == len(found)


async def test_a_question_of_an_article_leads_to_its_first_passage(database, now):
    source = WordVectors()
    await publish(database, now)
    await fill_vectors(database.sessions, source, StandingClock(now))
    best, *_ = await ask(database, "csv?", source=source)
    assert (best.article, best.text) == ("export", "You can export invoices as CSV at any time.")
    assert best.cosine == pytest.approx(1, abs=1e-5)


async def test_what_is_nearest_to_a_title_is_answered_by_the_beginning_of_the_article(database, now):
    source = WordVectors()
    await publish(database, now)
    await fill_vectors(database.sessions, source, StandingClock(now))
    best, *_ = await ask(database, "getting money back", source=source)
    assert (best.article, best.text) == ("refunds", "Refunds are paid within ten days.")


async def test_only_what_is_published_is_found_and_going_back_costs_no_vector(database, now):
    source, clock = WordVectors(), StandingClock(now)
    await publish(database, now)
    await fill_vectors(database.sessions, source, clock)
    assert await publish(database, now, {"hours.md": FILES["hours.md"]}) == 0
    assert [one.article for one in await ask(database, "refunds", source=source)] == ["hours"]
    source.calls.clear()
    assert await publish(database, now) == 0
    assert await fill_vectors(database.sessions, source, clock) == 0
    assert source.calls == [1]
    assert (await ask(database, "refunds", source=source))[0].article == "refunds"


async def test_indexing_twice_changes_nothing_and_a_changed_text_only_its_article(database, now):
    source, clock = WordVectors(), StandingClock(now)
    assert await publish(database, now) == len(FILES)
    assert await publish(database, now) == 0
    await fill_vectors(database.sessions, source, clock)
    changed = FILES | {"hours.md": article("When we are there", "Colleagues answer from eight to four.")}
    assert await publish(database, now, changed) == 1
    assert await fill_vectors(database.sessions, source, clock) == 2
    assert [one.text for one in await ask(database, "when are colleagues there")] == [
        "Colleagues answer from eight to four."
    ]


async def test_filling_goes_on_after_it_was_broken_off_and_tells_how_far_it_is(database, now):
    source, clock, told = WordVectors(), StandingClock(now), []
    many = {f"n{number}.md": article(f"Number {number}", f"It is about {number}.") for number in range(70)}
    await publish(database, now, many)

    def break_off(progress: Progress) -> None:
        told.append(progress)
        if progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await fill_vectors(database.sessions, source, clock, break_off)
    assert told == [Progress(0, 140), Progress(64, 140)]
    assert await fill_vectors(database.sessions, source, clock) == 140 - 64
    async with database.sessions() as session:
        articles = select(func.count()).where(KnowledgeArticle.encoder == source.encoder)
        assert await session.scalar(articles) == 70


async def test_another_encoder_has_every_passage_embedded_anew_whatever_its_length(database, now):
    clock, small = StandingClock(now), WordVectors("other/2", 16)
    await publish(database, now)
    await fill_vectors(database.sessions, WordVectors(), clock)
    before = await ask(database, "same card", source=small)
    assert [one.cosine for one in before] == [None]
    await fill_vectors(database.sessions, small, clock)
    found = await ask(database, "to the same card", source=small)
    assert found[0].cosine > 0


async def test_what_is_not_live_any_more_is_dropped_after_a_while(database, now):
    await publish(database, now)
    await publish(database, now, {})
    async with transaction(database.sessions) as session:
        assert await drop_old(session, now + KEPT) == 0
        assert await drop_old(session, now + KEPT + timedelta(seconds=1)) == len(FILES)
        assert await session.scalar(select(func.count()).select_from(KnowledgePassage)) == 0


@pytest.mark.parametrize("words", ["", "?!", "the of and", "'; DROP TABLE x; --", "a\\b 'c' & | ! <-> :*"])
async def test_any_text_can_be_asked(database, now, words):
    await publish(database, now)
    await ask(database, words)
    async with database.sessions() as session:
        assert await session.scalar(text("SELECT count(*) FROM knowledge_articles")) == len(FILES)
