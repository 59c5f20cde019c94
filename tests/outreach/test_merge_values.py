"""What a visitor typed becomes part of our messages only where it cannot do harm."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.merge_values import LONGEST, mergeable


@pytest.mark.parametrize(
    "trap",
    [
        "https://evil.example/login",
        "Ada, log in at evil.example",
        "WWW.EVIL.EXAMPLE",
        "evil.com",
        "bücher.example",
        "пример.рф",
        "mail evil@example.com",
        "//evil",
        "Ada" * LONGEST,
    ],
)
def test_a_name_with_an_address_in_it_or_a_whole_letter_is_not_merged(trap):
    assert mergeable({"first_name": trap, "company": "Analytical Engines"}) == {"company": "Analytical Engines"}


@pytest.mark.parametrize("name", ["Ada", "O'Neill & Söhne GmbH", "Dr. Ada L.", "小林", "St. John", "10-49", "B.V."])
def test_ordinary_names_are(name):
    assert mergeable({"company": name}) == {"company": name}


@given(st.text(), st.sampled_from(string.ascii_letters), st.text(string.ascii_letters, min_size=2, max_size=10))
def test_nothing_that_mail_programs_would_link_survives(before, label, domain):
    assert mergeable({"first_name": f"{before} {label}.{domain}"}) == {}


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.booleans(), st.floats(), st.none())))
def test_other_values_are_left_alone(facts):
    assert mergeable(facts).keys() == facts.keys()


async def test_a_strangers_trap_does_not_reach_the_mail(site, journey):
    send = {"step": "send", "channels": ["email"], "next": [{"to": "done"}]}
    await site.publish(journey({"hello": send, "done": {"step": "exit"}}))
    contact_id = await site.contact(fields={"first_name": "your invoice is at evil.example"})
    await site.enrol(contact_id, "follow_up")
    await site.pump.run_once()
    assert [envelope.text for envelope in site.email.sent] == ["Hello there, hello"]
