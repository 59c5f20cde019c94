"""Stops that are about one channel or about promotion only leave the rest of the queue, and the gate knows them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from base.database import transaction
from base.ids import new_id
from bot.intake.sealing import sender_index_of
from crm.consent.opting_out import OptOutRequest, opt_out
from crm.consent.stop_scope import StopScope
from crm.privacy.requests import Filing, Hands, file_request, refuse
from outreach.follow_ups import JourneyFollowUps
from outreach.gate_rules import consent, suppression
from outreach.snapshots import take_snapshots


async def _stop(site, contact_id, scope: StopScope) -> None:
    request = OptOutRequest(
        contact_id=contact_id,
        scope=scope,
        method="sms_words",
        evidence={"id": str(new_id())},
        controller="Northwind",
        language="en",
        conversation_id=None,
    )
    now = site.clock.now()
    async with transaction(site.sessions) as session:
        await opt_out(session, request, now)
        await JourneyFollowUps().stop(
            session,
            contact_id=contact_id,
            reason="opted_out",
            now=now,
            channels=scope.channels,
            promotion_only=scope.purpose == "marketing",
        )


async def _objections(site, contact_id, **columns):
    """What the gate's rules of suppression and consent say to a message put there now."""
    outbox_id = await site.put(contact_id, **columns)
    message = await site.message(outbox_id)
    async with site.sessions() as session:
        known = await take_snapshots(session, [message], site.clock.now(), senders={}, default_zones=("Europe/London",))
    snapshot = replace(known[outbox_id], missing_setting=None)
    return [denied.rule for rule in (suppression, consent) if (denied := rule(snapshot)) is not None]


async def test_a_stop_of_everything_leaves_what_they_asked_about_their_data(site, keys):
    contact_id = await site.contact()
    await _stop(site, contact_id, StopScope("all", None))
    mail = {"purpose": "rights", "message_class": "requested"}
    assert await _objections(site, contact_id, **mail) == ["suppression"]
    async with transaction(site.sessions) as session:
        hands = Hands(keys, JourneyFollowUps(), sender_index_of(keys), "Northwind", None)
        request = await file_request(
            session, hands, Filing(contact_id, "access", "staff", "user:1", verified=True), site.clock.now()
        )
    assert await _objections(site, contact_id, **mail) == []
    assert await _objections(site, contact_id, purpose="service", message_class="requested") == ["suppression"]
    async with transaction(site.sessions) as session:
        await refuse(session, request.id, by="user:1", why="Not theirs.", now=site.clock.now())
    assert await _objections(site, contact_id, **mail) == ["suppression"]


@pytest.mark.parametrize("channels", [None, ("email",)])
async def test_to_stop_marketing_denies_promotion_and_leaves_service(site, channels):
    contact_id = await site.contact()
    promotion = await site.put(contact_id)
    service = await site.put(contact_id, purpose="service", message_class="requested")
    await _stop(site, contact_id, StopScope("marketing", channels))
    assert (await site.message(promotion)).state == "cancelled"
    assert (await site.message(service)).state == "planned"
    assert await _objections(site, contact_id) == ["consent"]
    assert await _objections(site, contact_id, purpose="service", message_class="requested") == []


async def test_to_stop_marketing_is_a_no_in_the_chat_too(site):
    contact_id = await site.contact()
    await site.talk(contact_id)
    await _stop(site, contact_id, StopScope("marketing"))
    assert await _objections(site, contact_id, channel="web", message_class="web") == ["consent"]


async def test_to_stop_texts_leaves_email_in_the_queue(site, long_journey):
    await site.publish(long_journey)
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    mail, text = await site.put(contact_id), await site.put(contact_id, channel="sms")
    await _stop(site, contact_id, StopScope("all", ("sms",)))
    assert (await site.message(text)).state == "cancelled"
    assert (await site.message(mail)).state == "planned"
    assert [one.state for one in await site.enrolments()] == ["active"]
    assert await _objections(site, contact_id, channel="sms") == ["suppression", "consent"]
    assert await _objections(site, contact_id) == []


@pytest.mark.parametrize(("purpose", "state"), [("marketing", "exited"), ("service", "active")])
async def test_to_stop_marketing_ends_journeys_unless_they_are_service(site, long_journey, purpose, state):
    await site.publish({**long_journey, "purpose": purpose})
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await _stop(site, contact_id, StopScope("marketing"))
    assert [one.state for one in await site.enrolments()] == [state]
