"""Where silence counts as no: a journey takes back the consent nobody renewed, and only that."""

from __future__ import annotations

from sqlalchemy import select

from crm.consent.ledger import consent_for, consent_states, verify_chain
from crm.consent.models import ConsentEvent

TAKE_BACK = {
    "take_back": {"step": "update", "withdraw": ["marketing/email"], "next": [{"to": "done"}]},
    "done": {"step": "exit", "outcome": "silent"},
}


async def standing(site, contact_id, channel="email"):
    async with site.sessions() as session:
        states = await consent_states(session, [contact_id], site.clock.now())
    return consent_for(states[contact_id], "marketing", channel).state


async def take_back_of(site, journey, *contact_ids):
    await site.publish(journey(TAKE_BACK))
    for contact_id in contact_ids:
        assert await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())


async def test_a_consent_that_stands_is_withdrawn_with_what_was_not_answered_as_evidence(site, journey):
    ada, ben = await site.contact(), await site.contact()
    await site.consent(ada, "given", channel="sms")

    await take_back_of(site, journey, ada, ben)

    assert [await standing(site, one) for one in (ada, ben)] == ["withdrawn", "withdrawn"]
    assert await standing(site, ada, "sms") == "given"
    enrolment = await site.enrolment(ada)
    assert enrolment.exit_reason == "silent"
    async with site.sessions() as session:
        (event,) = await session.scalars(
            select(ConsentEvent).where(ConsentEvent.principal_ref == ada, ConsentEvent.event == "withdrawn")
        )
        assert (await verify_chain(session)).is_intact
    assert (event.method, event.actor) == ("silence", "journey:follow_up")
    assert event.evidence["id"].startswith(f"{enrolment.id}:take_back:")
    assert "consent_withdrawn" in [kind for kind, _ in await site.timeline(ada)]


async def test_who_never_agreed_or_said_no_before_gets_no_second_entry(site, journey):
    never, refused = await site.contact(consent=None), await site.contact(consent="refused")

    await take_back_of(site, journey, never, refused)

    assert {(await site.enrolment(one)).exit_reason for one in (never, refused)} == {"silent"}
    assert [await standing(site, one) for one in (never, refused)] == ["none", "refused"]
    assert "consent_withdrawn" not in [kind for kind, _ in await site.timeline(refused)]


async def test_who_agrees_anew_afterwards_is_written_to_again(site, journey):
    ada = await site.contact()
    await take_back_of(site, journey, ada)
    assert await standing(site, ada) == "withdrawn"
    site.clock.forward(days=1)

    await site.consent(ada, "given")

    assert await standing(site, ada) == "given"
