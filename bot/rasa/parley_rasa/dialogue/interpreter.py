"""Carry out one turn. The order of the rules in ``_read_text`` is the dialogue's policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley_rasa.dialogue import corrections, global_intents, questions, reluctance, repair, steps, volunteered
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
    turn.say(turn.pattern("welcome_back" if turn.frame else "greet_again"))
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
        captured = volunteered.capture(turn)
        volunteered.say_noted(turn, captured)
        handled = (
            repair.accepts_person(turn)
            or reluctance.explain(turn)
            or reluctance.accept_refusal(turn)
            or (not captured and _correct(turn))
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
    noted = volunteered.capture(turn)
    knowledge = repair.find_knowledge(turn)
    intent = turn.understood.intent if turn.understood.confidence >= turn.thresholds.trigger else None
    turn.acted_as = "flow_started"
    steps.start_flow(turn, turn.flows.triggered_by(intent) or turn.flows.entry_flow, intent)
    _answer_first_question(turn)
    if knowledge or noted:
        # The notice that this is a machine comes first, the open question last, the answer between them.
        question = turn.replies.pop() if turn.question is not None else None
        volunteered.say_noted(turn, noted)
        repair.say_knowledge(turn, knowledge)
        if question is not None:
            turn.replies.append(question)


def _answer_first_question(turn: Turn) -> None:
    """Take a choice named in the first words, instead of asking for it."""
    question = turn.question
    if question is None or question["step"] != "ask_choice" or turn.is_asking:
        return
    answer = questions.read_text(turn, question)
    if answer is not None:
        turn.replies.pop()
        questions.accept(turn, question, answer)
        steps.go_on(turn)


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
    knowledge = [] if answer.whole or not certain else repair.find_knowledge(turn)
    if knowledge and question["step"] == "ask_choice":
        if turn.is_asking or turn.understood.confidence >= turn.thresholds.over_choice:
            return False  # "how secure is the demo?" names a choice by chance, it asks something
        knowledge = []
    turn.acted_as = "answer_given"
    repair.say_knowledge(turn, knowledge)
    questions.accept(turn, question, answer)
    steps.go_on(turn)
    return True


def _answer_knowledge(turn: Turn) -> bool:
    knowledge = repair.find_knowledge(turn)
    if not knowledge:
        return False
    turn.acted_as = "question_answered"
    repair.say_knowledge(turn, knowledge)
    question, told = turn.question, volunteered.for_open_question(turn)
    if question is not None and told is not None:  # "how much is it for 40 people?"
        volunteered.say_noted(turn, [told])
        questions.accept(turn, question, questions.Answer(told.value))
        steps.go_on(turn)
    else:
        repair.back_to_question(turn)
    return True


def _start_triggered(turn: Turn) -> bool:
    """Start the flow that an intent triggers, on top of the running one; a flow that runs already does not restart."""
    name = turn.flows.triggered_by(turn.understood.intent)
    sure = turn.thresholds.in_free_text if turn.takes_any_text else turn.thresholds.trigger
    if name is None or turn.understood.confidence < sure:
        return False
    if name in [frame["flow"] for frame in turn.state["stack"]]:
        return _say_it_runs(turn)
    turn.acted_as = "flow_started"
    steps.start_flow(turn, name, turn.understood.intent)
    return True


def _say_it_runs(turn: Turn) -> bool:
    """ "So when is the demo?": say that the open question is on the way to it, unless the text may answer it."""
    question = turn.question
    if question is None or turn.moved or not turn.pattern("on_the_way"):
        return False
    if question["step"] == "ask_text" and not questions.asks_a_name(turn, question):
        return False
    turn.acted_as = "question_answered"
    turn.say(turn.pattern("on_the_way"))
    questions.ask_shortly(turn)
    return True


def _acknowledge(turn: Turn) -> None:
    """What was given early is captured; then the open question is asked again."""
    turn.acted_as = "answer_given"
    if turn.frame is None:
        if not turn.replies:
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
        questions.ask_shortly(turn)
