"""May this person be profiled: their word in the ledger against the way of their place. Pure; the ways are modes.yml.

A no to the purpose `profiling`, on whatever channel, or to everything, always counts; so does an objection, which the
ledger has as a withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from crm.consent.rules import ALL, NOTHING_SAID, ConsentState, Scope, Standing

PURPOSE = "profiling"

Use = Literal["scoring", "segmenting", "enriching", "training"]
Mode = Literal["consent", "objection"]

_NO = ("refused", "withdrawn")
_FILE = Path(__file__).with_name("modes.yml")
_DOING: Mapping[Use, str] = {
    "scoring": "Not scored",
    "segmenting": "In no segment",
    "enriching": "Not completed from other sources",
    "training": "Not used for training",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModeRule(_Part):
    """The way of some countries from a day on."""

    source: str = Field(min_length=3)
    status: Literal["P", "S", "K", "check"]
    effective_from: date
    note: str | None = None
    countries: frozenset[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = Field(min_length=1)
    uses: Mapping[Use, Mode]


class Modes(_Part):
    """All of them, as of `version`."""

    version: date
    rules: tuple[ModeRule, ...] = Field(min_length=1)

    def mode_of(self, use: Use, countries: Iterable[str], at: datetime) -> Mode:
        """The strictest of all countries somebody may be in; a country nobody laid down wants consent if any does."""
        named = list(countries)
        known = frozenset[str]().union(*(rule.countries for rule in self.rules))
        anywhere = not named or not known.issuperset(named)
        held = [rule for rule in self.rules if rule.effective_from <= at.date()]
        ways = [rule.uses.get(use, "consent") for rule in held if anywhere or rule.countries & set(named)]
        return "objection" if ways and set(ways) == {"objection"} else "consent"


@dataclass(frozen=True, slots=True)
class Refusal:
    """They may not be, and why, as people read it."""

    use: Use
    reason: str


@cache
def read_modes(path: Path = _FILE) -> Modes:
    """The file, checked."""
    return Modes.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def standing_on_profiling(states: Mapping[Scope, ConsentState]) -> Standing:
    """How somebody stands to being profiled: a no to it on any channel outweighs a yes; so does no to everything,
    unless they agreed to profiling since.
    """
    everything = states.get((ALL, ALL), NOTHING_SAID)
    own = [state for (purpose, _), state in states.items() if purpose == PURPOSE]
    noes = [state for state in own if state.state in _NO and state.seq != everything.seq]
    if noes:
        return max(noes, key=lambda state: state.seq).state
    if any(state.state == "given" for state in own):
        return "given"
    if everything.state in _NO:
        return everything.state
    return "expired" if own else "none"


def may_profile(use: Use, standing: Standing, mode: Mode, limit: str | None = None) -> Refusal | None:
    """None when they may; else why not.

    Args:
        limit: what stops it whatever they agreed to, in words (`crm.privacy.limits`).
    """
    if limit is not None:
        return Refusal(use, f"{_DOING[use]}: {limit}.")
    if standing in _NO:
        word = "said no to" if standing == "refused" else "objected to"
        return Refusal(use, f"{_DOING[use]}: they {word} being profiled.")
    if mode == "consent" and standing != "given":
        word = "has run out" if standing == "expired" else "was not given"
        return Refusal(use, f"{_DOING[use]}: where they are it needs a consent to profiling, which {word}.")
    return None
