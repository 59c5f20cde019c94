"""Promotion waits for a consent that is still to be confirmed, leaves once it is, and never when it is not."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update

from admin.api.problems import problem_middleware
from base.database import transaction
from base.ids import new_id
from crm.consent.confirmation_page import ConfirmationPages, routes
from crm.consent.double_opt_in import issue_token, list_to_mail, note_mailed
from crm.consent.in_conversation import record_answer
from crm.consent.ledger import ConsentFact, consent_for, consent_states
from crm.consent.routes import read_token
from crm.consent.withdrawal import withdraw
from crm.contacts.models import Contact
from crm.scoring.service import list_reasons
from outreach.confirmed import bring_forward
from tests.outreach.test_reach_out import begin, ended

_TEXT = 'Ja, <b>Northwind</b> darf "schreiben".'


@pytest.fixture
async def pages(site):
    app = web.Application(middlewares=[problem_middleware])
    made = ConfirmationPages(site.sessions, site.keys, site.clock, "North & Wind", "/unsubscribe.css", bring_forward)
    app.add_routes(routes(made))
    async with TestClient(TestServer(app)) as client:
        yield client


async def _ask(site, language="de"):
    """A contact in Germany who said yes and was mailed; the path of the link."""
    contact_id = await site.contact(consent=None, time_zone="Europe/Berlin")
    fact = ConsentFact(
        event="given",
        principal_ref=contact_id,
        purpose="marketing",
        channel="email",
        controller="North & Wind",
        language=language,
        method="chat_choice",
        actor="subject",
        effective_at=site.clock.now(),
        notice_text=_TEXT,
    )
    async with transaction(site.sessions) as session:
        await record_answer(session, fact, conversation_id=new_id(), now=site.clock.now(), keys=site.keys)
        (mailed,) = await list_to_mail(session, site.clock.now(), limit=5)
        await note_mailed(session, [mailed], site.clock.now())
    return contact_id, f"/consent/confirm/{issue_token(site.keys, mailed.confirmation_id)}"


async def _state(site, contact_id):
    async with site.sessions() as session:
        states = (await consent_states(session, [contact_id], site.clock.now()))[contact_id]
        return consent_for(states, "marketing", "email").state


async def test_a_message_waits_and_leaves_once_the_link_was_followed(site, pages, oracle) -> None:
    contact_id, path = await _ask(site)
    row = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    waiting = await site.message(row)
    assert (waiting.state, waiting.reason_rule) == ("deferred", "confirmation")
    site.clock.forward(hours=20)
    assert (await pages.post(path)).status == 200
    site.clock.forward(hours=3)
    await site.delivery.deliver_due(site.clock)
    assert [one.outbox_id for one in site.email.sent] == [row]
    (*_, decision) = await site.decisions(row)
    assert decision.inputs["bases"]["marketing/email"][0][0] == "double_opt_in"
    await oracle(site.sessions, site.clock.now())


@pytest.mark.parametrize("follows", [True, False])
async def test_whoever_is_to_be_reached_is_waited_for_until_they_confirm_or_the_deadline(site, pages, journey, follows):
    contact_id, path = await _ask(site)
    # Sooner over than the link is.
    await begin(site, journey, contact_id, channels=["email"], seconds=172_800)
    await site.pump.run_once()
    (waiting,) = await site.outbox(contact_id)
    assert (waiting.state, waiting.reason_rule) == ("deferred", "confirmation")
    site.clock.forward(hours=23)
    await site.pump.run_once()
    assert await ended(site, contact_id) is None
    if follows:
        assert (await pages.post(path)).status == 200
        await site.pump.run_once()
    site.clock.forward(hours=26)
    await site.pump.run_once()
    await site.pump.run_once()
    assert await ended(site, contact_id) == ("reached" if follows else "unreached")
    assert len(site.email.sent) == follows


async def test_a_consent_counts_for_the_score_once_its_link_was_followed(site, pages) -> None:
    contact_id, path = await _ask(site)

    async def reasons() -> list[str]:
        async with site.sessions() as session:
            return [one.reason for one in await list_reasons(session, contact_id)]

    assert await reasons() == []
    await pages.post(path)
    assert "Agreed to hear from us by e-mail" in await reasons()


async def test_a_message_whose_link_nobody_followed_never_leaves(site) -> None:
    contact_id, _ = await _ask(site)
    row = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    site.clock.forward(hours=73)
    await site.delivery.deliver_due(site.clock)
    assert ((await site.message(row)).state, site.email.sent) == ("skipped", [])


async def test_who_agreed_before_without_a_mail_waits_until_they_confirm(site, pages) -> None:
    contact_id, path = await _ask(site)
    await site.consent(contact_id, "given")
    row = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(row)).reason_rule == "confirmation"
    await pages.post(path)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(row)).state == "accepted"


async def test_a_stop_while_it_waits_ends_it(site, pages) -> None:
    contact_id, path = await _ask(site)
    row = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    async with transaction(site.sessions) as session:
        await withdraw(
            session,
            contact_id=contact_id,
            method="keyword",
            evidence={"id": "m1"},
            actor="subject",
            now=site.clock.now(),
        )
    assert (await pages.post(path)).status == 410
    site.clock.forward(hours=72)
    await site.delivery.deliver_due(site.clock)
    assert ((await site.message(row)).state, site.email.sent) == ("skipped", [])


async def test_looking_at_the_page_changes_nothing_and_shows_the_text_as_text(site, pages) -> None:
    contact_id, path = await _ask(site)
    for method in (pages.get, pages.head):
        answer = await method(path)
        assert answer.status == 200
    page = await (await pages.get(path)).text()
    assert '<html lang="de">' in page
    assert "Ja, &lt;b&gt;Northwind&lt;/b&gt; darf &quot;schreiben&quot;." in page
    assert "Bestätigung für North &amp; Wind" in page
    assert "<script" not in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert await _state(site, contact_id) == "none"


async def test_the_button_confirms_once_and_hands_over_the_receipt(site, pages) -> None:
    contact_id, path = await _ask(site)
    first, again = await pages.post(path), await pages.post(path)
    assert (first.status, again.status) == (200, 200)
    page = await again.text()
    assert "Vielen Dank" in page
    token = page.split("/consent/receipts/")[1].split(".jsonld")[0]
    assert read_token(site.keys, token) is not None
    assert await _state(site, contact_id) == "given"


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Confirm to North &amp; Wind"),
        ("es", "Confirmación para North &amp; Wind"),
        ("fr", "Confirmation pour North &amp; Wind"),
        ("pt", "Confirm to North &amp; Wind"),
    ],
)
async def test_the_page_speaks_the_language_of_the_talk(site, pages, language, title) -> None:
    _, path = await _ask(site, language)
    assert f"<h1>{title}</h1>" in await (await pages.get(path)).text()


async def test_a_link_that_is_over_or_not_ours_says_so(site, pages) -> None:
    _, path = await _ask(site)
    site.clock.forward(hours=72)
    for answer in (await pages.get(path), await pages.post(path)):
        assert answer.status == 410
        assert "gilt nicht mehr" in await answer.text()
    for method in (pages.get, pages.post):
        answer = await method("/consent/confirm/abc", headers={"Accept-Language": "fr-CA,en;q=0.5"})
        assert answer.status == 404
        assert "pas à nous" in await answer.text()


async def test_a_link_of_an_erased_person_says_that_it_is_not_ours(site, pages) -> None:
    contact_id, path = await _ask(site)
    async with transaction(site.sessions) as session:
        await session.execute(update(Contact).where(Contact.id == contact_id).values(time_zone=None))
        await session.execute(Contact.__table__.delete().where(Contact.id == contact_id))
    assert (await pages.post(path)).status == 404
