"""What reaches a conversation from elsewhere than the visitor: timers, callbacks, results, a move to this channel.

Whatever is not for the step that waits now is ignored, since it came too late.
"""

from __future__ import annotations

from collections.abc import Callable

from parley_rasa.dialogue import needs, questions, steps, timers, triggers
from parley_rasa.dialogue.stack import end_everything
from parley_rasa.dialogue.state import is_fresh
from parley_rasa.dialogue.turn import Turn

OPTED_OUT = "opted_out"
IGNORED = "ignored"


def act(turn: Turn) -> bool:
    """Act on a pushed message; tell whether it was one that still counts."""
    return _ACT[turn.message.kind](turn)


def is_pushed(kind: str) -> bool:
    return kind in _ACT


def _on_resume(turn: Turn) -> bool:
    """The talk was moved to this channel, where nothing was shown yet: ask in full, not in fewer words."""
    if turn.state["handed_off"]:
        return False
    turn.acted_as = "resumed"
    if is_fresh(turn.state):
        steps.start_flow(turn, turn.flows.entry_flow)
        return True
    turn.say(turn.pattern("welcome_back" if turn.frame else "greet_again"))
    step = turn.waiting
    if step is not None and step["step"] == "move_channel":
        steps.go_on(turn)  # it has been moved
    elif step is None or turn.moved:
        steps.run(turn)
    else:
        questions.ask(turn)
    return True


def _on_no_reply(turn: Turn) -> bool:
    return timers.on_no_reply(turn)


def _on_callback(turn: Turn) -> bool:
    turn.acted_as = "callback"
    return steps.on_callback(turn)


def _on_timed_out(turn: Turn) -> bool:
    turn.acted_as = "timer"
    return steps.on_timed_out(turn)


def _on_stopped(turn: Turn) -> bool:
    """The platform has carried out the opt-out and said so: nothing goes on, and nothing is said here."""
    turn.acted_as = "global"
    end_everything(turn, OPTED_OUT)
    return True


def _on_result(turn: Turn) -> bool:
    awaited, message = turn.state["awaits"], turn.message
    if awaited is None or awaited != {"step": message.step, "need": message.need}:
        return False
    turn.acted_as = "result"
    turn.moved = False  # the step has not been shown because it waited for this
    if triggers.is_guarded(turn):
        turn.state["awaits"] = None
        turn.learn_facts(message.value)
        triggers.decide_guard(turn)
    else:
        needs.resume(turn)
    return turn.acted_as != IGNORED


_ACT: dict[str, Callable[[Turn], bool]] = {
    "resume": _on_resume,
    "no_reply": _on_no_reply,
    "callback": _on_callback,
    "timed_out": _on_timed_out,
    "stopped": _on_stopped,
    "result": _on_result,
}
