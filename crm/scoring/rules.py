"""The rules that give points, and why; what a score is worth. Pure; the rules are data in rules.yml.

What they give is counted by `crm.scoring.counting`; what points come to is in `crm.scoring.sums`, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from crm.contacts.rules import Stage
from crm.scoring.conditions import Condition, Scalar

Band = Literal["hot", "warm", "cold"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
PropertyOp = Literal["is", "is_not", "in", "known", "at_least", "at_most", "contains"]

TOTAL = "total"
"""The sum of all scores, under which none of them may be called."""
DAY = 86_400
"""Seconds."""

_RULES = Path(__file__).with_name("rules.yml")
_PLACE = {"fit": {"title": "Fit"}}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PropertyIs(_Part):
    """One property of an event compared. A property that is not there satisfies only `is_not`."""

    property: Name
    op: PropertyOp
    value: Scalar | tuple[Scalar, ...] | None = None

    @model_validator(mode="after")
    def check_value(self) -> Self:
        """Refuse a value that the operator cannot use."""
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        fits = {
            "in": isinstance(self.value, tuple) and bool(self.value),
            "known": self.value is None,
            "at_least": is_number,
            "at_most": is_number,
            "contains": isinstance(self.value, str) and bool(self.value),
        }.get(self.op, isinstance(self.value, Scalar))
        if not fits:
            raise ValueError(f"{self.op} cannot be used with the value {self.value!r}")
        return self


class Behaviour(_Part):
    """Events of one kind. `within` is days; of more than `at_most` only the latest count.

    `times`: points for each of them, or once when there are `at_least` so many.
    """

    event: Name
    where: tuple[PropertyIs, ...] = ()
    within: Annotated[int, Field(ge=1, le=3_650)] | None = None
    at_least: Annotated[int, Field(ge=1, le=1_000)] = 1
    at_most: Annotated[int, Field(ge=1, le=1_000)] = 1_000
    times: Literal["each", "once"] = "each"

    @model_validator(mode="after")
    def check_counts(self) -> Self:
        """Refuse to need more than can count."""
        if self.at_least > self.at_most:
            raise ValueError("at_least is more than at_most: the rule could never hold")
        return self


class ScoreRule(_Part):
    """Points for a condition or for what somebody did, with the reason that people read.

    Ids of dialogue rules have slashes, these do not. Points with a `half_life` (days) fade.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    score: Name = "fit"
    group: Name | None = None
    when: Condition | None = None
    did: Behaviour | None = None
    points: Annotated[int, Field(ge=-100, le=100)]
    half_life: Annotated[float, Field(gt=0, le=3_650)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def check_one_cause(self) -> Self:
        """Refuse a rule of both facts and events, or of neither; facts that hold do not fade."""
        if (self.when is None) == (self.did is None):
            raise ValueError("a rule has either `when` (facts) or `did` (events)")
        if self.when is not None and self.half_life is not None:
            raise ValueError("only points for events fade: a fact holds or does not")
        return self


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


class Score(_Part):
    """One of several scores. `caps`: the most points, up or down, that a group of its rules comes to."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    caps: dict[Name, Annotated[int, Field(ge=1, le=10_000)]] = {}  # pydantic copies it


class Threshold(_Part):
    """Who reaches it moves on to the stage, and who looks after them is told."""

    stage: Stage
    score: Name = TOTAL
    at_least: Annotated[int, Field(ge=1, le=100_000)]


class ScoreBook(_Part):
    """All rules, scores, bands and thresholds, as of one date. `talks`: the score that dialogues' points count for."""

    version: str
    bands: Bands
    scores: dict[Name, Score] = Field(default_factory=lambda: {name: Score(**one) for name, one in _PLACE.items()})
    talks: Name | None = None
    stages: tuple[Threshold, ...] = ()
    rules: Annotated[tuple[ScoreRule, ...], Field(max_length=500)]

    @model_validator(mode="after")
    def check_ids(self) -> Self:
        """Refuse two rules of one id: the second would replace the first one's points."""
        ids = [rule.id for rule in self.rules]
        doubled = {rule for rule in ids if ids.count(rule) > 1}
        if doubled:
            raise ValueError(f"more than one rule is called {', '.join(sorted(doubled))}")
        return self

    @model_validator(mode="after")
    def check_scores(self) -> Self:
        """Refuse to count for a score, or to cap a group, that there is not."""
        if TOTAL in self.scores or not self.scores:
            raise ValueError("there must be a score, and none may be called total: that is their sum")
        for rule in self.rules:
            if rule.score not in self.scores:
                raise ValueError(f"{rule.id} counts for {rule.score}, which is no score")
            if rule.group is not None and rule.group not in self.scores[rule.score].caps:
                raise ValueError(f"{rule.id} is in the group {rule.group}, which {rule.score} has no cap for")
        named = [*(each.score for each in self.stages if each.score != TOTAL), *([self.talks] if self.talks else [])]
        unknown = sorted(set(named) - set(self.scores))
        if unknown:
            raise ValueError(f"no such score: {', '.join(unknown)}")
        return self

    @property
    def talk_score(self) -> str:
        """What the points of dialogues count for."""
        return self.talks or next(iter(self.scores))


@dataclass(frozen=True, slots=True)
class Points:
    """What one rule gives: `points`, or with a half-life (seconds) `amount` at `valued_at`, which fades."""

    rule: str
    points: int
    reason: str
    score: str = "fit"
    group: str | None = None
    amount: float | None = None
    half_life: int | None = None
    valued_at: datetime | None = None
    event_id: UUID | None = None


@cache
def load_rules(path: Path = _RULES) -> ScoreBook:
    """The rules of a file, checked."""
    content = yaml.safe_load(path.read_text())
    # YAML reads a bare date as one; the version is a name.
    return ScoreBook.model_validate({**content, "version": str(content.get("version", ""))})


def band_of(score: int, bands: Bands | None = None) -> Band:
    """What a score is worth; by the shipped bands unless others are given."""
    bands = bands or load_rules().bands
    if score >= bands.hot:
        return "hot"
    return "warm" if score >= bands.warm else "cold"


def reached(scores: Mapping[str, int], book: ScoreBook) -> list[Threshold]:
    """The thresholds that these scores reach, in the order of the book."""
    return [each for each in book.stages if scores.get(each.score, 0) >= each.at_least]
