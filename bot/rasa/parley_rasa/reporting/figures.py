"""Figures of results against labels: accuracy, F1, confusions, calibration, scope. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from parley_rasa.reporting.cross_validation import Found
from parley_rasa.reporting.examples import Example
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE

BINS = 10
SURE = 0.9  # confidence from which a contradicted label is worth a look
SHOWN = 5  # examples of a confusion


def summary(examples: Sequence[Example], found: Sequence[Found]) -> dict[str, Any]:
    """Return accuracy and macro F1 over all, per language and per intent."""
    languages = sorted({example.language for example in examples})
    per_language = []
    for language in languages:
        own = [pair for pair in zip(examples, found, strict=True) if pair[0].language == language]
        rows = _per_intent([example for example, _ in own], [result for _, result in own], language)
        per_language.append(
            {"language": language, "examples": len(own), "accuracy": _accuracy(own), "macro_f1": _macro(rows),
             "per_intent": rows}
        )  # fmt: skip
    return {
        "accuracy": _accuracy(list(zip(examples, found, strict=True))),
        "macro_f1": _macro(_per_intent(examples, found, "")),
        "per_intent": [row for one in per_language for row in one["per_intent"]],
        "per_language": [{key: one[key] for key in one if key != "per_intent"} for one in per_language],
    }


def scope(examples: Sequence[Example], found: Sequence[Found]) -> dict[str, float | None]:
    """Return how many texts out of scope were seen as such, and how many others were, too."""
    outside = [result for example, result in zip(examples, found, strict=True) if example.intent == OUT_OF_SCOPE]
    inside = [result for example, result in zip(examples, found, strict=True) if example.intent != OUT_OF_SCOPE]
    return {
        "recall": _share(result.intent == OUT_OF_SCOPE for result in outside),
        "false_alarms": _share(result.intent == OUT_OF_SCOPE for result in inside),
    }


def confusions(examples: Sequence[Example], found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return the pairs of intents that are taken for one another, the most frequent first."""
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for example, result in zip(examples, found, strict=True):
        if example.intent != result.intent:
            pairs[example.intent, result.intent].append(example.text)
    ordered = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        {"intent": intent, "taken_for": other, "count": len(texts), "examples": texts[:SHOWN]}
        for (intent, other), texts in ordered
    ]


def misplaced(examples: Sequence[Example], found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return the examples that models which have not seen them contradict with confidence, the surest first."""
    rows = [
        {"text": example.text, "intent": example.intent, "likelier": result.intent, "language": example.language,
         "confidence": round(result.confidence, 4)}
        for example, result in zip(examples, found, strict=True)
        if example.intent != result.intent and result.confidence >= SURE
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["confidence"], row["text"]))


def calibration(examples: Sequence[Example], found: Sequence[Found]) -> list[dict[str, Any]]:
    """Return, for each tenth of confidence, how sure the model was and how often it was right."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for example, result in zip(examples, found, strict=True):
        place = min(int(result.confidence * BINS), BINS - 1)
        bins[place].append((result.confidence, example.intent == result.intent))
    return [
        {"from": number / BINS, "to": (number + 1) / BINS, "count": len(bin_),
         "confidence": _share(confidence for confidence, _ in bin_), "accuracy": _share(right for _, right in bin_)}
        for number, bin_ in enumerate(bins)
    ]  # fmt: skip


def held_out(examples: Sequence[Example], found: Sequence[Found]) -> dict[str, Any]:
    """Return how many texts that were never trained on are understood, and those that are not."""
    results = list(zip(examples, found, strict=True))
    right = Counter(example.language for example, result in results if example.intent == result.intent)
    counts = Counter(example.language for example in examples)
    wrong = [
        {"text": example.text, "intent": example.intent, "found": result.intent, "language": example.language,
         "confidence": round(result.confidence, 4)}
        for example, result in results
        if example.intent != result.intent
    ]  # fmt: skip
    return {
        "accuracy": _accuracy(results), "right": right.total(), "of": len(examples),
        "languages": {name: {"right": right[name], "of": counts[name]} for name in sorted(counts)}, "wrong": wrong,
    }  # fmt: skip


def _per_intent(examples: Sequence[Example], found: Sequence[Found], language: str) -> list[dict[str, Any]]:
    counts, answers = Counter(one.intent for one in examples), Counter(one.intent for one in found)
    right = Counter(one.intent for one, result in zip(examples, found, strict=True) if one.intent == result.intent)
    rows = []
    for intent in sorted(counts):
        precision = right[intent] / answers[intent] if answers[intent] else 0.0
        recall = right[intent] / counts[intent]
        f1 = 2 * precision * recall / (precision + recall) if right[intent] else 0.0
        rows.append(
            {"intent": intent, "language": language, "examples": counts[intent],
             "precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}
        )  # fmt: skip
    return rows


def _macro(rows: Sequence[dict[str, Any]]) -> float | None:
    return _share(row["f1"] for row in rows)


def _accuracy(pairs: Sequence[tuple[Example, Found]]) -> float | None:
    return _share(example.intent == result.intent for example, result in pairs)


def _share(values: Any) -> float | None:
    kept = [float(value) for value in values]
    return round(sum(kept) / len(kept), 4) if kept else None
