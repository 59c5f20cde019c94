"""Turns what speaks for an article into a confidence between 0 and 1, by coefficients of a dated data file."""

from __future__ import annotations

import datetime as dt
import math
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from bot.knowledge.search import Found

COEFFICIENTS = Path(__file__).parent / "confidence.yml"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Coefficients(_Part):
    """What each piece of evidence weighs."""

    constant: float
    cosine: float
    coverage: float
    named: float
    same_language: float


class Calibration(_Part):
    """The data file.

    Attributes:
        bar: from which confidence on an answer is given.
        words_alone: for articles without a vector to compare.
    """

    date: dt.date
    bar: float = Field(gt=0, lt=1)
    with_vectors: Coefficients
    words_alone: Coefficients


@cache
def read_calibration() -> Calibration:
    """What stands in the data file."""
    return Calibration.model_validate(yaml.safe_load(COEFFICIENTS.read_text(encoding="utf-8")))


def rate(found: Found, language: str, calibration: Calibration | None = None) -> float:
    """How sure it is that the article answers the question, which was asked in `language`."""
    calibration = calibration or read_calibration()
    weights = calibration.words_alone if found.cosine is None else calibration.with_vectors
    total = weights.constant + sum(
        getattr(weights, name) * value for name, value in evidence(found, language).items()
    )  # fmt: skip
    return 1 / (1 + math.exp(-total))


def evidence(found: Found, language: str) -> dict[str, float]:
    """What is weighed, by name."""
    return {
        "cosine": found.cosine or 0.0,
        "coverage": found.coverage,
        "named": found.named,
        "same_language": float(found.language[:2] == language[:2]),
    }
