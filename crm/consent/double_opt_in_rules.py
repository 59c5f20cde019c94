"""Where double opt-in is demanded, and the words of its mail, read from dated files. Pure beyond that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from crm.places.rules import UNKNOWN

_FOLDER = Path(__file__).parent


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Demand(_Part):
    """For which purposes, channels and countries it is demanded; `unknown_country`: also where none is known."""

    purposes: frozenset[str]
    channels: frozenset[Literal["email"]]
    countries: frozenset[str]
    unknown_country: bool


class DoubleOptInRules(_Part):
    """The dated file."""

    version: str
    sources: list[str]
    hours: int = Field(ge=1, le=72)
    demanded: list[Demand]

    def demands(self, purpose: str, channel: str, countries: Collection[str]) -> bool:
        """Whether a yes must be confirmed by somebody who may be in these countries. Pure."""
        about = [one for one in self.demanded if purpose in one.purposes and channel in one.channels]
        unknown = not countries or UNKNOWN in countries
        return any((unknown and one.unknown_country) or one.countries & set(countries) for one in about)


@dataclass(frozen=True, slots=True)
class Letter:
    """The mail that asks to confirm. `{link}` stands in its text for the link, which is made when it is sent."""

    subject: str
    text: str


@lru_cache(maxsize=1)
def read_double_opt_in() -> DoubleOptInRules:
    """The rules that hold.

    Raises:
        pydantic.ValidationError: the file does not have the form it needs.
    """
    return DoubleOptInRules.model_validate(yaml.safe_load((_FOLDER / "double_opt_in.yml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _letters() -> Mapping[str, Mapping[str, str]]:
    letters: dict[str, dict[str, str]] = yaml.safe_load((_FOLDER / "confirmation_mail.yml").read_text(encoding="utf-8"))
    return letters


def write_letter(language: str, *, sender: str, notice: str) -> Letter:
    """The mail in the language of the talk, or in English."""
    letters = _letters()
    letter = letters.get(language.split("-", maxsplit=1)[0], letters["en"])
    # One line: a subject cannot hold two.
    subject = " ".join(letter["subject"].format(sender=sender).split())
    hours = read_double_opt_in().hours
    return Letter(subject, letter["text"].format(sender=sender, notice=notice, hours=hours, link="{link}"))
