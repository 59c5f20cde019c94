"""Start the flow that an intent triggers, on top of the running one, where its guard allows it."""

from __future__ import annotations

from parley_rasa.dialogue import first_answers, questions, repair, steps
from parley_rasa.dialogue.stack import guard_holds
from parley_rasa.dialogue.turn import Turn

_GUARD = "guard"


def start_triggered(turn: Turn) -> bool:
    """Start what the intent of this text triggers, if it is clear enough; one that runs already does not restart."""
    name = turn.flows.triggered_by(turn.understood.intent) if turn.has_words else None
    # While something else is asked, words that neither ask nor request must be clear.
    is_clear = turn.question is None or (not turn.takes_any_text and (turn.is_asking or turn.is_requesting))
    sure = turn.thresholds.trigger if is_clear else turn.thresholds.in_free_text
    if name is None or turn.understood.confidence < sure or _is_an_answer(turn):
        return False
    return _say_it_runs(turn) if runs(turn, name) else start(turn, name, turn.understood.intent)


def _is_an_answer(turn: Turn) -> bool:
    """ "The import stopped working" answers "what went wrong?"; "I'd like a demo" asks for something else."""
    question = turn.question
    if question is None or not turn.takes_any_text or questions.asks_a_name(turn, question):
        return False
    return not (turn.is_requesting or (turn.is_asking and not turn.takes_questions))


def runs(turn: Turn, flow: str) -> bool:
    return any(frame["flow"] == flow for frame in turn.state["stack"])


def start(turn: Turn, name: str, intent: str | None) -> bool:
    """Start a flow; tell whether its guard let it. A guard over facts is decided when the platform has told them."""
    allowed = guard_holds(turn, name)
    if allowed is False:
        return False
    turn.acted_as = "flow_started"
    if allowed is None:
        flow = turn.flows.flow(name)
        waiting = {"flow": name, "version": flow["version"], "step": flow["first"], "misses": 0, "called": False}
        turn.state["stack"].append({**waiting, "data": {_GUARD: intent or ""}})
        turn.ask_need("facts")
    else:
        steps.start_flow(turn, name, intent)
        first_answers.take(turn, triggered=True)
    return True


def is_guarded(turn: Turn) -> bool:
    """Tell whether the innermost flow has not begun yet, since its guard waits for facts."""
    return turn.frame is not None and _GUARD in turn.frame["data"]


def decide_guard(turn: Turn) -> None:
    """Begin the flow whose guard waited for facts, or go back to what was asked before."""
    frame = turn.state["stack"].pop()
    if guard_holds(turn, frame["flow"]):
        steps.start_flow(turn, frame["flow"], frame["data"][_GUARD] or None)
    else:
        turn.say(turn.pattern("cannot_handle" if turn.frame else "nothing_open"))
        repair.back_to_question(turn)


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
