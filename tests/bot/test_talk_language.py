"""A person is answered in the language they write, when it is plain and the content has it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.talk_language import choose_language, detect_language, follow_language, name_languages

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


@pytest.mark.parametrize(
    "text",
    ["demo", "no", "pricing?", "just looking", "the first one", "by email", "late payments", "in two weeks",
     "facturas atrasadas", "solo mirando", "la primera", "por correo", "sí", "el mes que viene", "buenas tardes",
     "tarifs ?", "non merci", "par mail", "devis", "retards de paiement", "mahnungen", "nein danke", "per mail",
     "João Silva", "Marco Rossi", "Hans Schneider", "Bella Napoli Trattoria", "Casa Portuguesa Lda", "Иван Петров"],
)  # fmt: skip
def test_few_words_and_names_are_told_nothing_about_languages(text: str) -> None:
    for language in FOUR:
        assert follow_language(language, "page", text, FOUR).unspoken is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("buongiorno, avete una versione di prova gratuita?", "it"),
        ("come posso parlare con una persona", "it"),
        ("vorrei parlare con una persona dell'ufficio vendite", "it"),
        ("quero falar com uma pessoa", "pt"),
        ("não consigo entrar na minha conta", "pt"),
        ("preciso de um orçamento para a minha empresa", "pt"),
        ("kan ik met een medewerker spreken", "nl"),
        ("ik kan niet inloggen op mijn account", "nl"),
        ("waar worden de gegevens opgeslagen", "nl"),
        ("ile to kosztuje dla dziesięciu osób?", "pl"),
        ("хочу поговорить с человеком", "ru"),
        ("我想和真人说话", "zh"),
        ("デモを見たいです", "ja"),
        ("أريد التحدث مع شخص", "ar"),
    ],
)
def test_a_language_nothing_is_written_in_is_not_mistaken_for_one_that_is_like_it(text: str, language: str) -> None:
    for present in FOUR:
        followed = follow_language(present, "page", text, FOUR)
        assert (followed.language, followed.unspoken) == (present, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("vamos otra vez desde cero", "es"),
        ("podemos enlazarlo con nuestra tienda prestashop", "es"),
        ("mettez moi en relation avec une vraie personne", "fr"),
        ("ich hab mich vertan, lass uns neu anfangen", "de"),
        ("could I have an offer for eighty users", "en"),
    ],
)
def test_the_languages_like_it_do_not_keep_a_spoken_one_from_being_recognised(text: str, language: str) -> None:
    assert detect_language(text, FOUR) == language


def test_the_languages_are_named_in_the_one_of_the_talk() -> None:
    assert name_languages(FOUR, "es") == "inglés, español, francés y alemán"
    assert name_languages(("en", "pt-BR"), "de-AT") == "Englisch und Portugiesisch"
    assert name_languages(("en",), "nowhere") == "English"


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
