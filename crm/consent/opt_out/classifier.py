"""How likely a text is an opt-out, by what training.py learnt from nlu_data/opt_out. Plain Python; decides nothing.

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
        slope, offset: what turns a score into a probability.
        certain: from which probability on a text is an opt-out.
        possible: from which it is one that a person should look at.
        impossible: below which a text is left to the dialogue even when it has the words of a phrase.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: dt.date
    training_set: str
    opt_outs: int
    near_misses: int
    constant: float
    slope: float
    offset: float
    certain: float = Field(gt=0, lt=1)
    possible: float = Field(gt=0, lt=1)
    impossible: float = Field(gt=0, lt=1)


@dataclass(frozen=True)
class Classifier:
    """A linear model over features of text."""

    settings: Settings
    weights: Weights

    def rate(self, sentences: Sequence[str], *, channel: str, asks: bool) -> float:
        """How likely sentences (reduced to words) are an opt-out, from 0 to 1; 0 when there are none."""
        if not sentences:
            return 0.0
        return self.to_probability(self.score(features_of(sentences, channel=channel, asks=asks)))

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

    def to_probability(self, score: float) -> float:
        """What share of texts with this score are opt-outs, where as many were as in the training set."""
        return 1 / (1 + math.exp(-(self.settings.slope * score + self.settings.offset)))


@cache
def shipped_classifier() -> Classifier:
    """The one whose data lies beside this module."""
    settings = Settings.model_validate(yaml.safe_load((FOLDER / SETTINGS).read_text("utf-8")))
    return Classifier(settings, json.loads(gzip.decompress((FOLDER / WEIGHTS).read_bytes())))
