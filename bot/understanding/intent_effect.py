"""What more examples do to the intents: reports cut down to what is compared, and the comparison. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_SHOWN = 200
"""Texts and intents in each list of an effect."""

_NOTABLE = 0.0005  # of a figure that is rounded to four digits


def reduce_report(report: Mapping[str, Any], mark: str) -> dict[str, Any]:
    """What is kept of a report (protocols.md, 5): enough to compare it with another and to know it again by `of`."""
    held_out = report.get("held_out") or {}
    return {
        "of": mark,
        "examples": report["examples"],
        "accuracy": report["accuracy"],
        "macro_f1": report["macro_f1"],
        "out_of_scope": report.get("out_of_scope"),
        "overlap": report.get("overlap", 0),
        "held_out": {"right": held_out["right"], "of": held_out["of"]} if held_out else None,
        "wrong": {one["text"]: [one["intent"], one["found"]] for one in held_out.get("wrong", ())},
        "per_intent": {
            f"{one['intent']}/{one.get('language', '')}": [one["examples"], one["precision"], one["recall"], one["f1"]]
            for one in report["per_intent"]
        },
    }


def compare_intents(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What changed between two reduced reports of the same evaluation."""
    was, becomes = before["wrong"], after["wrong"]
    return {
        "intents": _changed_intents(before["per_intent"], after["per_intent"])[:MOST_SHOWN],
        "newly_wrong": [
            {"text": text, "intent": intent, "found": found}
            for text, (intent, found) in becomes.items()
            if text not in was
        ][:MOST_SHOWN],
        "newly_right": [
            {"text": text, "intent": intent, "found": found}
            for text, (intent, found) in was.items()
            if text not in becomes
        ][:MOST_SHOWN],
    }  # fmt: skip


def _changed_intents(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Those whose figures changed; what became worse comes first."""
    rows = []
    for key in sorted({*before, *after}):
        was, becomes = before.get(key), after.get(key)
        if was is None or becomes is None or was[0] != becomes[0] or abs(was[3] - becomes[3]) > _NOTABLE:
            intent, _, language = key.partition("/")
            rows.append(
                {
                    "intent": intent,
                    "language": language,
                    "examples_before": was[0] if was else 0,
                    "examples_after": becomes[0] if becomes else 0,
                    "f1_before": was[3] if was else None,
                    "f1_after": becomes[3] if becomes else None,
                }
            )
    return sorted(rows, key=lambda row: (row["f1_after"] or 0) - (row["f1_before"] or 0))
