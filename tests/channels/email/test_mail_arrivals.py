"""What mails come to when somebody means harm, or a mailbox does what mailboxes do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from base.database import transaction
from base.errors import Malformed
from bot.intake.models import InboundEvent
from channels.email import collecting as collecting_module
from channels.email.arrivals import MOST_A_DAY, MOST_AN_HOUR, MOST_UNPROVEN_A_DAY, MOST_UNPROVEN_AN_HOUR
from channels.email.collecting import Collecting
from crm.consent.suppression import list_suppressions
from outreach.accounts.service import get_account, save_account
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.channels.email.mails import ANN, SITE, bounce, put, written
from tests.channels.email.test_mail_talk import TRUSTED, Post, mailbox, open_post

REFUTED = "mx.northwind.example; dmarc=fail header.from=customer.example"


@pytest.fixture
async def post(stage: Stage) -> Post:
    return await open_post(stage)


def numbered(number: int, words: str = "What does it cost for a team of", *, proven: bool = True) -> bytes:
    trust = {"Authentication_Results": TRUSTED} if proven else {}
    return written(f"{words} {number}", message_id=f"<{words[0]}{number}@customer.example>", **trust)


async def stopped(post: Post) -> bool:
    contact_id = (await post.talks())[0].contact_id
    assert contact_id is not None
    async with post.stage.sessions() as session:
        return bool((await list_suppressions(session, [contact_id]))[contact_id])


# Who it is from


async def test_knowing_the_id_of_a_mail_is_no_proof_against_what_the_senders_domain_says(post: Post) -> None:
    """Whoever got a copy knows the id, and may write in its recipient's name."""
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    forged = written("yes, I agree", message_id="<f@evil.example>", answers=outbox_id, Authentication_Results=REFUTED)
    assert await post.arrive(forged) == "kept"
    first, second = await post.talks()
    assert first.thread["in_reply_to"] == "<m1@customer.example>"
    assert second.thread["in_reply_to"] == "<f@evil.example>"


async def test_who_writes_in_anothers_name_uses_up_less_than_all(post: Post) -> None:
    for number in range(MOST_UNPROVEN_AN_HOUR):
        assert await post.arrive(numbered(number, "Please tell me the price for a team of", proven=False)) == "kept"
    assert await post.arrive(numbered(99, "Please tell me the price for a team of", proven=False)) == "ignored"
    assert await post.arrive(numbered(1)) == "kept"
    assert MOST_UNPROVEN_AN_HOUR < MOST_AN_HOUR
    assert MOST_UNPROVEN_A_DAY < MOST_A_DAY


async def test_the_limit_of_a_day_holds_beyond_that_of_an_hour(post: Post) -> None:
    for number in range(MOST_UNPROVEN_A_DAY):
        assert await post.arrive(numbered(number, "Please tell me the price for a team of", proven=False)) == "kept"
        if number % MOST_UNPROVEN_AN_HOUR == MOST_UNPROVEN_AN_HOUR - 1:
            post.stage.clock.move(timedelta(hours=1, minutes=1))
    assert await post.arrive(numbered(99, "Please tell me the price for a team of", proven=False)) == "ignored"
    post.stage.clock.move(timedelta(days=1))
    assert await post.arrive(numbered(99, "Please tell me the price for a team of", proven=False)) == "kept"


async def test_a_stop_is_heard_however_much_somebody_has_written(post: Post) -> None:
    for number in range(MOST_AN_HOUR):
        await post.arrive(numbered(number))
    assert await post.arrive(numbered(77)) == "ignored"
    post.stage.dialogue.script = lambda _body: say()
    stop = written("STOP", message_id="<s@customer.example>", Authentication_Results=TRUSTED)
    assert await post.arrive(stop) == "kept"
    assert await stopped(post)


# What it says


async def test_a_mail_of_nothing_but_a_quote_says_nothing(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    empty = "\n\n> Hello Ann\n> Unsubscribe with one click: https://x.example"
    assert await post.arrive(written(empty, message_id="<e@customer.example>", answers=outbox_id)) == "ignored"
    assert len(await post.rows(InboundEvent)) == 1


async def test_the_subject_of_our_own_mail_is_not_what_its_recipient_says(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    async with transaction(post.stage.sessions) as session:
        await session.execute(text("UPDATE outbox SET subject = 'Unsubscribe from paper'"))
    bare = {"answers": outbox_id, "subject": "Unsubscribe from paper"}
    assert await post.arrive(written("> Hello", message_id="<a@customer.example>", **bare)) == "ignored"
    assert not await stopped(post)
    post.stage.dialogue.script = lambda _body: say()
    over_it = {"answers": outbox_id, "subject": "UNSUBSCRIBE"}
    assert await post.arrive(written("> Hello", message_id="<b@customer.example>", **over_it)) == "kept"
    assert await stopped(post)


async def test_a_bounce_of_a_mail_that_only_carried_ours_is_about_that_mail(post: Post) -> None:
    await post.arrive(written("hello", Authentication_Results=TRUSTED))
    outbox_id = await post.sent()
    inner = f"Content-Type: message/rfc822\r\n\r\nMessage-ID: <{outbox_id}@northwind.example>\r\n\r\nHello\r\n"
    carried = bounce("not-ours").replace(b"Message-ID: <not-ours@northwind.example>\r\n\r\n", inner.encode())
    assert await post.arrive(carried) == "ignored"


@pytest.mark.parametrize(
    "raw",
    [
        bounce("x").replace(b"Status: 5.1.1", b"Status: \xff\xfe"),
        bounce("x").replace(b"Content-Type: message/delivery-status", b"Content-Type: message/delivery-status((((("),
        bounce("x").replace(b"Action: failed", b"Action: =?x?y?z?= ((("),
        bounce("x")[:300],
    ],
)
async def test_a_broken_report_is_refused_or_ignored(post: Post, raw: bytes) -> None:
    with suppress(Malformed):
        assert await post.arrive(raw) == "ignored"
    assert await post.rows(InboundEvent) == []


# The mailbox


async def read_all(post: Post, collecting: Collecting) -> list[str]:
    await collecting.collect(post.account_id)
    await post.intake.drain()
    await post.stage.turns.drain()
    return await post.heard()


def trusted(words: str) -> bytes:
    return written(words, message_id=f"<{words.replace(' ', '-')}@customer.example>", Authentication_Results=TRUSTED)


async def test_a_mail_that_cannot_be_taken_in_keeps_no_other_from_being_read(
    stage: Stage, imap_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, collecting = await mailbox(stage, imap_port)
    await collecting.collect(post.account_id)
    monkeypatch.setattr(collecting_module, "LONGEST", 60_000)
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(60))
    large = written("x" * 70_000, message_id="<large@customer.example>")
    hostile = (b"From: a@b.example\r\n" + nested, b"Subject: nobody\r\n\r\nx", large)
    await asyncio.to_thread(put, imap_port, trusted("before"), *hostile, trusted("after"))
    with capture_logs() as logged:
        assert await read_all(post, collecting) == ["before", "after"]
    passed_over = [entry for entry in logged if entry["event"] == "mail_passed_over"]
    assert [entry["error"] for entry in passed_over] == ["Malformed", "Malformed", "MailTooLarge"]


async def test_a_mail_the_program_stumbles_over_is_passed_over_but_a_database_that_is_away_is_waited_for(
    stage: Stage, imap_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, collecting = await mailbox(stage, imap_port)
    await collecting.collect(post.account_id)
    take = post.arrivals.take
    failing: dict[str, Callable[[], Exception]] = {
        "stumble": lambda: KeyError("whatever"),
        "away": lambda: OperationalError("SELECT 1", {}, Exception("gone")),
    }

    async def take_or_fail(account_id: UUID, inbox: Any, raw: bytes, **more: Any) -> Any:
        for words, error in failing.items():
            if words.encode() in raw:
                raise error()
        return await take(account_id, inbox, raw, **more)

    monkeypatch.setattr(post.arrivals, "take", take_or_fail)
    await asyncio.to_thread(put, imap_port, trusted("stumble"), trusted("one"), trusted("away"), trusted("two"))
    with pytest.raises(OperationalError):
        await collecting.collect(post.account_id)
    del failing["away"]
    assert await read_all(post, collecting) == ["one", "away", "two"]


async def test_an_account_that_is_changed_goes_on_where_it_was(stage: Stage, imap_port: int) -> None:
    post, collecting = await mailbox(stage, imap_port)
    await collecting.collect(post.account_id)
    await asyncio.to_thread(put, imap_port, trusted("while the password was wrong"))
    async with transaction(stage.sessions) as session:
        account = await get_account(session, stage.keys, channel="email", name="main")
        told = {name: value for name, value in account.settings.items() if name != "noted"}
        await save_account(
            session,
            stage.keys,
            channel="email",
            name="main",
            address=SITE,
            settings=told,
            secrets=account.secrets,
            now=stage.clock.now(),
        )
    assert await read_all(post, collecting) == ["while the password was wrong"]


@pytest.mark.parametrize("change", [{"validity": 1}, {"folder": "another"}, {"validity": 1, "uid": 0}])
async def test_a_mailbox_whose_numbers_began_anew_is_not_answered_from_its_beginning(
    stage: Stage, imap_port: int, change: dict[str, Any]
) -> None:
    post, collecting = await mailbox(stage, imap_port)
    await collecting.collect(post.account_id)
    await asyncio.to_thread(put, imap_port, trusted("from before"))
    read = await collecting._how_far(post.account_id)
    assert read is not None
    await collecting._note(post.account_id, replace(read, **change))
    with capture_logs() as logged:
        assert await read_all(post, collecting) == []
    assert "mailbox_begins_anew" in [entry["event"] for entry in logged]
    await asyncio.to_thread(put, imap_port, trusted("from now on"))
    assert await read_all(post, collecting) == ["from now on"]


async def test_mails_are_fetched_as_far_as_they_fit_together(
    stage: Stage, imap_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, collecting = await mailbox(stage, imap_port)
    await collecting.collect(post.account_id)
    monkeypatch.setattr(collecting_module, "LONGEST", 5_000)
    held: list[int] = []
    fetch = collecting_module._fetch_new

    def note(*given: Any) -> Any:
        read, mails = fetch(*given)
        held.append(sum(len(raw) for _, raw in mails if raw is not None))
        return read, mails

    monkeypatch.setattr(collecting_module, "_fetch_new", note)
    words = [f"mail {number} " + "word " * 300 for number in range(8)]
    mails = [
        written(one, message_id=f"<{number}@customer.example>", Authentication_Results=TRUSTED)
        for number, one in enumerate(words)
    ]
    await asyncio.to_thread(put, imap_port, *mails)
    assert await read_all(post, collecting) == [one.strip() for one in words]
    assert 0 < max(held) <= 5_000
    assert len([one for one in held if one]) >= 3


async def test_ann_is_ann_however_she_is_written(post: Post) -> None:
    await post.arrive(written("one", sender=ANN.upper(), message_id="<1@x.example>", Authentication_Results=TRUSTED))
    await post.arrive(written("two", sender=ANN, message_id="<2@x.example>", Authentication_Results=TRUSTED))
    assert len(await post.talks()) == 1
