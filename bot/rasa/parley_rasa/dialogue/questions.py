"""Ask the open question and read an answer to it. Consent is read from clear words only, never from an intent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parley_rasa.choice_matching import match_choice
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.flows import QUESTION_INPUT
from parley_rasa.dialogue.turn import Turn
from parley_rasa.dialogue.wording import for_channel
from parley_rasa.personal_facts import PersonalFacts, find_personal_facts, read_company, read_name
from parley_rasa.typed_answers import clean_text, normalise, read_agreement, read_yes_no, taken_back

LONGEST_TEXT = 1000  # characters, when the step says nothing
_FEW_WORDS = 5
_FEW_LETTERS = 6
CHANNELS_WITH_BUTTONS = ("web", "telegram")  # elsewhere choices are shown as a numbered list
CONSENT = {"yes": "given", "no": "refused"}
_READERS: dict[str, Callable[[str], str | None]] = {"first_name": read_name, "company": read_company}

Step = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer to the open question.

    ``whole``: the message is that answer and nothing else, so no intent can outweigh it.
    ``certain``: a valid value for a closed question, though perhaps among other words.
    """

    value: Any
    whole: bool = False
    certain: bool = True


def is_answered(turn: Turn, step: Step) -> bool:
    """Tell whether a question need not be asked because its slot is known or the visitor left it out."""
    if step["slot"] in turn.state["declined"]:
        return True
    return bool(step.get("skip_if_known")) and is_known(turn.slots.get(step["slot"]))


def ask(turn: Turn, text: str | None = None) -> None:
    """Ask the open question, with its own text or with the one given.

    A consent text is always shown in full and alone, since what is recorded is what was shown.
    """
    step = turn.question
    if step is None:
        return
    consent = None
    if step["step"] == "ask_consent":
        if text:
            turn.say(text)
            text = None
        consent = {"purpose": step["purpose"], "channels": step["channels"], "slot": step["slot"]}
    turn.say(
        text or turn.wording(), step=turn.step_id, input=QUESTION_INPUT[step["step"]],
        choices=choices_of(turn, step), consent=consent,
    )  # fmt: skip


def ask_again(turn: Turn) -> None:
    """Come back to the open question after something else."""
    if turn.question is None:
        return
    if not _shorter(turn):
        turn.say(turn.pattern("resume"))
    ask_shortly(turn)


def ask_shortly(turn: Turn) -> None:
    """Ask the open question once more, in its shorter words if it has any. A consent text is never shortened."""
    ask(turn, _shorter(turn) or None)


def _shorter(turn: Turn) -> str:
    return "" if turn.question is None or turn.question["step"] == "ask_consent" else turn.wording("again")


def asks_a_name(turn: Turn, step: Step) -> bool:
    """Tell whether a question asks for a name, which few texts can be."""
    return turn.flows.slot(step["slot"]).get("field") in _READERS


def choices_of(turn: Turn, step: Step) -> list[dict[str, str]]:
    """List what can be tapped, in order, with labels in the visitor's language."""
    if step["step"] == "ask_consent":
        values, fallback = ["yes", "no"], {"yes": "Yes", "no": "No"}
    elif step["step"] == "ask_choice":
        values, fallback = [str(value) for value in step["choices"]], {}
    else:
        return []
    labels = labels_of(turn, turn.frame or {}, values)
    return [{"value": value, "label": labels.get(value) or fallback.get(value, value)} for value in values]


def offered(turn: Turn, place: Mapping[str, Any], step: Step) -> list[dict[str, Any]]:
    """List the choices of a step with all that a visitor may call them."""
    values = [str(value) for value in step["choices"]]
    labels = labels_of(turn, place, values)
    also = turn.flows.wording(turn.language, place["flow"], place["step"]).get("also", {})
    return [{"value": value, "label": labels[value] or value, "also": also.get(value, ())} for value in values]


def labels_of(turn: Turn, place: Mapping[str, Any], values: list[str]) -> dict[str, str]:
    worded = turn.flows.wording(turn.language, place["flow"], place["step"]).get("choices", {})
    return {value: for_channel(worded.get(value), turn.channel) for value in values}


def read_tap(turn: Turn, step: Step, value: str | None) -> Answer | None:
    """Read a tapped choice; a value that the question does not offer is no answer."""
    if value not in [choice["value"] for choice in choices_of(turn, step)]:
        return None
    return Answer(value, whole=True)


def read_text(turn: Turn, step: Step) -> Answer | None:
    """Read the visitor's text as an answer to the open question."""
    text, found = turn.message.text, turn.understood
    kind = step["step"]
    if kind in ("ask_email", "ask_phone"):
        value = found.values.get(QUESTION_INPUT[kind])
        return None if value is None else Answer(value, whole=found.nothing_else)
    if kind == "ask_consent":
        return _read_consent(turn, step, text)
    if kind == "ask_choice":
        return _read_choice(turn, step, text)
    return _read_free_text(turn, step, text)


def _read_consent(turn: Turn, step: Step, text: str) -> Answer | None:
    """Read a plain yes or no, or the very words on one of the two buttons."""
    typed = [choice["value"] for choice in choices_of(turn, step) if normalise(choice["label"]) == normalise(text)]
    if len(typed) == 1:
        return Answer(typed[0], whole=True)
    said = read_agreement(text)
    return None if said is None else Answer("yes" if said else "no", whole=True)


def _read_choice(turn: Turn, step: Step, text: str) -> Answer | None:
    numbered = turn.channel not in CHANNELS_WITH_BUTTONS
    choices = offered(turn, turn.frame or {}, step)
    match = match_choice(text, choices, numbered)
    taken = taken_back(text)
    if match is None and taken is not None:  # "oh, actually the second one"
        match = match_choice(taken.value, choices, numbered)
    said = read_yes_no(text)
    if match is None and said is not None:  # "ok go ahead", where a choice is also called "yes"
        match = match_choice("yes" if said else "no", choices)
    if match is not None:
        return Answer(match.value, whole=match.whole)
    meant = step.get("intents", {}).get(turn.understood.intent)
    if meant is None or turn.understood.confidence < turn.thresholds.trigger:
        return None
    return Answer(meant)


def _read_free_text(turn: Turn, step: Step, text: str) -> Answer | None:
    if turn.understood.nothing_else and turn.understood.values.keys() & {"email", "phone"}:
        return None  # an address given early is captured as one, it does not answer "what is your name?"
    if turn.is_typed_question and (turn.frame or {}).get("misses") == 0:
        return None  # a question of the visitor's own; typed once more, it is taken as the answer after all
    read = _READERS.get(str(turn.flows.slot(step["slot"]).get("field")), clean_text)
    value = read(clean_text(text))
    if value is None or read_yes_no(text) is not None or _tells_something_else(turn, step, text):
        return None
    shortest, longest = step.get("min_length") or 1, step.get("max_length") or LONGEST_TEXT
    if not shortest <= len(value) <= longest or not any(letter.isalnum() for letter in value):
        return None
    return Answer(value, certain=False)


def _tells_something_else(turn: Turn, step: Step, text: str) -> bool:
    """Tell whether a few words only give a name or a number, which answers no question about a problem."""
    if asks_a_name(turn, step) or len(text.split()) > _FEW_WORDS:
        return False
    letters = sum(letter.isalpha() for letter in text)
    return find_personal_facts(text) != PersonalFacts() or (letters < _FEW_LETTERS and any(map(str.isdigit, text)))


def accept(turn: Turn, step: Step, answer: Answer) -> None:
    """Store an answer with its effects. Does not move on."""
    if step["step"] == "ask_consent":
        decision = CONSENT[answer.value]
        turn.set_slot(step["slot"], decision)
        turn.add_effect(
            "record_consent", purpose=step["purpose"], channels=step["channels"], decision=decision, step=turn.step_id
        )
    else:
        turn.set_slot(step["slot"], answer.value)
    turn.remember(f"answered {turn.step_id}")
