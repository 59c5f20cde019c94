"""Measure groups on examples taken as if nobody had labelled them, as JSON on standard output.

``python -m parley_rasa.grouping.quality --nlu DIR --encoder DIR``

The distance is picked on every other intent, and what it is worth is told for the others. Unlike messages that were not
understood, examples of an intent are as different as people are, so figures are lower than for real repetitions.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import pair_confusion_matrix

from parley_rasa.grouping.clustering import WITHIN, cluster
from parley_rasa.grouping.ordinary import Ordinary
from parley_rasa.reporting.examples import Example, read_examples
from parley_rasa.understanding.encoder import Encoder, encoder_precision
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE
from parley_rasa.understanding.readable import is_language
from parley_rasa.understanding.setup import read_setup

DISTANCES = tuple(round(0.6 + step * 0.02, 2) for step in range(20))
NEARLY_BEST = 0.95  # a mixed group costs a person more than two that are one: the closest that is as good as the best
DRAWS = 5
SIZES = (2, 3, 5, 8, 12, 20, 30)  # as uneven as what people ask


def main(arguments: list[str] | None = None) -> int:
    """Print the distance that is best on one half, and the figures of the other half at the one in use."""
    parser = argparse.ArgumentParser(description="Measure groups of examples by meaning.")
    parser.add_argument("--nlu", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    options = parser.parse_args(arguments)
    setup = read_setup()
    encoder = Encoder(options.encoder, encoder_precision(setup["precision"]), int(setup["max_tokens"]))
    examples = [example for example in read_examples([options.nlu]) if is_language(example.text)]
    json.dump(measure(examples, encoder), sys.stdout, indent=1)
    return 0


def measure(examples: Sequence[Example], encoder: Encoder) -> dict[str, Any]:
    """Return the figures by language, and the distance that would be picked."""
    intents = sorted({example.intent for example in examples} - {OUT_OF_SCOPE})
    halves = [set(intents[0::2]), set(intents[1::2])]
    vectors = dict(
        zip((example.text for example in examples), encoder.encode_all([e.text for e in examples]), strict=True)
    )
    languages = sorted({example.language for example in examples})
    middles = [Ordinary((e for e in examples if e.intent in half), encoder) for half in halves]
    draws = {
        (language, number): [_draw(examples, language, halves[number], seed) for seed in range(DRAWS)]
        for language in languages
        for number in (0, 1)
    }

    def figures(language: str, number: int, within: float) -> dict[str, float]:
        # What is ordinary is learnt from the other half, too.
        middle = middles[1 - number].middle(language)
        found = [_figures(drawn, vectors, middle, within) for drawn in draws[language, number]]
        return {name: round(float(np.mean([one[name] for one in found])), 4) for name in found[0]}

    scores = {
        within: float(np.mean([figures(language, 0, within)["f_half"] for language in languages]))
        for within in DISTANCES
    }
    return {
        "picked": min(within for within, score in scores.items() if score >= NEARLY_BEST * max(scores.values())),
        "in_use": WITHIN,
        "languages": {language: figures(language, 1, WITHIN) for language in languages},
    }


def _draw(examples: Sequence[Example], language: str, intents: set[str], seed: int) -> list[Example]:
    """Return some examples of each intent and as many of none as there are, in any order."""
    chance = np.random.default_rng(seed)
    drawn: list[Example] = []
    for intent in [*sorted(intents), OUT_OF_SCOPE]:
        own = [example for example in examples if example.intent == intent and example.language == language]
        most = len(own) // 2 if intent == OUT_OF_SCOPE else int(chance.choice(SIZES))
        drawn += [own[place] for place in chance.permutation(len(own))[:most]]
    return [drawn[place] for place in chance.permutation(len(drawn))]


def _figures(
    drawn: Sequence[Example], vectors: dict[str, np.ndarray], middle: np.ndarray, within: float
) -> dict[str, float]:
    rows = cluster(np.array([vectors[example.text] for example in drawn]), middle, within)
    labels = np.arange(len(drawn)) + len(rows)  # who stands alone is a group of one
    for number, group in enumerate(rows):
        labels[group] = number
    # A text that no intent is meant for belongs to no other.
    truth = [f"{e.intent} {n}" if e.intent == OUT_OF_SCOPE else e.intent for n, e in enumerate(drawn)]
    (_, wrong), (missed, right) = pair_confusion_matrix(truth, labels)
    precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
    purest = sum(max(np.unique([truth[row] for row in group], return_counts=True)[1]) for group in rows)
    grouped = sum(map(len, rows))
    return {
        "messages": len(drawn),
        "groups": len(rows),
        "alone": 1 - grouped / len(drawn),
        "rand": adjusted_rand_score(truth, labels),
        "purity": purest / max(grouped, 1),
        "pair_precision": precision,
        "pair_recall": recall,
        "f_half": 1.25 * precision * recall / (0.25 * precision + recall) if right else 0.0,
    }


if __name__ == "__main__":
    sys.exit(main())
