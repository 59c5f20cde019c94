"""Which facts may stand in a message: what a visitor typed must not become our company's words to somebody. Pure.

Whoever types another person's address may tell us any first name; a name with an address in it would make an
advertisement or a trap of our e-mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST = 80
"""Characters; no name, company or title that belongs into a sentence is longer."""

# Also without a scheme: mail programs make a link of anything that looks like a domain.
_ADDRESS = re.compile(r"[@/\\]|www\.|[^\W_]\.[^\W\d_]{2,}", re.IGNORECASE)


def mergeable(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts without those that are too long or look like a web or e-mail address; wording then falls back."""
    return {name: value for name, value in facts.items() if not isinstance(value, str) or _is_harmless(value)}


def remembered_of(remember: Mapping[str, str], data: Mapping[str, Any], source: str) -> dict[str, Any]:
    """What a step keeps of an event, by the names its wording gives: of a visitor's browser only what is harmless.

    A shop or a calendar of the operator's may bring a link; that is what it is kept for.
    """
    kept = {name: data[key] for name, key in remember.items() if isinstance(data.get(key), str | int | float)}
    return mergeable(kept) if source == "web" else kept


def _is_harmless(text: str) -> bool:
    return len(text) <= LONGEST and _ADDRESS.search(text) is None
