"""The commands about the ledger, proofs and the audit, run as their users run them, on a real database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from admin.audit.heads import AUDIT_LOG
from admin.audit.service import record_command
from base.clock import SystemClock
from base.database import transaction
from base.encryption import create_key_file, read_key_file
from base.ids import new_id
from crm.consent.export import LEDGER
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.models import ConsentEvent
from crm.contacts.service import attach_address, create_contact
from outreach.models import OutboxMessage
from server.ledger_jobs import expire_all, sign_and_save
from server.link_mails import ConfirmationMails
from server.settings import Settings
from server.wiring import Platform
from tests.server.command_line import CommandLine


@pytest.fixture
def parley(tmp_path, database):
    create_key_file(tmp_path / "var" / "keys" / "root.json")
    settings = {"DATABASE_URL": database.url, "PARLEY_DATA_DIR": str(tmp_path / "var")}

    async def run(group: str, *arguments: str):
        return await CommandLine(tmp_path, settings, group)(*arguments)

    return run


async def _agree(database, **changes):
    now = datetime.now(UTC)
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=now)
        fact = ConsentFact(
            **{
                "event": "given",
                "principal_ref": contact_id,
                "purpose": "marketing",
                "channel": "sms",
                "controller": "Northwind",
                "language": "en",
                "method": "keyword",
                "actor": "subject",
                "effective_at": now,
                "notice_text": "Reply YES for offers.",
                **changes,
            }
        )
        await record_consent_event(session, fact, now)
    return contact_id


async def test_a_ledger_is_signed_exported_and_checked_and_tampering_is_said(parley, database, tmp_path) -> None:
    await _agree(database)
    head = await parley("ledger", "head")
    assert head.code == 0, head.err
    (kept,) = (tmp_path / "var" / "ledger_heads").iterdir()
    assert head.out.strip() == str(kept)
    await _agree(database)
    assert (await parley("ledger", "verify")).out.startswith("intact: 2 events, head ")
    done = await parley("ledger", "export", "ledger.jsonl")
    assert done.code == 0, done.err
    checked = await parley("verify-ledger", "ledger.jsonl", "--head", str(kept))
    assert (checked.code, "intact, 2 events" in checked.out) == (0, True), checked.out
    async with transaction(database.sessions) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("DELETE FROM consent_events WHERE seq = (SELECT min(seq) FROM consent_events)"))
    broken = await parley("ledger", "verify")
    assert broken.code == 1
    assert "does not follow the event before it" in broken.out
    assert "is not this ledger's" in broken.out
    refused = await parley("ledger", "head")
    assert (refused.code, "do not sign it again" in refused.err) == (1, True)
    assert len(list((tmp_path / "var" / "ledger_heads").iterdir())) == 1


async def test_the_audit_says_what_is_wrong_and_ends_with_1(parley, database, tmp_path) -> None:
    contact_id = await _agree(database)
    sound = await parley("audit")
    assert (sound.code, sound.out) == (0, "nothing is wrong\n"), sound.out + sound.err
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    async with transaction(database.sessions) as session:
        await session.execute(
            insert(OutboxMessage).values(
                id=new_id(),
                occurrence="one",
                contact_id=contact_id,
                channel="sms",
                purpose="marketing",
                message_class="promotional",
                text="Hello",
                state="planned",
                due_at=long_ago,
                created_at=long_ago,
                updated_at=long_ago,
            )
        )
    found = await parley("audit", "--json", "--only", "I12")
    assert found.code == 1
    assert [one["invariant"] for one in json.loads(found.out)] == ["I12 backlog"]
    assert (await parley("audit", "--only", "I7")).code == 0
    assert "There is no invariant I99" in (await parley("audit", "--only", "I99")).err
    secret = json.loads((tmp_path / "var" / "keys" / "root.json").read_text())["index_root"]
    (tmp_path / "web.log").write_text(f"oops {secret}")
    leaked = await parley("audit", "--only", "I7", "--files", "web.log")
    assert leaked.code == 1
    assert "web.log: holds the index key" in leaked.out
    assert secret not in leaked.out


async def test_proofs_are_printed_or_written(parley, database, tmp_path) -> None:
    contact_id = await _agree(database)
    told = await parley("proof", "person", str(contact_id))
    assert json.loads(told.out)["standing"] == {"marketing/sms": "given"}
    done = await parley("proof", "carrier", "--html", "c.html", "--csv", "c.csv")
    assert done.code == 0, done.err
    assert "Reply YES for offers." in (tmp_path / "c.html").read_text()
    assert (tmp_path / "c.csv").read_text().count("Reply YES for offers.") == 1
    assert (await parley("proof", "auditor", "a.zip")).code == 0
    assert (tmp_path / "a.zip").stat().st_size > 5_000
    missing = await parley("proof", "message", str(new_id()))
    assert (missing.code, missing.err) == (1, "parley: There is no such message.\n")


async def test_the_audit_log_is_signed_and_checked_by_heads_that_were_kept(parley, database, tmp_path) -> None:
    async with transaction(database.sessions) as session:
        await record_command(session, SystemClock(), "try_it", subject_kind="thing", subject_id=None)
    head = await parley("audit-log", "head")
    assert head.code == 0, head.err
    (kept,) = (tmp_path / "var" / "ledger_heads").iterdir()
    assert (head.out.strip(), kept.name[:11]) == (str(kept), "audit-head-")
    assert (await parley("audit-log", "verify", "--head", str(kept))).out == "intact: 1 entries\n"
    async with transaction(database.sessions) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("DELETE FROM audit_entries"))
        await session.execute(text("DELETE FROM audit_heads"))
    assert (await parley("audit-log", "verify")).code == 0, "whoever may write everything leaves no trace in it"
    found = await parley("audit-log", "verify", "--head", str(kept))
    assert (found.code, "It was cut off" in found.out) == (1, True), found.out
    (tmp_path / "junk.json").write_text("[]")
    refused = await parley("audit-log", "verify", "--head", "junk.json")
    assert "no file of a signed head" in refused.err


@pytest.fixture
def platform(database, tmp_path):
    settings = Settings(data_dir=tmp_path / "var")
    create_key_file(settings.key_file)
    return Platform(
        settings, database.engine, database.sessions, read_key_file(settings.key_file), SystemClock(), "test"
    )


async def test_at_night_what_ran_out_is_written_down_and_the_head_is_signed(platform, database) -> None:
    await _agree(database, valid_until=datetime.now(UTC) - timedelta(minutes=1))
    assert [await expire_all(platform), await expire_all(platform)] == [1, 0]
    path = Path(await sign_and_save(platform, LEDGER))
    assert json.loads(path.read_text())["length"] == 2
    async with database.sessions() as session:
        events = (await session.scalars(select(ConsentEvent.event).order_by(ConsentEvent.seq))).all()
    assert events == ["given", "expired"]
    assert path.parent == platform.settings.heads_dir
    other = Path(await sign_and_save(platform, AUDIT_LOG))
    assert (other.parent, json.loads(other.read_text())["length"]) == (path.parent, 0)


async def test_a_mail_that_asks_to_confirm_is_planned_once_with_no_token_in_it(platform, database) -> None:
    from crm.consent.in_conversation import record_answer

    now = platform.clock.now()
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone="Europe/Berlin", now=now)
        await attach_address(session, platform.keys, contact_id, kind="email", value="ann@example.com", now=now)
        fact = ConsentFact(
            event="given",
            principal_ref=contact_id,
            purpose="marketing",
            channel="email",
            controller="Northwind",
            language="de",
            method="chat_choice",
            actor="subject",
            effective_at=now,
            notice_text="Ja?",
        )
        assert await record_answer(session, replace(fact), conversation_id=new_id(), now=now) == "unconfirmed"
    mails = ConfirmationMails(platform.sessions)
    assert [await mails.do_due(now), await mails.do_due(now)] == [1, 0]
    async with database.sessions() as session:
        (row,) = (await session.scalars(select(OutboxMessage))).all()
    assert (row.purpose, row.message_class, row.channel, row.state) == ("service", "requested", "email", "planned")
    assert "{link}" in row.text
    assert row.content.keys() == {"confirmation_id"}
    assert row.contact_point_id is not None
