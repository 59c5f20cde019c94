"""Free questions and ``answer_kb`` are answered by passages of articles, which the platform looks up for the text."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from test_clarify import CLOSE, choosing
from test_step_understanding import ASKED, ROUTED

from compiled import ANSWERS, ask, document
from conversation import ENCODER, VECTOR, Conversation, acted, effects, texts
from parley_rasa.dialogue.found_passages import read_found
from parley_rasa.dialogue.turn import OUT_OF_SCOPE

PATTERNS = Path(__file__).resolve().parents[4] / "flows" / "library" / "patterns"
QUOTE = "Single sign-on works with any provider that speaks SAML."
SSO = {
    "article": "single_sign_on", "title": "Single sign-on", "link": "https://example.com/sso", "heading": "",
    "quote": QUOTE, "language": "en", "confidence": 0.83,
}  # fmt: skip
SOURCE = {"title": "Single sign-on", "link": "https://example.com/sso"}
ASKS = "do you have single sign-on?"
ARTICLE = next(iter(ANSWERS))
NOTHING = {"passages": [], "sure": False}


def found(**more):
    return {"passages": [{**SSO, **more}], "sure": True}


def asking(kind="ask_email", slot="answer", channel="web", field=None, **more):
    """A talk in which this question is open; the articles are searched by the test."""
    flow = {
        "slots": {slot: {"field": field} if field else {}},
        "steps": {"question": ask(slot, kind, next="bye", **more), "bye": {"step": "end", "outcome": "completed"}},
    }
    if kind == "ask_consent":
        flow["wording"] = {"question": {"choices": {"yes": {"default": "Yes"}, "no": {"default": "No"}}}}
    talk = Conversation(document(lead=flow), channel=channel)
    talk.articles = None
    talk.start()
    return talk


def wants_passages(answer):
    return (answer["need"] or {}).get("need") == "knowledge"


@pytest.fixture
def talk():
    return asking()


def test_a_question_that_nothing_else_answers_asks_for_passages(talk):
    assert talk.say(ASKS, OUT_OF_SCOPE)["need"] == {
        "need": "knowledge", "step": "patterns/knowledge", "query": ASKS, "vector": VECTOR, "encoder": ENCODER,
        "count": 1,
    }  # fmt: skip


def test_the_turn_stops_there_and_has_changed_nothing(talk):
    before = copy.deepcopy(talk.state)
    answer = talk.say(f"I'm Ada from Acme. {ASKS}", OUT_OF_SCOPE)
    assert (answer["replies"], answer["effects"], answer["timer"], answer["debounce"]) == ([], [], None, 0)
    assert answer["understood"]["gap"] is None
    assert talk.state == {**before, "awaits": {"step": "patterns/knowledge", "need": "knowledge"}}


def test_above_the_bar_the_quote_is_said_with_its_article_and_the_question_asked_again(talk):
    talk.articles = found()
    answer = talk.say(ASKS, OUT_OF_SCOPE)
    assert (acted(answer), texts(answer)) == ("question_answered", [QUOTE, "<resume>", "question"])
    assert answer["replies"][0]["source"] == SOURCE
    assert answer["replies"][-1]["step"] == "lead/question"
    assert (answer["need"], answer["understood"]["gap"]) == (None, None)
    assert talk.state["awaits"] is None


def test_what_was_told_besides_is_kept_and_told_once(flows_document):
    talk = Conversation(flows_document).at("ask_goal")
    talk.articles = found()
    answer = talk.say(f"I'm Ada from Acme. {ASKS}", OUT_OF_SCOPE)
    assert [effect["value"] for effect in effects(answer, "capture_lead")] == ["Ada", "Acme"]
    assert QUOTE in texts(answer)


def test_the_same_quote_is_not_said_twice(talk):
    talk.articles = found()
    talk.say(ASKS, OUT_OF_SCOPE)
    answer = talk.say("and single sign-on, is that there?", OUT_OF_SCOPE)
    assert (texts(answer)[0], answer["replies"][0]["source"]) == ("<said_already>", SOURCE)
    talk.articles = found(quote="Another one.")
    assert texts(talk.say(ASKS, OUT_OF_SCOPE))[0] == "Another one."


def test_below_the_bar_a_question_is_said_to_be_unknown_and_a_person_offered(talk):
    talk.articles = {**found(confidence=0.2), "sure": False}
    answer = talk.say("do you ship to the moon?", OUT_OF_SCOPE)
    assert (acted(answer), texts(answer)) == ("missed", ["<not_known>", "question"])
    assert answer["understood"]["gap"] == {"reason": "below_bar", "vector": VECTOR, "encoder": ENCODER}
    handed = talk.say("yes please")
    assert effects(handed, "hand_off")


def test_that_person_comes_on_a_yes_when_nothing_is_open_too():
    talk = Conversation(document(lead={"steps": {"bye": {"step": "end", "outcome": "completed"}}}))
    talk.start()
    assert texts(talk.say("do you ship to the moon?", OUT_OF_SCOPE)) == ["<not_known>"]
    assert effects(talk.say("yes"), "hand_off")


def test_a_no_to_that_person_asks_the_open_question(talk):
    talk.articles = NOTHING
    talk.say("do you ship to the moon?", OUT_OF_SCOPE)
    assert texts(talk.say("no thanks")) == ["question"]


def test_questions_without_an_answer_never_fetch_a_person_by_themselves(talk):
    talk.articles = NOTHING
    answers = [talk.say(f"do you ship to planet {number}?", OUT_OF_SCOPE) for number in "abcdef"]
    assert [texts(answer) for answer in answers] == [["<not_known>", "question"]] * 6


@pytest.mark.parametrize("said", ["the moon is made of green cheese and nothing else", "I want to ship to the moon"])
def test_what_is_no_question_stays_what_it_was(talk, said):
    talk.articles = NOTHING
    answer = talk.say(said, OUT_OF_SCOPE)
    assert (acted(answer), texts(answer)) == ("missed", ["<cannot_handle>", "question"])
    assert answer["understood"]["gap"]["reason"] == "missed"


@pytest.mark.parametrize("said", ["refund policy", "refund policy?", "SAML", "I want single sign-on"])
def test_keywords_and_requests_are_looked_up_where_they_answer_nothing(talk, said):
    assert wants_passages(talk.say(said, OUT_OF_SCOPE))


def test_keywords_must_be_surer_than_questions_while_something_is_asked(talk):
    talk.articles = found(confidence=0.3)
    assert acted(talk.say("refund policy", OUT_OF_SCOPE)) == "missed"
    assert acted(talk.say("what about the refund policy", OUT_OF_SCOPE)) == "question_answered"


def test_keywords_are_looked_up_when_nothing_is_open():
    talk = Conversation(document(lead={"steps": {"bye": {"step": "end", "outcome": "completed"}}}))
    talk.start()
    talk.articles = found(confidence=0.3)
    assert texts(talk.say("refund policy", OUT_OF_SCOPE)) == [QUOTE]


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("ask_email", {}, "ada@acme.example"),
        ("ask_email", {}, "ada at@@acme"),
        ("ask_phone", {}, "oh one 555 99"),
        ("ask_number", {"maximum": 100, "whole": True}, "is 900000 possible"),
        ("ask_date", {}, "May 5"),
        ("ask_text", {"field": "first_name"}, "Will Smith"),
        ("ask_text", {}, "I want to get rid of paper"),
        ("ask_text", {}, "late invoices"),
        ("ask_email", {}, "no"),
        ("ask_email", {}, "why?"),
        ("ask_email", {}, "?!?"),
        ("ask_email", {}, "none of your business"),
    ],
)
def test_an_answer_a_try_and_talk_about_the_question_are_not_looked_up(kind, more, said):
    assert asking(kind, **more).say(said, OUT_OF_SCOPE)["need"] is None


@pytest.mark.parametrize("said", ["Analytical Engines Ltd", "we are Keller Möbelbau GmbH", "Precios Claros, S.L."])
def test_a_name_that_only_a_company_has_is_the_company_asked_for_whatever_article_it_is_like(said):
    talk = asking("ask_text", field="company")
    talk.say(said, ARTICLE, 0.9)
    assert talk.slots["answer"] == said.removeprefix("we are ").removesuffix(".")


def test_a_question_about_a_company_is_none_of_its_names():
    talk = asking("ask_text", field="company")
    answer = talk.say("do you work with Siemens AG?", ARTICLE, 0.9)
    assert (acted(answer), talk.open_step) == ("question_answered", "lead/question")


def test_a_question_of_their_own_is_looked_up_though_any_text_would_answer():
    talk = asking("ask_text")
    talk.articles = found()
    answer = talk.say(ASKS, OUT_OF_SCOPE)
    assert (texts(answer)[0], talk.open_step) == (QUOTE, "lead/question")
    assert texts(talk.say("how does single sign-on work here", OUT_OF_SCOPE))[0] == "<said_already>"


def test_without_its_mark_the_passage_must_be_surer_there():
    talk = asking("ask_text")
    talk.articles = found(confidence=0.5)
    talk.say("how do I get paid faster", OUT_OF_SCOPE)
    assert talk.slots["answer"] == "how do I get paid faster"


def test_a_question_asked_once_more_is_taken_as_the_answer_after_all():
    talk = asking("ask_text")
    talk.articles = NOTHING
    assert texts(talk.say("how to ship to the moon?", OUT_OF_SCOPE)) == ["<not_known>", "question"]
    talk.say("how to ship to the moon?", OUT_OF_SCOPE)
    assert talk.slots["answer"] == "how to ship to the moon?"


def test_a_question_where_questions_are_the_answer_is_not_looked_up():
    talk = asking("ask_text", takes_questions=True)
    assert talk.say(ASKS, OUT_OF_SCOPE)["need"] is None
    assert talk.slots["answer"] == ASKS


def test_nothing_is_looked_up_while_a_consent_is_asked():
    talk = asking("ask_consent", purpose="marketing", channels=["email"])
    answer = talk.say(ASKS, OUT_OF_SCOPE)
    assert (answer["need"], acted(answer)) == (None, "missed")


def test_nothing_is_looked_up_while_a_person_has_the_talk(talk):
    talk.say("a person please", "talk_to_person")
    answer = talk.say(ASKS, OUT_OF_SCOPE)
    assert (answer["need"], answer["replies"]) == (None, [])


@pytest.mark.parametrize(
    ("said", "intent", "confidence"),
    [
        ("stop", None, 0.0),
        ("could you stop writing me?", "opt_out", 0.9),
        ("what do you know about me?", "what_do_you_know", 0.95),
        ("could you forget about me?", "delete_me", 0.5),
        ("is that data of mine kept?", "what_do_you_know", 0.3),
        ("K7M2QX", OUT_OF_SCOPE, 0.9),
        ("k7m 2qx", OUT_OF_SCOPE, 0.9),
        ("/help", OUT_OF_SCOPE, 0.9),
        ("/sso", OUT_OF_SCOPE, 0.9),
    ],
)
def test_stops_privacy_requests_codes_and_commands_are_never_looked_up(talk, said, intent, confidence):
    assert talk.say(said, intent, confidence)["need"] is None


def test_a_command_that_begins_a_talk_is_not_looked_up():
    talk = Conversation(document(help=silent(ASKED)))
    talk.articles = None
    assert talk.say("/start", OUT_OF_SCOPE)["need"] is None


@pytest.mark.parametrize(
    ("result", "step", "need", "text"),
    [
        (found(), "lead/question", "knowledge", ASKS),
        (found(), "patterns/knowledge", "facts", ASKS),
        (found(), "patterns/knowledge", "knowledge", ""),
    ],
)
def test_a_result_that_nobody_awaits_changes_nothing(talk, result, step, need, text):
    talk.say(ASKS, OUT_OF_SCOPE)
    before = copy.deepcopy(talk.state)
    answer = talk.push("result", step, result, text)
    assert (acted(answer), answer["replies"], talk.state) == ("ignored", [], before)


def test_a_text_is_looked_up_once(talk):
    talk.articles = NOTHING
    assert talk.say(ASKS, OUT_OF_SCOPE)["need"] is None


@pytest.mark.parametrize(
    "result",
    [
        None, [], "x", {}, {"passages": None, "sure": True}, {"passages": ["x"], "sure": True},
        {"passages": [{**SSO, "quote": ""}], "sure": True}, {"passages": [{**SSO, "confidence": "high"}], "sure": True},
        {"passages": [SSO], "sure": "yes"}, {"passages": [SSO]},
    ],
)  # fmt: skip
def test_a_result_that_cannot_be_read_has_found_nothing(result):
    assert read_found(result).best is None


def test_an_article_without_a_link_is_named_all_the_same(talk):
    talk.articles = found(link=None)
    assert talk.say(ASKS, OUT_OF_SCOPE)["replies"][0]["source"] == {"title": "Single sign-on", "link": ""}


def test_a_known_question_understood_for_sure_is_answered_without_looking(talk):
    assert texts(talk.say("what does it cost?", "ask_pricing"))[0] == "29 a month."


@pytest.mark.parametrize(
    ("confidence", "passage", "said"),
    [(0.5, 0.83, QUOTE), (0.5, 0.45, "29 a month."), (0.7, 0.99, "29 a month.")],
)
def test_the_surer_of_a_known_question_and_a_passage_is_said(talk, confidence, passage, said):
    talk.articles = found(confidence=passage)
    answer = talk.say("what would single sign-on cost?", "ask_pricing", confidence)
    assert (acted(answer), texts(answer)) == ("question_answered", [said, "<resume>", "question"])


def test_a_passage_of_the_known_questions_own_article_gives_way_to_its_answer(talk):
    talk.articles = found(title="What does it cost?", quote="In pounds it is 27.")
    assert texts(talk.say("what would that be in pounds?", "ask_pricing", 0.5))[0] == "29 a month."


@pytest.mark.parametrize(("passage", "said"), [(0.83, QUOTE), (0.3, "<clarify>")])
def test_a_surer_passage_saves_a_question_back_between_two_meanings(passage, said):
    talk = choosing()
    talk.articles = found(confidence=passage)
    close = ("want_news", CLOSE[1])
    assert texts(talk.say("how is that secured?", "ask_security", 0.41, close))[0] == said


def test_a_flow_that_is_asked_for_is_started_without_looking(flows_document):
    talk = Conversation(flows_document).at("ask_goal")
    talk.articles = None
    assert talk.say("can I get the newsletter?", "want_newsletter")["need"] is None


def test_what_is_asked_beside_an_address_is_answered_before_the_talk_goes_on(talk):
    talk.articles = found()
    answer = talk.say(f"ada@acme.example. {ASKS}", OUT_OF_SCOPE)
    assert (acted(answer), texts(answer)[0]) == ("answer_given", QUOTE)
    assert talk.slots["answer"] == "ada@acme.example"


def test_a_question_at_a_route_is_answered_and_one_that_is_not_known_goes_on():
    for articles, said in ((found(), QUOTE), (NOTHING, "Other.")):
        talk = Conversation(document(triage=ROUTED))
        talk.start()
        talk.articles = articles
        assert texts(talk.say(ASKS, OUT_OF_SCOPE))[0] == said


# answer_kb


def silent(flow):
    """The same flow with an ``answer_kb`` that answers what was said last."""
    return {**flow, "wording": {**flow["wording"], "kb": {"text": {"default": ""}}}}


@pytest.fixture
def asked():
    talk = Conversation(document(help=ASKED))
    talk.articles = None
    talk.start()
    return talk


@pytest.mark.parametrize("said", [ASKS, "something about signing in", "SAML", "signing in"])
def test_every_text_is_a_question_where_one_is_asked_for(asked, said):
    assert wants_passages(asked.say(said, OUT_OF_SCOPE))


@pytest.mark.parametrize("said", [ASKS, "something about signing in", "SAML"])
def test_what_is_asked_for_there_is_answered_once_and_the_flow_goes_on(asked, said):
    asked.articles = found()
    answer = asked.say(said, OUT_OF_SCOPE)
    assert (acted(answer), texts(answer)) == ("answer_given", [QUOTE, "Good."])
    assert answer["replies"][0]["source"] == SOURCE


def test_not_found_stays_the_way_on_there(asked):
    asked.articles = NOTHING
    answer = asked.say("who painted this ceiling?", OUT_OF_SCOPE)
    assert (texts(answer), answer["understood"]["gap"]["reason"]) == (["I do not know."], "below_bar")


@pytest.mark.parametrize("said", ["no thanks", "yes", "I would rather not say"])
def test_a_yes_a_no_and_a_refusal_are_not_looked_up_there(asked, said):
    assert asked.say(said, OUT_OF_SCOPE)["need"] is None


def test_the_surer_of_article_and_passage_is_said_there(asked):
    asked.articles = found()
    assert texts(asked.say("what would that cost with single sign-on?", "ask_pricing", 0.3)) == [QUOTE, "Good."]


def test_without_a_text_what_was_said_last_is_looked_up():
    flow = silent(ASKED)
    flow = {**flow, "slots": {"said": {}}, "steps": {"ask": ask("said", next="kb"), **flow["steps"]}}
    talk = Conversation(document(help=flow))
    talk.start()
    talk.articles = found()
    answer = talk.say("signing in with our own provider", OUT_OF_SCOPE)
    assert (texts(answer), talk.slots) == ([QUOTE, "Good."], {"said": "signing in with our own provider"})


# First words


@pytest.fixture
def fresh(flows_document):
    document = copy.deepcopy(flows_document)
    document["wording"]["en"]["patterns"]["not_known"] = {"text": {"default": "<not_known>"}}
    talk = Conversation(document)
    talk.articles = found()
    return talk


def test_first_words_that_ask_get_the_notice_the_answer_and_the_first_question(fresh):
    answer = fresh.say("do you support SEPA direct debit?", OUT_OF_SCOPE)
    assert [reply["notice"] for reply in answer["replies"]][0] == "ai"
    assert (texts(answer)[-2], answer["replies"][-2]["source"]) == (QUOTE, SOURCE)
    assert answer["replies"][-1]["step"] == fresh.open_step
    assert (acted(answer), answer["understood"]["gap"]) == ("flow_started", None)


def test_first_words_that_name_something_are_looked_up_too(fresh):
    assert QUOTE in texts(fresh.say("single sign-on", OUT_OF_SCOPE))


def test_first_words_that_no_article_answers_are_said_to_be_unknown(fresh):
    fresh.articles = NOTHING
    answer = fresh.say("do you ship to the moon?", OUT_OF_SCOPE)
    assert answer["replies"][0]["notice"] == "ai"
    assert texts(answer)[-2] == "<not_known>"
    assert (answer["replies"][-1]["step"], answer["understood"]["gap"]["reason"]) == (fresh.open_step, "below_bar")


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("hello", "greet"),
        ("hi, how are you?", "greet"),
        ("I'd like a demo", OUT_OF_SCOPE),
        ("can I have the newsletter?", "want_newsletter"),
        ("what does it cost?", "ask_pricing"),
        ("my mail is a@b.example", OUT_OF_SCOPE),
    ],
)
def test_first_words_that_are_understood_are_not_looked_up(fresh, said, intent):
    fresh.articles = None
    assert fresh.say(said, intent)["need"] is None


# Wording


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "do you ship to the moon?"),
        ("es", "¿envían ustedes a la luna?"),
        ("fr", "est-ce que vous livrez sur la lune ?"),
        ("de", "liefert ihr auch auf den Mond?"),
    ],
)
def test_each_language_says_that_it_does_not_know_and_how_to_reach_a_person(language, said):
    shipped = yaml.safe_load((PATTERNS / f"wording.{language}.yml").read_text("utf-8"))
    compiled = document(lead={"steps": {"bye": {"step": "end", "outcome": "completed"}}})
    texts_of = {
        name: {"text": {"default": one["text"]}} for name, one in shipped.items() if isinstance(one["text"], str)
    }
    compiled["wording"][language] = {"patterns": texts_of}
    talk = Conversation(compiled, language=language)
    talk.start()
    (said_back,) = texts(talk.say(said, OUT_OF_SCOPE))
    assert said_back == shipped["not_known"]["text"]
    word = next(word for word in ('"person"', '"persona"', "« conseiller »", "„Mensch“") if word in said_back)
    assert effects(talk.say(word.strip('"«»„“ ')), "hand_off")
