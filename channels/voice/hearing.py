"""What a caller meant by what they said or pressed, as far as that needs no dialogue. Pure; changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from channels.voice.prompts import AGAIN_KEY, Ask, find_choice
from channels.voice.words import Words
from crm.consent.opt_out import read_opt_out

SURE_ENOUGH = 0.35
"""Confidence of the speech recognition below which something was noise; 0 means that it tells none."""
MOST_KEYS = 24
"""Digits in one answer: no number anybody types has more."""
_SIGNS = re.compile(r"[0-9*#A-D]*")

Kind = Literal["silence", "noise", "wrong key", "again", "nothing", "no recording", "stop", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Meant:
    """What it comes to. `text` is what goes into the talk; of a choice its label, with the choice's `value`."""

    kind: Kind
    text: str = ""
    value: str | None = None

    @property
    def is_said(self) -> bool:
        """Whether it is something to answer in the talk."""
        return self.kind in ("stop", "choice", "text")


def read_keys(pressed: str, ask: Ask, language: str) -> Meant:
    """What pressed keys mean."""
    plain = pressed.rstrip(AGAIN_KEY)
    if not plain:
        return Meant("again" if pressed else "silence")
    if len(plain) > MOST_KEYS or not _SIGNS.fullmatch(plain):
        return Meant("wrong key")
    if plain == ask.stop_key:
        return Meant("stop", Words(language).say("stop_said"))
    if plain in ask.keys:
        return _choose(ask, ask.keys[plain])
    if plain == ask.person_key:
        return Meant("text", Words(language).say("person_said"))
    return Meant("text", plain) if ask.typed and plain.isdecimal() else Meant("wrong key")


def read_speech(speech: str, confidence: float | None, ask: Ask, language: str) -> Meant:
    """What spoken words mean. An opt-out counts however unsure the recognition is, unless it is doubtful itself."""
    if not speech.strip():
        return Meant("silence")
    stop = read_opt_out(speech, channel="voice", language=language)
    is_unsure = confidence is not None and 0 < confidence < SURE_ENOUGH
    if stop is not None and not (is_unsure and stop.doubtful):
        return Meant("stop", speech)
    if is_unsure:
        return Meant("noise")
    value = find_choice(ask, speech, language)
    if value is not None:
        return _choose(ask, value)
    return Meant("text", _as_written(speech, language) if ask.input == "email" else speech)


def refuses_recording(speech: str, pressed: str, language: str) -> bool:
    """Whether somebody does not want to be recorded."""
    said = " ".join(re.sub(r"[^\w' ]", " ", speech.casefold()).split())
    return pressed.rstrip(AGAIN_KEY) == "8" or said in Words(language).listed("no_recording")


def objects_to_recording(speech: str, language: str) -> bool:
    """The same in the middle of a talk, where a mere no answers something else."""
    named = any(stem in speech.casefold() for stem in Words(language).listed("about_recording"))
    return named and refuses_recording(speech, "", language)


def _choose(ask: Ask, value: str) -> Meant:
    label = ask.labels.get(value)
    # A rating has no choices that could be tapped: its value is what is said.
    return Meant("text", value) if label is None or ask.step is None else Meant("choice", label, value)


def _as_written(speech: str, language: str) -> str:
    """An address as it is written: "ann at example dot com" is `ann@example.com`. What does not become one stays."""
    words = Words(language)
    signs = {**dict.fromkeys(words.listed("at"), "@"), **dict.fromkeys(words.listed("dot"), ".")}
    parts = [signs.get(part.casefold(), part) for part in speech.rstrip(" .!?").split()]
    for place, part in enumerate(parts):
        if part == "@" and 0 < place < len(parts) - 1:
            # The name is what stands before, as one word or spelled; the domain all that follows.
            begins = _name_begins(parts, place)
            written = "".join(parts[begins:]).lower()
            return " ".join([*parts[:begins], written])
    return speech


def _name_begins(parts: list[str], at: int) -> int:
    """Where the name before the @ begins: words joined by dots, or single letters, belong to it."""
    begins = at - 1
    while begins > 0 and (
        parts[begins - 1] in (".", "_", "-")
        or parts[begins] == "."
        or len(parts[begins - 1]) == len(parts[begins]) == 1
    ):
        begins -= 1
    return begins
