"""The question how the help of a person was, and the tap that answers it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from base.errors import InvalidInput
from bot.handoff.words import words_of

_STEP = "handoff.rating"
"""The question as its choices name it, with the handoff's id behind a colon; no step of a flow has a dot."""


def rating_question(handoff_id: UUID, language: str) -> dict[str, Any]:
    """What stands with the question's message."""
    labels = words_of(language)["rating_choices"]
    choices = [{"value": str(number), "label": label} for number, label in enumerate(labels, start=1)]
    return {"step": f"{_STEP}:{handoff_id}", "input": "choice", "choices": choices}


def is_rating(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether a message is a tap on such a question."""
    return kind == "choice" and str(data.get("step", "")).startswith(f"{_STEP}:")


def read_rating(step: str, value: str) -> tuple[UUID, int]:
    """The handoff that is rated, and how: 1, very bad, to 5, very good.

    Raises:
        InvalidInput: it is no such tap.
    """
    name, _, handoff_id = step.partition(":")
    if name != _STEP or value not in ("1", "2", "3", "4", "5"):
        raise InvalidInput("This is no rating.")
    try:
        return UUID(handoff_id), int(value)
    except ValueError as error:
        raise InvalidInput("This is no rating.") from error
