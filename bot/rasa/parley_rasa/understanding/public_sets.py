"""Measure the intent model on public data sets, as JSON on standard output. Picks nothing by what a test set says.

``python -m parley_rasa.understanding.public_sets --data DIR --encoder DIR [--precision int8] [--sets NAME,NAME]``
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from parley_rasa.understanding import intent_training
from parley_rasa.understanding.encoder import Encoder
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE, IntentModel

Examples = list[tuple[str, str]]
DRAWS = 3
OOS = "oos"


def main(arguments: list[str] | None = None) -> int:
    """Measure the chosen sets; one JSON object of figures by name."""
    parser = argparse.ArgumentParser(description="Measure the intent model on public data sets.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--precision", choices=("int8", "fp32"), default="int8")
    parser.add_argument("--sets", default="banking77,banking77_10,hwu64,clinc150")
    options = parser.parse_args(arguments)
    measured = Measurement(Encoder(options.encoder, options.precision, 64))
    kinds = {"banking77": banking77, "banking77_10": banking77_10, "hwu64": hwu64, "clinc150": clinc150}
    json.dump({name: kinds[name](options.data, measured) for name in options.sets.split(",")}, sys.stdout, indent=1)
    return 0


class Measurement:
    """Trains and classifies; remembers the vectors of texts already seen."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: dict[str, np.ndarray] = {}

    def model(self, train: Examples) -> IntentModel:
        """Return a model of the examples, trained as the product trains."""
        texts, intents = intent_training.with_names([text for text, _ in train], [intent for _, intent in train])
        return intent_training.train(texts, intents, self.encode(texts), self._encoder.fingerprint)

    def likeliest(self, model: IntentModel, texts: list[str]) -> tuple[list[str], np.ndarray]:
        """Return the likeliest intent of each text if it is in scope, and the probability that it is."""
        read = [model.read(text, vector) for text, vector in zip(texts, self.encode(texts), strict=True)]
        return [model.labels[int(found.argmax())] for found, _ in read], np.array([inside for _, inside in read])

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return one row per text."""
        for text in texts:
            if text not in self._vectors:
                self._vectors[text] = self._encoder.encode(text)
        return np.asarray([self._vectors[text] for text in texts], dtype=np.float32)


def banking77(data: Path, measured: Measurement) -> dict[str, Any]:
    """All training examples."""
    return _closed(_csv(data, "train"), _csv(data, "test"), measured)


def banking77_10(data: Path, measured: Measurement) -> dict[str, Any]:
    """Ten examples an intent, the mean of several draws."""
    train, test = _csv(data, "train"), _csv(data, "test")
    draws = [_closed(_draw(train, 10, seed), test, measured)["accuracy"] for seed in range(DRAWS)]
    return {"accuracy": float(np.mean(draws)), "draws": draws, "overlap": _overlap(train, test)}


def hwu64(data: Path, measured: Measurement) -> dict[str, Any]:
    """The first three folds, their mean."""
    folds = [
        _closed(_rasa(data, number, "merged"), _rasa(data, number, "mergedTestset"), measured) for number in (1, 2, 3)
    ]
    return {
        "accuracy": float(np.mean([fold["accuracy"] for fold in folds])),
        "folds": [fold["accuracy"] for fold in folds],
        "overlap": sum(fold["overlap"] for fold in folds),
    }


def clinc150(data: Path, measured: Measurement) -> dict[str, Any]:
    """In scope and out of it, by the threshold that is best on the validation examples (Larson et al. 2019)."""
    sets = json.loads((data / "clinc150" / "data_full.json").read_text("utf-8"))
    train, test, validation = (
        [(text, intent) for name in names for text, intent in sets[name]]
        for names in (("train",), ("test", "oos_test"), ("val", "oos_val"))
    )
    outside = [(text, OUT_OF_SCOPE) for text, _ in sets["oos_train"]]
    model = measured.model(train + outside)
    found, inside = measured.likeliest(model, [text for text, _ in validation])
    wanted = np.array([intent for _, intent in validation])
    known = wanted != OOS
    threshold = intent_training.best_threshold(
        inside[known], (np.array(found) == wanted)[known], inside[~known]
    )  # fmt: skip
    found, inside = measured.likeliest(model, [text for text, _ in test])
    wanted = np.array([intent for _, intent in test])
    known = wanted != OOS
    right = (np.array(found) == wanted)[known]
    return {
        "accuracy": float(np.mean(right)),
        "accuracy_with_threshold": float(np.mean(right & (inside[known] >= threshold))),
        "oos_recall": float(np.mean(inside[~known] < threshold)),
        "threshold": threshold,
        "overlap": _overlap(train + outside + validation, test),
    }


def _closed(train: Examples, test: Examples, measured: Measurement) -> dict[str, Any]:
    began = time.perf_counter()
    measured.encode([text for text, _ in train])
    model = measured.model(train)
    seconds = time.perf_counter() - began
    found, _ = measured.likeliest(model, [text for text, _ in test])
    right = [name == intent for name, (_, intent) in zip(found, test, strict=True)]
    return {"accuracy": float(np.mean(right)), "overlap": _overlap(train, test), "seconds": round(seconds, 1)}


def _overlap(train: Examples, test: Examples) -> int:
    known = {" ".join(text.lower().split()) for text, _ in train}
    return sum(" ".join(text.lower().split()) in known for text, _ in test)


def _draw(examples: Examples, count: int, seed: int) -> Examples:
    grouped: dict[str, list[str]] = defaultdict(list)
    for text, intent in examples:
        grouped[intent].append(text)
    chance = random.Random(seed)  # noqa: S311 - a repeatable draw, no secret
    return [(text, intent) for intent in sorted(grouped) for text in chance.sample(sorted(grouped[intent]), count)]


def _csv(data: Path, name: str) -> Examples:
    with (data / "banking77" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)]


def _rasa(data: Path, fold: int, part: str) -> Examples:
    (file,) = (data / "hwu64" / f"KFold_{fold}" / part).glob("*.json.gz")
    with gzip.open(file, "rt", encoding="utf-8") as opened:
        examples = json.load(opened)["rasa_nlu_data"]["common_examples"]
    return [(example["text"], example["intent"]) for example in examples]


if __name__ == "__main__":
    sys.exit(main())
