"""Conversations at check_consent and preferences."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiled import document
from conversation import Conversation, effects, texts
from parley_rasa.dialogue.step_consent import decide_standing

EMAIL_TEXT, SMS_TEXT = "May we e-mail you, {{ name | friend }}?", "May we text you?"
CENTRE = {
    "slots": {"name": {}},
    "steps": {
        "show": {"step": "preferences", "retries": 2, "next": "saved", "items": [
            {"name": "by_email", "purpose": "marketing", "channel": "email"},
            {"name": "by_sms", "purpose": "marketing", "channel": "sms"}]},
        "saved": {"step": "end", "outcome": "completed"},
    },
    "wording": {
        "show": {"again": {"default": "Anything else?"}, "retry": {"default": "Which one?"},
                 "choices": {"by_email": {"default": EMAIL_TEXT}, "by_sms": {"default": SMS_TEXT},
                             "done": {"default": "I'm done"}},
                 "also": {"by_email": ["e-mail", "mail"], "by_sms": ["text messages", "sms"], "done": ["finished"]}},
        "saved": {"text": {"default": "Saved."}},
    },
}  # fmt: skip
CHECKED = {
    "slots": {"allowed": {"type": "consent"}},
    "steps": {
        "look": {"step": "check_consent", "purpose": "marketing", "channels": ["email", "sms"], "slot": "allowed",
                 "next": [{"if": {"slot": "allowed", "op": "is", "value": "given"}, "to": "yes"},
                          {"if": {"slot": "allowed", "op": "is", "value": "refused"}, "to": "no"}, {"to": "unasked"}]},
        "yes": {"step": "message"}, "no": {"step": "message"}, "unasked": {"step": "message"},
    },
}  # fmt: skip


@pytest.fixture(params=["web", "sms", "voice"])
def talk(request):
    conversation = Conversation(document(centre=CENTRE), channel=request.param)
    conversation.start()
    conversation.shown = conversation.result({"consents": {"marketing/email": "given"}, "suppressed": []})
    return conversation


def labels(answer):
    return [choice["label"] for choice in answer["replies"][-1]["choices"]]


def recorded(answer):
    return [(effect["channels"], effect["decision"]) for effect in effects(answer, "record_consent")]


def test_the_list_says_how_each_stands(talk):
    assert labels(talk.shown) == ["E-mail: Yes", "Text messages: No", "I'm done"]
    assert talk.shown["replies"][-1]["input"] == "choice"


def test_what_is_allowed_is_withdrawn_at_once_and_the_list_shown_again(talk):
    answer = talk.tap("by_email")
    assert recorded(answer) == [(["email"], "withdrawn")]
    assert (texts(answer), labels(answer)[0]) == (["Anything else?"], "E-mail: No")


def test_what_is_not_allowed_is_asked_in_its_full_text_before_a_yes_counts(talk):
    answer = talk.say("text messages")
    reply = answer["replies"][-1]
    assert (recorded(answer), reply["text"], reply["input"]) == ([], SMS_TEXT, "consent")
    assert reply["consent"] == {"purpose": "marketing", "channels": ["sms"], "slot": None}
    assert [choice["value"] for choice in reply["choices"]] == ["yes", "no"]
    answer = talk.say("yes please")
    assert recorded(answer) == [(["sms"], "given")]
    assert labels(answer)[1] == "Text messages: Yes"


def test_a_refusal_is_recorded_as_one_and_a_maybe_as_nothing(talk):
    talk.tap("by_sms")
    answer = talk.say("maybe", "affirm", 1.0)
    assert (recorded(answer), answer["replies"][-1]["text"]) == ([], SMS_TEXT)
    assert recorded(talk.tap("no")) == [(["sms"], "refused")]


def test_a_tap_on_the_list_while_a_consent_text_is_shown_shows_the_text_again(talk):
    talk.tap("by_sms")
    answer = talk.tap("by_email")
    assert (recorded(answer), answer["replies"][-1]["text"]) == ([], SMS_TEXT)


def test_done_leaves_and_a_stop_ends_everything(talk):
    before = talk.state
    assert texts(talk.say("finished")) == ["Saved."]
    talk.state = before
    answer = talk.say("stop")
    assert effects(answer, "opt_out") == [{"effect": "opt_out", "scope": "everything"}]


def test_what_fits_nothing_is_a_miss_with_the_list(talk):
    assert texts(talk.say("banana")) == ["Which one?"]


def test_a_suppressed_channel_counts_as_not_allowed():
    talk = Conversation(document(centre=CENTRE))
    talk.start()
    answer = talk.result({"consents": {"marketing/email": "given"}, "suppressed": ["email"]})
    assert labels(answer)[0] == "E-mail: No"


@pytest.mark.parametrize("channel", ["web", "sms", "voice"])
@pytest.mark.parametrize(
    ("consents", "suppressed", "said"),
    [({"marketing/email": "given", "marketing/sms": "given"}, [], "yes"),
     ({"marketing/email": "given", "marketing/sms": "given"}, ["sms"], "no"),
     ({"marketing/email": "given"}, [], "unasked"), ({"marketing/sms": "requested"}, [], "unasked"),
     ({"marketing/email": "given", "marketing/sms": "withdrawn"}, [], "no"), ({}, [], "unasked")],
)  # fmt: skip
def test_a_check_goes_by_how_the_ledger_has_it(channel, consents, suppressed, said):
    talk = Conversation(document(checked=CHECKED), channel=channel)
    assert talk.start()["need"] == {"need": "facts", "step": "checked/look"}
    assert texts(talk.result({"consents": consents, "suppressed": suppressed})) == [said]


@pytest.mark.parametrize("result", [None, {}, "broken", {"consents": None}])
def test_facts_that_cannot_be_had_leave_the_consent_unknown(result):
    talk = Conversation(document(checked=CHECKED))
    talk.start()
    assert texts(talk.result(result)) == ["unasked"]


@given(st.dictionaries(st.sampled_from(["m/email", "m/sms"]), st.sampled_from(["given", "refused", "requested"])),
       st.sets(st.sampled_from(["email", "sms"])))  # fmt: skip
@settings(max_examples=40)
def test_it_is_given_only_when_every_channel_is_given_and_none_suppressed(consents, suppressed):
    standing = decide_standing({"consents": consents, "suppressed": sorted(suppressed)}, "m", ["email", "sms"])
    all_given = consents.get("m/email") == consents.get("m/sms") == "given"
    assert (standing == "given") is (all_given and not suppressed)


@pytest.mark.parametrize("text", ["yes", "yes please", "ok", "sure"])
def test_a_yes_to_the_list_changes_nothing_though_a_label_says_yes(talk, text):
    answer = talk.say(text)
    assert (recorded(answer), labels(answer)[0]) == ([], "E-mail: Yes")


@pytest.mark.parametrize("text", ["turn off e-mail", "switch e-mail off please", "no more e-mail"])
def test_one_thing_turned_off_in_words_is_withdrawn_and_nothing_else(talk, text):
    answer = talk.say(text, "opt_out", 0.7)
    assert recorded(answer) == [(["email"], "withdrawn")]
    assert effects(answer, "opt_out") == []


def test_turning_off_what_is_not_on_is_left_to_its_other_meaning(talk):
    assert effects(talk.say("turn off text messages", "opt_out"), "opt_out")


def test_words_that_are_no_yes_show_the_same_text_again_and_not_the_retry_of_the_list(talk):
    talk.say("text messages")
    answer = talk.say("maybe")
    assert (texts(answer), recorded(answer)) == (["<cannot_handle>", SMS_TEXT], [])
