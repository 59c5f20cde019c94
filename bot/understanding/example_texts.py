"""Which texts may become examples of an intent or questions of an article. Pure; personal data is found elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from base.errors import InvalidInput
from bot.turn_shapes import PersonalDatum
from flows.intent_examples import compared

MOST_TEXTS = 100
"""Of one proposal."""
LONGEST_EXAMPLE = 500
LONGEST_QUESTION = 200
"""Characters."""

_MARKUP = re.compile(r"\[[^\]]*\][({]")
_COMMAND = re.compile(r"\W*[/\uff0f\u2044\u2215]")
_PERSONAL = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "first_name": "a name",
    "company": "a company's name",
}


class TextsRefused(InvalidInput):
    """Some of these texts cannot be taken as they are: edit them, or leave them out."""

    code = "texts_refused"

    def __init__(self, problems: Mapping[int, str]) -> None:
        errors = [{"field": f"texts.{number}", "message": problem} for number, problem in sorted(problems.items())]
        super().__init__(errors=errors)


def tidy(texts: Iterable[str]) -> list[str]:
    """The texts on one line each; what says the same as one before is left out."""
    lines = (" ".join(text.split()) for text in texts)
    return list({compared(line): line for line in reversed([line for line in lines if line])}.values())[::-1]


def check_texts(texts: Sequence[str], *, longest: int) -> None:
    """Refuses texts that no file of examples can hold.

    Raises:
        TextsRefused: names each of them.
    """
    problems = {number: problem for number, text in enumerate(texts) if (problem := _find_problem(text, longest))}
    if problems:
        raise TextsRefused(problems)


def check_impersonal(found: Sequence[Sequence[PersonalDatum]]) -> None:
    """Refuses texts in which something tells who wrote them.

    Raises:
        TextsRefused: names each of them, and what it holds.
    """
    problems = {}
    for number, data in enumerate(found):
        if kinds := dict.fromkeys(_PERSONAL.get(one.fact, "something personal") for one in data):
            problems[number] = f"It holds {' and '.join(kinds)}. Take that out; the rest may be proposed."
    if problems:
        raise TextsRefused(problems)


def _find_problem(text: str, longest: int) -> str | None:
    if not any(letter.isalpha() for letter in text):
        return "It holds no word."
    if len(text) > longest:
        return f"It has {len(text)} characters, more than {longest}: shorten it to what is asked."
    if _COMMAND.match(text):
        return "It begins with a slash, as a command does."
    if _MARKUP.search(text):
        return "It holds brackets that would be read as marks of a value: write it without them."
    return None
