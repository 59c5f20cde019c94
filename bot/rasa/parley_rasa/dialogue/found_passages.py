"""Read what the platform found in the articles for a text (docs/reference/protocols.md §2). Trusts nothing in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Passage:
    """What an article says; ``confidence`` is how sure it is that this answers the text, 0 to 1."""

    article: str
    title: str
    link: str
    quote: str
    confidence: float


@dataclass(frozen=True)
class Found:
    """What a search came to: the best passage when it is above the bar, else none."""

    best: Passage | None = None


def read_found(result: Any) -> Found:
    """Return what the result of the need ``knowledge`` says; what cannot be read of it was not found."""
    passages = result.get("passages") if isinstance(result, Mapping) and result.get("sure") is True else None
    first = passages[0] if isinstance(passages, list) and passages else None
    return Found(_read_passage(first) if isinstance(first, Mapping) else None)


def _read_passage(found: Mapping[str, Any]) -> Passage | None:
    quote, confidence = str(found.get("quote") or "").strip(), found.get("confidence")
    if not quote or not isinstance(confidence, (int, float)):
        return None
    return Passage(
        str(found.get("article") or ""), str(found.get("title") or ""), str(found.get("link") or ""), quote,
        float(confidence),
    )  # fmt: skip
