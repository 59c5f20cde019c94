"""Reads the examples of intents for the checks; what cannot be read is a fault. What they teach is Rasa's to judge."""

from __future__ import annotations

from flows.errors import FlowError
from flows.intent_examples import read_sections
from flows.parsing import parse_text


def read_intents(text: str, file: str, errors: list[FlowError]) -> dict[str, list[str]]:
    """Give the examples one file has of each intent; add a fault to `errors` if it cannot be read."""
    marks = parse_text(text, file, errors)
    if marks is None:
        return {}
    sections = marks.data.get("nlu") if isinstance(marks.data, dict) else None
    if not isinstance(sections, list):
        problem = "the file has no list of examples under nlu"
        errors.append(FlowError(file, 1, None, "intents.format", problem, "Write it as Rasa's NLU data, version 3.1"))
        return {}
    return read_sections(marks.data)
