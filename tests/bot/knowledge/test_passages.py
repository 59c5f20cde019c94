"""Cutting articles: nothing is lost, nothing is too long, and each passage knows what it stands under."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.knowledge.passages import MOST_CHARACTERS, MOST_WORDS, cut, text_to_embed
from bot.knowledge.quoting import LONGEST_QUOTE, quote

WORDS = st.text("abcdefghäßéñ,.!?", min_size=1, max_size=12).filter(lambda word: any(c.isalpha() for c in word))
LONG_WORDS = st.integers(1, 3 * MOST_CHARACTERS).map(lambda length: "x" * length)
PARAGRAPHS = st.lists(WORDS | LONG_WORDS, min_size=1, max_size=400).map(" ".join)
SECTIONS = st.lists(st.tuples(st.integers(1, 4), WORDS, st.lists(PARAGRAPHS, max_size=3)), min_size=1, max_size=5)


def markdown_of(sections: list[tuple[int, str, list[str]]]) -> str:
    return "\n\n".join(part for level, name, texts in sections for part in ("#" * level + " " + name, *texts))


@settings(max_examples=60)
@given(SECTIONS)
def test_no_letter_of_an_article_is_lost_or_said_twice(sections):
    passages = [one for one in cut("", markdown_of(sections)) if one.kind == "passage"]
    texts = Counter("".join("".join(one.text for one in passages).split()))
    written = Counter("".join("".join(text for _, _, texts in sections for text in texts).split()))
    lone = Counter("".join(name for _, name, texts in sections if not texts))
    assert written <= texts <= written + lone


@settings(max_examples=60)
@given(SECTIONS)
def test_no_passage_is_longer_than_a_passage_may_be(sections):
    for passage in cut("", markdown_of(sections)):
        assert len(passage.text.split()) <= MOST_WORDS
        assert 0 < len(passage.text) <= MOST_CHARACTERS


@settings(max_examples=60)
@given(SECTIONS)
def test_passages_are_numbered_in_their_order_and_stand_under_the_headings_of_the_article(sections):
    passages = cut("Title", markdown_of(sections), ["How?"])
    assert [one.number for one in passages] == list(range(len(passages)))
    names = {name for _, name, _ in sections}
    for passage in passages:
        assert not passage.heading or set(passage.heading.split(" – ")) <= names


def test_a_passage_stands_under_its_heading_and_the_ones_above_that():
    passages = cut("Plans", "Intro.\n\n## Team\nFor ten.\n\n### Price\n79 euros.\n\n## Company\nFor fifty.")
    assert [(one.heading, one.text) for one in passages if one.kind == "passage"] == [
        ("", "Intro."),
        ("Team", "For ten."),
        ("Team – Price", "79 euros."),
        ("Company", "For fifty."),
    ]


def test_the_title_and_the_questions_lead_to_the_article_each_once():
    passages = cut("Plans", "Three of them.", ["How many plans?", "Plans", "How many plans?"])
    assert [one.text for one in passages if one.kind == "question"] == ["Plans", "How many plans?"]


def test_what_is_embedded_says_first_what_it_is_about():
    passage, title = cut("Plans", "## Team\nFor **ten** [people](https://x.example).")
    assert text_to_embed("Plans", passage) == "Plans\nTeam\nFor ten people."
    assert text_to_embed("Plans", title) == "Plans"


def test_a_table_is_read_row_by_row_with_the_names_of_its_columns():
    passage, *_ = cut("Plans", "| Plan | Price |\n|---|---|\n| Team | 79 |\n| Company | 199 |")
    assert passage.text == "Plan: Team; Price: 79\nPlan: Company; Price: 199"


def test_items_of_a_list_are_lines():
    passage, *_ = cut("Plans", "You need:\n\n- a name\n- an address\n\n1. First this\n2. then that")
    assert passage.text == "You need:\n\n• a name\n• an address\n• First this\n• then that"


def test_long_sections_are_cut_between_paragraphs():
    paragraph = " ".join(["word"] * 70) + "."
    passages = [one for one in cut("", "\n\n".join([paragraph] * 5)) if one.kind == "passage"]
    assert [len(one.text.split()) for one in passages] == [140, 140, 70]


@given(st.text(max_size=3000))
def test_a_quote_is_short_and_the_beginning_of_its_text(text):
    quoted = quote(text)
    assert len(quoted) <= LONGEST_QUOTE
    assert text.strip().startswith(quoted.removesuffix(" …"))
    assert bool(quoted) == bool(text.strip())


def test_a_quote_ends_with_a_whole_sentence_where_one_fits():
    sentence = "This is a sentence of some forty characters. "
    assert quote(sentence * 30) == (sentence * 13).strip()
