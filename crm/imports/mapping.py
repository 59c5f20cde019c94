"""What each column of a file becomes: guessed by its heading, changed by whoever imports. Pure but for one file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

from base.errors import InvalidInput

_HEADINGS = Path(__file__).with_name("headings.yml")
_FIELD = re.compile(r"field:[a-z][a-z0-9_]{0,59}")
_MARKS = re.compile(r"[\W_]+")

OWN_FIELD = "field:"
"""Before the name of a field that is none of ours: `field:shoe_size`."""


class InvalidMapping(InvalidInput):
    """The columns cannot be taken so."""

    code = "invalid_mapping"


def map_columns(headings: Sequence[str], chosen: Mapping[str, str]) -> dict[int, str]:
    """What becomes of which column, by its place; a column that is not named is left out.

    Args:
        chosen: headings and what they are, which counts more than the guess; an empty text leaves the column out.

    Raises:
        InvalidMapping: there is no such heading or target, two columns are the same, or none is an address.
    """
    if not headings:
        raise InvalidMapping("The file has no row at all: its first row must name the columns.")
    strangers = sorted(set(chosen) - set(headings))
    if strangers:
        raise InvalidMapping(f"The file has no column {', '.join(strangers)}: it has {', '.join(headings)}.")
    mapped = {at: chosen[heading] for at, heading in enumerate(headings) if chosen.get(heading)}
    return check_mapping(mapped | guess_columns(headings, taken=mapped.values(), but=chosen))


def guess_columns(headings: Sequence[str], *, taken: Iterable[str] = (), but: Container[str] = ()) -> dict[int, str]:
    """What the headings say; of two that say the same the first. Nothing is `taken` twice, and some are let be."""
    mapped: dict[int, str] = {}
    used = set(taken)
    for at, heading in enumerate(headings):
        guess = _guesses().get(_plain(heading))
        if heading not in but and guess and guess not in used:
            mapped[at] = guess
            used.add(guess)
    return mapped


def check_mapping(mapped: Mapping[int, str]) -> dict[int, str]:
    """The columns that become something, by their place.

    Raises:
        InvalidMapping: there is no such target, two columns are the same, or none is an address.
    """
    unknown = sorted({target for target in mapped.values() if not _is_target(target)})
    if unknown:
        raise InvalidMapping(
            f"A column cannot become {', '.join(unknown)}: take one of {', '.join(targets())}, or field:NAME."
        )
    if len(set(mapped.values())) < len(mapped):
        raise InvalidMapping("Two columns are to become the same: leave one of them out with --map 'HEADING='.")
    if not {"email", "phone", "telegram"} & set(mapped.values()):
        raise InvalidMapping("No column is an address: name one, as in --map 'HEADING=email'.")
    return dict(sorted(mapped.items()))


def targets() -> tuple[str, ...]:
    """All that a column can become, beside a field of one's own."""
    return tuple(yaml.safe_load(_HEADINGS.read_text(encoding="utf-8")))


def own_fields(mapping: Mapping[int, str]) -> list[str]:
    """The names of the fields of one's own that columns become."""
    return [target.removeprefix(OWN_FIELD) for target in mapping.values() if target.startswith(OWN_FIELD)]


def _is_target(name: str) -> bool:
    return name in targets() or _FIELD.fullmatch(name) is not None


@cache
def _guesses() -> Mapping[str, str]:
    known: Mapping[str, list[str]] = yaml.safe_load(_HEADINGS.read_text(encoding="utf-8"))
    return {heading: target for target, headings in known.items() for heading in [_plain(target), *headings]}


def _plain(heading: str) -> str:
    letters = unicodedata.normalize("NFKD", heading.casefold()).encode("ascii", "ignore").decode()
    return _MARKS.sub(" ", letters).strip()
