"""Bring a conversation back on its way: knowledge questions in between, small talk, misses."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue import gaps, passages, questions, reluctance, steps
from parley_rasa.dialogue.found_passages import Passage
from parley_rasa.dialogue.turn import Turn
from parley_rasa.quantities import find_numbers
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.typed_answers import read_agreement, read_yes_no

DEFAULT_RETRIES = 2
MOST_ANSWERS = 3  # to one message
MISSES_AFTER_OFFER = 2  # of a person, who is then fetched without being asked for
_WORDS_OF_A_QUESTION = 6
OFFERED_PERSON = "offered_person"
DETAILS = "give_details"
PRIVACY = frozenset(("delete_me", "what_do_you_know"))
SMALL_TALK = {"greet": "hello", "thanks": "thanks", "goodbye": "goodbye"}
# What the same intents, and a bare yes or no, are answered with when nothing is asked.
_AFTER_THE_FLOW = SMALL_TALK | {"greet": "greet_again", "affirm": "ask_away", "deny": "goodbye"}


def back_to_question(turn: Turn) -> None:
    """After something else: say so and ask the open question again."""
    if turn.moved or turn.waiting is None:
        steps.run(turn)
    else:
        questions.ask_again(turn)


def find_knowledge(turn: Turn) -> list[str]:
    """Name the known questions that the visitor asks, when it is clear enough that they ask them."""
    answers = turn.flows.answers
    if not turn.has_words or turn.takes_questions:
        return []
    several = dict.fromkeys(
        name for name, confidence in turn.understood.parts if name in answers and confidence >= turn.thresholds.part
    )
    besides = bool(several) and not turn.takes_any_text and turn.understood.intent not in answers
    if turn.is_asking and (len(several) > 1 or besides):  # "I want a demo, and what does it cost?"
        return list(several)[:MOST_ANSWERS]
    name, confidence = turn.understood.intent or "", turn.understood.confidence
    if turn.takes_any_text and turn.is_typed_question:
        # It asks something for sure, so the likeliest of the known questions will do.
        name, confidence = next((one for one in turn.understood.ranking if one[0] in answers), ("", 0.0))
    return [name] if name in answers and confidence >= _sure_of_knowledge(turn) else []


def _sure_of_knowledge(turn: Turn) -> float:
    thresholds, question = turn.thresholds, turn.question
    if question is None or turn.moved:
        return thresholds.answer
    if question["step"] == "ask_text":
        if turn.is_typed_question:
            return thresholds.in_typed_question
        # "Late invoices" may be what they want to change; "late invoices" is nobody's name.
        free = not turn.is_asking and not questions.asks_a_name(turn, question)
        return thresholds.never if free else thresholds.in_free_text
    if turn.is_asking:
        return thresholds.answer
    # "Between 50 and 100" may be like what people ask about prices, but here it is a number that is not one.
    is_number = question["step"] in questions.MEASURED and bool(find_numbers(turn.message.text, turn.language))
    return thresholds.never if is_number else thresholds.not_asking


def say_knowledge(turn: Turn, names: list[str]) -> None:
    """Say the answers; one that was said a moment ago is not said again, a person is offered for the rest."""
    for name in names:
        answer = turn.flows.answers[name]
        source = {"title": turn.flows.answer_title(turn.language, answer), "link": answer.get("link") or ""}
        said = f"said {name}"
        again = turn.pattern("said_already") if said in turn.state["recent"] else ""
        turn.say(again or turn.flows.answer_text(turn.language, answer), source=source)
        turn.remember(said)


def say_answers(turn: Turn, names: list[str], passage: Passage | None) -> None:
    """Say the passage, which is surer, or else the known answers."""
    if passage is None:
        say_knowledge(turn, names)
    else:
        passages.say(turn, passage)


def not_known(turn: Turn) -> bool:
    """Say that nothing answers the question, offer a person and ask the open question again.

    Tells whether the text was a question that the articles were searched for.
    """
    if turn.found is None or not passages.is_question(turn) or not turn.pattern("not_known"):
        return False
    turn.acted_as = "missed"
    gaps.mark(turn, gaps.BELOW_BAR)
    say_not_known(turn)
    if turn.frame is not None:
        turn.frame["misses"] = max(1, turn.frame["misses"])  # the same question once more may be the answer after all
    if turn.moved:
        steps.run(turn)
    else:
        questions.ask_shortly(turn)
    return True


def say_not_known(turn: Turn) -> None:
    """Say that nothing answers the question and offer a person, who comes when the visitor says yes."""
    turn.say(turn.pattern("not_known"))
    turn.remember(OFFERED_PERSON)


def small_talk(turn: Turn) -> bool:
    """Return a greeting, thanks or goodbye; tell whether the message was one."""
    intent = turn.understood.intent or ""
    replies = SMALL_TALK if turn.frame else _AFTER_THE_FLOW
    sure = turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.small_talk
    if intent not in replies or turn.understood.confidence < sure:
        return False
    if turn.question is not None and _is_no_small_talk(turn, intent):
        return False
    turn.acted_as = "global"
    turn.say(turn.pattern(replies[intent]))
    if intent != "goodbye":
        if turn.moved:
            steps.run(turn)
        else:
            questions.ask_shortly(turn)
    return True


def _is_no_small_talk(turn: Turn, intent: str) -> bool:
    """ "Tomorrow?" is no goodbye, and "is there something in the afternoon" no greeting."""
    if intent == "goodbye":
        return turn.is_asking or not any(words.parting.search(turn.message.text) for words in talk_in(turn.language))
    return turn.is_asking and len(turn.message.text.split()) >= _WORDS_OF_A_QUESTION


def accepts_person(turn: Turn) -> bool:
    """Hand off when the visitor says yes to the person just offered.

    A yes to a consent question is never that, nor is one that answers the open question itself.
    """
    step = turn.waiting
    if turn.state["recent"][-1:] != [OFFERED_PERSON] or read_agreement(turn.message.text, turn.language) is not True:
        return False
    if step is not None and (questions.asks_consent(turn, step) or questions.read_text(turn, step) is not None):
        return False
    turn.acted_as = "global"
    steps.hand_off_on_request(turn, "misses")
    return True


def declines_person(turn: Turn) -> bool:
    """Go on with the question when the visitor says no to the person just offered: that is no miss."""
    step = turn.waiting
    if step is None or turn.moved or turn.state["recent"][-1:] != [OFFERED_PERSON]:
        return False
    if read_yes_no(turn.message.text, turn.language) is not False or questions.read_text(turn, step) is not None:
        return False
    turn.acted_as = "global"
    questions.ask_shortly(turn)
    return True


def miss(turn: Turn) -> None:
    """Nothing fits: say so and ask again; then offer a person; then leave the question out or fetch the person."""
    turn.acted_as = "missed"
    frame, step = turn.frame, turn.waiting
    if _may_mean_privacy(turn):
        turn.say(turn.pattern("privacy_unsure"))
        questions.ask_shortly(turn)
    elif frame is None or step is None:
        turn.say(turn.pattern("nothing_open"))
    elif step["step"] == "wait_callback":  # which no words of the visitor could answer
        questions.ask(turn, turn.wording() or turn.pattern("cannot_handle"))
    else:
        frame["misses"] += 1
        _after_misses(turn, step, frame["misses"] - max(1, step.get("retries", DEFAULT_RETRIES)))


def _after_misses(turn: Turn, step: dict[str, Any], beyond: int) -> None:
    """Act on a miss, ``beyond`` of them after the one with which a person is offered."""
    if beyond > 0 and step.get("optional"):
        reluctance.leave_out(turn)
    elif beyond >= MISSES_AFTER_OFFER:
        steps.hand_off_on_request(turn, "misses")
    elif beyond == 0:
        turn.say(turn.pattern("offer_person"))
        turn.remember(OFFERED_PERSON)
        questions.ask_shortly(turn)
    else:
        _ask_for_another_answer(turn, step)


def _ask_for_another_answer(turn: Turn, question: dict[str, Any]) -> None:
    told = turn.understood.intent == DETAILS and turn.understood.confidence >= turn.thresholds.details
    if told and question["step"] == "ask_choice" and turn.pattern("told"):
        turn.say(turn.pattern("told"))
        questions.ask_shortly(turn)
        return
    if questions.asks_consent(turn, question) and question["step"] != "ask_consent":
        questions.ask(turn, turn.pattern("cannot_handle"))  # the retry is about the list of preferences
        return
    retry = turn.pattern("too_long") if _is_too_long(turn, question) else turn.wording("retry")
    if not retry:
        turn.say(turn.pattern("cannot_handle"))
    questions.ask(turn, retry or None)


def _may_mean_privacy(turn: Turn) -> bool:
    """A privacy request that is too unsure to file: the visitor is told the words that make it sure."""
    likely = turn.understood.intent in PRIVACY and turn.understood.confidence >= turn.thresholds.answer
    return likely and bool(turn.pattern("privacy_unsure"))


def _is_too_long(turn: Turn, question: dict[str, Any]) -> bool:
    if question["step"] != "ask_text" or question.get("pattern"):
        return False
    return len(turn.message.text.strip()) > (question.get("max_length") or questions.LONGEST_TEXT)


def answered_steps(turn: Turn) -> list[tuple[str, str]]:
    """List the steps (flow, step) answered lately, the latest first."""
    places = [event.partition(" ")[2] for event in reversed(turn.state["recent"]) if event.startswith("answered ")]
    pairs = [(flow, step) for flow, _, step in (place.partition("/") for place in places)]
    return [(flow, step) for flow, step in pairs if flow in turn.flows and turn.flows.has_step(flow, step)]
