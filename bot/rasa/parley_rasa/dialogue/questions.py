"""Ask what the open step waits for and take what was answered. How a text is read stands in ``answers``."""

from __future__ import annotations

from typing import Any

from parley_rasa.dialogue.answers import (
    LONGEST_TEXT,
    Answer,
    asks_a_name,
    knowledge_for,
    read_answer,
    read_in_bounds,
    read_plain_value,
    read_route,
)  # fmt: skip
from parley_rasa.dialogue.choices import (
    CHANNELS_WITH_BUTTONS,
    choices_of,
    data_of,
    labels_of,
    offered,
    preference_asked,
)  # fmt: skip
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.limits import is_accepted, limits_of
from parley_rasa.dialogue.turn import Turn
from parley_rasa.dialogue.wording import render

CONSENT = {"yes": "given", "no": "refused"}
CHANNELS_WITHOUT_FILES = ("voice",)
MEASURED = ("ask_number", "ask_date", "rating")
_INPUT: dict[str, str | None] = {
    **QUESTION_INPUT, "preferences": "choice", "move_channel": "choice", "intent_route": "text", "answer_kb": "text",
    "wait_callback": None,
}  # fmt: skip

Step = dict[str, Any]

__all__ = [
    "CHANNELS_WITHOUT_FILES", "CHANNELS_WITH_BUTTONS", "CONSENT", "LONGEST_TEXT", "MEASURED", "Answer", "accept", "ask",
    "ask_again", "ask_shortly", "asks_a_name", "asks_consent", "choices_of", "is_answered", "knowledge_for",
    "labels_of", "offered", "read_file", "read_plain_value", "read_route", "read_tap", "read_text", "read_value_for",
]  # fmt: skip


def is_answered(turn: Turn, step: Step) -> bool:
    """Tell whether a question need not be asked because its slot is known or the visitor left it out."""
    if step["slot"] in turn.state["declined"]:
        return True
    return bool(step.get("skip_if_known")) and is_known(turn.slots.get(step["slot"]))


def asks_consent(turn: Turn, step: Step) -> dict[str, Any] | None:
    """Return what a yes at the open step would allow, when what it shows is a consent text."""
    if step["step"] == "ask_consent":
        return {"purpose": step["purpose"], "channels": step["channels"], "slot": step["slot"]}
    item = preference_asked(turn, step)
    return item and {"purpose": item["purpose"], "channels": [item["channel"]], "slot": None}


def ask(turn: Turn, text: str | None = None) -> None:
    """Ask what the open step waits for, with its own text or with the one given.

    A consent text is always shown in full and alone, since what is recorded is what was shown.
    """
    step = turn.waiting
    if step is None:
        return
    consent = asks_consent(turn, step)
    if consent is not None and text:
        turn.say(text)
        text = None
    turn.say(
        text or _text_of(turn, step), step=turn.step_id, input="consent" if consent else _INPUT[step["step"]],
        choices=choices_of(turn, step), consent=consent, limits=limits_of(turn, step),
    )  # fmt: skip


def ask_again(turn: Turn) -> None:
    """Come back to the open question after something else."""
    if turn.waiting is None:
        return
    if not _shorter(turn):
        turn.say(turn.pattern("resume"))
    ask_shortly(turn)


def ask_shortly(turn: Turn) -> None:
    """Ask the open question once more, in its shorter words if it has any. A consent text is never shortened."""
    ask(turn, _shorter(turn) or None)


def _shorter(turn: Turn) -> str:
    step = turn.waiting
    if step is None or asks_consent(turn, step) is not None or step["step"] == "move_channel":
        return ""  # nor is a text that names the code
    return turn.wording("again")


def _text_of(turn: Turn, step: Step) -> str:
    item = preference_asked(turn, step)
    if item is not None:
        text = labels_of(turn, turn.frame or {}, [item["name"]])[item["name"]]
        return render(text, turn.said_slots)
    if step["step"] == "move_channel":
        return turn.wording(code=data_of(turn).get("code"), link=data_of(turn).get("link"))
    return turn.wording()


def read_tap(turn: Turn, step: Step, value: Any) -> Answer | None:
    """Read a tapped choice; a value that the open step does not offer is no answer."""
    if step["step"] == "rating":
        is_digits = isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit())
        number = int(value) if is_digits and len(str(value)) < 4 else -1
        return Answer(number, whole=True) if step["lowest"] <= number <= step["highest"] else None
    if value not in [choice["value"] for choice in choices_of(turn, step)]:
        return None
    return Answer(value, whole=True)


def read_text(turn: Turn, step: Step) -> Answer | None:
    """Read the visitor's text as an answer to the open step."""
    return read_answer(turn, step)


def read_file(turn: Turn, step: Step) -> Answer | None:
    """Take the file sent as the answer to a question for one; None when none is asked for or not one of its kind."""
    message = turn.message
    if step["step"] != "ask_file" or message.kind != "file" or not isinstance(message.value, str):
        return None
    return Answer(message.value, whole=True) if message.value and is_accepted(message.text, step) else None


def read_value_for(turn: Turn, slot: str, text: str) -> Any:
    """Return the number, date or rating that a text gives for a slot, in the bounds of the question that fills it.

    For corrections of an earlier answer; None when the text gives none, or no such question fills the slot.
    """
    place = turn.flows.question_step(slot)
    step = turn.flows.step(place["flow"], place["step"]) if place else None
    return read_in_bounds(turn, step, text) if step and step["step"] in MEASURED else None


def accept(turn: Turn, step: Step, answer: Answer) -> None:
    """Store the answer to a question with its effects. Does not move on."""
    if step["step"] == "ask_consent":
        decision = CONSENT[answer.value]
        turn.set_slot(step["slot"], decision)
        turn.add_effect(
            "record_consent", purpose=step["purpose"], channels=step["channels"], decision=decision, step=turn.step_id
        )
        turn.state["facts"] = {}  # what was fetched before is no longer so
    else:
        turn.set_slot(step["slot"], answer.value)
        if answer.said_back:
            facts = f"{turn.label(step['slot'])} {turn.shown(step['slot'], answer.value)}"
            turn.say(turn.pattern("noted", facts=facts))
    turn.remember(f"answered {turn.step_id}")
