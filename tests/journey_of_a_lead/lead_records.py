"""What is on record of somebody after their talk, read from the database. Judges nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from crm.contacts.service import find_contact_by_address
from server.database_access import open_database
from server.settings import read_settings
from tests.journey_of_a_lead.channel_accounts import Providers
from tests.journey_of_a_lead.demo_request_talk import address_of
from tests.journey_of_a_lead.people_on_channels import Person, Visitor
from tests.journey_of_a_lead.running_site import RunningSite

Row = dict[str, Any]
_PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Lead:
    """One person as they stand in the database.

    Attributes:
        owner_of_address: whose the e-mail address is that they told.
        sent: what left in the talk through a provider, with what the gate said of it.
        ended: the flows that came to their end, and how.
        unanswered: messages of theirs that no turn took up.
    """

    talk: Row
    contact: Row
    owner_of_address: UUID | None
    reasons: Sequence[Row]
    consents: Sequence[Row]
    sent: Sequence[Row]
    ended: Sequence[Row]
    journeys: Sequence[str]
    calls: Sequence[Row]
    unanswered: int

    @property
    def summary(self) -> str:
        """The lead in a few words."""
        consent, events = self.consents[0], ", then ".join(row["event"] for row in self.consents)
        reasons = "; ".join(f"{row['points']} {row['reason']}" for row in self.reasons)
        return (
            f"{self.contact['qualification']}, score {self.contact['score']} ({reasons})\n"
            f"{consent['purpose']} by {consent['channel']} {events} ({consent['method']}), with the text above"
        )


async def find_lead(site: RunningSite, providers: Providers, person: Person) -> Lead:
    """Everything of the person's talk, once what was said in it has left."""
    if isinstance(person, Visitor):
        (talk,) = site.query("SELECT * FROM conversations WHERE id = %s", person.conversation_id)
    else:
        (talk,) = site.query("SELECT * FROM conversations WHERE account_id = %s", providers.ids[person.channel])
    await _wait_until_all_left(site, talk["id"])
    (contact,) = site.query("SELECT * FROM contacts WHERE id = %s", talk["contact_id"])
    async with open_database(read_settings(data_dir=site.folder)) as platform, platform.sessions() as session:
        owner = await find_contact_by_address(session, platform.keys, "email", address_of(person.channel))
    return Lead(
        talk=talk,
        contact=contact,
        owner_of_address=owner,
        reasons=site.query(
            "SELECT points, reason FROM score_entries WHERE contact_id = %s ORDER BY points DESC, reason", contact["id"]
        ),
        consents=site.query(
            "SELECT event, purpose, channel, method, controller, e.language, text FROM consent_events e "
            "JOIN consent_notices ON sha256 = notice_sha256 WHERE principal_ref = %s ORDER BY seq", contact["id"],
        ),
        sent=site.query(
            "SELECT text, o.state, purpose, d.answer AS gate FROM outbox o "
            "LEFT JOIN gate_decisions d ON d.id = o.gate_decision_id "
            "WHERE conversation_id = %s AND message_id IS NOT NULL ORDER BY o.id", talk["id"],
        ),
        ended=[
            row["data"]
            for row in site.query(
                "SELECT data FROM timeline_events WHERE conversation_id = %s AND kind = 'flow_ended'", talk["id"]
            )
        ],
        journeys=[
            row["journey"] for row in site.query("SELECT journey FROM enrolments WHERE contact_id = %s", contact["id"])
        ],
        calls=site.query(
            "SELECT ended_at IS NOT NULL AS over, relays FROM calls WHERE conversation_id = %s", talk["id"]
        ),
        unanswered=site.query(
            "SELECT count(*) AS n FROM messages WHERE conversation_id = %s AND turn_state <> 'done'", talk["id"]
        )[0]["n"],
    )  # fmt: skip


async def _wait_until_all_left(site: RunningSite, conversation_id: UUID) -> None:
    on_its_way = (
        "SELECT text FROM outbox WHERE conversation_id = %s AND message_id IS NOT NULL "
        "AND (state IN ('planned', 'deferred', 'sending') OR (channel = 'sms' AND state = 'accepted'))"
    )
    deadline = time.monotonic() + _PATIENCE
    while waiting := site.query(on_its_way, conversation_id):
        assert time.monotonic() < deadline, f"not sent in {_PATIENCE} s: {waiting}"
        await asyncio.sleep(0.1)
