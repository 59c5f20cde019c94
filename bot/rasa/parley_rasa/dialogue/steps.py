"""Run the steps of a flow until one waits or the flow ends, and hand what comes for a waiting step to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from parley_rasa.dialogue import (
    questions,
    stack,
    step_consent,
    step_decide,
    step_do,
    step_meeting,
    step_move,
    step_say,
    step_understand,
    times_asked,
)  # fmt: skip
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.stack import (
    TooDeep,
    end_everything,
    end_flow,
    go_to,
    is_leaving,
    leave_step,
    push,
)  # fmt: skip
from parley_rasa.dialogue.step_move import DEFAULT_TEAM, hand_off, hand_off_on_request
from parley_rasa.dialogue.turn import Turn

logger = logging.getLogger(__name__)

MOST_STEPS = 100  # in one turn; a flow that runs longer goes round in circles

Step = dict[str, Any]

__all__ = [
    "DEFAULT_TEAM", "end_everything", "end_flow", "go_on", "hand_off", "hand_off_on_request", "leave_step",
    "on_callback", "on_timed_out", "run", "start_flow", "take",
]  # fmt: skip


def start_flow(turn: Turn, name: str, intent: str | None = None) -> None:
    """Put a flow on the stack and run it up to its first question; the intent that starts it may answer one."""
    push(turn, name, intent)
    run(turn)


def go_on(turn: Turn) -> None:
    """Leave the current step, which has done its work or has its answer, and run what follows."""
    leave_step(turn)
    run(turn)


def run(turn: Turn) -> None:
    """Run steps from the current one until one waits, the flow ends, a person takes over or something is needed."""
    try:
        for _ in range(MOST_STEPS):
            frame = turn.frame
            if frame is None or turn.need is not None or turn.state["handed_off"]:
                return
            if is_leaving(turn):
                leave_step(turn)
                continue
            step = turn.flows.step(frame["flow"], frame["step"])
            if step["step"] in QUESTION_INPUT and questions.is_answered(turn, step):
                leave_step(turn)
            elif _RUN[step["step"]](turn, step):
                return
    except TooDeep:
        pass
    logger.error("flow_runs_in_circles step=%s", turn.step_id)
    hand_off_on_request(turn, "flow")


def take(turn: Turn, step: Step, answer: questions.Answer) -> None:
    """Carry out an answer to the step that waits, and run on unless it waits for more."""
    carry_out = times_asked.take_part if times_asked.is_part(answer.value) else _TAKE.get(step["step"])
    if carry_out is None:
        questions.accept(turn, step, answer)
        go_on(turn)
    elif not carry_out(turn, step, answer.value):
        run(turn)


def on_callback(turn: Turn) -> bool:
    """Take the call that a step waits for; tell whether one does.

    A step under a flow that interrupted it keeps what came and goes on when its turn has come.
    """
    frame = next((one for one in turn.state["stack"] if f"{one['flow']}/{one['step']}" == turn.message.step), None)
    step = turn.flows.step(frame["flow"], frame["step"]) if frame else None
    if frame is None or step is None or step["step"] != "wait_callback" or frame["data"].get("came"):
        return False
    turn.acted_as = "callback"
    step_do.save_callback(turn, step, turn.message.value)
    if frame is turn.frame:
        go_on(turn)
    else:
        frame["data"]["came"] = True
    return True


def on_timed_out(turn: Turn) -> bool:
    """Go the other way when the time of the step that waits for a call is over; tell whether it still waits."""
    step = turn.waiting
    if step is None or step["step"] != "wait_callback" or turn.message.step != turn.step_id:
        return False
    turn.acted_as = "timer"
    go_to(turn, step["timed_out"])
    run(turn)
    return True


def _ask(turn: Turn, step: Step) -> bool:
    questions.ask(turn)
    return True


def _ask_file(turn: Turn, step: Step) -> bool:
    """Ask for a file; where none can be sent say so, and leave it out or wait for another channel."""
    if turn.channel in questions.CHANNELS_WITHOUT_FILES:
        turn.say(turn.pattern("no_file_here"))
        if step.get("optional"):
            turn.state["declined"].append(step["slot"])
            leave_step(turn)
            return False
    questions.ask(turn)
    return True


_RUN: dict[str, Callable[[Turn, Step], bool | None]] = {
    **stack.RUN,
    **dict.fromkeys(QUESTION_INPUT, _ask),
    "ask_file": _ask_file,
    "message": step_say.message,
    "media": step_say.media,
    "card_list": step_say.card_list,
    "ai_notice": step_say.ai_notice,
    "check_consent": step_consent.check_consent,
    "preferences": step_consent.preferences,
    "intent_route": step_understand.intent_route,
    "extract": step_understand.extract,
    "answer_kb": step_understand.answer_kb,
    "branch": step_decide.branch,
    "split": step_decide.split,
    "set": step_decide.set_slot,
    "qualify": step_decide.qualify,
    "http": step_do.http,
    "wait_callback": step_do.wait_callback,
    "tag_stage": step_do.tag_stage,
    "start_journey": step_do.start_journey,
    "book_meeting": step_meeting.run,
    "handoff": step_move.handoff,
    "move_channel": step_move.move_channel,
}
"""What each step does; true when it now waits for the visitor."""

_TAKE: dict[str, Callable[[Turn, Step, Any], bool | None]] = {
    "book_meeting": step_meeting.take,
    "preferences": step_consent.take_preference,
    "intent_route": step_understand.take_route,
    "answer_kb": step_understand.take_knowledge,
    "move_channel": lambda turn, step, value: leave_step(turn),
}
"""What an answer does at the steps that do more than keep it in a slot; true when the step waits for more."""
