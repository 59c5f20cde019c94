"""Mail that comes in becomes a talk, a report or nothing; and what the bot says goes back into the same thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text

from admin.api.problems import problem_middleware
from base.channel_contract import Attachment
from base.database import transaction
from bot.intake.models import InboundEvent
from bot.intake.service import Intake
from bot.models import Conversation, Message
from channels.email.arrivals import MOST_AN_HOUR, MailArrivals
from channels.email.collecting import Collecting, MailboxAway, MailFiles, check_mailbox
from channels.email.hook import MailHook, routes
from channels.email.inbox import Inbox, read_inbox
from channels.email.message import build_message
from channels.email.settings import EmailSettings, SMTPServer
from crm.consent.suppression import list_suppressions
from crm.contacts.service import list_claims
from outreach.accounts.book import AccountBook
from outreach.accounts.service import save_account
from outreach.models import OutboxMessage
from outreach.ports import Envelope
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.channels.email.mails import ANN, SITE, bounce, complaint, put, written

TRUSTED = "mx.northwind.example; dmarc=pass header.from=customer.example"
TOKEN = "a-token-of-the-tests"


@dataclass
class Post:
    """A mailbox of the site and everything that mail goes through."""

    stage: Stage
    account_id: UUID
    inbox: Inbox
    intake: Intake
    arrivals: MailArrivals
    accounts: AccountBook

    async def arrive(self, raw: bytes, *, place: str = "") -> str:
        outcome = await self.arrivals.take(self.account_id, self.inbox, raw, place=place)
        await self.intake.drain()
        await self.stage.turns.drain()
        return outcome

    async def rows(self, model: Any) -> list[Any]:
        async with self.stage.sessions() as session:
            return list(await session.scalars(select(model).order_by(model.id)))

    async def heard(self) -> list[str]:
        return [one.text for one in await self.rows(Message) if one.author == "visitor" and one.text]

    async def talks(self) -> list[Conversation]:
        return [one for one in await self.rows(Conversation) if one.channel == "email"]

    async def sent(self) -> UUID:
        """A mail of ours to Ann, as delivery leaves it."""
        (talk,) = await self.talks()
        (queued,) = [one for one in await self.rows(OutboxMessage) if one.conversation_id == talk.id][:1]
        async with transaction(self.stage.sessions) as session:
            await session.execute(text("UPDATE outbox SET state = 'accepted', gate_decision_id = NULL"))
        return queued.id


async def open_post(stage: Stage, **settings: Any) -> Post:
    async with transaction(stage.sessions) as session:
        account_id = await save_account(
            session,
            stage.keys,
            channel="email",
            name="main",
            address=SITE,
            settings={"authserv_id": "mx.northwind.example", **settings},
            secrets={"hook_token": TOKEN, "imap_password": "demopass"},
            now=stage.clock.now(),
        )
    accounts = AccountBook(stage.sessions, stage.keys, fresh_for=0)
    account = await accounts.get(account_id)
    assert account is not None
    intake = Intake(
        sessions=stage.sessions,
        turns=stage.turns,
        keys=stage.keys,
        clock=stage.clock,
        attachments={"email": MailFiles(accounts)},
    )
    arrivals = MailArrivals(stage.sessions, stage.keys, intake, stage.clock, lookup=lambda _name, timeout=5: None)
    return Post(stage, account_id, read_inbox(account), intake, arrivals, accounts)


@pytest.fixture
async def post(stage: Stage) -> Post:
    return await open_post(stage)


async def test_a_mail_opens_a_talk_and_is_answered_in_its_thread(post: Post) -> None:
    post.stage.dialogue.script = lambda _body: say("It costs 29 euros.")
    assert await post.arrive(written("What does it cost?", Authentication_Results=TRUSTED)) == "kept"
    (talk,) = await post.talks()
    assert talk.thread == {"subject": "Your demo", "in_reply_to": "<m1@customer.example>", "references": []}
    (answer,) = await post.rows(OutboxMessage)
    assert (answer.channel, answer.purpose, answer.text) == ("email", "answer", "It costs 29 euros.")
    assert await post.heard() == ["What does it cost?"]
    assert [body["message"]["text"] for body in post.stage.dialogue.requests] == ["What does it cost?"]


async def test_the_same_mail_again_is_known(post: Post) -> None:
    raw = written(Authentication_Results=TRUSTED)
    assert [await post.arrive(raw), await post.arrive(raw)] == ["kept", "known"]
    assert len(await post.heard()) == 1


async def test_a_mail_without_an_id_is_known_by_its_bytes(post: Post) -> None:
    raw = written(message_id="", Authentication_Results=TRUSTED)
    assert [await post.arrive(raw), await post.arrive(raw)] == ["kept", "known"]


async def test_an_answer_to_a_mail_of_ours_from_whom_it_went_to_needs_no_other_proof(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    await post.arrive(written("and now?", message_id="<m2@customer.example>", answers=outbox_id))
    (talk,) = await post.talks()
    assert talk.thread["in_reply_to"] == "<m2@customer.example>"
    assert await post.heard() == ["hello", "and now?"]


async def test_an_answer_from_somebody_else_to_a_mail_of_ours_is_not_its_recipients(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    forwarded = written("me too", sender="bob@other.example", message_id="<b@other.example>", answers=outbox_id)
    await post.arrive(forwarded)
    ann, bob = await post.talks()
    assert ann.contact_id != bob.contact_id


async def test_a_mail_that_nobody_vouches_for_is_told_nothing(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    await post.arrive(written("what do you know of me?", message_id="<f@evil.example>"))
    first, second = await post.talks()
    assert first.contact_id == second.contact_id
    async with post.stage.sessions() as session:
        assert await list_claims(session, [first.contact_id]) == {(first.contact_id, second.id)}  # type: ignore[list-item]


async def test_a_stop_is_believed_whoever_sent_it(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    post.stage.dialogue.script = lambda _body: say()
    await post.arrive(written("Please unsubscribe me", message_id="<s@evil.example>"))
    contact_id = (await post.talks())[0].contact_id
    assert contact_id is not None
    async with post.stage.sessions() as session:
        assert "all" in (await list_suppressions(session, [contact_id]))[contact_id]


async def test_a_stop_that_stands_in_the_subject_alone_is_heard(post: Post) -> None:
    post.stage.dialogue.script = lambda _body: say()
    await post.arrive(written("", subject="UNSUBSCRIBE", Authentication_Results=TRUSTED))
    assert [reason for _, reason in post.stage.follow_ups.stopped] == ["opted_out"]


@pytest.mark.parametrize("header", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}])
async def test_machines_are_not_answered(post: Post, header: dict[str, str]) -> None:
    assert await post.arrive(written("Out of office", Authentication_Results=TRUSTED, **header)) == "ignored"
    assert await post.arrive(written("our own", sender=SITE)) == "ignored"
    assert await post.rows(InboundEvent) == []


async def test_somebody_who_writes_like_a_machine_is_not_answered_for_ever(post: Post) -> None:
    for number in range(MOST_AN_HOUR):
        raw = written(f"question {number}", message_id=f"<p{number}@customer.example>", Authentication_Results=TRUSTED)
        assert await post.arrive(raw) == "kept"
    late = written("one more question", message_id="<late@customer.example>", Authentication_Results=TRUSTED)
    assert await post.arrive(late) == "ignored"
    post.stage.clock.move(timedelta(hours=2))
    assert await post.arrive(late) == "kept"


@pytest.mark.parametrize("whole", [True, False])
async def test_a_bounce_buries_the_address_and_a_delay_does_not(post: Post, whole: bool) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    assert await post.arrive(bounce(outbox_id, action="delayed", status="4.4.1", whole=whole)) == "ignored"
    assert await post.arrive(bounce(uuid4(), whole=whole)) == "ignored"
    assert await post.arrive(bounce("no-id-of-ours", whole=whole)) == "ignored"
    assert await post.arrive(bounce(outbox_id, whole=whole)) == "reported"
    assert await post.arrive(bounce(outbox_id, whole=whole)) == "reported"
    (row,) = await post.rows(OutboxMessage)
    assert (row.state, row.reason_rule) == ("undelivered", "hard_bounce")
    contact_id = (await post.talks())[0].contact_id
    assert contact_id is not None
    async with post.stage.sessions() as session:
        assert (await list_suppressions(session, [contact_id]))[contact_id] == {"email": "hard_bounce"}


async def test_a_full_mailbox_is_no_dead_one(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    await post.arrive(bounce(outbox_id, status="5.2.2"))
    (row,) = await post.rows(OutboxMessage)
    assert (row.state, row.reason_rule) == ("undelivered", "bounced")
    contact_id = (await post.talks())[0].contact_id
    assert contact_id is not None
    async with post.stage.sessions() as session:
        assert (await list_suppressions(session, [contact_id]))[contact_id] == {}


async def test_who_presses_the_spam_button_gets_no_more_mail(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    assert await post.arrive(complaint(outbox_id)) == "reported"
    contact_id = (await post.talks())[0].contact_id
    assert contact_id is not None
    async with post.stage.sessions() as session:
        assert "email" in (await list_suppressions(session, [contact_id]))[contact_id]


# Out


SETTINGS = EmailSettings(
    server=SMTPServer(host="127.0.0.1", port=25),
    from_address=SITE,
    from_name="Northwind Ledger",
    postal_address="1 Street",
    public_url="https://northwind.example",
)


def answer(**changes: Any) -> Envelope:
    thread = {"subject": "Your demo", "in_reply_to": "<m2@customer.example>", "references": ["<m1@customer.example>"]}
    values = {
        "outbox_id": uuid4(),
        "contact_id": uuid4(),
        "conversation_id": uuid4(),
        "attempt": 1,
        "channel": "email",
        "purpose": "answer",
        "language": "en",
        "address": ANN,
        "subject": None,
        "text": "It costs 29 euros.",
        "content": {"thread": thread},
    }
    return Envelope(**{**values, **changes})


def test_an_answer_lands_in_the_thread_it_belongs_to(now: Any) -> None:
    message = build_message(answer(), SETTINGS, to=ANN, unsubscribe_url="https://x.example", now=now)
    assert message["Subject"] == "Re: Your demo"
    assert message["In-Reply-To"] == "<m2@customer.example>"
    assert message["References"] == "<m1@customer.example> <m2@customer.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "poison", ["<a@b>\r\nBcc: x@y.example", "no id", "<a b@c>", "<" + "a" * 2000 + "@b>", "", None]
)
def test_ids_that_somebody_poisoned_go_into_no_header(now: Any, poison: Any) -> None:
    thread = {"subject": "x\r\nBcc: y@z.example", "in_reply_to": poison, "references": [poison, "<ok@x>"]}
    message = build_message(
        answer(content={"thread": thread}), SETTINGS, to=ANN, unsubscribe_url="https://x.example", now=now
    )
    assert message["Bcc"] is None
    assert message["In-Reply-To"] is None
    good = {**thread, "in_reply_to": "<ok@x>"}
    message = build_message(
        answer(content={"thread": good}), SETTINGS, to=ANN, unsubscribe_url="https://x.example", now=now
    )
    assert message["Bcc"] is None
    assert message["References"] == "<ok@x>"


# The webhook


@pytest.fixture
async def hook(post: Post) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application(middlewares=[problem_middleware], client_max_size=1024)
    app.add_routes(routes(MailHook(post.accounts, post.arrivals)))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_mail_server_posts_mails_with_its_token(post: Post, hook: TestClient[Any, Any]) -> None:
    raw = written("hello" + " and more" * 500, Authentication_Results=TRUSTED)
    path = f"/hooks/email/{post.account_id}/mail"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with hook.post(path, data=raw, headers=headers) as answered:
        assert (answered.status, await answered.json()) == (200, {"outcome": "kept"})
    async with hook.post(path, data=raw, headers=headers) as answered:
        assert await answered.json() == {"outcome": "known"}
    await post.intake.drain()
    assert len(await post.heard()) == 1


async def test_without_its_token_nothing_is_kept(post: Post, hook: TestClient[Any, Any]) -> None:
    path = f"/hooks/email/{post.account_id}/mail"
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN[:-1]}, {"Authorization": "Bearer "}):
        async with hook.post(path, data=written(), headers=headers) as answered:
            assert answered.status == 403
    for other in (uuid4(), "no-id"):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with hook.post(f"/hooks/email/{other}/mail", data=written(), headers=headers) as answered:
            assert answered.status == 404
    async with hook.post(path, data=b"", headers={"Authorization": f"Bearer {TOKEN}"}) as answered:
        assert answered.status == 400
    assert await post.rows(InboundEvent) == []


# IMAP


async def mailbox(stage: Stage, port: int, **settings: Any) -> tuple[Post, Collecting]:
    told = {"imap_host": "127.0.0.1", "imap_port": str(port), "imap_user": "demouser", "imap_tls": "no", **settings}
    post = await open_post(stage, **told)
    url = stage.sessions.kw["bind"].url.set(drivername="postgresql").render_as_string(hide_password=False)
    return post, Collecting(stage.sessions, post.accounts, post.arrivals, url)


async def test_new_mail_is_fetched_once_and_what_lay_there_before_is_left_alone(stage: Stage, imap_port: int) -> None:
    await asyncio.to_thread(put, imap_port, written("from long ago", message_id="<old@customer.example>"))
    post, collecting = await mailbox(stage, imap_port)
    assert await collecting.collect(post.account_id) == 0
    news = [
        written(f"news {number}", message_id=f"<n{number}@customer.example>", Authentication_Results=TRUSTED)
        for number in range(23)
    ]
    await asyncio.to_thread(put, imap_port, b"Subject: from nobody\r\n\r\nx", *news)
    assert await collecting.collect(post.account_id) == 24
    assert await collecting.collect(post.account_id) == 0
    await post.intake.drain()
    await stage.turns.drain()
    assert await post.heard() == [f"news {number}" for number in range(23)]


async def test_a_file_in_a_mail_is_fetched_when_a_question_asks_for_it(stage: Stage, imap_port: int) -> None:
    from email import message_from_bytes, policy

    post, collecting = await mailbox(stage, imap_port)
    await collecting.collect(post.account_id)
    message = message_from_bytes(written("the plan", Authentication_Results=TRUSTED), policy=policy.default)
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    message.add_attachment(png, maintype="image", subtype="png", filename="plan.png")  # type: ignore[attr-defined]

    def ask(_body: dict[str, Any]) -> dict[str, Any]:
        asked = say("Please send it.")
        limits = {"accept": ["image"], "max_megabytes": 1}
        asked["replies"][0] |= {"step": "demo/ask_plan", "input": "file", "limits": limits}
        return asked

    stage.dialogue.script = ask
    first = written("hello", message_id="<first@customer.example>", Authentication_Results=TRUSTED)
    await asyncio.to_thread(put, imap_port, first)
    await collecting.collect(post.account_id)
    await post.intake.drain()
    await stage.turns.drain()
    await asyncio.to_thread(put, imap_port, message.as_bytes())
    await collecting.collect(post.account_id)
    await post.intake.drain()
    await stage.turns.drain()
    files = [body["message"] for body in stage.dialogue.requests if body["message"]["kind"] == "file"]
    assert [one["text"] for one in files] == ["plan.png"]
    assert files[0]["value"] is not None
    with pytest.raises(MailboxAway):
        await MailFiles(post.accounts).fetch(post.account_id, Attachment("1:999/0", "image/png"), max_bytes=10)


async def test_a_mailbox_that_cannot_be_read_says_why(stage: Stage, imap_port: int) -> None:
    post, _ = await mailbox(stage, imap_port)
    assert await asyncio.to_thread(check_mailbox, post.inbox) >= 0
    wrong = replace(post.inbox, password="wrong")
    with pytest.raises(MailboxAway, match="password"):
        await asyncio.to_thread(check_mailbox, wrong)
    with pytest.raises(MailboxAway, match="could not be reached"):
        await asyncio.to_thread(check_mailbox, replace(post.inbox, port=1))
    with pytest.raises(MailboxAway):
        await asyncio.to_thread(check_mailbox, replace(post.inbox, folder="nowhere"))


async def test_only_one_process_reads_a_mailbox(stage: Stage, imap_port: int) -> None:
    post, collecting = await mailbox(stage, imap_port)
    other = Collecting(stage.sessions, post.accounts, post.arrivals, collecting._database_url)
    reading: list[str] = []

    async def slow(name: str) -> int:
        reading.append(name)
        await asyncio.sleep(0.5)
        return 0

    collecting.collect = lambda _id: slow("one")  # type: ignore[method-assign]
    other.collect = lambda _id: slow("other")  # type: ignore[method-assign]
    await asyncio.gather(collecting._look(post.account_id), other._look(post.account_id))
    assert len(reading) == 1
