"""Timeline events in words for people, in English, German, Spanish and French: the sentences stand in summaries.yml.

Pure; says something sensible of any kind and any data, and never raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from base.wording import FALLBACK, read_sentences
from crm.timeline.kinds import read_kinds

_FILE = Path(__file__).with_name("summaries.yml")


def summary_of(kind: str, data: Mapping[str, Any], language: str = FALLBACK) -> str:
    """One short sentence, without a full stop; English in a language that has none."""
    known = read_sentences(_FILE)
    spoken = known.get(language, known[FALLBACK])
    plain = {name: value for name, value in data.items() if isinstance(value, str | int | float) and value != ""}
    said = {name: _said(name, value, spoken["words"]) for name, value in plain.items()}
    for sentence in _sentences(kind, data, spoken["sentences"]):
        try:
            return sentence.format_map(said)
        except KeyError:
            continue
    something: str = spoken["words"]["something"]
    return kind.replace("_", " ").strip().capitalize() or something


def _sentences(kind: str, data: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> Sequence[str]:
    if kind == "opted_out" and data.get("channel") == "all" and data.get("purpose") == "all":
        return known["opted_out_of_everything"]
    # A company's own kinds have no sentence; English ones of what comes from outside stand beside the kind.
    shipped = read_kinds().get(kind)
    return known.get(kind) or (shipped.said if shipped is not None else ())


def _said(name: str, value: str | float, words: Mapping[str, str]) -> str:
    text = str(value)
    if name == "address":
        return words.get(f"address_{text}", text)
    if (name == "reason" and " " in text) or text.startswith(("http://", "https://")):
        return text
    return words.get(text, text.replace("_", " "))
