"""Why somebody has points, in the language of a colleague who reads it. Pure. The texts stand in reasons.yml."""

from __future__ import annotations

from pathlib import Path

from base.wording import read_sentences

_FILE = Path(__file__).with_name("reasons.yml")


def reason_in_words(reason: str, language: str) -> str:
    """The reason of a shipped rule in this language; what a company wrote itself is shown as it wrote it."""
    said: str = read_sentences(_FILE).get(language, {}).get(reason, reason)
    return said
