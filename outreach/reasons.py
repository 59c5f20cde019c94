"""Why a contact left a journey or a message was withdrawn, in words a marketer reads in the admin UI."""

from __future__ import annotations

from pathlib import Path

from base.wording import FALLBACK, read_sentences

TAKEN_OUT = "taken_out"
"""Why somebody left whom a colleague took out."""

_FILE = Path(__file__).with_name("reasons.yml")


def reason_in_words(code: str, language: str = FALLBACK) -> str:
    """The sentence for a reason code; a code without one is shown as it is."""
    return _say("reasons", code, language) or code


def entry_rule_in_words(rule: str, language: str = FALLBACK) -> str:
    """Why somebody did not get into a journey; a rule without a sentence is shown as it is."""
    return _say("entries", rule, language) or rule


def refusal_in_words(rule: str | None, said: str, language: str) -> str:
    """What the gate or a journey decided about a message, for somebody who reads another language than it was said in.

    Args:
        said: the English sentence that was stored when it was decided; in English it is what is shown.
    """
    if language == FALLBACK or rule is None:
        return said
    return _say("gate", rule, language) or _say("reasons", rule, language) or said


def _say(group: str, code: str, language: str) -> str | None:
    known = read_sentences(_FILE)
    found: str | None = known.get(language, known[FALLBACK])[group].get(code)
    return found
