"""Whole talks by e-mail: fetched by IMAP, answered through the outbox over SMTP, replied to as programs do it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import dkim
import pytest
from sqlalchemy import select

from base.database import libpq_url, transaction
from base.encryption import KeyRing
from bot.models import Conversation, Message
from channels.email.arrivals import MailArrivals
from channels.email.collecting import Collecting, MailFiles
from channels.email.sender import EmailSender
from channels.email.settings import SMTPServer
from crm.consent.ledger import ConsentFact, list_consent_events, record_consent_event
from crm.consent.models import OptOutReview, Suppression
from crm.contacts.service import attach_address, create_contact
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.enrolment import enrol, publish_journeys
from outreach.gatekeeper import Gatekeeper
from outreach.models import OutboxMessage
from outreach.planning import Planner
from outreach.rule_pack import read_rule_pack
from tests.bot.scripted_dialogue import ScriptedDialogue, say
from tests.bot.stage import staged
from tests.bot.test_consent_effects import NOTICE, consent, notice
from tests.channels.email.conftest import SETTINGS, ScriptedServer
from tests.channels.email.mails import ANN, put, written
from tests.channels.email.test_origin import key, published
from tests.channels.email.test_quotes_and_opt_outs import quoted
from tests.channels.email.test_unsubscribe import JOURNEY
from tests.conftest import Database
from tests.contracts.house import House, free_port

INBOX = "answers@northwind.example"
TRUSTED = "mx.northwind.example; dmarc=pass header.from=customer.example"


@dataclass
class Correspondence:
    """Ann's mail program at one end, and everything of ours at the other."""

    house: House
    account_id: UUID
    collecting: Collecting
    server: ScriptedServer
    imap_port: int
    sent: list[str] = field(default_factory=list)

    async def write(self, text: str) -> None:
        """Ann writes a new mail."""
        await self._send(written(text, message_id=self._next_id(), Authentication_Results=TRUSTED))

    async def reply(self, own: str, *, sender: str = ANN) -> None:
        """Ann replies to the last mail she got, as her program makes it: quoted, in the thread, not proven."""
        last = self.server.taken[-1]
        message = EmailMessage()
        message["From"], message["To"] = f"Ann Example <{sender}>", str(last["Reply-To"] or last["From"])
        message["Subject"] = last["Subject"] if last["Subject"].startswith("Re: ") else f"Re: {last['Subject']}"
        message["Message-ID"] = self._next_id()
        message["In-Reply-To"] = last["Message-ID"]
        message["References"] = f"{last['References'] or ''} {last['Message-ID']}".strip()
        body = last.get_body(("plain",)).get_content().replace("\r\n", "\n")
        message.set_content(f"{own}\n\nOn Mon, 23 Nov 2026 at 15:00, Northwind wrote:\n\n{quoted(body)}")
        await self._send(message.as_bytes())

    async def _send(self, raw: bytes) -> None:
        await asyncio.to_thread(put, self.imap_port, raw)
        await self.collecting.collect(self.account_id)

    def _next_id(self) -> str:
        self.sent.append(f"<ann-{len(self.sent)}@customer.example>")
        return self.sent[-1]

    async def answered(self) -> EmailMessage:
        """The bot's answer, once it has left."""
        await self.house.settle()
        await self.house.deliver()
        return self.server.taken[-1]

    async def talks(self) -> list[Conversation]:
        return [one for one in await self.house.rows(Conversation) if one.channel == "email"]


@pytest.fixture
async def mails(  # noqa: PLR0917
    database: Database,
    keys: KeyRing,
    now: datetime,
    dialogue: ScriptedDialogue,
    serve: Callable[..., Any],
    imap_port: int,
) -> AsyncIterator[Correspondence]:
    async with staged(database.sessions, keys, now, dialogue) as stage:
        house = House(stage, AccountBook(database.sessions, keys, fresh_for=0), free_port())
        told = {"imap_host": "127.0.0.1", "imap_port": str(imap_port), "imap_user": "demouser", "imap_tls": "no"}
        async with transaction(database.sessions) as session:
            account_id = await save_account(
                session,
                keys,
                channel="email",
                name="main",
                address=INBOX,
                settings={**told, "authserv_id": "mx.northwind.example"},
                secrets={"imap_password": "demopass"},
                now=now,
            )
        server = await serve()
        settings = replace(
            SETTINGS,
            server=SMTPServer(host=server.host, port=server.port),
            reply_to=None,
            dkim_selector="s1",
            dkim_key=key()[0].decode(),
            counts=True,
        )
        house.sender = EmailSender(settings, keys, stage.clock, database.sessions, house.accounts)
        house.attachments["email"] = MailFiles(house.accounts)
        arrivals = MailArrivals(
            database.sessions, keys, house.intake, stage.clock, lookup=lambda _name, timeout=5: None
        )
        collecting = Collecting(database.sessions, house.accounts, arrivals, libpq_url(database.url))
        correspondence = Correspondence(house, account_id, collecting, server, imap_port)
        await collecting.collect(account_id)  # from here on
        yield correspondence
        await house.settle()


def plain(message: EmailMessage) -> str:
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n").partition("\n\n-- \n")[0]


def ask_size(_body: dict[str, Any]) -> dict[str, Any]:
    asked = say("How many are you?")
    choices = [{"value": "small", "label": "1 to 10"}, {"value": "large", "label": "More than 10"}]
    asked["replies"][0] |= {"step": "demo/ask_size", "input": "choice", "choices": choices}
    return asked


async def test_a_talk_by_mail_from_its_first_word_to_a_consent(mails: Correspondence) -> None:
    dialogue = mails.house.dialogue
    dialogue.script = ask_size
    await mails.write("I would like to see a demo")
    asked = await mails.answered()
    assert plain(asked) == "How many are you?\n\n1. 1 to 10\n2. More than 10\n\nReply with 1 or 2."

    dialogue.script = lambda _body: {**say(), "replies": [notice()]}
    await mails.reply("2")
    asked_consent = await mails.answered()
    assert dialogue.requests[-1]["message"]["text"] == "2"
    assert plain(asked_consent) == f"{NOTICE}\n\nReply YES or NO."

    dialogue.script = lambda _body: say("Thank you.", effects=[consent()])
    await mails.reply("YES")
    thanked = await mails.answered()
    assert dialogue.requests[-1]["message"]["text"] == "YES"
    assert plain(thanked) == "Thank you."

    (talk,) = await mails.talks()
    heard = [(one.author, one.text) for one in await mails.house.rows(Message) if one.conversation_id == talk.id]
    assert [text for author, text in heard if author == "visitor"] == ["I would like to see a demo", "2", "YES"]
    async with mails.house.sessions() as session:
        ((event, text),) = await list_consent_events(session, talk.contact_id)
    # Where they are nobody knows, so it must be confirmed: the answer came from the very address, which does.
    told = (event.event, event.purpose, event.channel, event.method)
    assert told == ("confirmed", "marketing", "email", "chat_text")
    assert text == f"{NOTICE}\n\nReply YES or NO."
    assert event.address_hmac == mails.house.keys.blind_index(ANN, kind="email").hex()


async def test_every_answer_stands_in_the_thread_and_is_answered_to_the_mailbox_of_the_talk(
    mails: Correspondence,
) -> None:
    await mails.write("one")
    for word in ("two", "three"):
        await mails.answered()
        await mails.reply(word)
    await mails.answered()
    first, second, third = mails.server.taken
    assert [one["Subject"] for one in mails.server.taken] == ["Re: Your demo"] * 3
    assert [one["In-Reply-To"] for one in mails.server.taken] == mails.sent
    assert third["References"].split() == [
        mails.sent[0], first["Message-ID"], mails.sent[1], second["Message-ID"], mails.sent[2],
    ]  # fmt: skip
    for one in mails.server.taken:
        assert one["Reply-To"] == INBOX
        assert one["From"] == "Northwind Ledger <hello@northwind.example>"
        assert one["Auto-Submitted"] == "auto-replied"
        assert one["List-Unsubscribe"] is None
    assert all(dkim.verify(raw, dnsfunc=published("s1._domainkey.northwind.example")) for raw in mails.server.raws)


async def test_a_long_talk_never_makes_a_line_that_no_server_takes(mails: Correspondence) -> None:
    await mails.write("0")
    for number in range(1, 25):
        await mails.answered()
        mails.house.clock.move_seconds(600)
        await mails.reply(f"number {number} of many words")
    last = await mails.answered()
    assert len(last["References"].split()) > 20
    assert max(len(line) for line in mails.server.raws[-1].split(b"\r\n")) <= 998
    assert len(await mails.talks()) == 1
    assert dkim.verify(mails.server.raws[-1], dnsfunc=published("s1._domainkey.northwind.example"))


async def test_a_stop_in_a_reply_ends_it_with_one_confirmation(mails: Correspondence) -> None:
    await mails.write("I would like to see a demo")
    await mails.answered()
    mails.house.dialogue.script = lambda _body: say()
    await mails.reply("STOP")
    assert {one.channel for one in await mails.house.rows(Suppression)} == {"all"}
    await mails.answered()
    sent = len(mails.server.taken)
    assert sent <= 2
    await mails.reply("please stop")
    await mails.answered()
    assert len(mails.server.taken) == sent


async def test_somebody_else_who_has_the_mail_does_not_speak_for_its_recipient(mails: Correspondence) -> None:
    await mails.write("I would like to see a demo")
    await mails.answered()
    await mails.reply("and me?", sender="bob@other.example")
    await mails.house.settle()
    ann, bob = await mails.talks()
    assert ann.contact_id != bob.contact_id


async def follow_up_on(mails: Correspondence) -> tuple[UUID, EmailMessage]:
    """Ann agreed to marketing and gets the first mail of a journey."""
    house, now = mails.house, mails.house.clock.now()
    async with transaction(house.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone="Europe/London", now=now)
        await attach_address(session, house.keys, contact_id=contact_id, kind="email", value=ANN, now=now)
        for purpose in ("marketing", "profiling"):
            fact = ConsentFact(
                event="given", principal_ref=contact_id, purpose=purpose, channel="email", controller="Northwind",
                language="en", method="chat", actor="subject", effective_at=now, notice_text="May we?",
            )  # fmt: skip
            await record_consent_event(session, fact, now)
        await publish_journeys(session, {"two_mails": JOURNEY}, now)
        await enrol(session, journey="two_mails", contact_id=contact_id, conversation_id=None, now=now)
    gatekeeper = Gatekeeper(read_rule_pack(), {"email": house.sender}, ("Europe/London",), house.accounts)
    await Planner(house.sessions, gatekeeper).advance_due(now)
    await house.deliver()
    (sent,) = mails.server.taken
    return contact_id, sent


async def test_a_follow_up_is_answered_by_mail_and_its_answer_opens_a_talk(mails: Correspondence) -> None:
    contact_id, follow_up = await follow_up_on(mails)
    assert follow_up["Reply-To"] == INBOX

    await mails.reply("Can you show it to me on Friday?")
    answer = await mails.answered()
    assert answer is not follow_up
    assert plain(answer) == "echo Can you show it to me on Friday?"
    assert answer["In-Reply-To"] == mails.sent[-1]
    (talk,) = await mails.talks()
    assert talk.contact_id == contact_id
    # An answer of a talk is never counted, also of somebody who agreed to it.
    assert "/o/" in str(follow_up)
    assert "/o/" not in str(answer)
    assert "/l/" not in str(answer)


@pytest.mark.parametrize("no", ["No thanks.", "Nein danke", "no"])
async def test_a_plain_no_to_a_follow_up_is_an_opt_out_that_a_colleague_looks_at(
    mails: Correspondence, no: str
) -> None:
    contact_id, follow_up = await follow_up_on(mails)
    await mails.reply(no)
    confirmed = await mails.answered()
    assert plain(confirmed) == "<stopped en>"
    assert confirmed["In-Reply-To"] == mails.sent[-1]
    assert follow_up["List-Unsubscribe"], "it was promotion that they said no to"
    assert {one.channel for one in await mails.house.rows(Suppression) if one.contact_id == contact_id} == {"all"}
    (review,) = await mails.house.rows(OptOutReview)
    assert (review.contact_id, review.rule) == (contact_id, "reply:refusal")
    assert mails.house.dialogue.requests == [], "the dialogue had no say"


async def test_a_plain_no_in_a_talk_answers_the_dialogue(mails: Correspondence) -> None:
    await mails.write("I would like to see a demo")
    await mails.answered()
    await mails.reply("No thanks.")
    assert plain(await mails.answered()) == "echo No thanks."
    assert await mails.house.rows(Suppression) == []


async def test_both_ways_to_unsubscribe_are_signed_in_what_is_really_sent(mails: Correspondence, envelope) -> None:
    await mails.house.sender.send(envelope())
    (raw,) = mails.server.raws
    (message,) = mails.server.taken
    dns = published("s1._domainkey.northwind.example")
    assert dkim.verify(raw, dnsfunc=dns)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Unsubscribe"].startswith("<https://chat.northwind.example/unsubscribe/")
    for name in (b"List-Unsubscribe:", b"List-Unsubscribe-Post:", b"Subject:", b"References:"):
        altered = raw.replace(b"\r\n" + name, b"\r\nX-" + name)
        assert dkim.verify(altered, dnsfunc=dns) is (altered == raw)
    evil = b"List-Unsubscribe: <https://evil.example/>"
    line = next(one for one in raw.split(b"\r\n") if one.startswith(b"List-Unsubscribe:"))
    assert not dkim.verify(raw.replace(line, evil), dnsfunc=dns)
    for added in (b"From: x@evil.example", b"Reply-To: x@evil.example", b"Subject: another"):
        assert not dkim.verify(added + b"\r\n" + raw, dnsfunc=dns)


async def test_the_outbox_and_the_mail_agree_on_what_was_sent(mails: Correspondence) -> None:
    await mails.write("hello there")
    sent = await mails.answered()
    async with mails.house.sessions() as session:
        row = await session.scalar(select(OutboxMessage))
    assert row is not None
    assert row.provider_id == sent["Message-ID"] == f"<{row.id}@northwind.example>"
