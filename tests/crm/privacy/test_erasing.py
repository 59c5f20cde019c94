"""Erasing a person: nothing of them is left in the database or in files, a stop stays, and there is a receipt."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

import server.web  # noqa: F401  # loads every room's tables
from admin.audit.chain import Author, Change, append
from admin.bulk.models import BulkContact, BulkOperation
from admin.models import AdminUser, TaskNotice
from base.channel_contract import Said, Sender
from base.database import transaction
from base.encryption import KeyRing
from base.errors import NotFound
from base.ids import new_id
from bot.handoff.models import Handoff, Note, Reading
from bot.intake.models import InboundEvent
from bot.intake.sealing import seal, sender_index
from bot.models import Conversation, Message
from bot.understanding.models import Gap, GapGroup, Proposal
from crm.companies.service import create_company, set_company
from crm.consent.ledger import ConsentFact, record_consent_event, verify_chain
from crm.consent.models import ConsentConfirmation, ConsentEvent, ConsentKey, OptOutReview
from crm.consent.suppression import list_suppressions, suppress
from crm.consent.verify_ledger import from_base64url
from crm.contacts.external_ids import set_external_id
from crm.contacts.merging import merge_contacts
from crm.contacts.models import Contact, ContactPoint, NumberChallenge
from crm.contacts.service import attach_address, create_contact, set_fields
from crm.imports.models import ContactImport, ImportedContact
from crm.meetings.models import Calendar, CalendarEntry, Meeting
from crm.owners.service import assign_owner
from crm.privacy.erasing import Erased, erase_person
from crm.privacy.files import FiledMails
from crm.privacy.models import Erasure, PrivacyMark, PrivacyRequest
from crm.privacy.persons import rows_of, table_named
from crm.privacy.registry import read_registry
from crm.resolution.finding import look_at_due
from crm.resolution.models import MergeCandidate
from crm.samples.models import SamplePerson
from crm.scoring.models import ContactScores
from crm.segments.models import Segment, SegmentConsent, SegmentDue, SegmentMember, SegmentPerson
from crm.tasks.service import NewTask, create_tasks
from crm.webhooks.models import WebhookDelivery
from crm.webhooks.service import Wish, make_endpoint
from outreach.entry_models import ContactDate, EntryRefusal, JourneyCall
from outreach.experiments.models import Experiment, ExperimentPerson
from outreach.models import Enrolment, GateDecision, OutboxMessage
from tests.admin.people import outbox_row
from tests.bot.happenings import contact_of, happen
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.conftest import Database
from tests.crm.privacy.dumps import dump, find_words

EMAIL = "zyxwenda.q@plimforth-vexworks.example"
PHONE = "+14155552671"
TELEGRAM = "7390184265"
NAME = "Zyxwenda Quorlbrecht"
WORDS = ("krombuloide", "farfinkelholz", "Ümläutfrøsk")
SECRETS = (
    "zyxwenda",
    "quorlbrecht",
    "plimforth",
    "vexworks",
    "4155552671",
    TELEGRAM,
    "krombuloid",
    "farfinkel",
    "frøsk",
)


def indexes(keys: KeyRing) -> Callable[[str, str], bytes]:
    return lambda kind, value: sender_index(keys, Sender(kind, value))


async def erase(stage: Stage, contact_id: UUID, reason: Any = "request", folder: Path | None = None) -> Erased:
    mails = FiledMails(folder)
    async with mails.read_first(), transaction(stage.sessions) as session:
        return await erase_person(
            session,
            stage.keys,
            contact_id,
            indexes(stage.keys),
            mails=mails,
            reason=reason,
            now=stage.clock.now(),
        )


async def chat(stage: Stage) -> UUID:
    """Somebody tells the web chat who they are, agrees to mails and says unusual things."""

    def captured(field: str, value: str) -> dict[str, Any]:
        return {"effect": "capture_lead", "field": field, "value": value}

    await happen(stage, captured("full_name", NAME), text=f"I am {NAME}")
    await happen(stage, captured("email", EMAIL), text=f"write to {EMAIL}")
    await happen(stage, captured("phone", PHONE), captured("company", "Plimforth Vexworks"), text=f"or call {PHONE}")
    await happen(stage, {"effect": "add_points", "rule": "a/b/0", "points": 5, "reason": "said krombuloide"})
    stage.dialogue.script = lambda _body: say(
        "Nice, Zyxwenda!", state={"v": 2, "slots": {"full_name": NAME}}, timer={"seconds": 60, "words": WORDS[0]}
    )
    await stage.say(f"my {WORDS[0]} has a {WORDS[1]} like a {WORDS[2]}")
    return (await contact_of(stage)).id


async def fill_segments_and_journeys(session: AsyncSession, contact_id: UUID, words: str, now: datetime) -> None:
    """Rows of segments and journeys, and of the audit log."""
    await fill_audit_log(session, contact_id, words, now)
    segment = new_id()
    session.add(Segment(id=segment, name="All", tree={"tag": "a"}, made_by="user:1", created_at=now, updated_at=now))
    await session.flush()
    session.add_all(
        [
            SegmentMember(segment_id=segment, contact_id=contact_id, entered_at=now),
            SegmentDue(segment_id=segment, contact_id=contact_id, due_at=now),
            SegmentPerson(contact_id=contact_id, refusal=words),
            SegmentConsent(contact_id=contact_id, purpose=words, channel="email", state="given", seq=1),
        ]
    )
    enrolment = new_id()
    session.add(
        Enrolment(
            id=enrolment, journey="carts", version="1", contact_id=contact_id, step="s", due_at=now,
            remembered={"said": words}, entered_at=now, updated_at=now,
        )
    )  # fmt: skip
    experiment = new_id()
    session.add(
        Experiment(
            id=experiment, journey="carts", step="s", fingerprint=str(experiment), design={}, begun_at=now,
            looked_at=now,
        )
    )  # fmt: skip
    await session.flush()
    session.add_all(
        [
            ExperimentPerson(experiment_id=experiment, contact_id=contact_id, variant="plain", assigned_at=now),
            EntryRefusal(journey="carts", contact_id=contact_id, rule="re_entry", first_at=now, last_at=now),
            ContactDate(contact_id=contact_id, field="renewal", zone="", day=now.date(), yearly=101),
            JourneyCall(
                id=new_id(), occurrence=str(enrolment), enrolment_id=enrolment, contact_id=contact_id,
                journey="carts", version="1", step="s", due_at=now, made_at=now,
            ),
        ]
    )  # fmt: skip


def fill_inbox_and_marks(session: AsyncSession, contact_id: UUID, talk: UUID, words: str, now: datetime) -> None:
    """Rows of a talk that a colleague has, and of what was found out about the person."""
    session.add(PrivacyMark(contact_id=contact_id, mark="human_review", source="chat", set_at=now))
    session.add_all(
        [
            Handoff(id=new_id(), conversation_id=talk, state="waiting", reason=words, asked_at=now, changed_at=now),
            Note(id=new_id(), conversation_id=talk, user_id=new_id(), text=words, created_at=now),
            Reading(user_id=new_id(), conversation_id=talk, seq=1),
        ]
    )


async def fill_audit_log(session: AsyncSession, contact_id: UUID, words: str, now: datetime) -> None:
    """What a colleague changed about the person."""
    change = Change(
        Author("nobody"), "change_contact", "contact", str(contact_id), None, {"first_name": words}, contact_id
    )
    await session.run_sync(lambda sync: append(sync, [change], now))


async def _meet(session: AsyncSession, contact_id: UUID, words: str, now: datetime) -> None:
    calendar, meeting = new_id(), new_id()
    session.add(Calendar(id=calendar, name="sales", title="Sales", zone="UTC", hours={}, minutes=30, created_at=now))
    await session.flush()
    session.add(
        Meeting(
            id=meeting,
            calendar_id=calendar,
            contact_id=contact_id,
            hold_key=words,
            state="booked",
            starts_at=now,
            ends_at=now + timedelta(minutes=30),
            created_at=now,
        )
    )
    await session.flush()
    session.add(CalendarEntry(id=meeting, calendar_id=calendar, meeting_id=meeting, state="to_write", due_at=now))
    await session.flush()


async def fill_number_work(session: AsyncSession, contact_id: UUID, talk: UUID, now: datetime) -> None:
    """What the browser has to do that left an address of theirs."""
    left = select(ContactPoint.id).where(ContactPoint.contact_id == contact_id).limit(1).scalar_subquery()
    waits = upsert(NumberChallenge).values(contact_point_id=left, conversation_id=talk, asked_at=now)
    await session.execute(waits.on_conflict_do_nothing())


async def fill(stage: Stage, contact_id: UUID) -> None:
    """A row with the person's words in every other table that can hold some."""
    now, keys, words = stage.clock.now(), stage.keys, " ".join(WORDS)
    talk = stage.conversation_id
    async with transaction(stage.sessions) as session:
        await attach_address(session, keys, contact_id, kind="telegram", value=TELEGRAM, now=now)
        said = await session.scalar(select(Message.id).where(Message.author == "visitor").order_by(Message.id.desc()))
        group, connector = new_id(), new_id()
        session.add(GapGroup(id=group, name=words, language="en", size=1, example_message_id=said, created_at=now))
        await session.flush()
        session.add(
            Gap(message_id=said, language="en", reason="missed", confidence=0.1, group_id=group, created_at=now)
        )
        session.add(
            Proposal(
                id=new_id(),
                kind="intent",
                target="a",
                language="en",
                texts=[words],
                message_ids=[str(said)],
                based_on=1,
                author="user:1",
                created_at=now,
            )
        )
        event_id = new_id()
        wrote = seal(keys, event_id, Said("p", Sender("email", EMAIL), words))
        session.add(
            InboundEvent(
                id=event_id,
                account_id=new_id(),
                channel="email",
                provider_id=f"<{EMAIL}>",
                state="pending",
                sealed=wrote.sealed,
                key_id=wrote.key_id,
                sender_index=wrote.sender_index,
                received_at=now,
            )
        )
        await _meet(session, contact_id, words, now)
        table = {name: table_named(name) for name in read_registry().tables} | {"connectors": table_named("connectors")}
        for name, row in (
            (
                "connectors",
                {
                    "id": connector,
                    "name": "crm",
                    "base_url": "https://x.example",
                    "methods": [],
                    "paths": [],
                    "created_at": now,
                },
            ),
            (
                "connector_calls",
                {
                    "id": new_id(),
                    "connector_id": connector,
                    "conversation_id": talk,
                    "state": "answered",
                    "idempotency_key": words,
                    "method": "GET",
                    "path": f"/{EMAIL}",
                    "result": {"a": NAME},
                    "started_at": now,
                },
            ),
            (
                "callbacks",
                {"id": new_id(), "conversation_id": talk, "token_sha256": b"1", "created_at": now, "expires_at": now},
            ),
            ("flow_visits", {"day": now.date(), "conversation_id": talk, "flow": "demo_request", "first_at": now}),
            (
                "resume_codes",
                {
                    "code_sha256": b"1",
                    "conversation_id": talk,
                    "channels": ["sms"],
                    "created_at": now,
                    "expires_at": now,
                },
            ),
            (
                "conversation_files",
                {
                    "id": new_id(),
                    "conversation_id": talk,
                    "name": f"{NAME}.png",
                    "kind": "image",
                    "media_type": "image/png",
                    "size": 9,
                    "sha256": b"1",
                    "data": words.encode(),
                    "uploaded_at": now,
                },
            ),
        ):
            await session.execute(insert(table[name]).values(row))
        call = new_id()
        await session.execute(
            insert(table["calls"]).values(
                id=call,
                account_id=new_id(),
                call_sid="CA1",
                conversation_id=talk,
                direction="inbound",
                turn=1,
                heard_seq=0,
                asked_seq=0,
                quiet=0,
                relays=0,
                relay_opened=0,
                recording="off",
                started_at=now,
            )
        )
        await session.execute(
            insert(table["call_answers"]).values(call_id=call, number=1, twiml=f"<Say>{NAME}</Say>", created_at=now)
        )
        session.add(
            Enrolment(
                id=new_id(),
                journey="j",
                version="1",
                contact_id=contact_id,
                step=words,
                state="exited",
                exit_reason=words,
                entered_at=now,
                updated_at=now,
            )
        )
        sent = outbox_row(
            contact_id,
            now,
            text=f"Hello {NAME}, about your {words}",
            subject=NAME,
            state="accepted",
            content={"to": EMAIL},
            reason=words,
        )
        session.add(sent)
        await session.flush()
        decision = GateDecision(
            id=new_id(),
            outbox_id=sent.id,
            stage="claim",
            answer="allow",
            rule="r",
            reason=words,
            pack_version="1",
            inputs={"said": words},
            decided_at=now,
        )
        session.add(decision)
        await session.flush()
        await session.execute(
            update(OutboxMessage).where(OutboxMessage.id == sent.id).values(gate_decision_id=decision.id)
        )
        await session.execute(
            insert(table["email_links"]).values(outbox_id=sent.id, number=1, url=f"https://x.example/{EMAIL}", count=1)
        )
        fill_inbox_and_marks(session, contact_id, talk, words, now)
        await fill_number_work(session, contact_id, talk, now)
        imported = new_id()
        session.add(ContactImport(id=imported, file_sha256="0" * 64, mapping={}, made_by="operator", started_at=now))
        await session.flush()
        session.add(ImportedContact(contact_id=contact_id, import_id=imported, row_number=2, created_at=now))
        counted = upsert(ContactScores).values(contact_id=contact_id, scores={"fit": 5}, book=0, counted_at=now)
        await session.execute(counted.on_conflict_do_nothing())
        await fill_segments_and_journeys(session, contact_id, words, now)
        session.add(
            PrivacyRequest(
                id=new_id(),
                contact_id=contact_id,
                kind="rectify",
                status="open",
                channel="web",
                made_by="subject",
                detail={"full_name": NAME},
                received_at=now,
                due_at=now,
            )
        )
        event = await record_consent_event(
            session,
            ConsentFact(
                event="given",
                principal_ref=contact_id,
                purpose="marketing",
                channel="email",
                controller="Northwind Ledger",
                language="en",
                method="chat_choice",
                actor="subject",
                effective_at=now,
                notice_text="May we write to you?",
                address_hmac=keys.blind_index(EMAIL, kind="email").hex(),
                evidence={"conversation_id": str(talk), "answer_message_id": str(said)},
            ),
            now,
        )
        session.add(
            ConsentConfirmation(
                id=new_id(), contact_id=contact_id, requested_event_id=event.id, created_at=now, expires_at=now
            )
        )
        session.add(
            OptOutReview(
                id=new_id(),
                contact_id=contact_id,
                message_id=said,
                channel="web",
                language="en",
                scope={},
                rule=words,
                confidence=0.5,
                consent_event_id=event.id,
                before={},
                created_at=now,
            )
        )
        await session.flush()
        # Somebody who turned out to be the same person: what they were known as is kept in the merge's record.
        other = await create_contact(session, time_zone=None, now=now)
        await set_fields(session, other, {"full_name": NAME, "note": words}, now)
        await set_external_id(
            session, keys, other, source="shop", value=f"id of {NAME}", verified=True, by="user:1", now=now
        )
        await merge_contacts(session, contact_id, other, "user:1", now)
    await fill_told(stage, contact_id, words)
    await fill_likeness(stage, contact_id)


async def fill_told(stage: Stage, contact_id: UUID, words: str) -> None:
    """What colleagues and other systems were told of them."""
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        (task,) = await create_tasks(session, [NewTask(contact_id, "call_back", f"Call {NAME} about {words}")], now)
        colleague = AdminUser(
            id=new_id(), email="ada@site.example", name="Ada", role="owner", password_hash="-", created_at=now
        )
        session.add(colleague)
        await session.flush()
        session.add(TaskNotice(task_id=task, user_id=colleague.id, told_at=now))
        wish = Wish("shop", "https://hooks.shop.example/", ["lead_captured"], with_addresses=False)
        endpoint, _ = await make_endpoint(session, stage.keys, wish, allow_private=False, made_by=new_id(), now=now)
        session.add(
            WebhookDelivery(
                endpoint_id=endpoint.id,
                event_id=new_id(),
                contact_id=contact_id,
                kind="lead_captured",
                state="delivered",
                due_at=now,
                attempts=1,
                created_at=now,
            )
        )


async def fill_likeness(stage: Stage, contact_id: UUID) -> None:
    """What is worked out of them, and who looks after them."""
    now, keys = stage.clock.now(), stage.keys
    async with transaction(stage.sessions) as session:
        await look_at_due(session, keys, now)
        # Due again.
        await set_fields(session, contact_id, {"last_name": NAME}, now)
        first, second = sorted((contact_id, await create_contact(session, time_zone=None, now=now)))
        session.add(
            MergeCandidate(id=new_id(), first_id=first, second_id=second, probability=0.9, reasons=[], found_at=now)
        )
        await assign_owner(session, contact_id, new_id(), by="user:1", now=now)
        bulk = BulkOperation(
            id=new_id(), operation="export", selection={"by": "ids"}, total=1, made_by=new_id(), made_at=now
        )
        session.add(bulk)
        await session.flush()
        session.add(BulkContact(operation_id=bulk.id, contact_id=contact_id))
        company = await create_company(session, keys, now, name="Acme")
        await set_company(session, contact_id, company.id, by="user:1", now=now)
        # From here on nothing reacts to what happens to them.
        session.add(SamplePerson(contact_id=contact_id, name=str(contact_id)))


async def counts_of(stage: Stage, contact_id: UUID) -> dict[str, int]:
    from crm.privacy.persons import find_person

    async with stage.sessions() as session:
        person = await find_person(session, stage.keys, contact_id, indexes(stage.keys))
        return {
            name: await session.scalar(select(func.count()).select_from(table_named(name)).where(rows_of(name, person)))
            for name in read_registry().tables
        }


async def test_no_byte_of_an_erased_person_is_left_in_a_dump_of_the_database(
    database: Database, stage: Stage, tmp_path: Path
) -> None:
    contact_id = await chat(stage)
    await fill(stage, contact_id)
    held = await counts_of(stage, contact_id)
    empty = {name for name, count in held.items() if not count}
    assert empty == {"suppressions", "privacy_erasures"}, "every table holds something to be erased"
    assert find_words(dump(database.url), SECRETS) >= set(SECRETS) - {"4155552671", TELEGRAM} - {"vexworks"}
    mails = tmp_path / "mailbox"
    mails.mkdir()
    (mails / "1.eml").write_bytes(f"To: {NAME} <{EMAIL.upper()}>\r\n\r\n{WORDS[0]}".encode())
    (mails / "2.eml").write_bytes(b"To: somebody@else.example\r\n\r\nHello")
    with capture_logs() as logged:
        erased = await erase(stage, contact_id, folder=mails)
    assert find_words(dump(database.url), SECRETS) == set()
    assert [path.name for path in mails.iterdir()] == ["2.eml"]
    assert find_words(json.dumps(logged, default=str).encode(), SECRETS) == set()
    kept = {name for name, one in read_registry().tables.items() if one.erase.keep is not None}
    assert erased.counts == {name: count for name, count in held.items() if name not in kept} | {
        # The withdrawal that goes with it is an event of the timeline, too.
        "timeline_events": held["timeline_events"] + 1,
        # What is erased is noted for segments to look at, and the notes go last.
        "segment_looks": erased.counts["segment_looks"],
        # As are addresses that go for who may be the same.
        "contact_due_looks": held["contact_due_looks"] + 1,
    }
    assert (await counts_of(stage, contact_id))["segment_looks"] == 0


async def test_a_mail_that_is_filed_while_somebody_is_erased_goes_and_what_was_read_is_not_read_again(
    stage: Stage, tmp_path: Path
) -> None:
    contact_id = await chat(stage)
    other, later = tmp_path / "1.eml", tmp_path / "2.eml"
    other.write_bytes(b"To: somebody@else.example\r\n\r\nHello")
    mails = FiledMails(tmp_path)
    async with mails.read_first():
        # Read again it would be theirs: what is filed does not change, and a large folder takes long.
        other.write_bytes(f"To: {EMAIL}\r\n\r\nHello".encode())
        async with transaction(stage.sessions) as session:
            await erase_person(
                session, stage.keys, contact_id, indexes(stage.keys), mails=mails, reason="request",
                now=stage.clock.now(),
            )  # fmt: skip
        later.write_bytes(f"To: {EMAIL}\r\n\r\nHello".encode())
    assert [path.name for path in tmp_path.iterdir()] == ["1.eml"]


async def test_a_stop_outlives_the_person_and_holds_for_whoever_names_the_address_next(stage: Stage) -> None:
    contact_id = await chat(stage)
    await erase(stage, contact_id)
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        newcomer = await create_contact(session, time_zone=None, now=now)
        attached = await attach_address(session, stage.keys, newcomer, kind="email", value=EMAIL, now=now)
        assert attached.created, "the address is nobody's any more"
        assert (await list_suppressions(session, [newcomer]))[newcomer] == {"all": "erasure_request"}
        stranger = await create_contact(session, time_zone=None, now=now)
        assert (await list_suppressions(session, [stranger]))[stranger] == {}


async def test_a_stop_of_the_contact_alone_becomes_one_of_its_addresses(stage: Stage) -> None:
    """When time is over nothing is withdrawn; but who stopped mails before must not get one as somebody new."""
    contact_id = await chat(stage)
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        await suppress(session, [contact_id], "email", "complaint", now)
    await erase(stage, contact_id, "retention")
    async with transaction(stage.sessions) as session:
        newcomer = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, stage.keys, newcomer, kind="email", value=EMAIL, now=now)
        assert (await list_suppressions(session, [newcomer]))[newcomer] == {"email": "complaint"}


async def test_the_ledger_stays_whole_and_ends_with_the_withdrawal(stage: Stage) -> None:
    contact_id = await chat(stage)
    await fill(stage, contact_id)
    await erase(stage, contact_id)
    async with stage.sessions() as session:
        assert (await verify_chain(session)).is_intact
        events = (
            await session.scalars(
                select(ConsentEvent).where(ConsentEvent.principal_ref == contact_id).order_by(ConsentEvent.seq)
            )
        ).all()
    assert [one.event for one in events] == ["given", "withdrawn"]
    assert (events[-1].purpose, events[-1].channel, events[-1].method) == ("all", "all", "erasure_request")


async def test_the_receipt_is_signed_and_says_what_went_and_what_stays(stage: Stage) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    contact_id = await chat(stage)
    await fill(stage, contact_id)
    erased = await erase(stage, contact_id)
    header, payload, signature = erased.receipt.split(".")
    content = json.loads(from_base64url(payload))
    assert content["principal_ref"] == str(contact_id)
    assert content["rows_erased"] == dict(erased.counts)
    assert content["sealed_under"] == [stage.keys.newest]
    kept = {
        "suppressions", "consent_events", "principal_links", "privacy_requests", "privacy_erasures", "calendar_entries",
    }  # fmt: skip
    assert content["kept"].keys() == kept
    assert content["recipients"] == ["channel email", "connector crm", "webhook shop"]
    async with stage.sessions() as session:
        key = await session.get(ConsentKey, json.loads(from_base64url(header))["kid"])
        assert key is not None
        Ed25519PublicKey.from_public_bytes(from_base64url(key.public_key)).verify(
            from_base64url(signature), f"{header}.{payload}".encode()
        )
        stored = await session.get(Erasure, erased.erasure_id)
        assert stored is not None
        assert stored.receipt == erased.receipt


async def test_no_invariant_is_broken_by_an_erasure(
    stage: Stage, oracle: Callable[..., Awaitable[None]], now: datetime
) -> None:
    contact_id = await chat(stage)
    await erase(stage, contact_id)
    await oracle(stage.sessions, now)


async def test_a_second_erasure_finds_nobody(stage: Stage) -> None:
    contact_id = await chat(stage)
    await erase(stage, contact_id)
    with pytest.raises(NotFound):
        await erase(stage, contact_id)


async def test_nobody_else_loses_anything(stage: Stage) -> None:
    contact_id = await chat(stage)
    await stage.begin_again()
    await happen(stage, {"effect": "capture_lead", "field": "email", "value": "other@else.example"}, text="hello there")
    other = (await contact_of(stage)).id
    assert other != contact_id
    before = await counts_of(stage, other)
    await erase(stage, contact_id)
    assert await counts_of(stage, other) == before


async def test_the_visitor_they_were_before_and_talks_that_typed_their_address_go_with_them(stage: Stage) -> None:
    contact_id = await chat(stage)
    await stage.begin_again()
    await happen(stage, {"effect": "capture_lead", "field": "full_name", "value": "Zyx Q"}, text="hello, Zyx Q again")
    visitor = (await contact_of(stage)).id
    await happen(stage, {"effect": "capture_lead", "field": "email", "value": EMAIL}, text=EMAIL)
    assert (await contact_of(stage)).id == contact_id != visitor
    await erase(stage, contact_id)
    async with stage.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 0
        assert await session.scalar(select(func.count()).select_from(Conversation)) == 0
