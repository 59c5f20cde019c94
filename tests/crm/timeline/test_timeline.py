"""The timeline and its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.database import transaction
from base.ids import new_id
from crm.contacts.service import create_contact
from crm.timeline.service import list_timeline, record, summary_of

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_KINDS = (
    "conversation_started", "lead_captured", "address_added", "address_claimed", "consent_given", "consent_refused",
    "consent_withdrawn", "opted_out", "qualified", "enrolled", "journey_exited", "handed_off", "message_sent",
    "message_refused", "privacy_requested", "score_changed", "stage_changed", "suppression_lifted", "flow_ended",
    "fact_kept", "fact_unfit",
)  # fmt: skip
_names = st.sampled_from(["channel", "purpose", "field", "address", "reason", "journey", "team", "outcome", "x"])


async def test_events_are_listed_newest_first_up_to_the_limit(database, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        other = await create_contact(session, time_zone=None, now=now)
        talk = new_id()
        for number in range(3):
            data = {"number": number}
            await record(session, kind="enrolled", contact_id=ann, conversation_id=talk, data=data, now=now)
        await record(session, kind="enrolled", contact_id=other, conversation_id=new_id(), data={}, now=now)
        assert [event.data["number"] for event in await list_timeline(session, ann, 2)] == [2, 1]
        assert [event.data["number"] for event in await list_timeline(session, ann)] == [2, 1, 0]


async def test_a_conversations_events_from_before_the_contact_was_known_are_listed_when_asked_for(
    database, now
) -> None:
    async with transaction(database.sessions) as session:
        ann = await create_contact(session, time_zone=None, now=now)
        eve = await create_contact(session, time_zone=None, now=now)
        talk = new_id()
        for kind, contact_id in (("conversation_started", None), ("lead_captured", ann), ("lead_captured", eve)):
            await record(session, kind=kind, contact_id=contact_id, conversation_id=talk, data={}, now=now)
        known = await list_timeline(session, ann, conversation_ids=[talk])
        assert [(event.kind, event.contact_id) for event in known] == [
            ("lead_captured", ann),
            ("conversation_started", None),
        ]
        assert [event.kind for event in await list_timeline(session, ann)] == ["lead_captured"]


@given(st.sampled_from(_KINDS) | st.text(max_size=20), st.dictionaries(_names, _json, max_size=6))
def test_every_event_has_a_sentence(kind, data) -> None:
    sentence = summary_of(kind, data)
    assert sentence.strip()
    assert "{channel}" not in sentence


@pytest.mark.parametrize("kind", _KINDS)
def test_known_kinds_are_told_in_words_of_their_own(kind) -> None:
    names = ["channel", "purpose", "field", "address", "journey", "team", "outcome", "stage", "before", "after"]
    names += ["reason", "request", "flow"]
    data = {name: f"the-{name}" for name in names}
    sentence = summary_of(kind, data)
    assert [name for name in names if f"the-{name}" in sentence]


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        ("consent_given", {"purpose": "marketing", "channel": "email"}, "Agreed to marketing by e-mail"),
        ("opted_out", {"purpose": "all", "channel": "all"}, "Opted out of everything"),
        ("address_added", {"address": "phone"}, "Left their phone number"),
        ("qualified", {"outcome": "hot"}, "Qualified as hot"),
        ("score_changed", {"before": 0, "after": 45}, "Score went from 0 to 45"),
        (
            "message_refused",
            {"channel": "email", "rule": "quiet_hours", "reason": "It is night in {their} place"},
            "A follow-up by e-mail was not sent: It is night in {their} place",
        ),
        ("coffee_served", {}, "Coffee served"),
    ],
)
def test_a_sentence_says_what_happened(kind, data, sentence) -> None:
    assert summary_of(kind, data) == sentence
