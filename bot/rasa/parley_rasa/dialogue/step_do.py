"""What the steps do that have something done elsewhere: a call of a connector, a wait for one, tags, a journey."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from parley_rasa.dialogue import questions
from parley_rasa.dialogue.choices import data_of
from parley_rasa.dialogue.conditions import is_known
from parley_rasa.dialogue.stack import go_to, leave_step
from parley_rasa.dialogue.turn import Turn
from parley_rasa.dialogue.wording import render

LONGEST_SAVED = 1000  # characters; a slot is no place for a document
_NAMED = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(\|[^{}]*)?\}\}")
_DOTS = frozenset((".", ".."))
_SCALARS = (str, int, float, bool)

Step = dict[str, Any]


def http(turn: Turn, step: Step) -> None:
    """Ask for a call of the connector; a path that lacks a slot, or that a slot would lead elsewhere, is not called."""
    path = path_for(step["path"], turn.slots)
    if path is None:
        go_to(turn, step["failed"])
        return
    body = step.get("body")
    turn.ask_need(
        "http", connector=step["connector"], method=step["method"], path=path,
        query={name: render(text, turn.slots) for name, text in step.get("query", {}).items()},
        body=None if body is None else {name: body_value(value, turn.slots) for name, value in body.items()},
        callback=bool(step.get("callback")),
    )  # fmt: skip


def on_http(turn: Turn, step: Step, result: Any) -> None:
    """Save what the step wants of the answer; when the call failed or lacks any of it, nothing is saved."""
    answered = isinstance(result, Mapping) and result.get("ok") is True
    body = result.get("json") if answered else None
    found = {slot: find_value(body, pointer) for slot, pointer in step.get("save", {}).items()}
    if not answered or None in found.values():
        go_to(turn, step["failed"])
        return
    for slot, value in found.items():
        turn.set_slot(slot, value)
    leave_step(turn)


def path_for(template: str, slots: Mapping[str, Any]) -> str | None:
    """Fill a path, each slot quoted; None when a slot is unknown or would be a step up the path."""
    for name, fallback in _NAMED.findall(template):
        if not is_known(slots.get(name)) and not fallback:
            return None
    quoted = {name: quote(_written(value), safe="") for name, value in slots.items() if is_known(value)}
    path = render(template, quoted)
    return None if _DOTS.intersection(path.split("/")) else path


def body_value(value: Any, slots: Mapping[str, Any]) -> Any:
    """Fill a value of the body; one that only names a slot keeps that slot's type."""
    if not isinstance(value, str):
        return value
    only = _NAMED.fullmatch(value.strip())
    if only and (is_known(slots.get(only.group(1))) or not only.group(2)):
        return slots.get(only.group(1))
    return render(value, slots)


def find_value(answer: Any, pointer: str) -> str | int | float | bool | None:
    """Follow a JSON Pointer (RFC 6901) to a scalar; None where none stands."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(answer, Mapping):
            answer = answer.get(key)
        elif isinstance(answer, list) and key.isdecimal() and int(key) < len(answer):
            answer = answer[int(key)]
        else:
            return None
    if not isinstance(answer, _SCALARS) or (isinstance(answer, str) and len(answer) > LONGEST_SAVED):
        return None
    return answer


def wait_callback(turn: Turn, step: Step) -> bool:
    """Begin to wait, or go on waiting; a call that came, or a time that passed, meanwhile is acted on now."""
    data = data_of(turn)
    if "until" not in data:
        data["until"] = (turn.now + timedelta(seconds=step["seconds"])).isoformat()
    elif data.get("came"):
        leave_step(turn)
        return False
    elif turn.now >= datetime.fromisoformat(data["until"]):
        go_to(turn, step["timed_out"])
        return False
    questions.ask(turn)
    return True


def save_callback(turn: Turn, step: Step, body: Any) -> None:
    """Save what the step wants of the body another system sent; what is not in it leaves its slot unknown."""
    for slot, pointer in step.get("save", {}).items():
        turn.set_slot(slot, find_value(body, pointer))


def tag_stage(turn: Turn, step: Step) -> None:
    if step.get("add") or step.get("remove"):
        turn.add_effect("tag", add=list(step.get("add", ())), remove=list(step.get("remove", ())))
    if step.get("stage"):
        turn.add_effect("set_stage", stage=step["stage"])
    turn.state["facts"] = {}  # what was fetched before is no longer so
    leave_step(turn)


def start_journey(turn: Turn, step: Step) -> None:
    turn.add_effect("enrol_in_journey", journey=step["journey"])
    leave_step(turn)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
