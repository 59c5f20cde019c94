"""Take a text that asks several things apart, so that each can be understood by itself. Pure; leaves the rest alone."""

from __future__ import annotations

import re

MOST_PARTS = 3
_LONGEST_TEXT = 400  # characters; a longer text tells a story
_FEWEST_WORDS = 2
# What joins two questions and how the second begins, by language; a text need not say which it is in.
_JOINED = {
    "en": (r"(?:and|plus|also|or)\s+(?:also\s+)?", "is|are|do|does|can|could|how|what|where|which|will|have|has|when"),
    "fr": (
        r"(?:et|ou|mais)\s+(?:aussi\s+|sinon\s+|puis\s+)?",
        "est-ce|combien|comment|où|quand|quel|quelle|quels|quelles|pourquoi|qu['’]est-ce|c['’]est (?:quoi|combien|où)"
        "|y a-t-il|a-t-on|avez-vous|êtes-vous|faites-vous|proposez-vous|peut-on|puis-je|pouvez-vous|faut-il|vous avez",
    ),
    "es": (
        r"(?:y|e|o|pero)\s+(?:también\s+|además\s+)?",
        "cuánto|cuanto|cuántos|cuántas|cómo|dónde|donde|cuándo|qué|cuál|cuáles|por qué|hay|tiene|tienen|tenéis|puedo"
        "|podemos|se puede",
    ),
    "de": (
        r"(?:und|oder|sowie)\s+(?:auch\s+|außerdem\s+)?",
        "ist|sind|gibt|kann|können|haben|hat|wie|wieviel|was|wo|wohin|welche|welcher|welches|wann|warum|wird|werden",
    ),
}
_BETWEEN = re.compile(
    r"(?<=[?!.])\s+|" + "|".join(rf"\s*[,;]?\s+{joint}(?=(?:{begins})(?!\w))" for joint, begins in _JOINED.values()),
    re.IGNORECASE,
)


def questions_in(text: str) -> list[str]:
    """List the parts of a text that asks more than one thing; nothing for any other text."""
    if len(text) > _LONGEST_TEXT:
        return []
    parts = [part.strip() for part in _BETWEEN.split(text)]
    parts = [part for part in parts if len(part.split()) >= _FEWEST_WORDS]
    return parts[:MOST_PARTS] if len(parts) > 1 else []
