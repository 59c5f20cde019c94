"""The frames of ConversationRelay: what Twilio sends read into types, strictly, and what we send. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from base.errors import Malformed
from bot.rendering.splitting import split_text
from channels.voice.prompts import Speech

MAX_FRAME = 65_536
"""Bytes of one frame."""
_LONGEST_TOKEN = 300
"""Characters sent at once: the first are spoken while the others are on their way."""
_NEVER_IN_TEXT = re.compile(r"[\x00\ud800-\udfff]")


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Setup(_Frame):
    """The first frame: which call this is."""

    type: Literal["setup"]
    call_sid: str = Field(alias="callSid")
    account_sid: str = Field(alias="accountSid")


class Prompt(_Frame):
    """What was said; unless `last` it goes on."""

    type: Literal["prompt"]
    text: str = Field(alias="voicePrompt", max_length=20_000)
    last: bool = True


class Key(_Frame):
    """A key was pressed."""

    type: Literal["dtmf"]
    digit: str = Field(pattern=r"^[0-9*#A-D]$")


class Interrupt(_Frame):
    """They spoke while we did: what was heard of it until then."""

    type: Literal["interrupt"]
    heard: str = Field("", alias="utteranceUntilInterrupt", max_length=20_000)


class Problem(_Frame):
    """Twilio could not use what we sent."""

    type: Literal["error"]
    description: str = ""


Frame = Setup | Prompt | Key | Interrupt | Problem
_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])
_KNOWN = frozenset({"setup", "prompt", "dtmf", "interrupt", "error"})


def read_frame(text: str) -> Frame | None:
    """A frame of Twilio's; None for a kind that we have no use for.

    Raises:
        Malformed: it is none.
    """
    try:
        return _FRAMES.validate_json(_NEVER_IN_TEXT.sub("", text))
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        if problem["type"] == "union_tag_invalid":
            return None
        raise Malformed("This is no frame of ConversationRelay.") from None


def speech_frames(speech: Speech, language: str, *, last: bool) -> Iterator[dict[str, Any]]:
    """One thing to say, in pieces; what must be heard whole cannot be interrupted."""
    pieces = split_text(speech.text, len, _LONGEST_TOKEN)
    for number, piece in enumerate(pieces, start=1):
        ends = number == len(pieces)
        yield {
            "type": "text",
            "token": piece if ends and last else f"{piece} ",
            "last": ends and last,
            "lang": language,
            "interruptible": not speech.whole,
            "preemptible": False,
        }
    if speech.sound is not None:
        yield {"type": "play", "source": speech.sound, "loop": 1, "preemptible": False, "interruptible": True}


def language_frame(language: str) -> dict[str, Any]:
    """From here on this language is spoken and heard."""
    return {"type": "language", "ttsLanguage": language, "transcriptionLanguage": language}


def end_frame(handoff: str) -> dict[str, Any]:
    """The session is over; where the call goes on is told what is handed over."""
    return {"type": "end", "handoffData": handoff}


def was_heard(text: str, heard: str) -> bool:
    """Whether all of a text is in what was heard, however it is punctuated."""
    return _reduce(text) in _reduce(heard)


def _reduce(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
