"""docs/reference/jurisdictions.md says what the data says."""

from __future__ import annotations

from pathlib import Path

from outreach.jurisdictions.pack import read_jurisdictions
from outreach.jurisdictions.reference import render

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "jurisdictions.md"


def test_the_page_is_current():
    assert PAGE.read_text() == render(), "run: python -m outreach.jurisdictions.reference"


def test_every_rule_is_on_the_page_with_its_source():
    page = PAGE.read_text()
    rules = [rule for parts in read_jurisdictions().places.values() for part in parts for rule in part.rules]
    assert page.count("| from ") == len(rules)
    assert all(rule.source in page for rule in rules)
