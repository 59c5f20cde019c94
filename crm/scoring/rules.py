"""Which points a contact's facts give, and why; what a score is worth. Pure; the rules are data in rules.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from crm.scoring.conditions import Condition, Facts

Band = Literal["hot", "warm", "cold"]

_RULES = Path(__file__).with_name("rules.yml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScoreRule(_Part):
    """Points for a condition, with the reason that people read. Ids of dialogue rules have slashes, these do not."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    when: Condition
    points: Annotated[int, Field(ge=-100, le=100)]
    reason: Annotated[str, Field(min_length=1)]


class Bands(_Part):
    """The lowest scores that are hot and warm; all below is cold."""

    hot: int
    warm: int

    @model_validator(mode="after")
    def check_order(self) -> Self:
        """Refuse bands that overlap."""
        if self.hot <= self.warm:
            raise ValueError("hot must begin above warm")
        return self


class ScoreBook(_Part):
    """All rules and the bands, as of one date."""

    version: str
    bands: Bands
    rules: tuple[ScoreRule, ...]

    @model_validator(mode="after")
    def check_ids(self) -> Self:
        """Refuse two rules of one id: the second would replace the first one's points."""
        ids = [rule.id for rule in self.rules]
        doubled = {rule for rule in ids if ids.count(rule) > 1}
        if doubled:
            raise ValueError(f"more than one rule is called {', '.join(sorted(doubled))}")
        return self


@dataclass(frozen=True, slots=True)
class Points:
    """What one rule gives."""

    rule: str
    points: int
    reason: str


@cache
def load_rules(path: Path = _RULES) -> ScoreBook:
    """The rules of a file, checked."""
    content = yaml.safe_load(path.read_text())
    # YAML reads a bare date as one; the version is a name.
    return ScoreBook.model_validate({**content, "version": str(content.get("version", ""))})


def score(facts: Facts, book: ScoreBook) -> list[Points]:
    """The points of every rule that holds, in the order of the file."""
    return [Points(rule.id, rule.points, rule.reason) for rule in book.rules if rule.when.holds(facts)]


def band_of(score: int, bands: Bands | None = None) -> Band:
    """What a score is worth; by the shipped bands unless others are given."""
    bands = bands or load_rules().bands
    if score >= bands.hot:
        return "hot"
    return "warm" if score >= bands.warm else "cold"
