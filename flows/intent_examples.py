"""Reads and writes examples of intents in Rasa's NLU format, version 3.1. What they teach is Rasa's to judge."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from flows.content_tree import Files
from flows.marked_yaml import read_marked


def examples_by_intent(files: Files) -> dict[str, tuple[str, ...]]:
    """The examples of each intent, over all files.

    Raises:
        UnreadableYAML: a file cannot be read.
    """
    found: dict[str, list[str]] = {}
    for name, text in files.items():
        data = read_marked(text, name).data
        sections = data.get("nlu") if isinstance(data, dict) else None
        for section in sections if isinstance(sections, list) else ():
            if isinstance(section, dict) and isinstance(section.get("intent"), str):
                found.setdefault(section["intent"], []).extend(_examples(section.get("examples")))
    return {intent: tuple(examples) for intent, examples in found.items()}


def write_examples(examples: Mapping[str, Sequence[str]]) -> str:
    """One file with these intents. `read_marked` reads it back to the same."""
    lines = ['version: "3.1"', "nlu:"]
    for intent, texts in sorted(examples.items()):
        block = "".join(f"- {text}\n" for text in texts)
        # JSON is YAML, and leaves no question how a text is quoted.
        lines += [f"- intent: {intent}", f"  examples: {json.dumps(block, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def _examples(written: object) -> list[str]:
    if not isinstance(written, str):
        return []
    lines = (line.strip() for line in written.splitlines())
    return [line.removeprefix("- ").strip() for line in lines if line.startswith("- ")]
