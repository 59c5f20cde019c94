"""The admin pages have words for all that the platform can say. Their own test holds the languages to each other."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from admin.follow_ups.shapes import FollowUpState
from admin.leads.shapes import BandName
from base.messages import Author
from crm.consent.rules import EventName
from crm.consent.vocabulary import read_vocabulary
from crm.contacts.rules import Stage
from crm.segments.tree import Channel
from crm.timeline.kinds import read_kinds
from server.settings import ROOT

CATALOGUES = ROOT / "admin" / "ui" / "src" / "i18n" / "en"


@pytest.mark.parametrize(
    ("area", "prefix", "identifiers"),
    [
        ("event_kinds", "", list(read_kinds())),
        ("follow_ups", "state_", list(get_args(FollowUpState))),
        ("follow_ups", "means_", list(get_args(FollowUpState))),
        ("leads", "band_", list(get_args(BandName))),
        ("leads", "author_", list(get_args(Author))),
        ("look", "stage_", list(get_args(Stage))),
        ("look", "channel_", list(get_args(Channel))),
        ("look", "purpose_", list(read_vocabulary().purposes)),
        ("look", "consent_event_", list(get_args(EventName))),
    ],
)
def test_every_identifier_a_page_shows_has_words(area: str, prefix: str, identifiers: list[str]) -> None:
    words = json.loads((CATALOGUES / f"{area}.json").read_text())
    assert identifiers
    assert [name for name in identifiers if f"{prefix}{name}" not in words] == []
