"""Proof packs: what they say, that it can be checked by others, and that nothing in them acts or runs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from admin.proofs.archive import write_archive
from admin.proofs.pages import carrier_csv, carrier_html, message_html, person_html
from admin.proofs.queries import prove_message, prove_opt_ins, prove_person
from admin.proofs.shapes import CarrierQuery
from base.database import transaction
from base.ids import new_id
from crm.consent.export import LEDGER
from crm.consent.heads import sign_head
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.receipts import Issuer
from crm.consent.signing import signer_of
from crm.consent.verify_ledger import verify_receipt
from outreach.models import GateDecision, OutboxMessage
from tests.admin.people import make_contact, make_talk, say
from tests.crm.consent.ledgers import trusted

NOTICE = 'May <b>Northwind</b> send you "news" by e-mail?'
ISSUER = Issuer("https://parley.example", "Road 1")


class Story:
    """Somebody agreed in a talk, got a message, and said no afterwards."""

    def __init__(self, context, now) -> None:
        self.context, self.now = context, now
        self.outbox_id = new_id()

    async def happen(self) -> None:
        async with transaction(self.context.sessions) as session:
            self.contact_id = await make_contact(session, self.context.keys, self.now, email="ann@example.com")
            self.talk_id = await make_talk(session, self.contact_id, self.now)
            await session.execute(text("UPDATE conversations SET page_url = 'https://northwind.example/prices'"))
            await say(session, self.talk_id, "=HYPERLINK(1) yes please", self.now)
            self.given = await self.record(session, "given")
            await self.send(session)
            await self.record(session, "withdrawn", purpose="all", channel="all", notice_text=None)

    async def record(self, session, event, **changes):
        fact = ConsentFact(
            **{
                "event": event,
                "principal_ref": self.contact_id,
                "purpose": "marketing",
                "channel": "email",
                "controller": "Northwind",
                "language": "en",
                "method": "chat_choice",
                "actor": "subject",
                "effective_at": self.now,
                "notice_text": NOTICE,
                "evidence": {"conversation_id": str(self.talk_id)},
                **changes,
            }
        )
        return await record_consent_event(session, fact, self.now)

    async def send(self, session) -> None:
        later = self.now + timedelta(minutes=10)
        await session.execute(
            insert(OutboxMessage).values(
                id=self.outbox_id,
                occurrence="one",
                contact_id=self.contact_id,
                conversation_id=self.talk_id,
                journey="follow_up",
                step="first",
                channel="email",
                purpose="marketing",
                message_class="promotional",
                subject="Hello",
                text="Hello <Ann>",
                state="accepted",
                due_at=later,
                attempts=1,
                claimed_at=later,
                created_at=later,
                updated_at=later,
            )
        )
        for stage in ("plan", "claim", "wire"):
            await session.execute(
                insert(GateDecision).values(
                    id=new_id(),
                    outbox_id=self.outbox_id,
                    stage=stage,
                    answer="allow",
                    rule="no_objection",
                    reason="Nothing speaks against it.",
                    pack_version="limits 2026-11-23",
                    inputs={"zones": ["Europe/London"]},
                    decided_at=later,
                )
            )


@pytest.fixture
async def story(context, now):
    told = Story(replace(context, company_name="Northwind"), now)
    await told.happen()
    return told


async def test_a_message_is_explained_by_the_gate_the_consent_and_the_talk(story, signed_in) -> None:
    proof = await signed_in.read(f"/api/v1/messages/{story.outbox_id}/proof")
    assert [one["stage"] for one in proof["decisions"]] == ["plan", "claim", "wire"]
    assert {one["pack_version"] for one in proof["decisions"]} == {"limits 2026-11-23"}
    assert proof["decisions"][0]["inputs"] == {"zones": ["Europe/London"]}
    # As it stood when the message left, not as it stands now.
    assert (proof["basis"], proof["standing"]) == (str(story.given.id), "given")
    assert [(one["event"], one["text"]) for one in proof["consent"]] == [("given", NOTICE), ("withdrawn", None)]
    assert [one["text"] for one in proof["talk"]] == ["=HYPERLINK(1) yes please"]
    for one in proof["consent"]:
        assert verify_receipt(one["receipt"], trusted(story.context.keys)).findings == []


async def test_a_person_is_proven_whole_and_also_when_only_the_ledger_is_left(story, signed_in) -> None:
    proof = await signed_in.read(f"/api/v1/leads/{story.contact_id}/proof")
    assert proof["standing"] == {"all/all": "withdrawn", "marketing/email": "withdrawn"}
    assert [one["message"]["id"] for one in proof["messages"]] == [str(story.outbox_id)]
    assert len(proof["messages"][0]["decisions"]) == 3
    assert "ann@example.com" not in json.dumps(proof)
    async with transaction(story.context.sessions) as session:
        await session.execute(text("DELETE FROM outbox"))
        await session.execute(text("DELETE FROM contacts"))
    proof = await signed_in.read(f"/api/v1/leads/{story.contact_id}/proof")
    assert ([len(proof["consent"]), proof["messages"]]) == [2, []]


async def test_a_persons_receipts_are_fetched_and_verify(story, signed_in) -> None:
    found = await signed_in.read(f"/api/v1/leads/{story.contact_id}/consent-receipts")
    assert len(found["receipts"]) == 2
    for receipt in found["receipts"]:
        assert verify_receipt(receipt, trusted(story.context.keys)).findings == []


async def test_a_carrier_sees_the_texts_and_how_people_opted_in_but_no_address(story, signed_in) -> None:
    proof = await signed_in.read("/api/v1/opt-in-evidence", channel="email", purpose="marketing")
    assert (proof["opted_in"], proof["opted_out"]) == (1, 1)
    assert [(one["text"], one["opt_ins"]) for one in proof["texts"]] == [(NOTICE, 1)]
    (one,) = proof["opt_ins"]
    assert (one["url"], one["method"], one["where"]) == ("https://northwind.example/prices", "chat_choice", "web")
    assert "ann@" not in json.dumps(proof)
    assert (await signed_in.read("/api/v1/opt-in-evidence", channel="sms"))["opt_ins"] == []


async def test_what_is_not_there_is_said_so(signed_in) -> None:
    for path in (f"/api/v1/messages/{new_id()}/proof", f"/api/v1/leads/{new_id()}/proof", "/api/v1/ledger/head"):
        assert (await signed_in.get(path)).status == 404
    assert (await signed_in.get(f"/api/v1/leads/{new_id()}/consent-receipts")).status == 404
    assert (await signed_in.get("/api/v1/opt-in-evidence", limit=0)).status == 422


async def test_the_head_that_was_signed_last_is_told(story, signed_in) -> None:
    async with transaction(story.context.sessions) as session:
        head = await sign_head(session, LEDGER, story.context.keys, story.now)
    told = await signed_in.read("/api/v1/ledger/head")
    assert (told["length"], told["jws"]) == (2, head.jws)


async def test_pages_show_what_people_typed_as_text_and_csv_runs_no_formula(story) -> None:
    signer = signer_of(story.context.keys)
    async with transaction(story.context.sessions) as session:
        await story.record(session, "given", notice_text="=cmd|' /C calc'!A0")
        message = await prove_message(session, story.outbox_id, ISSUER, signer)
        person = await prove_person(session, story.contact_id, ISSUER, signer, story.now)
        carrier = await prove_opt_ins(session, CarrierQuery(channel="email"), "North & <wind>")
    for page in (message_html(message), person_html(person), carrier_html(carrier)):
        assert "<b>Northwind" not in page
        assert "May &lt;b&gt;Northwind" in page
    assert "Hello &lt;Ann&gt;" in message_html(message)
    assert "North &amp; &lt;wind&gt;" in carrier_html(carrier)
    rows = list(csv.DictReader(io.StringIO(carrier_csv(carrier))))
    assert [row["text"] for row in rows] == ["'=cmd|' /C calc'!A0", NOTICE]
    assert rows[1]["url"] == "https://northwind.example/prices"


async def test_an_auditor_checks_the_archive_with_what_is_in_it(story, tmp_path) -> None:
    async with transaction(story.context.sessions) as session:
        await sign_head(session, LEDGER, story.context.keys, story.now)
        await write_archive(session, story.context.keys, tmp_path / "audit.zip", story.now)
    with zipfile.ZipFile(tmp_path / "audit.zip") as archive:
        archive.extractall(tmp_path / "out")
        assert sorted(archive.namelist())[:3] == ["README.txt", "heads/head-2026-11-23T15-00-00Z.json", "jwks.json"]
    heads = [f"--head={one}" for one in (tmp_path / "out" / "heads").iterdir()]
    command = [sys.executable, "-I", "verify_ledger.py", "ledger.jsonl", "--keys", "jwks.json", *heads]
    done = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "intact, 2 events" in done.stdout
