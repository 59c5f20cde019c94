"""Parse the body of a turn request (docs/reference/protocols.md §2) into types. Trusts nothing in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_TEXT = 4000  # characters
LONGEST_NAME = 200  # characters of an id, channel, language, choice or step
KINDS = ("start", "text", "choice")
_WORD_JOINER = "\u2060"
# Rasa reads a text that begins with "/" as an intent. Blanks and invisible signs before it are no defence for us,
# since this or another version might strip them.
_INVISIBLE = r"[\s\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]*"
_LEADING_SLASH = re.compile(_INVISIBLE + r"[/\uff0f\u2044\u2215]")
_COMMAND = re.compile(_INVISIBLE + r"[/\uff0f\u2044\u2215]+\w+\s*(?:[@{].*)?", re.DOTALL)


class RequestError(ValueError):
    """The body is not a turn request; the message says why and quotes nothing of the visitor's text."""


@dataclass(frozen=True)
class TurnRequest:
    """A checked request."""

    conversation_id: str
    message_id: str
    channel: str
    language: str
    kind: str
    text: str
    value: str | None
    step: str | None
    state: dict[str, Any] | None
    facts: dict[str, Any]

    def metadata(self) -> dict[str, Any]:
        """Return what the policy and the extractors need besides the text."""
        return {
            "kind": self.kind, "text": self.text, "value": self.value, "step": self.step,
            "channel": self.channel, "language": self.language, "facts": self.facts,
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
    if kind not in KINDS:
        raise RequestError(f"message.kind must be one of {', '.join(KINDS)}")
    text = message.get("text") or ""
    if not isinstance(text, str) or len(text) > LONGEST_TEXT:
        raise RequestError(f"message.text must be a string of at most {LONGEST_TEXT} characters")
    if kind == "choice":
        _name(message, "value")
        _name(message, "step")
    return TurnRequest(
        _name(body, "conversation_id"), _name(message, "id"), _name(body, "channel"), _name(body, "language"),
        kind, without_surrogates(text), _optional_name(message, "value"), _optional_name(message, "step"),
        _object(body, "state"), _object(body, "facts") or {},
    )  # fmt: skip


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
