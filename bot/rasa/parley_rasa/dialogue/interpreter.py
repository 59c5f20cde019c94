"""Carry out one turn. The order of the rules in ``_read_text`` is the dialogue's policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley_rasa.dialogue import corrections, global_intents, questions, repair, steps
from parley_rasa.dialogue.flows import Flows
from parley_rasa.dialogue.state import is_fresh, restore
from parley_rasa.dialogue.turn import Message, Thresholds, Turn, Understood
from parley_rasa.turn_request import is_command


def take_turn(
    flows: Flows,
    state: Mapping[str, Any] | None,
    message: Message,
    understood: Understood,
    facts: Mapping[str, Any],
    channel: str = "web",
    language: str = "en",
    thresholds: Thresholds | None = None,
) -> dict[str, Any]:
    """Return the answer of protocols.md §2: state, replies, effects, understood. Changes none of its arguments.

    Raises:
        StateError: the state is malformed.
    """
    own_state, moved = restore(flows, state, facts)
    turn = Turn(flows, own_state, message, understood, channel, language, thresholds or Thresholds(), moved)
    if turn.state["handed_off"]:
        _while_a_person_talks(turn)
    else:
        {"start": _start, "choice": _read_tap, "text": _read_text}[message.kind](turn)
    return {
        "state": turn.state,
        "replies": turn.replies,
        "effects": turn.effects,
        "understood": {
            "intent": understood.intent,
            "confidence": understood.confidence,
            "ranking": [[name, confidence] for name, confidence in understood.ranking],
            "acted_as": turn.acted_as,
        },
    }


def _while_a_person_talks(turn: Turn) -> None:
    """Stay silent, but never ignore a stop or a privacy request."""
    request = global_intents.requested(turn) if turn.message.kind == "text" else None
    if request in global_intents.WORKS_AFTER_HAND_OFF:
        global_intents.carry_out(turn, request)


def _start(turn: Turn) -> None:
    turn.acted_as = "start"
    if is_fresh(turn.state):
        steps.start_flow(turn, turn.flows.entry_flow)
        return
    turn.say(turn.pattern("greet_again"))
    _show_open_question(turn)


def _read_tap(turn: Turn) -> None:
    """A tap counts only on the very question that is open."""
    question = turn.question
    if question is not None and not turn.moved and turn.message.step == turn.step_id:
        answer = questions.read_tap(turn, question, turn.message.value)
        if answer is not None:
            turn.acted_as = "choice"
            questions.accept(turn, question, answer)
            steps.go_on(turn)
            return
    turn.acted_as = "stale_choice"
    if is_fresh(turn.state):
        steps.start_flow(turn, turn.flows.entry_flow)
    elif turn.frame is None:
        turn.say(turn.pattern("nothing_open"))
    else:
        _show_open_question(turn)


def _read_text(turn: Turn) -> None:
    request = global_intents.requested(turn)
    if request is not None:
        global_intents.carry_out(turn, request)
    elif is_command(turn.message.text):
        # Addressed to a program, so nothing is read from it: no answer, no value, not even a likely choice.
        _start(turn) if is_fresh(turn.state) else _miss(turn)
    elif is_fresh(turn.state):
        _first_words(turn)
    else:
        captured = repair.capture_values(turn)
        handled = (
            repair.accepts_person(turn)
            or _correct(turn)
            or _answer(turn, certain=True)
            or _answer_knowledge(turn)
            or _start_triggered(turn)
            or repair.small_talk(turn)
            or _answer(turn, certain=False)
        )
        if not handled:
            _acknowledge(turn) if captured else _miss(turn)


def _first_words(turn: Turn) -> None:
    """The visitor speaks first: begin a flow, with what was given already, and answer what was asked."""
    repair.capture_values(turn)
    knowledge = repair.find_knowledge(turn)
    sure = turn.understood.confidence >= turn.thresholds.trigger
    triggered = turn.flows.triggered_by(turn.understood.intent) if sure else None
    turn.acted_as = "flow_started"
    steps.start_flow(turn, triggered or turn.flows.entry_flow)
    if knowledge is not None:
        # The notice that this is a machine comes first, the open question last, the answer between them.
        question = turn.replies.pop() if turn.question is not None else None
        repair.say_knowledge(turn, knowledge)
        if question is not None:
            turn.replies.append(question)


def _correct(turn: Turn) -> bool:
    correction = corrections.find_correction(turn)
    if correction is None:
        return False
    corrections.carry_out(turn, correction)
    return True


def _answer(turn: Turn, certain: bool) -> bool:
    """Take the text as the answer to the open question; say what was asked besides, then go on."""
    question = turn.question
    if question is None or turn.moved:
        return False
    answer = questions.read_text(turn, question)
    if answer is None or answer.certain != certain:
        return False
    knowledge = None if answer.whole or not certain else repair.find_knowledge(turn)
    if knowledge is not None and question["step"] == "ask_choice":
        return False  # "how secure is the demo?" names a choice by chance, it asks something
    turn.acted_as = "answer_given"
    if knowledge is not None:
        repair.say_knowledge(turn, knowledge)
    questions.accept(turn, question, answer)
    steps.go_on(turn)
    return True


def _answer_knowledge(turn: Turn) -> bool:
    knowledge = repair.find_knowledge(turn)
    if knowledge is None:
        return False
    turn.acted_as = "question_answered"
    repair.say_knowledge(turn, knowledge)
    repair.back_to_question(turn)
    return True


def _start_triggered(turn: Turn) -> bool:
    """Start the flow that an intent triggers, on top of the running one; a flow that runs already does not restart."""
    name = turn.flows.triggered_by(turn.understood.intent)
    sure = turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.trigger
    if name is None or turn.understood.confidence < sure or name in [frame["flow"] for frame in turn.state["stack"]]:
        return False
    turn.acted_as = "flow_started"
    steps.start_flow(turn, name)
    return True


def _acknowledge(turn: Turn) -> None:
    """An address given early is captured; then the open question is asked again."""
    turn.acted_as = "answer_given"
    if turn.frame is None:
        turn.say(turn.pattern("thanks"))
    else:
        repair.back_to_question(turn)


def _miss(turn: Turn) -> None:
    if turn.moved:
        steps.run(turn)
    else:
        repair.miss(turn)


def _show_open_question(turn: Turn) -> None:
    if turn.moved:
        steps.run(turn)
    else:
        questions.ask(turn)
