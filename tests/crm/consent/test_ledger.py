"""The ledger in the database: append-only, one chain, tampering found."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from base.database import transaction
from base.ids import new_id
from crm.consent.chain import GENESIS, hash_of, notice_sha256
from crm.consent.ledger import (
    ConsentFact,
    InvalidConsent,
    consent_for,
    consent_states,
    list_consent_events,
    record_consent_event,
    record_consent_events,
    verify_chain,
)
from crm.consent.models import ConsentEvent, ConsentNotice
from crm.contacts.service import create_contact
from tests.crm.consent.ledgers import make_events

_TEXT = "Yes, Northwind may send me product news by e-mail, at most twice a month. I can stop it any time."


def _fact(contact_id, now, **changes):
    given = {
        "event": "given",
        "principal_ref": contact_id,
        "purpose": "marketing",
        "channel": "email",
        "controller": "Northwind Ledger",
        "language": "en",
        "method": "chat_choice",
        "actor": "subject",
        "effective_at": now,
        "notice_text": _TEXT,
        "evidence": {
            "answer_message_id": str(new_id()),
            "numbers": [-7, 2**53 - 1, True, None],
            "note": "ünïcödé \u2028 <b>",
        },
    }
    return ConsentFact(**{**given, **changes})


async def _contact(database, now):
    async with transaction(database.sessions) as session:
        return await create_contact(session, time_zone=None, now=now)


async def test_an_event_keeps_the_exact_text_once_and_the_databases_time(database, now) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        first = await record_consent_event(session, _fact(contact_id, now), now)
        second = await record_consent_event(session, _fact(contact_id, now, event="refused"), now)
    assert (first.prev_hash, second.prev_hash) == (GENESIS, first.hash)
    assert first.notice_sha256 == second.notice_sha256 == notice_sha256("en", _TEXT)
    assert first.effective_at == now
    assert first.recorded_at.tzinfo is not None
    assert first.recorded_at < second.recorded_at
    async with database.sessions() as session:
        assert [notice.text for notice in await session.scalars(select(ConsentNotice))] == [_TEXT]
        events = await list_consent_events(session, contact_id)
    assert [(event.event, shown) for event, shown in events] == [("given", _TEXT), ("refused", _TEXT)]


async def test_the_same_words_in_another_language_are_another_text(database, now) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        one = await record_consent_event(session, _fact(contact_id, now, notice_text="OK?"), now)
        two = await record_consent_event(session, _fact(contact_id, now, notice_text="OK?", language="de"), now)
    assert one.notice_sha256 != two.notice_sha256


async def test_what_would_be_no_proof_is_refused(database, now) -> None:
    contact_id = await _contact(database, now)
    for wrong in (
        {"channel": "all"},
        {"purpose": "all", "event": "imported"},
        {"notice_text": None},
        {"notice_text": ""},
        {"evidence": {"confidence": 0.93}},
        {"evidence": {"count": 10**20}},
        {"evidence": {"nested": [{"page": "a\0b"}]}},
        {"evidence": {"page": "\ud800"}},
        {"effective_at": datetime(2026, 11, 23, 15, 0)},  # noqa: DTZ001  the fault under test
    ):
        async with database.sessions() as session:
            with pytest.raises(InvalidConsent):
                await record_consent_event(session, _fact(contact_id, now, **wrong), now)
            assert (await session.scalars(select(ConsentEvent))).all() == []


async def test_the_states_of_many_contacts_come_from_one_query(database, now) -> None:
    contacts = [await _contact(database, now) for _ in range(3)]
    until = now + timedelta(days=30)
    async with transaction(database.sessions) as session:
        await record_consent_event(session, _fact(contacts[0], now, valid_until=until), now)
        await record_consent_event(session, _fact(contacts[1], now), now)
        withdrawal = _fact(contacts[1], now, event="withdrawn", channel="all", purpose="all", notice_text=None)
        await record_consent_event(session, withdrawal, now)
    async with database.sessions() as session:
        states = await consent_states(session, contacts, now)
        later = await consent_states(session, contacts, until)
    standing = [consent_for(states[contact], "marketing", "email").state for contact in contacts]
    assert standing == ["given", "withdrawn", "none"]
    assert consent_for(states[contacts[1]], "research", "sms").state == "withdrawn"
    assert consent_for(later[contacts[0]], "marketing", "email").state == "expired"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE consent_events SET event = 'given'",
        "DELETE FROM consent_events",
        "TRUNCATE consent_events",
        "UPDATE consent_notices SET text = 'x'",
        "DELETE FROM consent_notices",
    ],
)
async def test_the_database_refuses_to_change_what_was_recorded(database, now, change) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        await record_consent_event(session, _fact(contact_id, now), now)
    async with database.sessions() as session:
        with pytest.raises(IntegrityError, match="append-only"):
            await session.execute(text(change))


async def test_events_recorded_at_once_stand_in_one_chain(database, now) -> None:
    contacts = [await _contact(database, now) for _ in range(8)]

    async def record_two(contact_id):
        async with transaction(database.sessions) as session:
            await record_consent_event(session, _fact(contact_id, now), now)
            await asyncio.sleep(0.01)
            await record_consent_event(session, _fact(contact_id, now, event="refused"), now)

    await asyncio.gather(*(record_two(contact_id) for contact_id in contacts))
    async with database.sessions() as session:
        report = await verify_chain(session)
        times = [event.recorded_at for event in await session.scalars(select(ConsentEvent).order_by(ConsentEvent.seq))]
    assert (report.is_intact, report.length) == (True, 16)
    assert times == sorted(times)


async def test_a_rolled_back_event_leaves_no_gap_in_the_chain(database, now) -> None:
    contact_id = await _contact(database, now)
    async with database.sessions() as session:
        await record_consent_event(session, _fact(contact_id, now), now)
        await session.rollback()
    async with transaction(database.sessions) as session:
        await record_consent_event(session, _fact(contact_id, now), now)
        report = await verify_chain(session)
    assert (report.is_intact, report.length) == (True, 1)


@pytest.mark.parametrize(
    ("table", "tampering", "found"),
    [
        ("consent_events", "UPDATE consent_events SET event = 'given' WHERE event = 'refused'", {2}),
        ("consent_events", "UPDATE consent_events SET evidence = evidence || '{\"a\": 1}' WHERE seq = 1", {1}),
        ("consent_events", "UPDATE consent_events SET recorded_at = recorded_at + interval '1us' WHERE seq = 3", {3}),
        ("consent_events", "UPDATE consent_events SET evidence = '{\"n\": 1e30}' WHERE seq = 2", {2}),
        ("consent_events", "DELETE FROM consent_events WHERE seq = 2", {3}),
        ("consent_events", "UPDATE consent_events SET hash = 'f' || substr(hash, 2) || '0' WHERE seq = 2", {2, 3}),
        ("consent_notices", "UPDATE consent_notices SET text = text || ' And by phone.'", {None}),
    ],
)
async def test_tampering_behind_the_triggers_back_is_found(database, now, table, tampering, found) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        for event in ("given", "refused", "withdrawn"):
            await record_consent_event(session, _fact(contact_id, now, event=event), now)
        before = await verify_chain(session)
    assert before.is_intact
    async with transaction(database.sessions) as session:
        await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only"))
        await session.execute(text(tampering))
        await session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only"))
    async with database.sessions() as session:
        report = await verify_chain(session)
    assert not report.is_intact
    assert {one.seq for one in report.breaks} == found


async def test_events_of_the_first_schema_version_still_verify_before_those_of_the_second(database, now) -> None:
    contact_id = await _contact(database, now)
    (old,) = make_events(1, version=1)
    row = {name: value for name, value in old.items() if name not in ("seq", "purposes", "data_categories")}
    row |= {"notice_sha256": None, "jurisdiction": None, "principal_ref": contact_id}
    row["hash"] = hash_of(row)
    async with transaction(database.sessions) as session:
        await session.execute(insert(ConsentEvent).values(row))
        await record_consent_event(session, _fact(contact_id, now), now)
    async with database.sessions() as session:
        report = await verify_chain(session)
        versions = (await session.scalars(select(ConsentEvent.schema_version).order_by(ConsentEvent.seq))).all()
    assert (report.breaks, report.length, versions) == ((), 2, [1, 2])


async def test_what_a_consent_means_is_recorded_with_it(database, now) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        event = await record_consent_event(session, _fact(contact_id, now, brand="outlet", jurisdiction="US-CA"), now)
    assert event.purposes == ["https://w3id.org/dpv#DirectMarketing"]
    assert event.data_categories == ["https://w3id.org/dpv/pd#EmailAddress"]
    assert (event.schema_version, event.brand, event.jurisdiction) == (2, "outlet", "US-CA")
    async with database.sessions() as session:
        standing = [
            consent_for(
                (await consent_states(session, [contact_id], now, brand=brand))[contact_id], "marketing", "email"
            )
            for brand in ("outlet", "main")
        ]
    assert [one.state for one in standing] == ["given", "none"]


async def test_many_events_are_one_statement_and_one_chain(database, now) -> None:
    contacts = [await _contact(database, now) for _ in range(3)]
    facts = [_fact(one, now, notice_text=f"May we? {number % 2}") for number, one in enumerate(contacts * 4)]
    async with transaction(database.sessions) as session:
        events = await record_consent_events(session, facts, now)
        assert [event.principal_ref for event in events] == contacts * 4
        assert await record_consent_events(session, [], now) == []
    async with database.sessions() as session:
        with pytest.raises(InvalidConsent):
            await record_consent_events(session, [facts[0], _fact(contacts[0], now, brand="all")], now)
    async with database.sessions() as session:
        report = await verify_chain(session)
        assert (report.is_intact, report.length) == (True, 12)


async def test_a_cut_off_end_shows_by_the_head_that_was_kept(database, now) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        for _ in range(2):
            await record_consent_event(session, _fact(contact_id, now), now)
        kept = await verify_chain(session)
    async with transaction(database.sessions) as session:
        await session.execute(text("ALTER TABLE consent_events DISABLE TRIGGER consent_events_append_only"))
        await session.execute(text("DELETE FROM consent_events WHERE seq = 2"))
        report = await verify_chain(session)
    assert report.is_intact
    assert (report.head, report.length) != (kept.head, kept.length)


async def test_the_ledger_outlives_the_contact(database, now) -> None:
    contact_id = await _contact(database, now)
    async with transaction(database.sessions) as session:
        await record_consent_event(session, _fact(contact_id, now), now)
        await session.execute(text("DELETE FROM contacts"))
    async with transaction(database.sessions) as session:
        await record_consent_event(session, _fact(contact_id, now, event="withdrawn", notice_text=None), now)
        assert (await verify_chain(session)).length == 2
