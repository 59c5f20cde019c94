"""What a proposal would change, and which texts it cannot take."""

from __future__ import annotations

import pytest

from base.errors import Conflict, InvalidInput, NotFound
from bot.turn_shapes import PersonalDatum
from bot.understanding.changes import Change, NothingNew, apply, make_ready
from bot.understanding.example_texts import TextsRefused, check_impersonal, tidy
from flows.errors import FlowsRefused
from flows.intent_examples import examples_by_intent
from flows.knowledge import parse_article
from tests.bot.publishing.small_site import small_site

TREE = small_site()


def intent(*texts: str, target: str = "ask_pricing", language: str = "en") -> Change:
    return Change("intent", target, language, texts)


def test_examples_are_tidied_and_those_that_are_there_left_out() -> None:
    ready = make_ready(intent("  how much\n for two ", "What does it cost?", "How much, for two?", ""), TREE)
    assert ready.texts == ["how much for two"]
    changed = apply(ready, TREE)
    assert examples_by_intent(changed["intents"])["ask_pricing"][-1] == "how much for two"
    assert {item: files for item, files in changed.items() if item != "intents"} == {
        item: files for item, files in TREE.items() if item != "intents"
    }


def test_nothing_new_is_said_so() -> None:
    with pytest.raises(NothingNew):
        make_ready(intent("what does it COST"), TREE)
    with pytest.raises(NothingNew):
        make_ready(intent(" "), TREE)


def test_a_text_of_another_intent_is_refused_by_name() -> None:
    with pytest.raises(TextsRefused) as refused:
        make_ready(intent("how much for two", "Show me!"), TREE)
    assert refused.value.errors == [
        {
            "field": "texts.1",
            "message": "It is an example of request_demo already: take it out there first, or choose that intent.",
        }
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/start now", "slash"),
        ("see [here](product)", "brackets"),
        ("a" * 501, "shorten"),
        ("12 + 34", "no word"),
    ],
)
def test_what_no_file_of_examples_can_hold_is_refused(text: str, problem: str) -> None:
    with pytest.raises(TextsRefused) as refused:
        make_ready(intent("fine", text), TREE)
    (error,) = refused.value.errors
    assert error["field"] == "texts.1"
    assert problem in error["message"]


def test_texts_that_tell_who_wrote_them_are_refused_without_repeating_what_they_tell() -> None:
    found = [[], [PersonalDatum(fact="email", said="a@b.example"), PersonalDatum(fact="first_name", said="Ada")]]
    with pytest.raises(TextsRefused) as refused:
        check_impersonal(found)
    (error,) = refused.value.errors
    assert error == {
        "field": "texts.1",
        "message": "It holds an e-mail address and a name. Take that out; the rest may be proposed.",
    }
    check_impersonal([[], []])


def test_of_texts_that_say_the_same_the_first_is_kept() -> None:
    assert tidy(["Do you ship?", "do  you ship", "", "?", "to the moon"]) == ["Do you ship?", "?", "to the moon"]


def test_an_article_gets_questions() -> None:
    ready = make_ready(Change("article", "pricing", "en", ["what's the damage"]), TREE)
    answer = parse_article(apply(ready, TREE)["knowledge"]["pricing.md"], "", [])
    assert answer is not None
    assert answer.about.questions == ("what's the damage",)


def test_a_new_article_gets_a_name_of_its_title_that_is_free() -> None:
    change = Change("article", "", "en", ["ship to the moon?"], "Pricing", "We fly on Tuesdays.")
    ready = make_ready(change, TREE)
    assert ready.target == "pricing_2"
    answer = parse_article(apply(ready, TREE)["knowledge"]["pricing_2.md"], "", [])
    assert answer is not None
    assert (answer.about.title, answer.about.language, answer.about.questions, answer.body) == (
        "Pricing", "en", ("ship to the moon?",), "We fly on Tuesdays.\n",
    )  # fmt: skip
    with pytest.raises(Conflict, match="pricing_2"):
        apply(ready, apply(ready, TREE))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Change("article", "weather", "en", ["rain?"]), NotFound),
        (Change("article", "", "en", [], " ", "Text."), InvalidInput),
        (Change("article", "", "en", [], "Title", "<script>x</script>"), FlowsRefused),
        (Change("article", "", "en", [], "Title", "  "), FlowsRefused),
        (Change("article", "", "en", [], "T" * 201, "Text."), InvalidInput),
        (Change("article", "pricing", "en", ["q" * 201]), TextsRefused),
        (intent("hi", target="Ask: pricing"), InvalidInput),
        (intent("hi", language="../en"), InvalidInput),
    ],
)
def test_what_cannot_be_is_refused(change: Change, error: type[Exception]) -> None:
    with pytest.raises(error):
        make_ready(change, TREE)
