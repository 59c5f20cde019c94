"""What is counted of e-mails: only of who agreed to it, only while they do, and no link leads anywhere else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from html import unescape
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from itsdangerous import URLSafeSerializer
from sqlalchemy import delete, insert, select

from admin.api.problems import problem_middleware
from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from channels.email.counting import CountingPages, routes
from channels.email.models import EmailLink
from channels.email.sender import EmailSender
from channels.email.settings import SMTPServer
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import attach_address, create_contact
from crm.timeline.models import TimelineEvent
from outreach.models import OutboxMessage
from outreach.ports import Accepted, Envelope
from tests.bot.stage import MovedClock
from tests.channels.email.conftest import SETTINGS, ScriptedServer
from tests.conftest import Database

DEMO, PRICES = "https://northwind.example/demo?a=1&b=2", "https://shop.example/prices#small"
TEXT = f"Hello Ada,\n\nsee {DEMO} and {PRICES}, or again {DEMO}."


@dataclass
class Counted:
    """Mails to Ada, and what becomes of them."""

    database: Database
    keys: KeyRing
    clock: MovedClock
    server: ScriptedServer
    http: TestClient[Any, Any]
    contact_id: UUID

    def sender(self, **changes: Any) -> EmailSender:
        smtp = SMTPServer(host=self.server.host, port=self.server.port)
        settings = replace(SETTINGS, server=smtp, counts=True, **changes)
        return EmailSender(settings, self.keys, self.clock, self.database.sessions)

    async def agree(self, event: Any = "given", *, purpose: str = "profiling", channel: str = "email") -> None:
        self.clock.move(timedelta(seconds=1))
        now = self.clock.now()
        fact = ConsentFact(
            event=event, principal_ref=self.contact_id, purpose=purpose, channel=channel, controller="Northwind",
            language="en", method="chat", actor="subject", effective_at=now, notice_text="May we count?",
        )  # fmt: skip
        async with transaction(self.database.sessions) as session:
            await record_consent_event(session, fact, now)

    async def envelope(self, text: str = TEXT, **changes: Any) -> Envelope:
        """One of Ada's, with its row of the outbox."""
        outbox_id, now = new_id(), self.clock.now()
        values = {
            "id": outbox_id, "occurrence": str(outbox_id), "contact_id": self.contact_id, "channel": "email",
            "purpose": "marketing", "message_class": "promotional", "state": "planned", "due_at": now,
            "created_at": now, "updated_at": now, "text": text,
        }  # fmt: skip
        async with transaction(self.database.sessions) as session:
            await session.execute(insert(OutboxMessage).values(**values))
        plain = Envelope(
            outbox_id=outbox_id, contact_id=self.contact_id, conversation_id=None, attempt=1, channel="email",
            purpose="marketing", language="en", address="ada@customer.example", subject="Your demo", text=text,
        )  # fmt: skip
        return replace(plain, **changes)

    async def send(self, text: str = TEXT, **changes: Any) -> EmailMessage:
        assert isinstance(await self.sender().send(await self.envelope(text, **changes)), Accepted)
        return self.server.taken[-1]

    async def follow(self, url: str, method: str = "GET", headers: dict[str, str] | None = None) -> ClientResponse:
        return await self.http.request(method, urlsplit(url).path, headers=headers, allow_redirects=False)

    async def rows(self, model: Any) -> list[Any]:
        async with self.database.sessions() as session:
            return list(await session.scalars(select(model)))

    async def counts(self) -> dict[int, int]:
        return {one.number: one.count for one in await self.rows(EmailLink)}

    async def happened(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (one.kind, one.data)
            for one in await self.rows(TimelineEvent)
            if one.kind.split("_")[0] in ("email", "link")
        ]


@pytest.fixture
async def counted(
    database: Database, keys: KeyRing, now: datetime, serve: Callable[..., Any]
) -> AsyncIterator[Counted]:
    clock = MovedClock(now)
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone="Europe/London", now=now)
        await attach_address(session, keys, contact_id=contact_id, kind="email", value="ada@customer.example", now=now)
    app = web.Application(middlewares=[problem_middleware])
    app.add_routes(routes(CountingPages(database.sessions, keys, clock)))
    async with TestClient(TestServer(app)) as http:
        yield Counted(database, keys, clock, await serve(), http, contact_id)


def html_of(message: EmailMessage) -> str:
    return message.get_body(("html",)).get_content().replace("\r\n", "\n")


def links_of(message: EmailMessage) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]+)"', html_of(message))]


def picture_of(message: EmailMessage) -> str | None:
    found = re.search(r'<img src="([^"]+)"', html_of(message))
    return None if found is None else found[1]


@pytest.mark.parametrize(
    ("named", "place"), [("confirmation_id", "/consent/confirm/"), ("privacy_request_id", "/privacy/request/")]
)
async def test_a_link_that_acts_by_itself_is_not_counted_and_stands_in_no_table(
    counted: Counted, named: str, place: str
) -> None:
    await counted.agree()
    message = await counted.send("Please: {link}", purpose="service", content={named: str(new_id())})
    assert place in links_of(message)[0]
    assert picture_of(message) is None
    assert await counted.rows(EmailLink) == []


async def test_of_who_did_not_agree_nothing_is_counted(counted: Counted) -> None:
    other = (("given", "marketing", "email"), ("given", "profiling", "sms"), ("refused", "profiling", "email"))
    for event, purpose, channel in other:
        await counted.agree(event, purpose=purpose, channel=channel)
        message = await counted.send()
        assert links_of(message)[:2] == [DEMO, PRICES]
        assert picture_of(message) is None
    assert await counted.rows(EmailLink) == []


async def test_nothing_is_counted_unless_the_operator_turns_it_on(counted: Counted) -> None:
    await counted.agree()
    await counted.sender().send(await counted.envelope())
    off = EmailSender(
        replace(counted.sender()._settings, counts=False), counted.keys, counted.clock, counted.database.sessions
    )
    await off.send(await counted.envelope())
    on, without = counted.server.taken
    assert picture_of(on) is not None
    assert picture_of(without) is None


async def test_a_link_leads_to_what_stood_in_the_mail_and_is_counted(counted: Counted) -> None:
    await counted.agree()
    message = await counted.send()
    demo, prices, again, unsubscribe = links_of(message)
    assert demo == again != prices
    assert demo.startswith("https://chat.northwind.example/l/")
    for _ in range(2):
        answer = await counted.follow(demo)
        assert (answer.status, answer.headers["Location"]) == (302, DEMO)
    assert (await counted.follow(prices)).headers["Location"] == PRICES
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert await counted.counts() == {0: 0, 1: 2, 2: 1}
    outbox_id = (await counted.rows(OutboxMessage))[0].id
    assert await counted.happened() == [
        ("link_clicked", {"outbox_id": str(outbox_id), "link": 1}),
        ("link_clicked", {"outbox_id": str(outbox_id), "link": 2}),
    ]
    assert unsubscribe.startswith("https://chat.northwind.example/unsubscribe/")


async def test_the_picture_tells_of_an_opening_once(counted: Counted) -> None:
    await counted.agree()
    picture = picture_of(await counted.send())
    answers = await asyncio.gather(*(counted.follow(picture) for _ in range(6)))
    for answer in answers:
        assert (answer.status, answer.content_type) == (200, "image/gif")
        assert (await answer.read()).startswith(b"GIF89a")
    assert (await counted.counts())[0] == 6
    assert [kind for kind, _ in await counted.happened()] == ["email_opened"]
    (row,) = [one for one in await counted.rows(EmailLink) if one.number == 0]
    assert row.first_at == counted.clock.now()


async def test_who_takes_it_back_is_counted_no_more_but_the_links_lead_on(counted: Counted) -> None:
    await counted.agree()
    message = await counted.send()
    demo, picture = links_of(message)[0], picture_of(message)
    await counted.follow(demo)
    await counted.agree("withdrawn")
    assert (await counted.follow(demo)).headers["Location"] == DEMO
    assert (await counted.follow(picture)).status == 200
    assert await counted.counts() == {0: 0, 1: 1, 2: 0}
    assert picture_of(await counted.send()) is None
    await counted.agree()
    await counted.follow(demo)
    assert (await counted.counts())[1] == 2


async def test_after_the_operator_turns_it_off_links_lead_on_uncounted(counted: Counted) -> None:
    await counted.agree()
    demo = links_of(await counted.send())[0]
    app = web.Application()
    pages = CountingPages(counted.database.sessions, counted.keys, counted.clock, counts=False)
    app.add_routes(routes(pages))
    async with TestClient(TestServer(app)) as http:
        answer = await http.get(urlsplit(demo).path, allow_redirects=False)
        assert answer.headers["Location"] == DEMO
    assert set((await counted.counts()).values()) == {0}


async def test_a_program_that_only_asks_whether_there_is_anything_is_not_counted(counted: Counted) -> None:
    await counted.agree()
    message = await counted.send()
    answer = await counted.follow(links_of(message)[0], "HEAD")
    assert (answer.status, answer.headers["Location"]) == (302, DEMO)
    assert (await counted.follow(picture_of(message), "HEAD")).status == 200
    assert set((await counted.counts()).values()) == {0}
    assert await counted.happened() == []


async def test_a_browser_that_opts_out_is_not_counted_and_led_on(counted: Counted) -> None:
    await counted.agree()
    message = await counted.send()
    answer = await counted.follow(links_of(message)[0], headers={"Sec-GPC": "1"})
    assert (answer.status, answer.headers["Location"]) == (302, DEMO)
    assert (await counted.follow(picture_of(message), headers={"Sec-GPC": "1"})).status == 200
    assert set((await counted.counts()).values()) == {0}
    assert await counted.happened() == []


async def test_the_way_out_is_never_counted(counted: Counted) -> None:
    await counted.agree()
    message = await counted.send()
    assert f"<{links_of(message)[-1]}>" == message["List-Unsubscribe"]
    assert "/unsubscribe/" in links_of(message)[-1]
    assert "/l/" not in message.get_body(("plain",)).get_content()
    assert {one.url for one in await counted.rows(EmailLink)} == {None, DEMO, PRICES}


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "answer"},
        {"purpose": "nudge"},
        {"purpose": "notice"},
        {"content": {"thread": {"in_reply_to": "<a@b>", "references": [], "subject": "x"}}},
    ],
)
async def test_what_is_said_in_a_talk_is_never_counted(counted: Counted, changes: dict[str, Any]) -> None:
    await counted.agree()
    message = await counted.send(**changes)
    assert picture_of(message) is None
    assert links_of(message)[0] == DEMO
    assert await counted.rows(EmailLink) == []


async def test_a_second_attempt_sends_the_same_html(counted: Counted) -> None:
    await counted.agree()
    envelope = await counted.envelope()
    sender = counted.sender()
    await sender.send(envelope)
    await counted.follow(links_of(counted.server.taken[0])[0])
    await sender.send(replace(envelope, attempt=2))
    first, second = counted.server.taken
    assert html_of(first) == html_of(second)
    assert await counted.counts() == {0: 0, 1: 1, 2: 0}


async def test_no_token_but_ours_leads_anywhere(counted: Counted) -> None:
    await counted.agree()
    message = await counted.send()
    token = urlsplit(links_of(message)[0]).path.rpartition("/")[2]
    unsubscribe = urlsplit(links_of(message)[-1]).path.rpartition("/")[2]
    foreign = URLSafeSerializer("another key", salt="email_counts").dumps([new_id().hex, 1])
    flipped = f"{token[:-9]}{'A' if token[-9] != 'A' else 'B'}{token[-8:]}"
    for forged in (
        flipped, token[1:], token[:-1], f"{token}x", unsubscribe, foreign, "x", "https:%2F%2Fevil.example",
        "..%2F..%2Fevil.example", token.partition(".")[0],
    ):  # fmt: skip
        for path in (f"/l/{forged}", f"/o/{forged}.gif"):
            answer = await counted.http.get(path, allow_redirects=False)
            assert answer.status == 404, path
            assert "Location" not in answer.headers
    assert set((await counted.counts()).values()) == {0}


async def test_what_is_added_to_a_link_changes_nothing_of_where_it_leads(counted: Counted) -> None:
    await counted.agree()
    demo = urlsplit(links_of(await counted.send())[0]).path
    for more in ("?url=https://evil.example", "?next=//evil.example", "#https://evil.example"):
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Referer": "https://evil.example"}
        answer = await counted.http.get(f"{demo}{more}", allow_redirects=False, headers=headers)
        assert (answer.status, answer.headers["Location"]) == (302, DEMO)


async def test_the_picture_of_a_mail_leads_nowhere(counted: Counted) -> None:
    await counted.agree()
    picture = picture_of(await counted.send())
    token = urlsplit(picture).path.removeprefix("/o/").removesuffix(".gif")
    answer = await counted.http.get(f"/l/{token}", allow_redirects=False)
    assert answer.status == 404


@pytest.mark.parametrize(
    ("written", "leads_to"),
    [
        ("https://bücher.example/für?a=ü", "https://b%C3%BCcher.example/f%C3%BCr?a=%C3%BC"),
        ("https://a.example/%2F%2Fevil.example", "https://a.example/%2F%2Fevil.example"),
        ("https://a.example/?q=%0d%0aSet-Cookie:x", "https://a.example/?q=%0d%0aSet-Cookie:x"),
        ("https://a.example/\x7f\x01b", "https://a.example/%7F%01b"),
        ("https://a.example@b.example/", "https://a.example@b.example/"),
    ],
)
async def test_where_a_link_leads_is_never_altered(counted: Counted, written: str, leads_to: str) -> None:
    await counted.agree()
    message = await counted.send(f"see {written}")
    answer = await counted.follow(links_of(message)[0])
    assert (answer.status, answer.headers["Location"]) == (302, leads_to)


@pytest.mark.parametrize("written", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "ftp://evil.example"])
async def test_only_web_addresses_become_links(counted: Counted, written: str) -> None:
    await counted.agree()
    message = await counted.send(f'see {written} or <a href="{written}">this</a>')
    assert all(one.startswith("https://chat.northwind.example/unsubscribe/") for one in links_of(message))
    assert [one.url for one in await counted.rows(EmailLink)] == [None]


async def test_when_the_person_is_erased_what_was_counted_goes_and_links_end(counted: Counted) -> None:
    await counted.agree()
    demo = links_of(await counted.send())[0]
    async with transaction(counted.database.sessions) as session:
        await session.execute(delete(OutboxMessage))
    assert (await counted.follow(demo)).status == 404
    assert await counted.rows(EmailLink) == []


async def test_tokens_outlive_the_rotation_of_keys(counted: Counted) -> None:
    await counted.agree()
    demo = links_of(await counted.send())[0]
    rotated = replace(counted.keys, newest="k2", roots=counted.keys.roots | {"k2": b"\x09" * 32})
    app = web.Application()
    app.add_routes(routes(CountingPages(counted.database.sessions, rotated, counted.clock)))
    async with TestClient(TestServer(app)) as http:
        answer = await http.get(urlsplit(demo).path, allow_redirects=False)
        assert answer.headers["Location"] == DEMO


async def test_without_a_database_nothing_is_counted(counted: Counted) -> None:
    await counted.agree()
    sender = EmailSender(counted.sender()._settings, counted.keys, counted.clock)
    await sender.send(await counted.envelope())
    assert picture_of(counted.server.taken[-1]) is None
