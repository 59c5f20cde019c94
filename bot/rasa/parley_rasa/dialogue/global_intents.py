"""Requests that work at any time and that no flow can override: stop, a person, privacy rights, start over, cancel."""

from __future__ import annotations

from collections.abc import Callable

from parley_rasa.dialogue import corrections, reluctance, repair, steps, volunteered
from parley_rasa.dialogue.questions import asks_consent, read_text
from parley_rasa.dialogue.stack import break_off, end_everything
from parley_rasa.dialogue.state import is_fresh
from parley_rasa.dialogue.turn import Turn
from parley_rasa.talk_words.by_language import talk_in
from parley_rasa.typed_answers import normalise

PHONE_CHANNELS = ("sms", "voice")
FILED = frozenset(("delete_me", "what_do_you_know", "why_me"))  # each files a request with the company
WORKS_AFTER_HAND_OFF = frozenset(("opt_out", "delete_me", "what_do_you_know", "why_me"))
NO_ROUTE = frozenset(("opt_out", "talk_to_person", *FILED))  # no step of a flow may take these for something else
OPTED_OUT = "opted_out"
_FEW_WORDS = 5


def requested(turn: Turn) -> str | None:
    """Name the global request in the visitor's text, if there is one.

    The open question's own answer is preferred when the text is that answer and nothing else.
    """
    tongues, said = talk_in(turn.language), normalise(turn.message.text)
    if any(said in words.stops for words in tongues):
        return "opt_out"
    # On phone channels these are reserved by the carriers; in a chat "end" or "cancel" may mean something milder.
    if turn.channel in PHONE_CHANNELS and any(said in words.stops_by_phone for words in tongues):
        return "opt_out"
    if any(said in words.person for words in tongues):
        return "talk_to_person"
    if _cancels(turn, said):
        return "cancel"
    if any(words.wants_person.search(said) for words in tongues) and not _is_whole_answer(turn):
        return "talk_to_person"
    intent = turn.understood.intent
    if intent not in _CARRY_OUT or reluctance.is_about_question(turn) or corrections.restates_choice(turn):
        return None
    if turn.understood.confidence < _sure(turn, intent) or _is_routed(turn, intent) or _is_whole_answer(turn):
        return None
    return None if _means_something_else(turn, intent, said) else intent


def _means_something_else(turn: Turn, intent: str, said: str) -> bool:
    """Tell whether the words only resemble the request where it would be none."""
    if intent == "cancel":
        step = turn.waiting
        # Whoever answers a consent text oddly answers it; breaking off must be said in plain words there.
        return is_fresh(turn.state) or (step is not None and asks_consent(turn, step) is not None)
    if intent == "start_over":
        return any(said in words.goes_on for words in talk_in(turn.language))
    if intent == "talk_to_person" and turn.takes_any_text and not (turn.is_asking or turn.is_requesting):
        named = any(words.names_person.search(said) for words in talk_in(turn.language))
        return len(said.split()) > _FEW_WORDS and not named  # "your agent was rude to me"
    return False


def _cancels(turn: Turn, said: str) -> bool:
    """Tell whether the text breaks off the flow; at a question that may be left out, the same words leave it out."""
    if is_fresh(turn.state) or _is_whole_answer(turn):
        return False
    if not any(words.cancels.fullmatch(said) for words in talk_in(turn.language)):
        return _names_the_flow(turn, said)
    leaves_out = turn.question is not None and turn.question.get("optional") and reluctance.is_about_question(turn)
    return not leaves_out


def _names_the_flow(turn: Turn, said: str) -> bool:
    """ "Cancel the transfer" breaks off the money transfer; "cancel my contract" is a matter of its own."""
    found = (words.cancels_named.fullmatch(said) for words in talk_in(turn.language))
    named = next((match for match in found if match), None)
    if named is None or turn.frame is None:
        return False
    flow = turn.frame["flow"]
    own = normalise(f"{turn.flows.flow(flow).get('name', '')} {flow}").split()
    return set(named.group(1).split()) <= set(own)


def _is_whole_answer(turn: Turn) -> bool:
    """Tell whether the text is the open step's answer and nothing else."""
    step = turn.waiting
    answer = None if step is None or turn.moved else read_text(turn, step)
    return answer is not None and answer.whole


def _is_routed(turn: Turn, intent: str) -> bool:
    """Tell whether the open step goes by this intent itself."""
    step = turn.waiting
    return step is not None and not turn.moved and intent in step.get("routes", {}) and intent not in NO_ROUTE


def _sure(turn: Turn, intent: str) -> float:
    if intent in FILED:
        return turn.thresholds.filed
    return turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.global_intent


def carry_out(turn: Turn, intent: str) -> None:
    """Do what was requested, with its reply and effects."""
    turn.acted_as = "global"
    _CARRY_OUT[intent](turn)


def _opt_out(turn: Turn) -> None:
    already = turn.pattern("stopped_already") if turn.state["ended"] == OPTED_OUT else ""
    turn.say(already or turn.pattern("stopped"))
    turn.add_effect("opt_out", scope="everything")
    end_everything(turn, OPTED_OUT)


def _talk_to_person(turn: Turn) -> None:
    volunteered.capture(turn)
    steps.hand_off_on_request(turn, "asked")


def _delete_me(turn: Turn) -> None:
    turn.say(turn.pattern("delete_me"))
    turn.add_effect("privacy_request", kind="erase")
    end_everything(turn, "erasure_requested")
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
    """Begin the present flow again, or the entry flow; what its questions had learned is asked anew.

    A flow that was called begins with the one that called it.
    """
    names = _called_chain(turn) or [turn.flows.entry_flow]
    turn.say(turn.pattern("start_over"))
    turn.state["stack"] = [frame for frame in turn.state["stack"][: -len(names)] if frame["flow"] not in names]
    own = {slot for name in names for slot in turn.flows.flow(name).get("slots", {})}
    for slot in own:
        turn.slots.pop(slot, None)
    turn.state["declined"] = [slot for slot in turn.state["declined"] if slot not in own]
    turn.state["recent"] = []
    steps.start_flow(turn, names[-1])


def _called_chain(turn: Turn) -> list[str]:
    """Name the innermost flow and those that wait for its outcome."""
    names = []
    for frame in reversed(turn.state["stack"]):
        names.append(frame["flow"])
        if not frame["called"]:
            break
    return names


def _cancel(turn: Turn) -> None:
    turn.acted_as = "cancelled"
    break_off(turn, "cancelled")
    turn.say(turn.pattern("cancelled"))
    turn.moved = False
    repair.back_to_question(turn)


_CARRY_OUT: dict[str, Callable[[Turn], None]] = {
    "opt_out": _opt_out,
    "talk_to_person": _talk_to_person,
    "delete_me": _delete_me,
    "what_do_you_know": _what_do_you_know,
    "why_me": _why_me,
    "are_you_a_bot": _are_you_a_bot,
    "start_over": _start_over,
    "cancel": _cancel,
}
CLARIFIABLE = frozenset(_CARRY_OUT) - FILED
"""Requests that may be one of two meanings which the visitor is asked about; what files something is never guessed."""
