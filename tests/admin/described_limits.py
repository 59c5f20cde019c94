"""A check of schemathesis: what the description allows is refused only by rules that no description can hold.

Run by schemathesis in an environment of its own (`test_description.py`), so it imports nothing of ours.
"""

from __future__ import annotations

from typing import Any

import schemathesis

LIMITS = (
    "Field required", "Input should", "String should", "List should", "Dictionary should", "Extra inputs",
    "Tuple should", "Value should", "Set should", "Decimal input", "Unable to", "Keys should", "URL ",
)  # fmt: skip
"""How refusals begin that come of types, sizes and patterns alone: a description has words for these."""
UNREADABLE = {"invalid_cursor"}
"""Codes of 400 where the text is of a form that only we can read."""


@schemathesis.check
def described_limits(_context: Any, response: Any, case: Any) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in {400, 422}:
        return
    problem = response.json()
    if response.status_code == 400:
        assert problem["code"] in UNREADABLE, f"a described request is unreadable: {problem['code']}"
    told = problem.get("errors", [])
    ruled = [one["field"] for one in told if not one["message"].startswith(LIMITS)]
    # What a rule refuses is told together with what the other kinds of a choice, and the list around it, miss of it.
    undescribed = [
        one
        for one in told
        if one["message"].startswith(LIMITS)
        and "after validation" not in one["message"]
        and not any(field.startswith(one["field"].rpartition(".")[0]) for field in ruled)
    ]
    assert not undescribed, f"the description allows what is refused: {undescribed[:3]}"
