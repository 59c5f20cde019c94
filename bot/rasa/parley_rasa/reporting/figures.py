"""Figures of results against labels: accuracy, F1, confusions, calibration, scope. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from parley_rasa.reporting.cross_validation import Found
from parley_rasa.reporting.examples import Example
from parley_rasa.understanding.intent_model import OUT_OF_SCOPE

BINS = 10
SURE = 0.9  # confidence from which a contradicted label is worth a look
SHOWN = 5  # examples of a confusion

Results = Sequence[tuple[Example, Found]]


def summary(results: Results) -> dict[str, Any]:
    """Return accuracy and macro F1 over all and per language, and the figures of each intent in each language."""
    languages, intents = [], []
    for language in sorted({example.language for example, _ in results}):
        own = [(example, found) for example, found in results if example.language == language]
        rows = _of_intents(own)
        languages.append({"language": language, "examples": len(own), "accuracy": accuracy(own), "macro_f1": _f1(rows)})
        intents += [{"intent": row["intent"], "language": language, **row} for row in rows]
    return {
        "accuracy": accuracy(results),
        "macro_f1": _f1(_of_intents(results)),
        "per_language": languages,
        "per_intent": intents,
    }


def accuracy(results: Results) -> float | None:
    """Return the share that was taken for what it is; None of nothing."""
    return share(_is_right(pair) for pair in results)


def scope(results: Results) -> dict[str, float | None]:
    """Return how many texts out of scope were seen as such, and how many others were, too."""
    taken = [(example.intent == OUT_OF_SCOPE, found.intent == OUT_OF_SCOPE) for example, found in results]
    return {
        "recall": share(seen for outside, seen in taken if outside),
        "false_alarms": share(seen for outside, seen in taken if not outside),
    }


def confusions(results: Results) -> list[dict[str, Any]]:
    """Return which intents are taken for which, the most frequent first."""
    pairs: dict[tuple[str, str], list[Example]] = defaultdict(list)
    for example, found in results:
        if example.intent != found.intent:
            pairs[example.intent, found.intent].append(example)
    ordered = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [
        {
            "intent": intent,
            "taken_for": other,
            "count": len(examples),
            "examples": [example.text for example in examples[:SHOWN]],
            "languages": {
                language: {"count": len(texts), "examples": texts[:SHOWN]}
                for language in sorted({example.language for example in examples})
                for texts in [[example.text for example in examples if example.language == language]]
            },
        }
        for (intent, other), examples in ordered
    ]


def misplaced(results: Results) -> list[dict[str, Any]]:
    """Return the examples that models which have not seen them contradict with confidence, the surest first."""
    rows = [
        {
            "text": example.text,
            "intent": example.intent,
            "likelier": found.intent,
            "language": example.language,
            "confidence": round(found.confidence, 4),
        }
        for example, found in results
        if example.intent != found.intent and found.confidence >= SURE
    ]
    return sorted(rows, key=lambda row: (-row["confidence"], row["text"]))


def calibration(results: Results) -> dict[str, Any]:
    """Return, for each tenth of confidence, how sure the model was and how often it was right; and how far apart.

    The error is the mean distance between the two, weighted by the texts in each tenth.
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for example, found in results:
        bins[min(int(found.confidence * BINS), BINS - 1)].append((found.confidence, _is_right((example, found))))
    rows = [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "count": len(texts),
            "confidence": share(confidence for confidence, _ in texts),
            "accuracy": share(right for _, right in texts),
        }
        for number, texts in enumerate(bins)
    ]
    far = [row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows if row["count"]]
    return {"calibration": rows, "calibration_error": round(sum(far) / len(results), 4) if results else None}


def held_out(results: Results) -> dict[str, Any]:
    """Return how many texts that were never trained on are understood, and those that are not."""
    right = Counter(pair[0].language for pair in results if _is_right(pair))
    counts = Counter(example.language for example, _ in results)
    return {
        "accuracy": accuracy(results),
        "right": right.total(),
        "of": len(results),
        "languages": {language: {"right": right[language], "of": counts[language]} for language in sorted(counts)},
        "wrong": [
            {
                "text": example.text,
                "intent": example.intent,
                "found": found.intent,
                "language": example.language,
                "confidence": round(found.confidence, 4),
            }
            for example, found in results
            if example.intent != found.intent
        ],
    }


def share(values: Iterable[float]) -> float | None:
    """Return the mean, rounded; None of nothing."""
    kept = [float(value) for value in values]
    return round(sum(kept) / len(kept), 4) if kept else None


def _of_intents(results: Results) -> list[dict[str, Any]]:
    counts = Counter(example.intent for example, _ in results)
    answers = Counter(found.intent for _, found in results)
    right = Counter(pair[0].intent for pair in results if _is_right(pair))
    rows = []
    for intent in sorted(counts):
        precision = right[intent] / answers[intent] if answers[intent] else 0.0
        recall = right[intent] / counts[intent]
        f1 = 2 * precision * recall / (precision + recall) if right[intent] else 0.0
        rows.append(
            {
                "intent": intent,
                "examples": counts[intent],
                "precision": round(precision, 4),
                "recall": round(recall, 4),
                "f1": round(f1, 4),
            }
        )
    return rows


def _f1(rows: Sequence[dict[str, Any]]) -> float | None:
    return share(row["f1"] for row in rows)


def _is_right(result: tuple[Example, Found]) -> bool:
    return result[0].intent == result[1].intent
