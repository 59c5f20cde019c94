"""The oracle: it finds each violation that is planted behind the back of every check, and nothing in sound data."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from base.database import create_engine, create_sessions, transaction
from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.suppression import suppress
from crm.contacts.merging import merge_contacts
from crm.contacts.service import create_contact
from crm.contacts.unmerging import unmerge
from server.audit.oracle import CHAIN, MERGED, audit, read_invariants
from server.audit.secrets import find_secrets
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded

_TEXT = "May Northwind write to me?"
_SOUND = """
INSERT INTO channel_accounts (id, channel, name, address, secrets_sealed, key_id, created_at, updated_at)
VALUES (:account, 'sms', 'a', '+1', '', 'k1', :now, :now);
INSERT INTO conversations (id, channel, contact_id, language, next_seq, account_id, created_at)
VALUES (:talk, 'sms', :contact, 'en', 3, :account, :now);
INSERT INTO messages (id, conversation_id, seq, author, kind, text, client_id, turn_state, created_at)
VALUES (:message, :talk, 1, 'visitor', 'text', 'hi', :plan, 'done', :now);
INSERT INTO inbound_events (id, account_id, channel, provider_id, sender_index, state, conversation_id, received_at)
VALUES (:plan, :account, 'sms', 'SM1', '', 'done', :talk, :now);
INSERT INTO outbox (
    id, occurrence, contact_id, conversation_id, channel, purpose, message_class, text, state, due_at, attempts,
    fence, claimed_at, provider_id, account_id, created_at, updated_at
) VALUES (
    :outbox, 'one', :contact, NULL, 'sms', 'marketing', 'promotional', 'Hello', 'accepted', :now, 1,
    1, :now, 'SM2', :account, :now, :now
);
INSERT INTO gate_decisions (id, outbox_id, stage, answer, rule, reason, pack_version, inputs, decided_at)
SELECT id, :outbox, stage, 'allow', 'r', 'r', 'p', '{"zones": ["Europe/London"]}', :now FROM (VALUES
    (CAST(:plan AS uuid), 'plan'), (CAST(:claim AS uuid), 'claim'), (CAST(:wire AS uuid), 'wire')
) AS d (id, stage);
UPDATE outbox SET gate_decision_id = :claim;
INSERT INTO timeline_events (id, contact_id, kind, data, occurred_at) VALUES (
    :wire, :contact, 'message_sent', jsonb_build_object('outbox_id', CAST(CAST(:outbox AS uuid) AS text)), :now
)
"""


class Site:
    """A person who agreed and got one message, as it should be; `break_` then makes it otherwise."""

    def __init__(self, sessions, now) -> None:
        self.sessions, self.now = sessions, now
        self.ids = {name: new_id() for name in ("outbox", "plan", "claim", "wire", "talk", "message", "account")}

    async def build(self) -> None:
        async with transaction(self.sessions) as session:
            self.ids["contact"] = await create_contact(session, time_zone="Europe/London", now=self.now)
            await self.say(session, "given")
            # Keys are made in the order in which things happen.
            self.ids |= {name: new_id() for name in ("plan", "claim", "wire")}
            values = {**self.ids, "now": self.now}
            for statement in _SOUND.split(";"):
                wanted = {name: value for name, value in values.items() if f":{name}" in statement}
                await session.execute(text(statement), wanted)

    async def say(self, session, event, **changes) -> None:
        fact = ConsentFact(
            **{
                "event": event,
                "principal_ref": self.ids["contact"],
                "purpose": "marketing",
                "channel": "sms",
                "controller": "Northwind",
                "language": "en",
                "method": "chat_choice",
                "actor": "subject",
                "effective_at": self.now,
                "notice_text": _TEXT,
                **changes,
            }
        )
        await record_consent_event(session, fact, self.now)

    async def break_(self, *statements: str) -> None:
        """Changes rows with every trigger and foreign key off."""
        async with transaction(self.sessions) as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                values = {**self.ids, "now": self.now, "later": new_id(), "other": new_id()}
                wanted = {name: value for name, value in values.items() if f":{name}" in statement}
                await session.execute(text(statement), wanted)

    async def broken(self) -> set[str]:
        return {one.invariant for one in await audit(self.sessions, self.now, skew=timedelta(0))}


@pytest.fixture
async def site(database, now):
    built = Site(database.sessions, now)
    await built.build()
    return built


async def test_nothing_is_wrong_with_sound_data(site) -> None:
    assert await audit(site.sessions, site.now, skew=timedelta(0)) == []
    # Nor when the person says no afterwards, or yes again.
    async with transaction(site.sessions) as session:
        await site.say(session, "withdrawn", purpose="all", channel="all", notice_text=None)
        await site.say(session, "given")
    assert await site.broken() == set()


_COPY = (
    "INSERT INTO outbox (id, occurrence, contact_id, conversation_id, channel, purpose, message_class, text, state,"
    " due_at, attempts, fence, claimed_at, gate_decision_id, provider_id, account_id, message_id, created_at,"
    " updated_at) SELECT :later, 'two', contact_id, :talk, channel, 'answer', 'requested', text, state, due_at,"
    " attempts, {fence}, claimed_at, gate_decision_id, {provider_id}, account_id, {message_id}, created_at,"
    " updated_at FROM outbox"
)
_CLAIM_AGAIN = (
    "INSERT INTO gate_decisions SELECT :later, outbox_id, stage, answer, rule, reason, until, pack_version, inputs,"
    " decided_at FROM gate_decisions WHERE stage = 'claim'"
)
_PLANTED = {
    "I2 one row a provider call": [_COPY.format(fence=2, provider_id="provider_id", message_id="NULL")],
    "I2 nothing leaves without the gate": ["UPDATE outbox SET attempts = 2"],
    "I2 nobody made up": ["INSERT INTO sample_people VALUES (:contact, 'amelia')"],
    "I2 never back": ["UPDATE outbox SET state = 'planned'"],
    "I3 promotion once": [
        (
            "INSERT INTO timeline_events SELECT :later, contact_id, conversation_id, kind, data, occurred_at"
            " FROM timeline_events"
        )
    ],
    "I4 one message": [
        (
            "INSERT INTO conversations (id, channel, contact_id, language, next_seq, account_id, created_at)"
            " VALUES (:other, 'sms', :contact, 'en', 3, :account, :now)"
        ),
        (
            "INSERT INTO messages (id, conversation_id, seq, author, kind, text, client_id, turn_state, created_at)"
            " SELECT :later, c.id, 1, 'visitor', 'text', 'hi', m.client_id, 'done', m.created_at"
            " FROM messages m, conversations c WHERE c.id <> m.conversation_id"
        ),
    ],
    "I5 nothing lost": ["DELETE FROM messages"],
    "I6 in order": [
        "UPDATE messages SET turn_state = 'pending'",
        (
            "INSERT INTO messages (id, conversation_id, seq, author, kind, text, turn_state, created_at)"
            " VALUES (:later, :talk, 2, 'visitor', 'text', 'and?', 'done', :now)"
        ),
    ],
    "I7 hours": [
        'UPDATE gate_decisions SET inputs = \'{"zones": ["Europe/London", "America/Los_Angeles"]}\'',
    ],
    "I8 chain": ["UPDATE consent_events SET prev_hash = repeat('1', 64)"],
    "I8 expiry": ["UPDATE consent_events SET valid_until = CAST(:now AS timestamptz) - interval '3 days'"],
    "I8 double opt-in": ["UPDATE consent_events SET event = 'confirmed', method = 'double_opt_in'"],
    CHAIN: ["UPDATE consent_events SET actor = 'somebody'"],
    "I9 sending ends": [
        "UPDATE outbox SET state = 'sending', claimed_at = CAST(:now AS timestamptz) - interval '4 minutes'"
    ],
    "I10 nobody sees another's": ["UPDATE channel_accounts SET channel = 'voice'"],
    "I11 attempts end": ["UPDATE inbound_events SET attempts = 5"],
    "I12 backlog": [
        (
            "UPDATE outbox SET state = 'planned', provider_id = NULL,"
            " due_at = CAST(:now AS timestamptz) - interval '16 minutes'"
        )
    ],
    "I13 no secret in the data": [
        "UPDATE outbox SET text = 'https://parley.example/consent/confirm/ImY0ZjRlZTQ1NmE4YTQ.abc-def'"
    ],
    "I14 merged contacts": ["INSERT INTO principal_links VALUES (:other, :contact, :contact, 0, :now)"],
    MERGED: [
        (
            "INSERT INTO principal_links"
            " VALUES (:contact, :other, :other, 0, CAST(:now AS timestamptz) - interval '31 minutes')"
        )
    ],
}


@pytest.mark.parametrize("invariant", list(_PLANTED))
async def test_a_planted_violation_is_found(site, invariant) -> None:
    await site.break_(*_PLANTED[invariant])
    assert invariant in await site.broken()


async def test_a_claim_after_a_withdrawal_is_found_until_consent_is_given_anew(site) -> None:
    async with transaction(site.sessions) as session:
        await site.say(session, "withdrawn", purpose="all", notice_text=None)
    await site.break_(_CLAIM_AGAIN)
    assert await site.broken() == {"I1 withdrawal"}
    # With clocks that may be apart, what is that close is not held against anybody.
    assert await audit(site.sessions, site.now) == []


async def test_a_claim_after_a_withdrawal_and_a_new_consent_is_sound(site) -> None:
    async with transaction(site.sessions) as session:
        await site.say(session, "withdrawn", purpose="all", notice_text=None)
    async with transaction(site.sessions) as session:
        await site.say(session, "given")
    await site.break_(_CLAIM_AGAIN)
    assert await site.broken() == set()


async def test_what_was_sent_to_somebody_is_not_held_against_who_they_turned_out_to_be(site) -> None:
    async with transaction(site.sessions) as session:
        survivor = await create_contact(session, time_zone="Europe/London", now=site.now)
        await site.say(session, "withdrawn", principal_ref=survivor, purpose="all", channel="all", notice_text=None)
        await suppress(session, [survivor], "all", "keyword", site.now)
    await site.break_(
        "UPDATE gate_decisions SET id = :later WHERE stage = 'claim'", "UPDATE outbox SET gate_decision_id = :later"
    )
    async with transaction(site.sessions) as session:
        merge_id = await merge_contacts(session, survivor, site.ids["contact"], "user:1", site.now)
    assert await site.broken() == set()
    async with transaction(site.sessions) as session:
        # As one person they are stopped: what is claimed from now on is wrong.
        await session.execute(text("UPDATE suppressions SET id = '01900000-0000-7000-8000-000000000000'"))
    await site.break_(_CLAIM_AGAIN)
    assert await site.broken() == {"I1 withdrawal", "I1 suppression"}
    async with transaction(site.sessions) as session:
        await unmerge(session, merge_id, "user:1", site.now)
    assert await site.broken() == set()


async def test_a_claim_for_a_suppressed_contact_is_found(site) -> None:
    long_ago = uuid.UUID("01900000-0000-7000-8000-000000000000")
    await site.break_(
        f"INSERT INTO suppressions (id, contact_id, channel, reason, created_at) VALUES ('{long_ago}', :contact, 'all',"
        " 'keyword', :now)"
    )
    assert await site.broken() == {"I1 suppression"}


async def test_every_query_has_a_violation_that_a_test_plants() -> None:
    others = {"I1 withdrawal", "I1 suppression"}
    assert set(_PLANTED) | others == {*read_invariants(), CHAIN, MERGED}


async def test_parts_of_an_answer_that_overtook_each_other_are_found(site) -> None:
    await site.break_(
        "UPDATE outbox SET conversation_id = :talk, message_id = :message, fence = 9",
        _COPY.format(fence=2, provider_id="'SM3'", message_id=":message"),
    )
    found = await audit(site.sessions, site.now, only=["I6"])
    assert ["left before" in one.what for one in found] == [True]


async def test_a_text_without_any_zone_is_found(site) -> None:
    await site.break_("UPDATE gate_decisions SET inputs = '{\"zones\": []}'")
    found = await audit(site.sessions, site.now, only=["I7"])
    assert [(one.id, one.what) for one in found] == [(str(site.ids["outbox"]), "no zone of the person was known")]


async def test_the_audit_needs_no_right_to_write(site, database) -> None:
    name = database.engine.url.database
    async with database.engine.connect() as connection:
        await connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        await connection.commit()
    reader = create_engine(database.url)
    try:
        sessions = create_sessions(reader)
        async with sessions() as session:
            with pytest.raises(DBAPIError, match="read-only"):
                await session.execute(text("DELETE FROM outbox"))
        assert await audit(sessions, site.now, skew=timedelta(0)) == []
    finally:
        await reader.dispose()


def test_a_secret_in_a_log_or_a_dump_is_found_also_across_two_pieces(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("server.audit.secrets._PIECE", 16)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "web.log").write_text("x" * 11 + "correct-horse" + "y" * 30)
    (tmp_path / "dump.sql").write_text(json.dumps({"a": "nothing here"}))
    found = find_secrets([tmp_path], {"setting rasa_secret": b"correct-horse"})
    assert [(one.id, one.what) for one in found] == [
        (str(tmp_path / "logs" / "web.log"), "holds the setting rasa_secret")
    ]
    assert "correct" not in found[0].what
