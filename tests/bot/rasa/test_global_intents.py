"""Requests that work at any time."""

from __future__ import annotations

import pytest

from conversation import Conversation, acted, effects, texts

STEPS = ["ask_goal", "ask_first_name", "ask_problem", "ask_email", "ask_phone", "ask_marketing"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("intent", "said"),
    [("opt_out", "Stopped."), ("talk_to_person", "A person takes over."), ("delete_me", "Deletion noted."),
     ("what_do_you_know", "Copy requested."), ("why_me", "Reason requested."), ("are_you_a_bot", "I am a machine."),
     ("start_over", "From the top.")],
)  # fmt: skip
def test_a_clear_request_works_at_every_question(talk, step, intent, said):
    answer = talk.at(step).say("some clear words about it", intent, 0.95)
    assert (acted(answer), texts(answer)[0]) == ("global", said)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("text", ["STOP", "stop.", "Unsubscribe", "opt out"])
def test_a_stop_word_alone_stops_without_any_model(talk, step, text):
    answer = talk.at(step).say(text)
    assert effects(answer, "opt_out") == [{"effect": "opt_out", "scope": "everything"}]
    assert answer["state"]["stack"] == []


def test_words_that_carriers_reserve_stop_on_phone_channels_only(flows_document):
    for channel, expected in (("sms", 1), ("web", 0)):
        conversation = Conversation(flows_document, channel=channel).at("ask_goal")
        assert len(effects(conversation.say("end"), "opt_out")) == expected


def test_an_unsure_request_is_not_carried_out(talk):
    answer = talk.at("ask_goal").say("words that resemble it", "opt_out", 0.4)
    assert answer["effects"] == []


def test_what_cannot_be_undone_must_be_asked_for_clearly(talk):
    unsure = talk.at("ask_goal").say("get rid of the old ones", "delete_me", 0.8)
    assert (unsure["effects"], texts(unsure)[0]) == ([], 'Write "delete my data" to have it deleted.')
    assert effects(talk.at("ask_goal").say("delete my data", "delete_me", 0.9), "privacy_request") != []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "text",
    ["no more messages thanks", "I'd rather not get any mails", "I don't want to hear from you",
     "no, don't write to me", "please leave me alone"],
)  # fmt: skip
def test_a_stop_that_begins_like_a_refusal_to_answer_is_a_stop(talk, step, text):
    answer = talk.at(step).say(text, "opt_out", 0.95)
    # A plain "no, don't …" at the consent question itself is its answer; the person is then not written to either.
    assert effects(answer, "opt_out") != [] or [one["decision"] for one in effects(answer, "record_consent")] == [
        "refused"
    ]


def test_words_about_the_question_are_read_as_no_request(talk):
    for text, intent in (("why?", "why_me"), ("I'd rather not give my email", "opt_out")):
        assert talk.at("ask_email").say(text, intent, 1.0)["effects"] == []


def test_a_choice_taken_back_is_read_as_no_request(talk):
    talk.start()
    talk.tap("demo")
    talk.tap("small")
    answer = talk.say("actually just 10 to 49", "opt_out", 1.0)
    assert (acted(answer), effects(answer, "opt_out")) == ("correction", [])


def test_where_any_text_answers_a_request_must_be_surer(talk):
    answer = talk.at("ask_problem").say("I want to stop chasing invoices", "opt_out", 0.65)
    assert (acted(answer), effects(answer, "opt_out")) == ("answer_given", [])


def test_stopping_ends_every_flow_and_says_so_for_each(talk):
    talk.start()
    talk.say("newsletter", "want_newsletter")
    answer = talk.say("stop")
    assert [effect["flow"] for effect in effects(answer, "end_flow")] == ["newsletter", "lead"]
    assert answer["state"]["ended"] == "opted_out"


def test_asking_for_a_person_hands_off_to_the_flows_team_with_the_address_given(talk):
    answer = talk.at("ask_goal").say("let a person write to a@b.example", "talk_to_person")
    assert [effect["effect"] for effect in answer["effects"]] == ["capture_lead", "hand_off", "end_flow"]
    assert effects(answer, "hand_off")[0] == {"effect": "hand_off", "team": "sales", "reason": "asked", "open": True}


@pytest.mark.parametrize("text", ["person", "a human", "Agent!"])
def test_one_word_is_enough_to_get_a_person(talk, text):
    assert effects(talk.at("ask_first_name").say(text), "hand_off")[0]["reason"] == "asked"


@pytest.mark.parametrize(
    ("intent", "kind"), [("delete_me", "erase"), ("what_do_you_know", "access"), ("why_me", "why_contacted")]
)
def test_a_privacy_request_is_passed_on(talk, intent, kind):
    answer = talk.at("ask_goal").say("as the law allows me", intent)
    assert effects(answer, "privacy_request") == [{"effect": "privacy_request", "kind": kind}]


def test_whoever_asks_for_deletion_is_asked_nothing_more_and_the_talk_forgets(talk):
    answer = talk.at("ask_email", first_name="Ada").say("delete my data", "delete_me")
    assert (texts(answer), answer["state"]["slots"], answer["state"]["stack"]) == (["Deletion noted."], {}, [])


def test_starting_over_asks_everything_anew(talk):
    answer = talk.at("ask_email", goal="demo", size="small", first_name="Ada").say("start again", "start_over")
    assert texts(answer) == ["From the top.", "Hello, I am an automated assistant.", "What brings you here?"]
    assert talk.slots == {}


def test_stop_and_privacy_requests_work_even_while_a_person_talks(talk):
    talk.start()
    talk.tap("person")
    assert effects(talk.say("stop"), "opt_out") != []
    assert effects(talk.say("what do you have on me", "what_do_you_know"), "privacy_request") != []
    assert talk.say("are you a bot", "are_you_a_bot")["replies"] == []


def test_a_request_as_the_very_first_words_works(talk):
    answer = talk.say("stop")
    assert (effects(answer, "opt_out") != [], texts(answer)) == (True, ["Stopped."])
