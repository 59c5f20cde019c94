"""Parse the body of a turn request (docs/reference/protocols.md §2) into types. Trusts nothing in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LONGEST_TEXT = 4000  # characters
LONGEST_NAME = 200  # characters of an id, channel, language, choice or step
LARGEST_VALUE = 64 * 1024  # bytes of JSON: what another system called back with or answered
MOST_STATES = 500  # in one request for landings
MOST_TEXTS = 256  # in one request for vectors or personal data
_TAKES_ANY_VALUE = ("callback", "result")
# What a message of each kind must carry besides its id.
_NEEDED = {
    "start": (), "text": (), "choice": ("value", "step"), "file": ("value",), "resume": (), "no_reply": ("step",),
    "timed_out": ("step",), "callback": ("step",), "stopped": (), "result": ("step", "need"),
}  # fmt: skip
KINDS = tuple(_NEEDED)
_WORD_JOINER = "\u2060"
# Rasa reads a text that begins with "/" as an intent. Blanks and invisible signs before it are no defence for us,
# since this or another version might strip them.
_INVISIBLE = r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_LEADING_SLASH = re.compile(_INVISIBLE + r"[/\uff0f\u2044\u2215]")
_COMMAND = re.compile(_INVISIBLE + r"[/\uff0f\u2044\u2215]+\w+\s*(?:[@{].*)?", re.DOTALL)
_TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class RequestError(ValueError):
    """The body is not a turn request; the message says why and quotes nothing of the visitor's text."""


@dataclass(frozen=True)
class TurnRequest:
    """A checked request.

    Attributes:
        flows, model: version and id of what it must be answered with.
        subject: whose splits stay the same.
        now: aware, in the visitor's zone, with the rules of that zone when its name was sent.
        value: a short string, or any JSON for a callback and a result.
    """

    flows: str
    model: str
    conversation_id: str
    subject: str
    message_id: str
    channel: str
    language: str
    now: datetime
    idle_seconds: int
    kind: str
    text: str
    value: Any
    step: str | None
    need: str | None
    state: dict[str, Any] | None
    facts: dict[str, Any]

    def metadata(self) -> dict[str, Any]:
        """Return what the policy and the extractors need besides the text."""
        return {
            "kind": self.kind, "text": self.text, "value": self.value, "step": self.step, "need": self.need,
            "channel": self.channel, "language": self.language, "now": self.now, "idle_seconds": self.idle_seconds,
            "subject": self.subject, "facts": self.facts,
        }  # fmt: skip


def parse_request(body: Any) -> TurnRequest:
    """Check a decoded body.

    Raises:
        RequestError: a field is missing, too long or of the wrong type.
    """
    if not isinstance(body, dict):
        raise RequestError("the body must be a JSON object")
    message = body.get("message")
    if not isinstance(message, dict):
        raise RequestError("message must be an object")
    kind = message.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise RequestError(f"message.kind must be one of {', '.join(KINDS)}")
    text = message.get("text") or ""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise RequestError(f"message.text must be a string of at most {LONGEST_TEXT} characters")
    for key in _NEEDED[kind]:
        _name(message, key)
    value = _any_value(message) if kind in _TAKES_ANY_VALUE else _optional_name(message, "value")
    return TurnRequest(
        _name(body, "flows"), _name(body, "model"), _name(body, "conversation_id"), _name(body, "subject"),
        _name(message, "id"), _name(body, "channel"), _name(body, "language"), _moment(body), _seconds(body),
        kind, without_surrogates(text), value, _optional_name(message, "step"), _optional_name(message, "need"),
        _object(body, "state"), _object(body, "facts") or {},
    )  # fmt: skip


def parse_landing_request(body: Any) -> tuple[str, list[dict[str, Any]]]:
    """Check the body of a request for landings; return the version of the flows and the states.

    Raises:
        RequestError: it is malformed or holds too many states.
    """
    if not isinstance(body, dict):
        raise RequestError("the body must be a JSON object")
    states = body.get("states")
    if not isinstance(states, list) or len(states) > MOST_STATES:
        raise RequestError(f"states must be a list of at most {MOST_STATES}")
    if not all(isinstance(state, dict) for state in states):
        raise RequestError("each of states must be an object")
    return _name(body, "flows"), states


def parse_vectors_request(body: Any) -> list[str]:
    """Check the body of a request for vectors; return the texts.

    Raises:
        RequestError: it is malformed, or holds too many texts or too long ones.
    """
    texts = body.get("texts") if isinstance(body, dict) else None
    if not isinstance(texts, list) or len(texts) > MOST_TEXTS:
        raise RequestError(f"texts must be a list of at most {MOST_TEXTS}")
    if not all(isinstance(text, str) and len(text) <= LONGEST_TEXT for text in texts):
        raise RequestError(f"each of texts must be a string of at most {LONGEST_TEXT} characters")
    return [without_surrogates(text) for text in texts]


def parse_facts_request(body: Any) -> tuple[list[str], str]:
    """Check the body of a request for personal data; return the texts and the language they are in.

    Raises:
        RequestError: it is malformed, or holds too many texts or too long ones.
    """
    texts = parse_vectors_request(body)
    return texts, _name(body, "language")


def shield(text: str) -> str:
    """Return a text that Rasa cannot read as an intent: an invisible sign goes before a leading slash."""
    return _WORD_JOINER + text if _LEADING_SLASH.match(text) else text


def is_command(text: str) -> bool:
    """Tell whether a text is a command ("/start", "/restart{…}") rather than language: no intent is read from it."""
    return _COMMAND.fullmatch(text) is not None


def without_surrogates(text: str) -> str:
    """Replace half characters, which JSON can carry but UTF-8 and the tokenizer cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _name(part: Mapping[str, Any], key: str) -> str:
    value = _optional_name(part, key)
    if not value:
        raise RequestError(f"{key} must be a non-empty string of at most {LONGEST_NAME} characters")
    return value


def _optional_name(part: Mapping[str, Any], key: str) -> str | None:
    value = part.get(key)
    if value is not None and (not isinstance(value, str) or len(value) > LONGEST_NAME):
        raise RequestError(f"{key} must be a string of at most {LONGEST_NAME} characters")
    return value


def _object(body: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    value = body.get(key)
    if value is not None and not isinstance(value, dict):
        raise RequestError(f"{key} must be an object or null")
    return value


def _any_value(message: Mapping[str, Any]) -> Any:
    try:
        text = without_surrogates(json.dumps(message.get("value"), ensure_ascii=False))
        if len(text.encode("utf-8")) <= LARGEST_VALUE:
            return json.loads(text)
    except RecursionError:
        pass
    raise RequestError(f"message.value must be JSON of at most {LARGEST_VALUE} bytes, and not nested without end")


def _moment(body: Mapping[str, Any]) -> datetime:
    text = _name(body, "now")
    try:
        # Python 3.10 does not read the short form of UTC.
        moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    except ValueError:
        raise RequestError("now must be a date and time as RFC 3339 writes it") from None
    if moment.tzinfo is None:
        raise RequestError("now must say its distance from UTC")
    return _in_zone(moment, _optional_name(body, "zone"))


def _in_zone(moment: datetime, name: str | None) -> datetime:
    """Give a moment the rules of its zone; a zone that is not known here leaves it its distance from UTC."""
    if not name:
        return moment
    try:
        return moment.astimezone(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return moment


def _seconds(body: Mapping[str, Any]) -> int:
    value = body.get("idle_seconds", 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RequestError("idle_seconds must be a whole number, not below 0")
    return value


def trace_of(traceparent: str) -> str:
    """The id of the platform's trace that a request belongs to (W3C Trace Context); "-" of none."""
    found = _TRACE.fullmatch(traceparent)
    return found[1] if found else "-"
