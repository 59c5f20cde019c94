"""Reasons in words: for every code in every language, and English where a language has none."""

from __future__ import annotations

import ast

import pytest

from base.wording import SPOKEN, read_sentences
from outreach.reasons import _FILE, entry_rule_in_words, reason_in_words, refusal_in_words
from server.settings import ROOT

WORDS = read_sentences(_FILE)
GATE = ("gate_rules.py", "number_rules.py", "timing_rules.py", "basis_rules.py")


def gate_rules() -> set[str]:
    """Every rule by which the gate's code says no or waits."""
    found = set()
    for name in GATE:
        for node in ast.walk(ast.parse((ROOT / "outreach" / name).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Deny", "Defer"):
                rule = node.args[0 if node.func.id == "Deny" else 1]
                found |= {rule.value} if isinstance(rule, ast.Constant) else set()
    return found


@pytest.mark.parametrize("language", SPOKEN)
def test_every_code_has_a_sentence_in_every_language(language) -> None:
    assert set(WORDS[language]["reasons"]) == set(WORDS["en"]["reasons"])
    assert set(WORDS[language]["entries"]) == set(WORDS["en"]["entries"])


@pytest.mark.parametrize("language", [one for one in SPOKEN if one != "en"])
def test_every_rule_of_the_gate_has_a_sentence_in_every_other_language(language) -> None:
    assert {"quiet_hours", "consent", "cap"} <= gate_rules() <= set(WORDS[language]["gate"])


def test_a_refusal_is_shown_as_it_was_stored_in_english_and_by_its_rule_in_another_language() -> None:
    said = "It waits for the hours of 8 to 21 in Berlin."
    assert refusal_in_words("quiet_hours", said, "en") == said
    assert refusal_in_words("quiet_hours", said, "de") == WORDS["de"]["gate"]["quiet_hours"]
    assert refusal_in_words("opted_out", "…", "fr") == WORDS["fr"]["reasons"]["opted_out"]
    assert refusal_in_words("provider_21610", "Refused (21610)", "es") == "Refused (21610)"
    assert refusal_in_words(None, "Why not", "es") == "Why not"


def test_what_has_no_sentence_is_shown_as_it_is() -> None:
    assert (reason_in_words("by_the_way", "de"), entry_rule_in_words("by_the_way")) == ("by_the_way", "by_the_way")
