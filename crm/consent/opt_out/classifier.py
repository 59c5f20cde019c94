"""How likely a text is an opt-out, by what training.py learnt from nlu_data/opt_out. Decides nothing.

Weighs words and pieces of them by itself; meaning.py knows what a text means.

Its data: classifier.yml (version, calibration, thresholds) and classifier_weights.json.gz (numbers by feature).
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from crm.consent.opt_out.features import GROUPS, Features, features_of

FOLDER = Path(__file__).parent
SETTINGS = "classifier.yml"
WEIGHTS = "classifier_weights.json.gz"
SCALE = 1000
"""Weights are whole numbers of thousandths, so that much the same file comes out wherever it is trained."""

Weights = Mapping[str, Mapping[str, tuple[int, int]]]
"""By group and feature: what it adds to the score, and the square of how rare it is."""


class Settings(BaseModel):
    """What stands in classifier.yml.

    Attributes:
        training_set: SHA-256 of the texts it was trained on.
        slope, meaning, offset, phrase, something_else: what turns the score, that of the meaning, whether a phrase was
            found, and whether every sentence is known to be something else, into a probability.
        certain: from which probability on a text is an opt-out.
        possible: from which it is one that a person should look at.
        possible_in_chat: the same for the web chat, where somebody sits before forms and hardly anybody opts out.
        possible_alone: the same on every channel where at most one word speaks of it, for that is a name as often.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: dt.date
    training_set: str
    opt_outs: int
    near_misses: int
    constant: float
    slope: float
    meaning: float
    offset: float
    phrase: float
    something_else: float
    certain: float = Field(gt=0, lt=1)
    possible: float = Field(gt=0, lt=1)
    possible_in_chat: float = Field(gt=0, lt=1)
    possible_alone: float = Field(gt=0, lt=1)

    def possible_on(self, channel: str) -> float:
        """From which probability on a text is looked at as an opt-out there."""
        return self.possible_in_chat if channel == "web" else self.possible


@dataclass(frozen=True)
class Classifier:
    """A linear model over features of text."""

    settings: Settings
    weights: Weights

    def rate(self, score: float, meaning: float, *, phrase: bool = False, something_else: bool = False) -> float:
        """How likely a text with these scores is an opt-out, where as many are as in the training set: from 0 to 1."""
        known = self.settings
        total = known.slope * score + known.meaning * meaning + known.offset
        total += known.phrase * phrase + known.something_else * something_else
        return 1 / (1 + math.exp(-total))

    def score_text(self, sentences: Sequence[str], *, place: str, asks: bool) -> float:
        """The score of sentences that are reduced to words; for the place see `features.place_of`."""
        return self.score(features_of(sentences, place=place, asks=asks))

    def score(self, features: Features) -> float:
        """The linear score. Groups count alike, however long the text: each is brought to length 1."""
        total = self.settings.constant
        for group in GROUPS:
            weights = self.weights[group]
            adds = length = 0
            for feature in getattr(features, group):
                weighed = weights.get(feature)
                if weighed is not None:
                    adds += weighed[0]
                    length += weighed[1]
            if length:
                total += adds / SCALE / math.sqrt(length / SCALE)
        return total


@cache
def shipped_classifier() -> Classifier:
    """The one whose data lies beside this module."""
    settings = Settings.model_validate(yaml.safe_load((FOLDER / SETTINGS).read_text("utf-8")))
    return Classifier(settings, json.loads(gzip.decompress((FOLDER / WEIGHTS).read_bytes())))
