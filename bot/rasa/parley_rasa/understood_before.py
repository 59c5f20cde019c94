"""What was understood of a turn's text, carried in the state from a call that ends with a need to the next.

To understand a text is most of what a turn costs, and a need has the same text come twice. It is carried and not kept
here: the same request still gives the same answer, by whichever replica.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from parley_rasa.dialogue.state import StateError

_KEY = "understood"
_PARTS = ("intent", "entities", "intent_ranking", "intent_parts", "embedding", "encoder")
"""Of Rasa's parse data; what else there is repeats the request."""


def mark_of(model: str, language: str, text: str) -> str:
    """Return what tells apart all that the meaning of a text hangs on."""
    return hashlib.sha256(json.dumps([model, language, text]).encode()).hexdigest()


def carry(state: dict[str, Any], mark: str, parse_data: Mapping[str, Any]) -> None:
    """Write into a state that awaits a need what was understood of the turn's text."""
    parts = {name: parse_data[name] for name in _PARTS if name in parse_data}
    state["awaits"] = {**state["awaits"], _KEY: {"of": mark, **parts}}


def find_carried(state: Mapping[str, Any] | None, mark: str) -> dict[str, Any] | None:
    """Return Rasa's parse data for a text as the call before had it; None when it carried none, or of another text.

    Raises:
        StateError: it is not what ``carry`` writes.
    """
    awaits = (state or {}).get("awaits")
    carried = awaits.get(_KEY) if isinstance(awaits, Mapping) else None
    if carried is None:
        return None
    try:
        if carried["of"] != mark:
            return None
        return {
            "text": "",  # Rasa takes it from the request
            "intent": _likely(carried["intent"]),
            "entities": [_value(one) for one in carried["entities"]],
            "intent_ranking": [_likely(one) for one in carried.get("intent_ranking", ())],
            "intent_parts": [_likely(one) for one in carried.get("intent_parts", ())],
            **{name: str(carried[name]) for name in ("embedding", "encoder") if name in carried},
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"malformed state: {error!r}") from error


def _likely(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": one["name"] and str(one["name"]), "confidence": float(one["confidence"])}


def _value(one: Mapping[str, Any]) -> dict[str, Any]:
    place = {"start": int(one["start"]), "end": int(one["end"])}
    return {"entity": str(one["entity"]), "value": one["value"], **place}
