"""Take a text that asks several things apart, so that each can be understood by itself. Pure; leaves the rest alone."""

from __future__ import annotations

import re

MOST_PARTS = 3
_LONGEST_TEXT = 400  # characters; a longer text tells a story
_FEWEST_WORDS = 2
_BETWEEN = re.compile(
    r"(?<=[?!.])\s+|\s*[,;]?\s+(?:and|plus|also|or)\s+(?:also\s+)?"
    r"(?=(?:is|are|do|does|can|could|how|what|where|which|will|have|has|when)\b)",
    re.IGNORECASE,
)


def questions_in(text: str) -> list[str]:
    """List the parts of a text that asks more than one thing; nothing for any other text."""
    if len(text) > _LONGEST_TEXT:
        return []
    parts = [part.strip() for part in _BETWEEN.split(text)]
    parts = [part for part in parts if len(part.split()) >= _FEWEST_WORDS]
    return parts[:MOST_PARTS] if len(parts) > 1 else []
