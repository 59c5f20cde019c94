"""What the gaps list needs from others: programs of Rasa's side, and the dialogue processes' reading of a text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from bot.publishing.ports import Say
from bot.turn_shapes import PersonalDatum

Wake = Callable[[], Awaitable[None]]
"""Has a worker look for work now. Never fails: it looks each minute in any case."""


class Evaluator(Protocol):
    """Reports on examples and groups messages (docs/reference/protocols.md, 5)."""

    def mark(self, intents: Mapping[str, str], held_out: Mapping[str, str]) -> str:
        """What a report on these would be made from, examples and programs; quickly. Same mark, same report."""
        ...

    async def report(self, intents: Mapping[str, str], held_out: Mapping[str, str], say: Say) -> dict[str, Any]:
        """What these examples teach.

        Args:
            intents: text of each file of examples, by file name.
            held_out: the same for examples that are never trained on.

        Raises:
            ParleyError: they cannot be reported on; the message says why.
        """
        ...

    async def group(self, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Groups of messages that mean the same, and those that stand alone.

        Args:
            items: `id`, `text`, `language` and `vector` of each, all vectors of one encoder.

        Raises:
            ParleyError: they could not be grouped.
        """
        ...


class FactFinder(Protocol):
    """Who reads what in a text tells who wrote it: the dialogue processes."""

    async def personal_data(self, texts: Sequence[str], language: str) -> list[list[PersonalDatum]]:
        """What is found in each text, in the same order.

        Raises:
            DialogueUnavailable, DialogueFailed: no dialogue process read them.
        """
        ...
