"""Finds where examples stand in the content folder, as file and line. Changes nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

_INTENT = re.compile(r"\s*-\s*intent:\s*[\"']?([\w-]+)")
_EXAMPLE = re.compile(r"\s*-\s+(.*\S)")


class Places:
    """The lines of examples."""

    def __init__(self, intents: Mapping[str, str], folder: str) -> None:
        """Creates it.

        Args:
            intents: text of each file of examples, by file name.
            folder: what stands before the name.
        """
        self._lines: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, text in intents.items():
            intent = ""
            for number, line in enumerate(text.splitlines(), 1):
                if found := _INTENT.match(line):
                    intent = found[1]
                elif found := _EXAMPLE.match(line):
                    self._lines[intent, found[1]].append(f"{folder}/{name}:{number}")

    def of(self, intent: str, text: str) -> list[str]:
        """Where an example stands: `folder/file:line`; nowhere, when it is written in another form."""
        return self._lines.get((intent, text), [])
