"""Reads what `/metrics` shows and what dashboards and rules ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

_WORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NOT_NAMES = re.compile(
    r"""
    \{[^}]*\}                      # labels
    | "(?:[^"\\]|\\.)*"            # texts
    | \[[^\]]*\]                   # lengths of time
    | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)
    """,
    re.VERBOSE,
)
_WORDS_OF_PROMQL = frozenset(
    {
        "abs", "absent", "and", "avg", "bool", "changes", "count", "deriv", "histogram_quantile", "increase", "max",
        "min", "offset", "or", "rate", "sum", "time", "unless",
    }
)  # fmt: skip


def names_in(expression: str) -> set[str]:
    """The names of metrics that an expression of PromQL asks for."""
    return set(_WORD.findall(_NOT_NAMES.sub(" ", expression))) - _WORDS_OF_PROMQL


def labels_in(expression: str) -> Iterator[tuple[str, str, str]]:
    """Metric, label, and the value or pattern it is to have, as far as they stand in braces."""
    for name, inside in re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}", expression):
        for label, value in re.findall(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"', inside):
            yield name, label, value


def names_shown(text: str) -> set[str]:
    """The names that samples have, also of families that have none yet."""
    shown: set[str] = set()
    for family in text_string_to_metric_families(text):
        match family.type:
            case "counter":
                shown.add(f"{family.name}_total")
            case "histogram":
                shown |= {f"{family.name}{end}" for end in ("_bucket", "_sum", "_count")}
            case _:
                shown.add(family.name)
    return shown


def value_of(text: str, name: str, **labels: str) -> float | None:
    """The value of a sample; None where there is none."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and all(sample.labels.get(label) == value for label, value in labels.items()):
                return float(sample.value)
    return None
