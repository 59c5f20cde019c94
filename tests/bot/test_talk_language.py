"""A person is answered in the language they write, when it is plain and the content has it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.talk_language import choose_language, detect_language, follow_language

FOUR = ("en", "es", "fr", "de")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hola, ¿cuánto cuesta para doce personas?", "es"),
        ("quiero hablar con una persona", "es"),
        ("combien ça coûte ?", "fr"),
        ("je voudrais une démonstration", "fr"),
        ("Was kostet das für zwölf Leute?", "de"),
        ("ich möchte mit jemandem sprechen", "de"),
        ("how much is it for a team of twelve", "en"),
    ],
)
def test_a_plain_sentence_is_recognised(text: str, language: str) -> None:
    assert detect_language(text, FOUR) == language


@pytest.mark.parametrize(
    "text", ["", "ok", "demo", "12", "ada@example.com", "https://example.com/precio", "Ada", "😀😀😀"]
)
def test_what_has_no_language_changes_nothing(text: str) -> None:
    assert follow_language("fr", "page", text, FOUR).language == "fr"


def test_the_language_a_person_chose_is_never_given_up() -> None:
    assert follow_language("de", "chosen", "quiero hablar con una persona", FOUR).language == "de"


def test_a_detected_language_is_kept_through_a_few_foreign_words() -> None:
    assert follow_language("es", "detected", "sounds good", FOUR).language == "es"
    assert follow_language("es", "detected", "I would like to go on in English now, please", FOUR).language == "en"


def test_a_language_without_content_is_named_and_the_talk_goes_on_in_the_default() -> None:
    followed = follow_language("en", "page", "quiero hablar con una persona", ("en", "de"))
    assert (followed.language, followed.known_from, followed.unspoken) == ("en", "detected", "es")
    again = follow_language("en", followed.known_from, "quiero hablar con una persona ahora mismo", ("en", "de"))
    assert (again.language, again.unspoken) == ("en", None)


def test_a_language_that_no_content_has_falls_back_to_the_default() -> None:
    assert choose_language("it", FOUR) == "en"
    assert choose_language("de-AT", FOUR) == "de"


@settings(max_examples=60)
@given(st.text(max_size=80), st.sampled_from(FOUR))
def test_any_text_leaves_a_language_that_the_content_has(text: str, present: str) -> None:
    assert follow_language(present, "page", text, FOUR).language in FOUR
