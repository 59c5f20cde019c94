"""What is said next on the phone and how it may be answered, made of the bot's messages. Pure; builds no TwiML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from base.messages import Stored
from bot.rendering import render
from bot.rendering.said import read_said
from channels.voice.words import Words

PERSON_KEY, AGAIN_KEY = "0", "#"
STOP_KEY, LONG_STOP_KEY = "9", "*9"
_TYPED = frozenset({"number", "phone", "date"})
_MOST_HINTS = 100


@dataclass(frozen=True, slots=True)
class Speech:
    """Something to say.

    `whole`: it must be heard to its end, so nothing that is said meanwhile interrupts it. `sound` is played after it.
    """

    text: str
    whole: bool = False
    sound: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """How what was asked may be answered.

    Attributes:
        message: the question; None where nothing is asked.
        keys: what may be pressed, and the value of the choice it means.
        labels: the values and what they are called.
        typed: whether digits are the answer itself, ended by the hash key.
        consent: whether it is a consent text.
    """

    message: Stored | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    typed: bool = False
    consent: bool = False

    @property
    def step(self) -> str | None:
        """The question's step, where its choices are ones that a tap answers."""
        step = self.message.data.get("step") if self.message is not None and self.labels else None
        return step if isinstance(step, str) else None

    @property
    def input(self) -> str | None:
        """What kind of answer is wanted."""
        kind = None if self.message is None else self.message.data.get("input")
        return kind if isinstance(kind, str) else None

    @property
    def stop_key(self) -> str:
        """What ends all calls: 9, or star and 9 where 9 is an answer."""
        return LONG_STOP_KEY if self.typed or STOP_KEY in self.keys else STOP_KEY

    @property
    def person_key(self) -> str | None:
        """What asks for a person; None where 0 is an answer."""
        return None if self.typed or PERSON_KEY in self.keys else PERSON_KEY

    @property
    def longest_key(self) -> int:
        """Keys that an answer may have."""
        return max(map(len, (*self.keys, self.stop_key)))

    @property
    def hints(self) -> str:
        """What is likely to be said, for whoever listens."""
        labels = [" ".join(label.replace(",", " ").split()) for label in self.labels.values()]
        return ", ".join(label for label in labels[:_MOST_HINTS] if label)

    def begins_a_longer(self, pressed: str) -> bool:
        """Whether more may follow what was pressed so far."""
        return any(key != pressed and key.startswith(pressed) for key in (*self.keys, self.stop_key))


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next on the line.

    Attributes:
        then: listen; put through to a person; go on over a socket; wait and come back; hang up.
        seconds: how long silence may last while listening.
        records: recording begins with this step.
    """

    then: Literal["listen", "transfer", "connect", "wait", "hang up"]
    language: str
    said: tuple[Speech, ...] = ()
    ask: Ask = field(default_factory=Ask)
    seconds: int = 6
    records: bool = False


def spoken(messages: Sequence[Stored], language: str) -> tuple[Speech, ...]:
    """The bot's messages as they are said. A consent text is said whole."""
    return tuple(speech for message in messages for speech in _speeches(message, language))


def find_ask(messages: Sequence[Stored], language: str) -> Ask:
    """How the last of the messages that asks something may be answered; nothing is asked where none does."""
    question = next((one for one in reversed(messages) if _asks(one)), None)
    if question is None:
        return Ask()
    said = read_said(question)
    return Ask(
        message=question,
        keys=render(question, "voice", language).keys,
        labels={choice.value: choice.label for choice in said.choices},
        typed=said.input in _TYPED,
        consent=bool(question.data.get("consent")),
    )


def find_choice(ask: Ask, answer: str, language: str) -> str | None:
    """The value of the choice that an answer names by its key, pressed or spoken as a number."""
    if ask.message is None:
        return None
    named = answer.casefold().strip(" .!?")
    for number, word in enumerate(Words(language).listed("numbers")):
        if word == named:
            return ask.keys.get(str(number))
    return render(ask.message, "voice", language).find_choice(answer)


def _asks(message: Stored) -> bool:
    return message.author == "bot" and bool(message.data.get("input") or message.data.get("choices"))


def _speeches(message: Stored, language: str) -> Iterator[Speech]:
    is_consent = bool(message.data.get("consent"))
    pieces = render(message, "voice", language).spoken
    said = read_said(message)
    sound = said.media.url if said.media is not None and said.media.kind == "audio" else None
    for number, piece in enumerate(pieces, start=1):
        yield Speech(piece, whole=is_consent, sound=sound if number == len(pieces) else None)
    if not pieces and sound is not None:
        yield Speech("", sound=sound)
