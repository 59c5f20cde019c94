"""The unsubscribe link, from the message in the mailbox to the silence after it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import event, insert, select, text

from base.database import transaction
from base.encryption import KeyRing
from base.ids import new_id
from channels.email.mailbox import Mailbox
from channels.email.sender import EmailSender
from channels.email.tokens import Unsubscribe, issue_token
from channels.email.webhook import UnsubscribePages, routes
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.suppression import list_suppressions
from crm.contacts.merging import merge_contacts
from crm.contacts.points import release_unverified
from crm.contacts.service import attach_address, create_contact, lock_contact
from crm.privacy.pages.tokens import Holder, read_preferences_token
from outreach.delivery import Delivery
from outreach.enrolment import enrol, publish_journeys
from outreach.gatekeeper import Gatekeeper
from outreach.models import Enrolment, OutboxMessage
from outreach.planning import Planner
from outreach.pump import DuePump
from outreach.rule_pack import read_rule_pack
from server.settings import ROOT
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded
ADDRESS = "ada@customer.example"
INDEX = KeyRing("k1", {"k1": b"\x01" * 32}, b"\x02" * 32).blind_index(ADDRESS, kind="email")
JOURNEY = {
    "journey": "two_mails",
    "name": "Two mails",
    "version": "v1",
    "purpose": "marketing",
    "re_entry": "never",
    "exit_when": ["opted_out", "consent_withdrawn"],
    "first": "one",
    "steps": {
        "one": {"step": "send", "channels": ["email"], "next": [{"to": "pause"}]},
        "pause": {"step": "wait_for", "seconds": 3600, "next": [{"to": "two"}]},
        "two": {"step": "send", "channels": ["email"], "next": []},
    },
    "wording": {"en": {"one": {"subject": "One", "text": "Hello"}, "two": {"subject": "Two", "text": "Again"}}},
}


class MovableClock:
    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


@pytest.fixture
def clock(now):
    return MovableClock(now)


@pytest.fixture
async def client(database, keys, clock):
    app = web.Application()
    app.add_routes(routes(UnsubscribePages(database.sessions, keys, clock, "North & <Wind>")))
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def contact_id(database, keys, now):
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="en", time_zone="Europe/London", now=now)
        await attach_address(session, keys, contact_id=contact_id, kind="email", value=ADDRESS, now=now)
        fact = ConsentFact(
            event="given",
            principal_ref=contact_id,
            purpose="marketing",
            channel="email",
            controller="Northwind",
            language="en",
            method="chat",
            actor="subject",
            effective_at=now,
            notice_text="May we write to you?",
        )
        await record_consent_event(session, fact, now)
    return contact_id


async def count(database, statement: str) -> int:
    async with database.sessions() as session:
        return await session.scalar(text(statement))


@pytest.fixture
async def pump(database, keys, clock, settings, tmp_path):
    """The whole outgoing half, with a mailbox as its mail server."""
    mailbox = Mailbox(tmp_path / "mail")
    sender = EmailSender(replace(settings, server=await mailbox.start()), keys, clock)
    gatekeeper = Gatekeeper(read_rule_pack(), {"email": sender}, ())
    planner, delivery = Planner(database.sessions, gatekeeper), Delivery(database.sessions, keys, gatekeeper)
    yield DuePump(database.sessions, planner, delivery, clock)
    await mailbox.stop()


async def test_one_click_from_the_mail_stops_everything_that_follows(  # noqa: PLR0917
    database, clock, client, contact_id, pump, tmp_path
):
    async with transaction(database.sessions) as session:
        await publish_journeys(session, {"two_mails": JOURNEY}, clock.now())
        await enrol(session, journey="two_mails", contact_id=contact_id, conversation_id=None, now=clock.now())
    await pump.run_once()

    (file,) = sorted((tmp_path / "mail").glob("*.eml"))
    assert file.stat().st_mode & 0o077 == 0
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    link = urlsplit(str(message["List-Unsubscribe"]).strip("<>"))
    assert f"{link.scheme}://{link.netloc}" == "https://chat.northwind.example"
    # As a mail program does it (RFC 8058): a POST without cookie, log-in or script, and no redirect.
    answer = await client.post(link.path, data={"List-Unsubscribe": "One-Click"}, allow_redirects=False)
    assert answer.status == 200
    assert "Set-Cookie" not in answer.headers

    clock.moment += timedelta(hours=2)
    await pump.run_once()
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
    async with database.sessions() as session:
        (enrolment,) = await session.scalars(select(Enrolment))
        assert (enrolment.state, enrolment.exit_reason) == ("exited", "unsubscribed")


@pytest.fixture
async def planned(database, contact_id, now):
    """Two planned messages, by e-mail and chat."""
    ids = {"email": new_id(), "web": new_id()}
    async with transaction(database.sessions) as session:
        for channel, outbox_id in ids.items():
            await session.execute(
                insert(OutboxMessage).values(
                    id=outbox_id,
                    occurrence=channel,
                    contact_id=contact_id,
                    channel=channel,
                    purpose="marketing",
                    message_class="promotional" if channel == "email" else "web",
                    text="Hello",
                    state="planned",
                    due_at=now + timedelta(days=1),
                    created_at=now,
                    updated_at=now,
                )
            )
    return ids


async def states(database):
    async with database.sessions() as session:
        rows = await session.execute(select(OutboxMessage.channel, OutboxMessage.state, OutboxMessage.reason_rule))
        return {channel: (state, rule) for channel, state, rule in rows}


async def test_following_the_link_only_asks(database, keys, client, contact_id, planned):
    path = f"/unsubscribe/{issue_token(keys, Unsubscribe(planned['email'], contact_id, INDEX))}"
    for _ in range(2):
        answer = await client.get(path)
        assert answer.status == 200
        page = await answer.text()
    assert await count(database, "SELECT count(*) FROM consent_events WHERE event = 'withdrawn'") == 0
    assert (await states(database))["email"] == ("planned", None)
    assert '<form method="post">' in page
    assert "North &amp; &lt;Wind&gt;" in page
    assert "ada@" not in page
    assert "<script" not in page
    assert "style=" not in page
    policy_header = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy_header
    assert "unsafe" not in policy_header


async def test_the_button_withdraws_suppresses_and_cancels_once(database, keys, client, contact_id, planned):
    path = f"/unsubscribe/{issue_token(keys, Unsubscribe(planned['email'], contact_id, INDEX))}"
    pages = [await (await client.post(path)).text() for _ in range(3)]
    assert all("You are unsubscribed" in page for page in pages)
    assert await count(database, "SELECT count(*) FROM consent_events WHERE event = 'withdrawn'") == 1
    assert await count(database, "SELECT count(*) FROM suppressions WHERE channel = 'email'") == 2
    assert await count(database, "SELECT count(*) FROM timeline_events WHERE kind = 'opted_out'") == 1
    assert await states(database) == {"email": ("cancelled", "unsubscribed"), "web": ("planned", None)}


async def test_the_address_a_message_went_to_stays_stopped_though_the_contact_corrected_it(  # noqa: PLR0917
    database, keys, now, client, contact_id, planned
):
    """A mistyped address is a stranger's, and the link in the stranger's mailbox is about that address."""
    async with transaction(database.sessions) as session:
        await release_unverified(session, keys, contact_id, "email", keep="ada@right.example")
    path = f"/unsubscribe/{issue_token(keys, Unsubscribe(planned['email'], contact_id, INDEX))}"
    assert (await client.post(path)).status == 200
    async with transaction(database.sessions) as session:
        other = await create_contact(session, time_zone=None, now=now)
        await attach_address(session, keys, other, kind="email", value=ADDRESS, now=now)
        assert await list_suppressions(session, [other]) == {other: {"email": "unsubscribe_link"}}


async def test_the_link_in_an_old_mail_stops_who_they_turned_out_to_be(  # noqa: PLR0917
    database, keys, now, client, contact_id, planned
):
    async with transaction(database.sessions) as session:
        survivor = await create_contact(session, time_zone=None, now=now)
        await merge_contacts(session, survivor, contact_id, "user:1", now)
    path = f"/unsubscribe/{issue_token(keys, Unsubscribe(planned['email'], contact_id, INDEX))}"
    assert (await client.post(path)).status == 200
    assert await states(database) == {"email": ("cancelled", "unsubscribed"), "web": ("planned", None)}
    async with transaction(database.sessions) as session:
        assert await list_suppressions(session, [survivor]) == {survivor: {"email": "unsubscribe_link"}}


def _look_after_three_seconds(connection):
    connection.exec_driver_sql("SET LOCAL deadlock_timeout = '3s'")


async def test_a_click_that_meets_a_deadlock_still_counts(database, keys, client, contact_id, planned):
    """The click has the contact and waits for the ledger; a turn has the ledger and waits for the contact."""
    path = f"/unsubscribe/{issue_token(keys, Unsubscribe(planned['email'], contact_id, INDEX))}"
    # Each looks once, so long after it began to wait, and whoever finds the deadlock is ended: that is to be the click,
    # also where the turn takes a while until it waits, too.
    event.listen(database.engine.sync_engine, "begin", _look_after_three_seconds)
    async with transaction(database.sessions) as turn:
        await turn.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        await turn.execute(text("SELECT pg_advisory_xact_lock(7274002)"))
        click = asyncio.create_task(client.post(path))
        while not await turn.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")):
            await asyncio.sleep(0.02)
        await lock_contact(turn, contact_id)
    assert (await click).status == 200
    event.remove(database.engine.sync_engine, "begin", _look_after_three_seconds)
    assert await count(database, "SELECT count(*) FROM consent_events WHERE event = 'withdrawn'") == 1


async def test_a_link_that_was_cut_off_says_what_to_do(database, keys, client, contact_id, planned):
    token = issue_token(keys, Unsubscribe(planned["email"], contact_id, INDEX))
    for bad in (token[:-1], "x", f"{token}x"):
        for answer in (await client.get(f"/unsubscribe/{bad}"), await client.post(f"/unsubscribe/{bad}")):
            assert answer.status == 404
            assert "open the unsubscribe link in the e-mail again" in await answer.text()
    assert (await states(database))["email"] == ("planned", None)


async def test_the_link_of_an_erased_contact_still_answers(keys, client):
    answer = await client.post(f"/unsubscribe/{issue_token(keys, Unsubscribe(new_id(), new_id(), INDEX))}")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("accepted", "language", "asked", "done"),
    [
        ("en", "en", "Stop e-mails from North &amp; &lt;Wind&gt;?", "You are unsubscribed"),
        ("es-MX,en;q=0.5", "es", "¿No recibir más correos de North &amp; &lt;Wind&gt;?", "Se ha dado de baja"),
        ("fr", "fr", "Ne plus recevoir d&#x27;e-mails de North &amp; &lt;Wind&gt; ?", "Vous êtes désabonné"),
        ("de-CH", "de", "Keine E-Mails mehr von North &amp; &lt;Wind&gt;?", "Sie sind abgemeldet"),
        ("it", "en", "Stop e-mails from North &amp; &lt;Wind&gt;?", "You are unsubscribed"),
    ],
)
async def test_the_pages_speak_the_language_of_the_browser_and_lead_to_all_choices(  # noqa: PLR0917
    client, keys, contact_id, accepted, language, asked, done
):
    path = f"/unsubscribe/{issue_token(keys, Unsubscribe(new_id(), contact_id, INDEX))}"
    for method, heading in (("GET", asked), ("POST", done)):
        answer = await client.request(method, path, headers={"Accept-Language": accepted})
        page = await answer.text()
        assert f'<html lang="{language}">' in page
        assert f"<h1>{heading}</h1>" in page
        (choices,) = re.findall(r'href="/preferences/([^"]+)"', page)
        assert read_preferences_token(keys, choices) == Holder(contact_id, INDEX)


def test_every_language_has_every_sentence_of_the_pages():
    words = yaml.safe_load((ROOT / "channels" / "email" / "pages" / "words.yml").read_text())
    assert set(words) == {"en", "es", "fr", "de"}
    assert all(sentences.keys() == words["en"].keys() for sentences in words.values())


async def test_the_style_sheet_is_served(client):
    answer = await client.get("/unsubscribe.css")
    assert (answer.status, answer.content_type) == (200, "text/css")
