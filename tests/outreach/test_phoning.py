"""`call` rings people up as the gate allows, not oftener than it says, and goes on by what came of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from base.channel_contract import Reported
from base.database import transaction
from crm.contacts.service import attach_address
from crm.timeline.service import record
from outreach.reports import VOICEMAIL, write_report
from tests.outreach.conftest import WritingSender

STEPS = {
    "ring": {
        "step": "call", "channels": ["voice"], "seconds": 86_400, "attempts": 2, "apart_seconds": 3_600,
        "ways": {"no_reply": "silent", "asked_for_person": "wants_one"}, "unreached": "nobody",
        "next": [{"to": "done"}],
    },
    **{name: {"step": "exit", "outcome": name} for name in ("silent", "wants_one", "nobody", "done")},
}  # fmt: skip
WORDS = {"en": {"ring": {"text": "Your meeting is tomorrow."}}}


@pytest.fixture
def voice(site):
    sender = WritingSender("voice")
    site.gatekeeper.senders["voice"] = sender
    return sender


async def somebody(site, *, consent="given", phone="+442079460123"):
    contact_id = await site.contact("", consent=None)
    async with transaction(site.sessions) as session:
        await attach_address(session, site.keys, contact_id=contact_id, kind="phone", value=phone, now=site.clock.now())
    if consent:
        await site.consent(contact_id, consent, channel="voice")
    return contact_id


async def begin(site, journey, contact_id, **step):
    await site.publish(journey({**STEPS, "ring": STEPS["ring"] | step}, wording=WORDS, exit_when=[]))
    assert await site.enrol(contact_id, "follow_up")
    await site.pump.run_once()


async def report(site, state, **told):
    """What the provider tells of the call that is going on."""
    (row,) = [one for one in await site.outbox() if one.state == "accepted"]
    async with transaction(site.sessions) as session:
        await write_report(session, "voice", Reported(state, row.id, row.provider_id, **told), site.clock.now())
    await site.go_on()


async def ended(site, contact_id):
    return (await site.enrolment(contact_id)).exit_reason


async def test_whoever_hears_the_text_goes_on(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id)
    assert [one.text for one in voice.sent] == ["Your meeting is tomorrow."]
    await site.go_on()
    assert await ended(site, contact_id) is None
    await report(site, "delivered")
    assert await ended(site, contact_id) == "done"


async def test_a_phone_that_nobody_takes_rings_as_often_as_the_step_says_and_then_it_is_no_reply(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id)
    # The provider's "busy" would otherwise be tried three times more.
    await report(site, "undelivered", rule="busy", reason="The line was busy.", put_off=True)
    await site.pump.run_once()
    assert len(voice.sent) == 1
    site.clock.forward(hours=1)
    await site.pump.run_once()
    assert len(voice.sent) == 2
    await report(site, "undelivered", rule="no_answer", reason="Nobody took the call.", put_off=True)
    assert await ended(site, contact_id) == "silent"
    assert len(await site.outbox()) == 2


async def test_a_mailbox_that_took_the_message_is_no_reply(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id, attempts=1, apart_seconds=None)
    await report(site, "delivered", rule=VOICEMAIL)
    assert await ended(site, contact_id) == "silent"


async def test_nobody_is_called_without_consent_to_calls(site, journey, voice):
    contact_id = await somebody(site, consent=None)
    await begin(site, journey, contact_id)
    assert not voice.sent
    (row,) = await site.outbox()
    assert (row.state, row.reason_rule) == ("skipped", "consent")
    assert await ended(site, contact_id) == "nobody"


async def test_a_consent_taken_back_before_the_second_call_ends_it(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id)
    await report(site, "undelivered", rule="no_answer", reason="Nobody took the call.")
    await site.consent(contact_id, "withdrawn", channel="voice")
    site.clock.forward(hours=1)
    await site.pump.run_once()
    await site.go_on()
    assert len(voice.sent) == 1
    assert await ended(site, contact_id) == "silent"


async def test_a_call_waits_for_the_hours_of_calls(site, journey, voice, now):
    site.clock.moment = now.replace(hour=22)
    contact_id = await somebody(site)
    await begin(site, journey, contact_id)
    assert not voice.sent
    (row,) = await site.outbox()
    assert (row.state, row.reason_rule) == ("deferred", "quiet_hours")
    site.clock.moment = row.due_at
    await site.pump.run_once()
    assert len(voice.sent) == 1


async def test_a_wish_for_a_person_in_the_call_is_its_outcome(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id)
    now = site.clock.now() + timedelta(seconds=5)
    async with transaction(site.sessions) as session:
        await record(
            session, kind="handed_off", contact_id=contact_id, conversation_id=None,
            data={"team": "sales", "reason": "asked"}, now=now,
        )  # fmt: skip
    await site.go_on(seconds=10)
    assert await ended(site, contact_id) == "wants_one"


async def test_a_call_of_which_nothing_is_heard_is_no_reply_when_the_patience_is_over(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id)
    await site.go_on(hours=23, minutes=59)
    assert await ended(site, contact_id) is None
    await site.go_on(minutes=1)
    assert await ended(site, contact_id) == "silent"


async def test_a_call_that_leads_a_flow_goes_on_by_its_outcome_and_not_by_its_end(site, journey, voice):
    contact_id, silent = await somebody(site), await somebody(site, phone="+442079460124")
    ways = {**STEPS["ring"]["ways"], "qualified": "wants_one"}
    await begin(site, journey, contact_id, flow="how_are_you", ways=ways)
    (row,) = await site.outbox()
    assert row.content == {"once": True, "flow": "how_are_you"}
    await report(site, "delivered")
    assert await ended(site, contact_id) is None
    async with transaction(site.sessions) as session:
        await record(
            session, kind="flow_ended", contact_id=contact_id, conversation_id=None,
            data={"flow": "how_are_you", "outcome": "qualified"}, now=site.clock.now(),
        )  # fmt: skip
    await site.go_on(seconds=1)
    assert await ended(site, contact_id) == "wants_one"
    await site.enrol(silent, "follow_up")
    await site.pump.run_once()
    await report(site, "delivered")
    await site.go_on(days=1)
    assert await ended(site, silent) == "silent"


async def test_a_second_call_that_would_come_too_late_is_not_made(site, journey, voice):
    contact_id = await somebody(site)
    await begin(site, journey, contact_id, seconds=1_800)
    await report(site, "undelivered", rule="no_answer", reason="Nobody took the call.")
    await site.go_on(minutes=30)
    assert await ended(site, contact_id) == "silent"
    site.clock.forward(hours=1)
    await site.pump.run_once()
    assert len(voice.sent) == 1
    assert [row.state for row in await site.outbox()] == ["undelivered", "cancelled"]
