"""How an answer is given where a channel has no field for it: the sentence that says so, and the keys. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.rendering.capabilities import Capabilities
from bot.rendering.said import Choice, Limits, Said
from bot.rendering.words import Words

_FEW = 5
"""Options up to which each number is named."""
_SOME_DAY = "2030-05-24"
"""An example of how a day is written: the form that is read the same everywhere."""


def list_keys(said: Said, capabilities: Capabilities, words: Words) -> Mapping[str, str]:
    """What may be pressed or replied instead of tapped, and the choice it means."""
    if said.choices and capabilities.choices != "buttons":
        if said.asks_consent and not capabilities.speaks:
            return {words.say("yes"): "yes", words.say("no"): "no"}
        return {str(number): choice.value for number, choice in enumerate(said.choices, start=1)}
    if capabilities.speaks:
        return {choice.value: choice.value for choice in rating_choices(said)}
    return {}


def rating_choices(said: Said) -> tuple[Choice, ...]:
    """Every value of a rating as something to tap."""
    limits = said.limits
    if said.input != "rating" or limits is None or limits.lowest is None or limits.highest is None:
        return ()
    values = [str(value) for value in range(limits.lowest, limits.highest + 1)]
    return tuple(Choice(value=value, label=value) for value in values)


def describe_choices(said: Said, capabilities: Capabilities, words: Words) -> Iterator[str]:
    """The choices as lines, and how to choose."""
    if not said.choices or capabilities.choices == "buttons":
        return
    if capabilities.speaks:
        for key, choice in enumerate(said.choices, start=1):
            yield words.say("press", label=choice.label.strip().rstrip(".!?,;:"), key=key)
    elif said.asks_consent:
        yield _describe_consent(said, words)
    else:
        yield "\n".join(f"{number}. {choice.label}" for number, choice in enumerate(said.choices, start=1))
        numbers = [str(number) for number in range(1, len(said.choices) + 1)]
        if len(numbers) > _FEW:
            yield words.say("reply_range", first=numbers[0], last=numbers[-1])
        else:
            yield words.say("reply_number", numbers=words.either(numbers))


def _describe_consent(said: Said, words: Words) -> str:
    yes, no = words.say("yes"), words.say("no")
    yes_label, no_label = (choice.label for choice in said.choices)
    if (yes_label.strip().upper(), no_label.strip().upper()) == (yes, no):
        return words.say("reply_consent", yes=yes, no=no)
    return words.say("reply_consent_labelled", yes=yes, no=no, yes_label=yes_label, no_label=no_label)


def describe_field(said: Said, capabilities: Capabilities, words: Words) -> Iterator[str]:
    """What a field would have shown: the range of a rating, how a number or a day is written."""
    limits = said.limits or Limits()
    if capabilities.fields:
        return
    if said.input == "rating":
        yield from _describe_rating(limits, capabilities, words)
    elif said.input == "number":
        yield from _describe_number(limits, capabilities, words)
    elif said.input == "date":
        yield from _describe_date(limits, capabilities, words)


def _describe_date(limits: Limits, capabilities: Capabilities, words: Words) -> Iterator[str]:
    earliest, latest = limits.earliest, limits.latest
    if capabilities.speaks:
        yield words.say("date_spoken")
    else:
        yield words.say("date", example=earliest or latest or _SOME_DAY)
    if earliest and latest:
        yield words.say("date_between", earliest=earliest, latest=latest)
    elif earliest or latest:
        yield words.say("date_from" if earliest else "date_to", earliest=earliest, latest=latest)


def _describe_rating(limits: Limits, capabilities: Capabilities, words: Words) -> Iterator[str]:
    if limits.lowest is None or limits.highest is None:
        return
    bounds = {"lowest": limits.lowest, "highest": limits.highest}
    if capabilities.choices != "buttons":
        yield words.say("rate_spoken" if capabilities.speaks else "rate", **bounds)
    if limits.low_label and limits.high_label:
        yield words.say("ends", **bounds, low_label=limits.low_label, high_label=limits.high_label)


def _describe_number(limits: Limits, capabilities: Capabilities, words: Words) -> Iterator[str]:
    least, most = _write_number(limits.minimum), _write_number(limits.maximum)
    if least is not None and most is not None:
        if capabilities.speaks:
            yield words.say("rate_spoken", lowest=least, highest=most)
        else:
            yield words.say("number_between", minimum=least, maximum=most)
    elif capabilities.speaks:
        return  # Everybody knows how to say a number.
    elif least is not None:
        yield words.say("number_from", minimum=least)
    elif most is not None:
        yield words.say("number_to", maximum=most)
    else:
        yield words.say("number", example=12)


def _write_number(value: float | None) -> str | None:
    if value is None:
        return None
    return str(int(value)) if value == int(value) else str(value)
