"""Withdrawal: ledger, suppressions and timeline in one transaction, once per request."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete

from base.database import transaction
from crm.consent.ledger import (
    ConsentFact,
    InvalidConsent,
    consent_for,
    consent_states,
    list_consent_events,
    record_consent_event,
    verify_chain,
)
from crm.consent.suppression import list_suppressions
from crm.consent.withdrawal import withdraw
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact
from crm.timeline.service import list_timeline


@pytest.fixture
async def ann(database, keys, now):
    """A contact with two addresses who agreed to marketing e-mail."""
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="de", time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
        await attach_address(session, keys, contact_id, kind="phone", value="+14155552671", now=now)
        await _agree(session, contact_id, now)
    return contact_id


async def _agree(session, contact_id, now):
    fact = ConsentFact(
        event="given",
        principal_ref=contact_id,
        purpose="marketing",
        channel="email",
        controller="Northwind Ledger",
        language="de",
        method="chat_choice",
        actor="subject",
        effective_at=now,
        notice_text="Ja?",
    )
    await record_consent_event(session, fact, now)


def _click(session, contact_id, now, **changes):
    asked = {"channel": "email", "purpose": "marketing", "evidence": {"id": "outbox-1"}, **changes}
    return withdraw(session, contact_id=contact_id, method="one_click", actor="subject", now=now, **asked)


async def test_a_withdrawal_leaves_its_proof_stops_the_contact_and_is_on_the_timeline(database, keys, now, ann) -> None:
    async with transaction(database.sessions) as session:
        withdrawn = await _click(session, ann, now)
    assert withdrawn.created
    async with database.sessions() as session:
        states = (await consent_states(session, [ann], now))[ann]
        assert consent_for(states, "marketing", "email").state == "withdrawn"
        assert await list_suppressions(session, [ann]) == {ann: {"email": "one_click"}}
        event, _ = (await list_consent_events(session, ann))[-1]
        assert (event.id, event.controller, event.language) == (withdrawn.event_id, "Northwind Ledger", "de")
        latest = (await list_timeline(session, ann))[0]
        assert (latest.kind, latest.data["consent_event_id"]) == ("opted_out", str(withdrawn.event_id))


async def test_every_address_stays_stopped_for_whoever_names_it(database, keys, now, ann) -> None:
    index = keys.blind_index("+14155552672", kind="phone")
    async with transaction(database.sessions) as session:
        await _click(session, ann, now, channel="all", purpose="all", address_index=index)
        other = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, other, kind="phone", value="+14155552672", now=now)
        assert await list_suppressions(session, [ann, other]) == {
            ann: {"all": "one_click"},
            other: {"all": "one_click"},
        }


async def test_the_same_link_followed_by_many_at_once_makes_one_event(database, keys, now, ann) -> None:
    async def click():
        async with transaction(database.sessions) as session:
            return await _click(session, ann, now)

    clicks = await asyncio.gather(*(click() for _ in range(6)))
    assert [one.created for one in clicks].count(True) == 1
    assert len({one.event_id for one in clicks}) == 1
    async with database.sessions() as session:
        assert len(await list_consent_events(session, ann)) == 2
        assert [event.kind for event in await list_timeline(session, ann)] == ["opted_out"]
        assert (await verify_chain(session)).is_intact


async def test_an_old_link_works_again_after_consent_was_given_again(database, keys, now, ann) -> None:
    async with transaction(database.sessions) as session:
        first = await _click(session, ann, now)
        await _agree(session, ann, now)
        second = await _click(session, ann, now)
        states = (await consent_states(session, [ann], now))[ann]
    assert second.created
    assert second.event_id != first.event_id
    assert consent_for(states, "marketing", "email").state == "withdrawn"


async def test_another_request_or_a_wider_one_is_an_event_of_its_own(database, keys, now, ann) -> None:
    async with transaction(database.sessions) as session:
        for changes in ({}, {"evidence": {"id": "outbox-2"}}, {"channel": "all"}, {"purpose": "all"}):
            assert (await _click(session, ann, now, **changes)).created


async def test_nothing_of_a_withdrawal_stays_when_the_transaction_fails(database, keys, now, ann) -> None:
    async with database.sessions() as session:
        await _click(session, ann, now)
        await session.rollback()
        assert await list_suppressions(session, [ann]) == {ann: {}}
        assert len(await list_consent_events(session, ann)) == 1
        assert await list_timeline(session, ann) == []


async def test_a_withdrawal_without_evidence_is_refused(database, keys, now, ann) -> None:
    async with database.sessions() as session:
        with pytest.raises(InvalidConsent):
            await _click(session, ann, now, evidence={"ip": "192.0.2.1"})


async def test_the_link_of_an_erased_contact_still_works(database, keys, now, ann) -> None:
    async with transaction(database.sessions) as session:
        await session.execute(delete(Contact).where(Contact.id == ann))
        assert (await _click(session, ann, now)).created
        assert not (await _click(session, ann, now)).created
        states = (await consent_states(session, [ann], now))[ann]
        assert consent_for(states, "marketing", "email").state == "withdrawn"
        assert await list_timeline(session, ann) == []
