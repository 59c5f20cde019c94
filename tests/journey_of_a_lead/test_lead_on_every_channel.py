"""The demo request runs to a qualified lead on every channel, through real processes and local providers.

`docs/channels/demo_request.md` shows what the six people saw, side by side; `PARLEY_WRITE_TRANSCRIPTS=1` writes it.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping

import aiohttp
import pytest

from server.settings import ROOT
from tests.journey_of_a_lead.channel_accounts import MAILBOX, Providers, brought_in
from tests.journey_of_a_lead.demo_request_talk import COMPANY, PROBLEM, TURNS, address_of
from tests.journey_of_a_lead.lead_records import Lead, find_lead
from tests.journey_of_a_lead.people_on_channels import (
    CHANNELS,
    Caller,
    Chatter,
    Correspondent,
    GatherCaller,
    Person,
    RelayCaller,
    Shown,
    Texter,
    Visitor,
    whole_text,
)
from tests.journey_of_a_lead.running_site import RunningSite
from tests.journey_of_a_lead.side_by_side import Transcript, write_page

pytestmark = pytest.mark.journey

PAGE = ROOT / "docs" / "channels" / "demo_request.md"
REASONS = {
    (25, "Asked to see a demo"),
    (30, "Wants to start this month"),
    (15, "Team of 10 to 49 people"),
    (5, "Told us what they want to change"),
    (10, "Left an e-mail address on a company's own domain"),
    (10, "Agreed to hear from us by e-mail"),
    (5, "Named their company"),
}
LEFT_A_NUMBER = {"sms", "gather", "relay"}
METHODS = {
    "web": "chat_choice",
    "telegram": "chat_choice",
    "sms": "chat_text",
    "email": "chat_text",
    "gather": "chat_choice",
    "relay": "chat_text",
}


CONSENTS = {
    "web": ["given"],
    "telegram": ["requested", "confirmed"],
    "sms": ["given"],
    "email": ["confirmed"],
    "gather": ["given"],
    "relay": ["given"],
}
"""Numbers and the browser's time zone are British. Nothing says in which country the others are, and in some a yes must
be confirmed by mail: by a link, or by being a mail itself."""


async def test_the_demo_request_runs_to_a_qualified_lead_on_every_channel(site: RunningSite) -> None:
    async with brought_in(site) as providers, aiohttp.ClientSession() as http:
        people = everybody(site, providers, http)
        talks = await asyncio.gather(*(talk(person) for person in people.values()))
        transcripts = dict(zip(people, talks, strict=True))
        for person in people.values():
            await person.leave()
        for provider in (providers.texts, providers.calls):
            await provider.drain()  # they report what became of messages and calls
        await _confirm_by_mail(site, http, address_of("telegram"))
        leads = {channel: await find_lead(site, providers, person) for channel, person in people.items()}

    for channel, lead in leads.items():
        _check_lead(lead, channel, transcripts[channel])
    _check_sent(leads, people)
    _check_nothing_failed(site, leads)
    footer = _check_mails(people["email"])
    _compare(write_page(transcripts, footer=footer, records={name: lead.summary for name, lead in leads.items()}))


def everybody(site: RunningSite, providers: Providers, http: aiohttp.ClientSession) -> Mapping[str, Person]:
    """One person on each channel, in the order of `CHANNELS`."""
    people: list[Person] = [
        Visitor(site, http),
        Chatter(providers),
        Texter(providers, "+442079460201"),
        Correspondent(site, providers, http, address_of("email")),
        GatherCaller(providers, "+442079460202"),
        RelayCaller(providers, "+442079460203"),
    ]
    assert [person.channel for person in people] == list(CHANNELS)
    return {person.channel: person for person in people}


async def talk(person: Person) -> list[list[Shown] | None]:
    """The whole talk; what the person saw after each turn."""
    seen: list[list[Shown] | None] = []
    for turn in TURNS:
        act = turn.acts.get(person.channel)
        if act is None:
            seen.append(None)
            continue
        before = len(person.sees())
        await person.do(act)
        seen.append(await person.wait_for(turn.until, after=before))
    return seen


async def _confirm_by_mail(site: RunningSite, http: aiohttp.ClientSession, address: str) -> None:
    """Follows the link in the mail and presses the button there."""
    letter = await site.letters.wait_for_text(address, "/consent/confirm/")
    (link,) = re.findall(rf"{site.url}/consent/confirm/\S+", whole_text(letter))
    async with http.get(link) as page:
        assert page.status == 200
    async with http.post(link) as confirmed:
        assert confirmed.status == 200


def _check_lead(lead: Lead, channel: str, transcript: Transcript) -> None:
    assert (lead.contact["stage"], lead.contact["qualification"]) == ("mql", "hot"), channel
    told = {"goal": "demo", "first_name": "Ada", "company": COMPANY, "problem": PROBLEM}
    told |= {"team_size": "10-49", "timeline": "this_month"}
    assert lead.contact["fields"].items() >= told.items(), channel
    assert lead.owner_of_address == lead.contact["id"], "the address that was told is theirs"
    reasons = REASONS | ({(5, "Left a phone number")} if channel in LEFT_A_NUMBER else set())
    assert {(row["points"], row["reason"]) for row in lead.reasons} == reasons, channel
    assert lead.contact["score"] == sum(points for points, _ in reasons), channel

    assert [row["event"] for row in lead.consents] == CONSENTS[channel], channel
    first = lead.consents[0]
    assert (first["method"], first["controller"], first["language"]) == (METHODS[channel], "Northwind Ledger", "en")
    (asked,) = [one for turn in transcript if turn for one in turn if "May Northwind Ledger" in one.text]
    for row in lead.consents:
        assert (row["purpose"], row["channel"]) == ("marketing", "email"), channel
        assert row["text"] == asked.text, "what is kept is what was shown or said, to the letter"

    assert lead.ended == [{"flow": "demo_request", "outcome": "qualified"}], channel
    assert (lead.talk["status"], lead.talk["state"]["stack"]) == ("open", []), channel
    assert lead.journeys == ["demo_follow_up"], channel
    assert lead.unanswered == 0, channel


def _check_sent(leads: Mapping[str, Lead], people: Mapping[str, Person]) -> None:
    """What leaves through a provider passed the gate, each message; chats are shown and calls are spoken at once."""
    left = {"telegram": "accepted", "sms": "delivered", "email": "accepted"}
    for channel, lead in leads.items():
        if channel not in left:
            assert lead.sent == [], channel
            continue
        assert [row["text"].strip() for row in lead.sent] == [one.text for one in people[channel].sees()], channel
        assert {(row["state"], row["purpose"], row["gate"]) for row in lead.sent} == {
            (left[channel], "answer", "allow")
        }
    for channel in ("gather", "relay"):
        caller = people[channel]
        assert isinstance(caller, Caller)
        assert leads[channel].calls == [{"over": True, "relays": 1 if channel == "relay" else 0}]


def _check_nothing_failed(site: RunningSite, leads: Mapping[str, Lead]) -> None:
    talks, contacts = [lead.talk["id"] for lead in leads.values()], [lead.contact["id"] for lead in leads.values()]
    assert len({*talks}) == len({*contacts}) == len(CHANNELS), "six people, none of them taken for another"
    arrivals = site.query("SELECT state, problem FROM inbound_events WHERE conversation_id = ANY(%s)", talks)
    assert {(row["state"], row["problem"]) for row in arrivals} == {("done", None)}
    assert site.query("SELECT id FROM inbound_events WHERE state = 'failed'") == []
    wrong = "('failed', 'unknown', 'undelivered')"
    assert (
        site.query(f"SELECT channel, reason FROM outbox WHERE state IN {wrong} AND contact_id = ANY(%s)", contacts)
        == []
    )
    called = "SELECT kind FROM timeline_events WHERE kind = 'handed_off' AND conversation_id = ANY(%s)"
    assert site.query(called, talks) == []


def _check_mails(correspondent: Person) -> str:
    """Every mail is in the thread, says whom it is from and is answered to the talk; returns its footer."""
    assert isinstance(correspondent, Correspondent)
    letters = correspondent.letters
    assert {one["Subject"] for one in letters} == {"Re: A demo"}
    assert {one["Reply-To"] for one in letters} == {MAILBOX}
    assert [one["List-Unsubscribe"] for one in letters] == [None] * len(letters), "answers are no marketing"
    references = [one["References"].split() for one in letters]
    assert [len(one) for one in references] == [2 * number + 1 for number in range(len(letters))]
    (footer,) = {whole_text(one).partition("\n\n-- \n")[2] for one in letters}
    return footer


def _compare(page: str) -> None:
    if os.environ.get("PARLEY_WRITE_TRANSCRIPTS"):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page)
    assert PAGE.read_text() == page
