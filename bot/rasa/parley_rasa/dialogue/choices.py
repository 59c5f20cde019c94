"""List what can be chosen at a step and what each choice is called. Reads no answers and says nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from parley_rasa.dialogue.turn import Turn
from parley_rasa.dialogue.wording import for_channel

CHANNELS_WITH_BUTTONS = ("web", "telegram")  # elsewhere choices are shown as a numbered list
LATER, NONE, DONE, STAY = "later", "none", "done", "stay"
YES_NO = ("yes", "no")
_FALLBACK = {"yes": "Yes", "no": "No", LATER: "Later", NONE: "None of these", DONE: "Done", STAY: "Stay here"}
_TIME = "t"  # before the running number of a time, so that no number typed can mean it

Step = dict[str, Any]
Choice = dict[str, Any]


def choices_of(turn: Turn, step: Step) -> list[dict[str, str]]:
    """List what can be tapped at the open step, in order, with labels in the visitor's language."""
    return [{"value": choice["value"], "label": choice["label"]} for choice in open_choices(turn, step)]


def open_choices(turn: Turn, step: Step) -> list[Choice]:
    """List the choices of the open step with all that a visitor may call them."""
    list_choices = _CHOICES.get(step["step"])
    return list_choices(turn, step) if list_choices else []


def offered(turn: Turn, place: Mapping[str, Any], step: Step) -> list[Choice]:
    """List the choices of an ``ask_choice`` anywhere in the flows with all that a visitor may call them."""
    return _named(turn, place, step["choices"])


def labels_of(turn: Turn, place: Mapping[str, Any], values: Sequence[str]) -> dict[str, str]:
    worded = turn.flows.wording(turn.language, place["flow"], place["step"]).get("choices", {})
    return {value: for_channel(worded.get(value), turn.channel) for value in values}


def data_of(turn: Turn) -> dict[str, Any]:
    """Return what the open step keeps while it waits; empty when no flow runs."""
    data: dict[str, Any] = turn.frame.setdefault("data", {}) if turn.frame is not None else {}
    return data


def time_of(turn: Turn, value: str) -> dict[str, Any] | None:
    """Return the time that a choice of a meeting stands for."""
    return next((one for one in data_of(turn).get("times", ()) if one["value"] == value), None)


def time_value(number: int) -> str:
    """Name a time by its running number: a tap on one of a list shown before never means one of the present list."""
    return f"{_TIME}{number}"


def preference_asked(turn: Turn, step: Step) -> dict[str, Any] | None:
    """Return the preference whose consent text is shown now, if one is."""
    asked = data_of(turn).get("asking") if step["step"] == "preferences" else None
    return next((item for item in step["items"] if item["name"] == asked), None) if asked else None


def _named(turn: Turn, place: Mapping[str, Any], values: Sequence[Any]) -> list[Choice]:
    texts = [str(value) for value in values]
    labels = labels_of(turn, place, texts)
    also = turn.flows.wording(turn.language, place["flow"], place["step"]).get("also", {})
    return [
        {"value": value, "label": labels[value] or _FALLBACK.get(value, value), "also": also.get(value, ())}
        for value in texts
    ]


def _at_meeting(turn: Turn, step: Step) -> list[Choice]:
    data = data_of(turn)
    times = [{"value": one["value"], "label": one["label"], "also": ()} for one in data.get("times", ())]
    ways_out = [LATER, NONE] if data.get("more") else [NONE]
    return times + _named(turn, turn.frame or {}, ways_out)


def _at_preferences(turn: Turn, step: Step) -> list[Choice]:
    """Each item with how it stands. Its short name is the first of its other names: its text is the consent text."""
    place = turn.frame or {}
    if preference_asked(turn, step) is not None:
        return _named(turn, place, YES_NO)
    standing, said = data_of(turn).get("standing", {}), labels_of(turn, place, YES_NO)
    listed = []
    for choice in _named(turn, place, [item["name"] for item in step["items"]]):
        short = next(iter(choice["also"]), choice["label"])
        allowed = "yes" if standing.get(choice["value"]) else "no"
        label = f"{short[:1].upper()}{short[1:]}: {said[allowed] or _FALLBACK[allowed]}"
        listed.append({"value": choice["value"], "label": label, "also": choice["also"]})
    return listed + _named(turn, place, [DONE])


_CHOICES: dict[str, Callable[[Turn, Step], list[Choice]]] = {
    "ask_choice": lambda turn, step: _named(turn, turn.frame or {}, step["choices"]),
    "ask_consent": lambda turn, step: _named(turn, turn.frame or {}, YES_NO),
    "book_meeting": _at_meeting,
    "preferences": _at_preferences,
    "move_channel": lambda turn, step: _named(turn, turn.frame or {}, [STAY]),
}
