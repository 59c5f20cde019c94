"""Consent: only a tap on that very question, or an unmistakable word typed while it is open."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation import Conversation, acted, effects, texts
from parley_rasa.typed_answers import read_agreement

QUESTION = "May Example Ltd send you e-mails about its products?"


@pytest.fixture
def at_consent(talk):
    talk.at("ask_email", size="small", goal="demo", first_name="Ada").say("a@b.example")
    return talk


def test_the_consent_text_is_shown_alone_with_two_equal_choices(talk):
    reply = talk.at("ask_email", size="small").say("a@b.example")["replies"][-1]
    assert (reply["text"], reply["input"]) == (QUESTION, "consent")
    assert reply["consent"] == {"purpose": "marketing", "channels": ["email"], "slot": "marketing"}
    assert [choice["value"] for choice in reply["choices"]] == ["yes", "no"]


@pytest.mark.parametrize(("value", "decision"), [("yes", "given"), ("no", "refused")])
def test_a_tap_on_the_open_consent_question_decides(at_consent, value, decision):
    assert effects(at_consent.tap(value), "record_consent") == [
        {"effect": "record_consent", "purpose": "marketing", "channels": ["email"], "decision": decision,
         "step": "lead/ask_marketing"}
    ]  # fmt: skip
    assert at_consent.slots["marketing"] == decision


@pytest.mark.parametrize(("text", "decision"), [("Yes, please!", "given"), ("no thanks", "refused"), ("Sure", "given")])
def test_a_clear_word_typed_at_the_open_question_decides(at_consent, text, decision):
    assert effects(at_consent.say(text), "record_consent")[0]["decision"] == decision


@pytest.mark.parametrize(
    "text",
    [
        "ok",
        "Okay.",
        "fine",
        "go on",
        "maybe",
        "if it is rare",
        "why not",
        "I would love to hear more",
        "👍",
        "yes but rarely",
    ],
)
def test_an_intent_never_decides_however_sure_it_is(at_consent, text):
    answer = at_consent.say(text, "affirm", 1.0)
    assert (acted(answer), effects(answer, "record_consent")) == ("missed", [])
    assert "marketing" not in at_consent.slots


@pytest.mark.parametrize(("text", "decision"), [("Yes, you may.", "given"), ("no, thank you", "refused")])
def test_the_words_on_a_button_typed_decide_like_the_button(at_consent, text, decision):
    assert effects(at_consent.say(text), "record_consent")[0]["decision"] == decision


@pytest.mark.parametrize("text", ["why?", "how often?", "what kind of emails?", "can I unsubscribe later?"])
def test_what_it_is_about_is_explained_and_the_whole_text_shown_again(at_consent, text):
    answer = at_consent.say(text, "opt_out", 0.9)
    assert texts(answer) == ["It is about advertising.", QUESTION]
    assert (answer["effects"], answer["replies"][-1]["input"]) == ([], "consent")


def test_whoever_never_says_yes_or_no_gets_their_answer_without_any_consent_on_record(at_consent):
    at_consent.say("maybe")
    at_consent.say("perhaps")
    answer = at_consent.say("who knows")
    assert effects(answer, "record_consent") == []
    assert effects(answer, "enrol_in_journey") == []
    assert answer["state"]["ended"] == "qualified"


def test_a_consent_known_from_before_does_not_stand_in_for_an_answer_not_given(talk):
    talk.at("ask_marketing", email="a@b.example", marketing="given")
    talk.flows.step("lead", "ask_marketing")["skip_if_known"] = False
    assert effects(talk.say("none of your business"), "enrol_in_journey") == []


def test_after_a_miss_or_a_digression_the_whole_text_is_shown_again_as_the_last_message(at_consent):
    for answer in (at_consent.say("maybe"), at_consent.say("what does it cost?", "ask_pricing")):
        assert (answer["replies"][-1]["text"], answer["replies"][-1]["input"]) == (QUESTION, "consent")
        assert all(reply["consent"] is None for reply in answer["replies"][:-1])


def test_a_yes_after_an_offered_person_answers_the_consent_question_and_not_the_offer(at_consent):
    at_consent.say("maybe")
    assert "Shall I get a person?" in texts(at_consent.say("hmm"))
    answer = at_consent.say("yes")
    assert effects(answer, "hand_off") == []
    assert effects(answer, "record_consent")[0]["decision"] == "given"


def test_a_tap_on_the_consent_question_before_or_after_it_is_open_records_nothing(talk):
    talk.start()
    assert talk.tap("yes", "lead/ask_marketing")["effects"] == []
    talk.at("ask_marketing").tap("no")
    late = talk.tap("yes", "lead/ask_marketing")
    assert (acted(late), late["effects"]) == ("stale_choice", [])


def test_a_yes_to_a_consent_text_of_an_older_version_only_shows_the_present_text(flows_document):
    document = copy.deepcopy(flows_document)
    conversation = Conversation(document).at("ask_marketing")
    conversation.flows.flow("lead")["version"] = "lead00000002"
    answer = conversation.say("yes", "affirm")
    assert effects(answer, "record_consent") == []
    assert texts(answer)[-1] == QUESTION
    assert effects(conversation.say("yes", "affirm"), "record_consent")[0]["decision"] == "given"


def test_consent_cannot_be_given_by_a_correction(talk):
    talk.at("ask_marketing", email="a@b.example").tap("no")
    for text in ("actually yes", "sorry, I meant yes", "my marketing is given", "yes"):
        assert effects(talk.say(text, "affirm"), "record_consent") == []
    assert talk.slots["marketing"] == "refused"


@given(st.text(max_size=60), st.sampled_from([None, "affirm", "deny", "request_demo", "thanks"]))
def test_no_text_gives_consent_unless_it_is_nothing_but_yes(flows_document, text, intent):
    from parley_rasa.typed_answers import read_agreement

    conversation = Conversation(flows_document).at("ask_marketing")
    answer = conversation.say(text, intent, 1.0)
    given_now = [effect["decision"] for effect in effects(answer, "record_consent")]
    assert ("given" in given_now) is (read_agreement(text) is True)


@pytest.mark.parametrize("text", ["yes?", "sure?", "yes ?"])
def test_a_doubtful_yes_is_none(text):
    assert read_agreement(text) is None
