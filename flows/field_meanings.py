"""What the fields of a model mean, as its docstring says it. Makes nothing up."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from pydantic import BaseModel

_ENTRY = re.compile(r"^(?P<names>[a-z_]+(?:, [a-z_]+)*): (?P<text>.*)$")


def summary_of(model: type[BaseModel]) -> str:
    """Give what the docstring says before its sections, paragraphs joined by a blank line."""
    doc = inspect.cleandoc(model.__doc__ or "").split("\nAttributes:\n")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in doc.split("\n\n")).strip()


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """Give the meaning of each field by the name it has in Python, those of the bases included."""
    meanings: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            meanings |= dict(_attributes(inspect.cleandoc(base.__dict__.get("__doc__") or "")))
    return meanings


def _attributes(doc: str) -> Iterator[tuple[str, str]]:
    _, _, section = doc.partition("\nAttributes:\n")
    entries: list[str] = []
    for line in section.splitlines():
        if not line.strip() or not line.startswith("    "):
            break
        if line.startswith("     ") and entries:
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line.strip())
    for entry in entries:
        if match := _ENTRY.match(entry):
            yield from ((name, match["text"]) for name in match["names"].split(", "))
