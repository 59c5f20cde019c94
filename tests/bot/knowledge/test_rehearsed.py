"""The need `knowledge` answered from a content's articles without a database."""

from __future__ import annotations

import pytest

from bot.knowledge.rehearsed import SURE, ContentArticles, find_named
from bot.turn_shapes import Need
from bot.vectors import write_vector
from flows.content import Content
from flows.knowledge import parse_article
from tests.bot.knowledge.word_vectors import WordVectors

REFUNDS = """---
title: Refunds
link: https://x.example/r
questions: [when do I get my money back]
---
Refunds are paid within ten days.

## By card

A payment by card is paid back to the card it came from, which your bank may take some more days to show.
"""
GERMAN = "---\ntitle: Versand\nlanguage: de\n---\nWir versenden jeden Werktag.\n"
HEADING_ALONE = "---\ntitle: Opening hours\n---\nWe are there from nine to five.\n"


def content(**files: str) -> Content:
    articles = [parse_article(text, f"knowledge/{name}.md", []) for name, text in files.items()]
    return Content(None, {}, {}, {}, [one for one in articles if one is not None])


ALL = content(refunds=REFUNDS, shipping=GERMAN, hours=HEADING_ALONE)


def need(text: str, source: WordVectors | None, count: int = 3) -> Need:
    meaning = {"vector": write_vector(source.of(text)), "encoder": source.encoder} if source else {}
    return Need(need="knowledge", step="patterns/knowledge", query=text, count=count, **meaning)


def test_an_article_that_a_test_names_is_found_for_sure_with_its_first_passage():
    assert find_named(ALL, "refunds") == {
        "passages": [
            {
                "article": "refunds", "title": "Refunds", "link": "https://x.example/r", "heading": "",
                "quote": "Refunds are paid within ten days.", "language": "en", "confidence": SURE,
            }
        ],
        "sure": True,
    }  # fmt: skip


def test_one_that_does_not_exist_is_not_found():
    assert find_named(ALL, "returns") == {"passages": [], "sure": False}


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("within how many days are refunds paid", "Refunds are paid within ten days."),
        ("when do I get my money back", ""),  # by what it says that people ask
        ("refunds to my card", "A payment by card is paid back"),
        ("refunds, payment?", "Refunds are paid within ten days."),  # nearest to the title
        ("is a payment by card paid back to the card it came from", "A payment by card is paid back"),
    ],
)
async def test_a_question_finds_the_passage_that_is_nearest_to_it(question, quote):
    source = WordVectors()
    result = await ContentArticles(ALL, source, "en")(need(question, source))
    assert (result["passages"][0]["article"], result["sure"]) == ("refunds", True)
    assert result["passages"][0]["quote"].startswith(quote)
    assert [one["confidence"] for one in result["passages"]] == sorted(
        (one["confidence"] for one in result["passages"]), reverse=True
    )


@pytest.mark.parametrize("with_meaning", [True, False])
async def test_what_no_article_says_is_not_sure(with_meaning):
    source = WordVectors()
    result = await ContentArticles(ALL, source, "en")(
        need("who painted that ceiling", source if with_meaning else None)
    )
    assert result["sure"] is False


async def test_without_a_meaning_the_words_find():
    result = await ContentArticles(ALL, WordVectors(), "en")(need("refunds paid within ten days", None, count=1))
    assert [one["article"] for one in result["passages"]] == ["refunds"]
    assert result["sure"] is True


async def test_a_meaning_made_by_another_encoder_is_not_compared():
    other = WordVectors(encoder="words/2", dimensions=16)
    result = await ContentArticles(ALL, WordVectors(), "en")(need("refunds paid within ten days", other, count=1))
    assert [one["article"] for one in result["passages"]] == ["refunds"]


async def test_meanings_are_made_once():
    source = WordVectors()
    articles = ContentArticles(ALL, source, "en")
    await articles(need("refunds", source))
    await articles(need("shipping", source))
    assert len(source.calls) == 1


async def test_a_content_without_articles_knows_nothing():
    source = WordVectors()
    result = await ContentArticles(content(), source, "en")(need("refunds", source))
    assert (result, source.calls) == ({"passages": [], "sure": False}, [])
