"""Days and times as they are said."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_rasa.dialogue.shown_values import shown


@pytest.mark.parametrize(
    ("value", "kind", "language", "said"),
    [("2026-12-31", "date", "en", "31 December 2026"), ("2026-12-31", "date", "de-AT", "31. Dezember 2026"),
     ("2026-11-26T14:00:00+01:00", "meeting", "en-GB", "Thursday 26 November, 14:00"),
     ("2026-11-26T14:00:00+01:00", "meeting", "fr-CA", "jeudi 26 novembre à 14:00"),
     ("2026-11-26T14:00:00+01:00", "meeting", "es", "jueves 26 de noviembre, 14:00"),
     ("2026-11-26T14:00:00+01:00", "meeting", "de", "Donnerstag, 26. November, 14:00 Uhr"),
     ("soon", "date", "en", "soon"),
     ("2026-12-31", "date", "xx", "2026-12-31"), ("2026-12-31", "text", "en", "2026-12-31"), (12, "number", "en", 12)],
)  # fmt: skip
def test_a_day_is_said_by_the_name_of_its_month_and_all_else_as_it_is(value, kind, language, said):
    assert shown(value, kind, language) == said


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_no_day_is_mistaken_for_another(day):
    assert shown(day.isoformat(), "date", "en") == f"{day.day} {day:%B %Y}"
