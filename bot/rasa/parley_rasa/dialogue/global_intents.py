"""Requests that work at any time and that no flow can override: stop, a person, privacy rights, "are you a bot?"."""

from __future__ import annotations

from collections.abc import Callable

from parley_rasa.dialogue import corrections, reluctance, repair, steps, volunteered
from parley_rasa.dialogue.questions import read_text
from parley_rasa.dialogue.turn import Turn
from parley_rasa.typed_answers import normalise

STOP_WORDS = frozenset("stop|stopall|stop all|unsubscribe|unsubscribe me|optout|opt out|revoke".split("|"))
# On phone channels these are reserved by the carriers; in a chat "end" or "cancel" may mean something milder.
STOP_WORDS_BY_PHONE = STOP_WORDS | frozenset(("end", "quit", "cancel"))
PERSON_WORDS = frozenset("person|a person|human|a human|agent|operator|real person|a real person".split("|"))
PHONE_CHANNELS = ("sms", "voice")
FILED = frozenset(("delete_me", "what_do_you_know", "why_me"))  # each files a request with the company
WORKS_AFTER_HAND_OFF = frozenset(("opt_out", "delete_me", "what_do_you_know", "why_me"))


def requested(turn: Turn) -> str | None:
    """Name the global request in the visitor's text, if there is one.

    The open question's own answer is preferred when the text is that answer and nothing else.
    """
    words = STOP_WORDS_BY_PHONE if turn.channel in PHONE_CHANNELS else STOP_WORDS
    said = normalise(turn.message.text)
    if said in words:
        return "opt_out"
    if said in PERSON_WORDS:
        return "talk_to_person"
    intent = turn.understood.intent
    if intent not in _CARRY_OUT or reluctance.is_about_question(turn) or corrections.restates_choice(turn):
        return None
    question = turn.question
    if turn.understood.confidence < _sure(turn, intent):
        return None
    if question is not None and not turn.moved:
        answer = read_text(turn, question)
        if answer is not None and answer.whole:
            return None
    return intent


def _sure(turn: Turn, intent: str) -> float:
    if intent in FILED:
        return turn.thresholds.filed
    return turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.global_intent


def carry_out(turn: Turn, intent: str) -> None:
    """Do what was requested, with its reply and effects."""
    turn.acted_as = "global"
    _CARRY_OUT[intent](turn)


def _opt_out(turn: Turn) -> None:
    turn.say(turn.pattern("stopped"))
    turn.add_effect("opt_out", scope="everything")
    steps.end_everything(turn, "opted_out")


def _talk_to_person(turn: Turn) -> None:
    volunteered.capture(turn)
    steps.hand_off_on_request(turn, "asked")


def _delete_me(turn: Turn) -> None:
    turn.say(turn.pattern("delete_me"))
    turn.add_effect("privacy_request", kind="erase")
    steps.end_everything(turn, "erasure_requested")
    turn.state.update(slots={}, declined=[], recent=[])


def _what_do_you_know(turn: Turn) -> None:
    turn.say(turn.pattern("what_do_you_know"))
    turn.add_effect("privacy_request", kind="access")
    repair.back_to_question(turn)


def _why_me(turn: Turn) -> None:
    turn.say(turn.pattern("why_me"))
    turn.add_effect("privacy_request", kind="why_contacted")
    repair.back_to_question(turn)


def _are_you_a_bot(turn: Turn) -> None:
    turn.say(turn.pattern("are_you_a_bot"))
    repair.back_to_question(turn)


def _start_over(turn: Turn) -> None:
    """Begin the present flow again, or the entry flow; what its questions had learned is asked anew."""
    frame = turn.frame
    name = frame["flow"] if frame else turn.flows.entry_flow
    turn.say(turn.pattern("start_over"))
    turn.state["stack"] = [other for other in turn.state["stack"] if other["flow"] != name]
    own = turn.flows.flow(name).get("slots", {})
    for slot in own:
        turn.slots.pop(slot, None)
    turn.state["declined"] = [slot for slot in turn.state["declined"] if slot not in own]
    turn.state["recent"] = []
    steps.start_flow(turn, name)


_CARRY_OUT: dict[str, Callable[[Turn], None]] = {
    "opt_out": _opt_out,
    "talk_to_person": _talk_to_person,
    "delete_me": _delete_me,
    "what_do_you_know": _what_do_you_know,
    "why_me": _why_me,
    "are_you_a_bot": _are_you_a_bot,
    "start_over": _start_over,
}
