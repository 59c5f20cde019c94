"""Reads which intents have training examples (Rasa's own NLU format). The examples themselves are Rasa's to judge."""

from __future__ import annotations

from flows.errors import FlowError
from flows.parsing import parse_text


def read_intents(text: str, file: str, errors: list[FlowError]) -> frozenset[str]:
    """Give the intents one file has examples for; add a fault to `errors` if it cannot be read."""
    marks = parse_text(text, file, errors)
    if marks is None:
        return frozenset()
    sections = marks.data.get("nlu") if isinstance(marks.data, dict) else None
    if not isinstance(sections, list):
        problem = "the file has no list of examples under nlu"
        errors.append(FlowError(file, 1, None, "intents.format", problem, "Write it as Rasa's NLU data, version 3.1"))
        return frozenset()
    return frozenset(
        entry["intent"] for entry in sections if isinstance(entry, dict) and isinstance(entry.get("intent"), str)
    )
