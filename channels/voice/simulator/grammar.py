"""What TwiML may hold, read off Twilio's own builder: which verbs stand in which, with which attributes. Reads only."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

from twilio.twiml import TwiML, lower_camel, voice_response

_ROOT = "Response"
_SPELLED = {"from_": "from", "xml_lang": "xml:lang", "interpret_as": "interpret-as", "for_": "for"}
_NOT_ATTRIBUTES = frozenset({"self", "kwargs", "message", "words", "number", "phone_number", "sip_url", "url"})
_URL_IS_AN_ATTRIBUTE = frozenset({"ConversationRelay", "Stream"})


class NoTwiML(Exception):
    """This is not TwiML that Twilio would carry out. The text says where."""


def read_twiml(text: str) -> ET.Element:
    """The document.

    Raises:
        NoTwiML: it is no XML, or something stands where Twilio knows no such thing.
    """
    try:
        # What is read here was written by the web process on this machine.
        root = ET.fromstring(text)  # noqa: S314
    except ET.ParseError as error:
        raise NoTwiML(f"no XML: {error}") from None
    if root.tag != _ROOT:
        raise NoTwiML(f"<{root.tag}> is no <{_ROOT}>")
    _check(root, "VoiceResponse")
    return root


def _check(element: ET.Element, kind: str) -> None:
    allowed = _grammar().get(kind, {})
    for child in element:
        if child.tag not in allowed:
            raise NoTwiML(f"<{child.tag}> may not stand in <{element.tag}>")
        unknown = sorted(set(child.attrib) - allowed[child.tag])
        if unknown:
            raise NoTwiML(f"<{child.tag}> has no {unknown[0]}")
        _check(child, child.tag)


@cache
def _grammar() -> dict[str, dict[str, frozenset[str]]]:
    """By kind of element: what may stand in it, each with the attributes it may have."""
    kinds = {
        name: one
        for name, one in vars(voice_response).items()
        if inspect.isclass(one) and issubclass(one, TwiML) and one is not TwiML
    }
    return {name: dict(_children(one)) for name, one in kinds.items()}


def _children(kind: type[Any]) -> list[tuple[str, frozenset[str]]]:
    found = []
    for name, method in vars(kind).items():
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        made = lower_camel(name.rstrip("_"))
        tag = made[0].upper() + made[1:]
        parameters = inspect.signature(method).parameters
        dropped = _NOT_ATTRIBUTES - ({"url"} if tag in _URL_IS_AN_ATTRIBUTE else set())
        attributes = {_SPELLED.get(one, lower_camel(one)) for one in parameters if one not in dropped}
        found.append((tag, frozenset(attributes)))
    return found
