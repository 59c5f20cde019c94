"""Checks that what is said fits the channel it is said on. Does not cut anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flows.content import Wording
from flows.errors import FlowError
from flows.parts import Channel
from flows.steps import Preferences, StepBase
from flows.wording import render
from flows.wording_models import Letter, StepWording, Text

LONGEST_LABEL = 80  # characters
# Characters of one text: four SMS parts, some forty seconds of speech, one message of Telegram.
LONGEST: Mapping[Channel, int] = {"sms": 640, "voice": 600, "telegram": 4096}

# What is followed by the choices, where there are any; on the web and on Telegram those are buttons.
_ASKING = ("text", "retry", "again")
_LISTING: frozenset[Channel] = frozenset({"sms", "voice"})
_NAMING = "noted"  # the pattern whose choices are only names of slots, never listed


def check_lengths(wording: Wording[StepWording], step: StepBase | None) -> Iterator[FlowError]:
    """Refuse texts that are too long for a channel, and labels too long for a button.

    Args:
        wording: of that step, or of the patterns.
        step: None for patterns.
    """
    for name, entry in wording.entries.items():
        # What a preference is called there is the consent text itself, a message of its own.
        listed = not isinstance(step, Preferences) and not (step is None and name == _NAMING)
        labels = entry.choices if listed else {}
        yield from _check_labels(wording, name, labels)
        for place, text, follows in _texts(entry):
            yield from _check_text(wording, (name, *place), text, labels if follows else {})


def check_letter_lengths(
    wording: Wording[Letter], step: str, channels: Iterable[Channel], letter: Letter
) -> Iterator[FlowError]:
    """Refuse texts that are too long for a channel the step writes on."""
    for channel in channels:
        if channel in LONGEST:
            length = _length(letter.text, channel)
            if length > LONGEST[channel]:
                problem = f"by {channel} the text has {length} characters, more than {LONGEST[channel]}"
                remedy = f"Shorten it, or write a shorter one under `{channel}:`"
                yield wording.fault((step, "text"), "wording.long", problem, remedy)


def _check_labels(wording: Wording[StepWording], name: str, labels: Mapping[str, Text]) -> Iterator[FlowError]:
    for value, texts in labels.items():
        for channel, text in texts.items():
            if len(render(text, {})) > LONGEST_LABEL:
                problem = f"the label of {value} has more than {LONGEST_LABEL} characters"
                within = (name, "choices", value, channel)
                yield wording.fault(within, "wording.long", problem, "Shorten it; say the rest in the text")


def _texts(entry: StepWording) -> Iterator[tuple[tuple[str, ...], Text, bool]]:
    for name in ("text", "retry", "again", "help", "alt", "closed"):
        if text := getattr(entry, name):
            yield (name,), text, name in _ASKING
    for card, words in entry.cards.items():
        for name in ("title", "text", "button"):
            if text := getattr(words, name):
                yield ("cards", card, name), text, False


def _check_text(
    wording: Wording[StepWording], within: tuple[str, ...], text: Text, labels: Mapping[str, Text]
) -> Iterator[FlowError]:
    for channel, longest in LONGEST.items():
        listed = labels.values() if channel in _LISTING else ()
        # Each choice stands on a line of its own, after its number.
        length = _length(text, channel) + sum(
            len(f"\n{number}: ") + _length(label, channel) for number, label in enumerate(listed, 1)
        )
        if length > longest:
            said = "with its choices " if labels and channel in _LISTING else ""
            problem = f"by {channel} the text {said}has {length} characters, more than {longest}"
            remedy = f"Shorten it, or write a shorter one under `{channel}:`"
            place = channel if channel in text else "default"
            yield wording.fault((*within, place), "wording.long", problem, remedy)


def _length(text: Text, channel: Channel) -> int:
    return len(render(text.get(channel, text["default"]), {}))
