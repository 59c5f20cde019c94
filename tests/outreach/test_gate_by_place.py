"""What the gate knows of places, kinds of consent, topics and clocks comes from the database as it stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from base.database import transaction
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import attach_address
from outreach.delivery import Delivery
from outreach.ports import Accepted
from outreach.rule_pack import read_rule_pack
from tests.time_zones import Clock


@dataclass
class Texts:
    """A text channel that counts what it is given."""

    sent: int = 0
    channel: str = "sms"

    def configured(self):
        return None

    async def send(self, envelope):
        self.sent += 1
        return Accepted(f"provider-{envelope.outbox_id}")


@pytest.fixture
def texts(site):
    """The site with a text channel and the keys to numbers."""
    sender = Texts()
    site.gatekeeper = replace(site.gatekeeper, senders={**site.gatekeeper.senders, "sms": sender}, keys=site.keys)
    site.delivery = Delivery(site.sessions, site.keys, site.gatekeeper)
    return sender


async def agree(site, contact_id, *, event="given", channel="sms", basis="consent"):
    fact = ConsentFact(
        event=event, principal_ref=contact_id, purpose="marketing", channel=channel, controller="Northwind",
        language="en", method="chat", actor="subject", effective_at=site.clock.now(), lawful_basis=basis,
        notice_text="May we text you?",
    )  # fmt: skip
    async with transaction(site.sessions) as session:
        await record_consent_event(session, fact, site.clock.now())


async def reachable(site, number, *, zone=None, **fields):
    contact_id = await site.contact("", consent=None, time_zone=zone, fields=fields)
    async with transaction(site.sessions) as session:
        await attach_address(session, site.keys, contact_id, kind="phone", value=number, now=site.clock.now())
    await agree(site, contact_id)
    return contact_id


async def put(site, contact_id, **columns):
    return await site.put(contact_id, channel="sms", subject=None, **columns)


@pytest.mark.parametrize(
    ("number", "told", "outcome"),
    [
        # 15:00 UTC on a Monday: 10:00 in New York, 09:00 in Chicago, 07:00 in Los Angeles.
        ("+13055550123", {}, "accepted"),
        ("+14155550123", {}, "deferred"),
        ("+13055550123", {"zone": "America/Los_Angeles"}, "deferred"),
        ("+13055550123", {"state": "CA"}, "deferred"),
        ("+16065550123", {}, "deferred"),  # Kentucky from 10:00, and it may be an hour earlier there
        ("+18005550123", {"zone": "America/New_York"}, "accepted"),
        ("+18005550123", {}, "skipped"),
        ("+442079460018", {}, "accepted"),
    ],
)  # fmt: skip
async def test_a_text_waits_for_day_wherever_its_number_address_and_browser_may_be(site, texts, number, told, outcome):
    row = await put(site, await reachable(site, number, **told))
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(row)).state == outcome
    assert texts.sent == (outcome == "accepted")


async def test_the_decision_keeps_the_places_it_was_judged_by_and_the_version_of_their_law(site, texts):
    row = await put(site, await reachable(site, "+13055550123", zone="Europe/London"))
    await site.delivery.deliver_due(site.clock)
    decision = (await site.decisions(row))[0]
    assert decision.inputs["places"] == ["GB", "US", "US-FL"]
    assert decision.inputs["zones"] == ["America/New_York", "Europe/London"]
    assert "us_states 2026-" in decision.pack_version
    assert "305" not in str(decision.inputs)


async def test_without_the_keys_to_a_number_its_place_is_not_known(site, texts):
    site.gatekeeper = replace(site.gatekeeper, keys=None)
    row = await put(site, await reachable(site, "+13055550123", zone="America/New_York"))
    await Delivery(site.sessions, site.keys, site.gatekeeper).deliver_due(site.clock)
    (decision,) = await site.decisions(row)
    assert (decision.answer, decision.rule) == ("deny", "quiet_hours")
    assert decision.inputs["places"] == ["US", "US-ZZ", "ZZ"]
    assert decision.inputs["zones"] == []


async def test_in_germany_a_mail_needs_a_consent_that_was_confirmed(site):
    contact_id = await site.contact(time_zone="Europe/Berlin")
    before, after = await site.put(contact_id), await site.put(contact_id)
    await site.claim()
    assert (await site.message(before)).reason_rule == "basis"
    await agree(site, contact_id, event="confirmed", channel="email")
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(after)).state == "accepted"


async def test_an_implied_consent_of_canada_ends_after_its_months(site):
    contact_id = await site.contact(time_zone="America/Toronto", consent=None)
    await agree(site, contact_id, channel="email", basis="implied_inquiry")
    first = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(first)).state == "accepted"
    site.clock.moment = datetime(2027, 5, 24, 15, 0, tzinfo=UTC)  # six months and a day later
    second = await site.put(contact_id)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(second)).reason_rule == "basis"


async def test_a_topic_has_a_cap_of_its_own_and_other_topics_go_on(site):
    contact_id = await site.contact()
    for _ in range(5):
        await site.put(contact_id, journey="news")
        await site.delivery.deliver_due(site.clock)
        site.clock.forward(hours=23, minutes=55)
    assert len(site.email.sent) == 5
    more = await site.put(contact_id, journey="news")
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(more)).reason_rule == "cap"
    assert len(site.email.sent) == 5


@pytest.mark.parametrize("off", [timedelta(seconds=-7), timedelta(seconds=7), timedelta(hours=-1), timedelta(days=1)])
async def test_nothing_promotional_leaves_a_machine_whose_clock_is_not_the_databases(site, off):
    contact_id = await site.contact()
    promotion = await site.put(contact_id)
    site.gatekeeper = replace(site.gatekeeper, machine=Clock(off))
    delivery = Delivery(site.sessions, site.keys, site.gatekeeper)
    await delivery.deliver_due(site.clock)
    row = await site.message(promotion)
    assert (row.state, row.reason_rule) == ("deferred", "clock_skew")
    asked = await site.put(contact_id, purpose="service", message_class="requested")
    await delivery.deliver_due(site.clock)
    assert (await site.message(asked)).state == "accepted"
    # The clock is set right, and the message goes out.
    site.clock.forward(minutes=1)
    await site.delivery.deliver_due(site.clock)
    assert (await site.message(promotion)).state == "accepted"


async def test_what_an_operator_lays_down_is_what_the_gate_judges_by(site, tmp_path):
    (tmp_path / "own.yml").write_text(
        "version: 2026-11-01\njurisdictions:\n  DE:\n    name: Germany\n    rules:\n"
        "      - source: Opinion of counsel of 1 Nov 2026\n        status: S\n        effective_from: 2026-11-01\n"
        "        consent:\n          channels: [email]\n          accepts: [{kind: express}]\n"
    )
    site.gatekeeper = replace(site.gatekeeper, pack=read_rule_pack(own=tmp_path))
    row = await site.put(await site.contact(time_zone="Europe/Berlin"))
    await Delivery(site.sessions, site.keys, site.gatekeeper).deliver_due(site.clock)
    assert (await site.message(row)).state == "accepted"
    assert "own/own 2026-11-01" in (await site.decisions(row))[0].pack_version
