"""Why a bulk operation left a contact as it was, in words."""

from __future__ import annotations

from pathlib import Path

from base.wording import FALLBACK, read_sentences
from outreach import reasons

_FILE = Path(__file__).with_name("reasons.yml")


def reason_in_words(rule: str, language: str = FALLBACK) -> str:
    """The sentence for a rule, which may be one of a journey's entry; a rule without one is shown as it is."""
    known = read_sentences(_FILE)
    own: str | None = known.get(language, known[FALLBACK]).get(rule)
    if own is not None:
        return own
    told = reasons.entry_rule_in_words(rule, language)
    return reasons.reason_in_words(rule, language) if told == rule else told
