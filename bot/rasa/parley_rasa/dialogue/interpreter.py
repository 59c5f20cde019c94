"""Carry out one turn. The order of the rules in ``_read_text`` is the dialogue's policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from parley_rasa.dialogue import (
    clarify,
    corrections,
    first_answers,
    gaps,
    global_intents,
    opening,
    passages,
    pushed,
    questions,
    reluctance,
    repair,
    steps,
    timers,
    triggers,
    volunteered,
)
from parley_rasa.dialogue.flows import QUESTION_INPUT, Flows
from parley_rasa.dialogue.found_passages import Passage
from parley_rasa.dialogue.landing import restore
from parley_rasa.dialogue.state import fresh_state, is_fresh, read_state
from parley_rasa.dialogue.turn import Message, Thresholds, Turn, Understood
from parley_rasa.read_once import reading
from parley_rasa.turn_request import is_command

LONG_SILENCE = 4 * 3600  # seconds


def take_turn(
    flows: Flows,
    state: Mapping[str, Any] | None,
    message: Message,
    understood: Understood,
    facts: Mapping[str, Any],
    channel: str = "web",
    language: str = "en",
    thresholds: Thresholds | None = None,
    *,
    now: datetime,
    idle_seconds: int = 0,
    subject: str = "",
) -> dict[str, Any]:
    """Return the answer of protocols.md §2. Changes none of its arguments.

    Args:
        now: the visitor's time of day, aware.
        idle_seconds: since the visitor's message before this one.
        subject: whose splits stay the same.

    Raises:
        StateTooNew: a newer program wrote the state.
        StateError: the state is malformed.
    """
    own_state, moved = restore(flows, state, facts)
    turn = Turn(
        flows, own_state, message, understood, channel, language, thresholds or Thresholds(), now, idle_seconds,
        subject, moved,
    )  # fmt: skip
    try:
        with reading():
            is_ignored = not _act(turn)
    except passages.PassagesWanted:
        return _search_first(replace(turn, state=fresh_state() if state is None else read_state(state)))
    answer = _answer_of(turn, understood)
    if is_ignored:
        answer["understood"]["acted_as"] = pushed.IGNORED
        return {"state": fresh_state() if state is None else read_state(state), **answer}
    return {"state": turn.state, **answer}


def _search_first(turn: Turn) -> dict[str, Any]:
    """Ask for what the articles say to the text. What the turn has done so far is forgotten: it will be taken anew."""
    before = replace(turn, effects=[], replies=[], told=set(), meanings=[], acted_as="missed", gap=None, walked=[])
    passages.ask_for(before)
    return {"state": before.state, **_answer_of(before, before.understood)}


def _answer_of(turn: Turn, understood: Understood) -> dict[str, Any]:
    timer = timers.timer_of(turn)
    if turn.need is None:
        turn.state["facts"] = {}  # fetched anew when they are needed next: last week's score says nothing today
    return {
        "replies": turn.replies,
        "effects": turn.effects,
        "need": turn.need,
        "timer": timer,
        "debounce": timers.debounce_of(turn),
        "walked": [list(way) for way in turn.walked],
        "understood": {
            "intent": understood.intent,
            "confidence": understood.confidence,
            "ranking": [[name, confidence] for name, confidence in understood.ranking],
            "acted_as": turn.acted_as,
            "gap": gaps.gap_of(turn, understood),
        },
    }


def _act(turn: Turn) -> bool:
    """Carry out the message; tell whether it still counted."""
    passages.take_result(turn)
    kind = turn.message.kind
    if kind != "result" and turn.state["awaits"] is not None:
        turn.state.update(awaits=None, facts={})
        turn.moved = True  # the step that waited for a result has shown nothing, and none will come any more
    if pushed.is_pushed(kind):
        return pushed.act(turn)
    turn.meanings = [name for _, name in turn.state["clarify"] or ()]
    turn.state["clarify"] = None
    if turn.state["handed_off"]:
        _while_a_person_talks(turn)
    elif kind == "text":
        _read_text(turn)
        _greet_after_silence(turn)
    else:
        {"start": opening.start, "choice": _read_tap, "file": _read_file}[kind](turn)
    return True


def _while_a_person_talks(turn: Turn) -> None:
    """Stay silent, but never ignore a stop or a privacy request."""
    request = global_intents.requested(turn) if turn.message.kind == "text" else None
    if request in global_intents.WORKS_AFTER_HAND_OFF:
        global_intents.carry_out(turn, request)


def _read_tap(turn: Turn) -> None:
    """A tap counts only on the very question that is open."""
    if clarify.read_tap(turn):
        return
    step = turn.waiting
    if step is not None and not turn.moved and turn.message.step == turn.step_id:
        answer = questions.read_tap(turn, step, turn.message.value)
        if answer is not None:
            turn.acted_as = "choice"
            steps.take(turn, step, answer)
            return
    turn.acted_as = "stale_choice"
    _show_what_is_open(turn)


def _read_file(turn: Turn) -> None:
    """A file counts only where one is asked for, and when it is of a kind that the question takes."""
    step = turn.waiting
    if step is None or turn.moved or step["step"] != "ask_file":
        if turn.waiting is not None and not turn.moved:
            turn.say(turn.pattern("no_file_here"))
        _show_what_is_open(turn)
        return
    answer = questions.read_file(turn, step)
    if answer is None:
        repair.miss(turn)
    else:
        turn.acted_as = "answer_given"
        steps.take(turn, step, answer)


def _show_what_is_open(turn: Turn) -> None:
    if is_fresh(turn.state):
        steps.start_flow(turn, turn.flows.entry_flow)
    elif turn.frame is None:
        turn.say(turn.pattern("nothing_open"))
    else:
        opening.show_open_step(turn)


def _read_text(turn: Turn) -> None:
    request = global_intents.requested(turn)
    if request is not None:
        global_intents.carry_out(turn, request)
    elif is_command(turn.message.text):
        # Addressed to a program, so nothing is read from it: no answer, no value, not even a likely choice.
        opening.start(turn) if is_fresh(turn.state) else _miss(turn)
    elif is_fresh(turn.state):
        opening.first_words(turn)
    elif not clarify.read_text(turn):
        captured = volunteered.capture(turn)
        volunteered.say_noted(turn, captured)
        handled = (
            repair.accepts_person(turn)
            or repair.declines_person(turn)
            or reluctance.explain(turn)
            or reluctance.accept_refusal(turn)
            or (not captured and _correct(turn))
            or clarify.ask(turn, among_routes=True)
            or _answer(turn, certain=True)
            or clarify.ask(turn)
            or _answer_knowledge(turn)
            or triggers.start_triggered(turn)
            or repair.small_talk(turn)
            or (passages.is_question(turn) and _answer_by_passage(turn))
            or _answer(turn, certain=False)
            or _answer_by_passage(turn)
        )
        if not handled and captured:
            _acknowledge(turn)
        elif not handled and not repair.not_known(turn):
            _miss(turn)


def _greet_after_silence(turn: Turn) -> None:
    """Say that it goes on where it stood when hours have passed and what was written is no answer."""
    is_back = turn.idle_seconds >= LONG_SILENCE and turn.frame is not None and bool(turn.replies)
    small_talk = turn.acted_as == "global" and not turn.effects and turn.understood.intent in repair.SMALL_TALK
    greeting = turn.pattern("back_after_a_while")
    if is_back and greeting and (turn.acted_as in ("missed", "question_answered", "clarified") or small_talk):
        # A greeting is returned once.
        replies = turn.replies[1:] if small_talk and turn.understood.intent == "greet" else turn.replies
        turn.replies = []
        turn.say(greeting)
        turn.replies += replies


def _correct(turn: Turn) -> bool:
    correction = corrections.find_correction(turn)
    if correction is None:
        return False
    corrections.carry_out(turn, correction)
    return True


def _answer(turn: Turn, certain: bool) -> bool:
    """Take the text as the answer to the open step; say what was asked besides, then go on."""
    step = turn.waiting
    if step is None or turn.moved:
        return False
    answer = questions.read_text(turn, step)
    if answer is None or answer.certain != certain:
        return False
    asks_besides = certain and not answer.whole and step["step"] in QUESTION_INPUT
    knowledge = repair.find_knowledge(turn) if asks_besides else []
    if knowledge and step["step"] == "ask_choice":
        wants_both = turn.is_requesting and turn.is_typed_question and not turn.asks_by_words
        asks = turn.is_asking or turn.understood.confidence >= turn.thresholds.over_choice
        if asks and not wants_both:
            return False  # "how secure is the demo?" names a choice by chance, it asks something
        knowledge = knowledge if wants_both else []  # "I want a demo, and what does it cost?"
    passage = passages.find_besides(turn, step) if asks_besides and not knowledge else None
    turn.acted_as = "answer_given"
    repair.say_answers(turn, knowledge, passage)
    steps.take(turn, step, answer)
    if step["step"] == "intent_route":
        first_answers.take(turn, triggered=True)  # "I can't log in" says which part it is about
    return True


def _answer_knowledge(turn: Turn) -> bool:
    knowledge = repair.find_knowledge(turn)
    if not knowledge:
        return False
    _say_and_go_on(turn, knowledge, passages.find_surer(turn, knowledge))
    return True


def _answer_by_passage(turn: Turn) -> bool:
    """Say what an article says to the text, when no known question and no flow is meant."""
    passage = passages.find(turn)
    step = turn.waiting
    if passage is None:
        return False
    if step is not None and step["step"] == "answer_kb" and not turn.moved:
        turn.acted_as = "answer_given"
        steps.take(turn, step, questions.Answer(()))  # which finds the same
    else:
        _say_and_go_on(turn, [], passage)
    return True


def _say_and_go_on(turn: Turn, knowledge: list[str], passage: Passage | None) -> None:
    turn.acted_as = "question_answered"
    repair.say_answers(turn, knowledge, passage)
    question, told = turn.question, volunteered.for_open_question(turn)
    if question is not None and told is not None:  # "how much is it for 40 people?"
        volunteered.say_noted(turn, [told])
        steps.take(turn, question, questions.Answer(told.value))
    else:
        repair.back_to_question(turn)


def _acknowledge(turn: Turn) -> None:
    """What was given early is captured; then the open question is asked again."""
    turn.acted_as = "answer_given"
    if turn.frame is None:
        if not turn.replies:
            turn.say(turn.pattern("thanks"))
    else:
        repair.back_to_question(turn)


def _miss(turn: Turn) -> None:
    gaps.mark(turn, gaps.MISSED)
    if turn.moved:
        steps.run(turn)
    else:
        repair.miss(turn)
