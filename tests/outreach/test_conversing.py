"""`converse` begins a flow where the gate allows it, waits for days, and goes on by how this person ended it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from base.database import transaction
from base.ids import new_id
from crm.timeline.service import record
from outreach.conversing import outcome_of
from outreach.planning import Planner
from outreach.ports import Opening
from outreach.why import explain

STEPS = {
    "ask": {
        "step": "converse", "flow": "how_are_you", "channels": ["web", "email"], "seconds": 259_200,
        "ways": {"qualified": "good", "no_reply": "silent", "asked_for_person": "wants_one"},
        "unreached": "nobody", "next": [{"to": "done"}],
    },
    **{
        name: {"step": "exit", "outcome": name}
        for name in ("good", "silent", "wants_one", "nobody", "done")
    },
}  # fmt: skip


@dataclass
class NotedTalks:
    """The bot's side as outreach sees it: writes down what it is to begin; `busy` are channels it cannot begin on."""

    busy: set[str] = field(default_factory=set)
    begun: list[Opening] = field(default_factory=list)

    async def begin(self, _session: AsyncSession, openings: Sequence[Opening], _now: datetime) -> Mapping[str, UUID]:
        done = [one for one in openings if one.channel not in self.busy]
        self.begun += done
        return {one.occurrence: new_id() for one in done}


@pytest.fixture
def talks(site):
    noted = NotedTalks()
    site.planner = Planner(site.sessions, site.gatekeeper, talks=noted)
    return noted


async def begin(site, journey, contact_id, **step):
    steps = {**STEPS, "ask": STEPS["ask"] | step}
    await site.publish(journey(steps, exit_when=[]))
    assert await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())


async def ended(site, contact_id):
    return (await site.enrolment(contact_id)).exit_reason


async def note(site, contact_id, kind, **data):
    async with transaction(site.sessions) as session:
        await record(session, kind=kind, contact_id=contact_id, conversation_id=None, data=data, now=site.clock.now())


async def write(site, contact_id, channel="sms"):
    talk = await site.talk(contact_id)
    async with transaction(site.sessions) as session:
        await session.execute(text("UPDATE conversations SET channel = :c WHERE id = :id"), {"c": channel, "id": talk})
        await session.execute(
            text(
                "INSERT INTO messages (id, conversation_id, seq, author, kind, text, created_at) "
                "VALUES (gen_random_uuid(), :id, 1, 'visitor', 'text', 'Hm', :at)"
            ),
            {"id": talk, "at": site.clock.now()},
        )


async def test_a_talk_begins_where_it_is_allowed_and_each_refusal_is_kept(site, journey, talks):
    contact_id = await site.contact(language="fr")
    await begin(site, journey, contact_id)
    (opening,) = talks.begun
    assert (opening.channel, opening.flow, opening.purpose, opening.language) == (
        "email", "how_are_you", "marketing", "fr",
    )  # fmt: skip
    (row,) = await site.outbox()
    assert (row.channel, row.state, row.reason_rule, row.step) == ("web", "skipped", "own_conversation", "ask")
    async with site.sessions() as session:
        told = [(one.what, one.rule, one.channel) for one in await explain(session, "follow_up", contact_id)]
    assert ("not_sent", "own_conversation", "web") in told


@pytest.mark.parametrize(
    ("outcome", "way"), [("qualified", "good"), ("declined", "done"), ("anything", "done"), ("no_reply", "silent")]
)
async def test_people_go_on_by_the_outcome_days_later_as_soon_as_it_is_there(site, journey, talks, outcome, way):
    contact_id = await site.contact()
    await begin(site, journey, contact_id)
    await site.go_on(days=2)
    assert await ended(site, contact_id) is None
    await note(site, contact_id, "flow_ended", flow="another", outcome="qualified")
    await site.go_on()
    assert await ended(site, contact_id) is None
    await note(site, contact_id, "flow_ended", flow="how_are_you", outcome=outcome)
    await site.go_on()
    assert await ended(site, contact_id) == way
    assert len(talks.begun) == 1


async def test_what_ended_before_the_talk_began_is_not_its_outcome(site, journey, talks):
    contact_id = await site.contact()
    await note(site, contact_id, "flow_ended", flow="how_are_you", outcome="qualified")
    site.clock.forward(minutes=1)
    await begin(site, journey, contact_id)
    await site.go_on(minutes=1)
    assert await ended(site, contact_id) is None


async def test_whoever_says_nothing_for_as_long_as_the_patience_lasts_gave_no_reply(site, journey, talks):
    contact_id = await site.contact()
    await begin(site, journey, contact_id)
    await site.go_on(days=2, hours=23, minutes=59)
    assert await ended(site, contact_id) is None
    await site.go_on(minutes=1)
    assert await ended(site, contact_id) == "silent"


async def test_an_answer_on_another_channel_makes_the_patience_begin_again(site, journey, talks):
    contact_id = await site.contact()
    await begin(site, journey, contact_id)
    site.clock.forward(days=2)
    await write(site, contact_id, "telegram")
    await site.go_on(days=1)
    assert await ended(site, contact_id) is None
    await note(site, contact_id, "flow_ended", flow="how_are_you", outcome="qualified")
    await site.go_on(hours=1)
    assert await ended(site, contact_id) == "good"


async def test_a_wish_for_a_person_is_an_outcome_and_a_hand_over_for_other_reasons_is_another(site, journey, talks):
    asker, lost = await site.contact(), await site.contact()
    await begin(site, journey, asker)
    await site.enrol(lost, "follow_up")
    await site.go_on()
    await note(site, asker, "handed_off", team="sales", reason="asked")
    await note(site, lost, "handed_off", team="sales", reason="misses")
    await site.go_on()
    assert (await ended(site, asker), await ended(site, lost)) == ("wants_one", "done")


def test_of_what_one_turn_brings_the_end_of_the_flow_says_most():
    def happened(kind, **data):
        return SimpleNamespace(kind=kind, data=data)

    handed = happened("handed_off", reason="flow")
    assert outcome_of([handed, happened("flow_ended", flow="a", outcome="asked_for_person")], "a") == "asked_for_person"
    assert outcome_of([handed, happened("opted_out")], "a") == "opted_out"
    assert outcome_of([happened("flow_ended", flow="b", outcome="qualified")], "a") is None
    assert outcome_of([], "a") is None
    stopped = [happened("flow_ended", flow="a", outcome="opted_out"), happened("opted_out")]
    doubt = happened("opt_out_doubted", rule="phrase:en/wrong_person")
    assert outcome_of([*stopped, doubt], "a") == "wrong_person"
    assert outcome_of([*stopped, happened("opt_out_doubted", rule="phrase:en/blocked")], "a") == "opted_out"
    assert outcome_of([doubt], "a") is None


async def test_a_talk_waits_for_the_hours_in_which_it_may_begin(site, journey, talks, now):
    site.clock.moment = now.replace(hour=23)
    contact_id = await site.contact()
    await begin(site, journey, contact_id, channels=["email"])
    assert not talks.begun
    found = await site.enrolment(contact_id)
    assert found.due_at == now.replace(hour=7) + timedelta(days=1)
    site.clock.moment = found.due_at
    await site.go_on()
    assert [one.channel for one in talks.begun] == ["email"]


async def test_whom_no_channel_may_reach_goes_the_way_for_that(site, journey, talks):
    contact_id = await site.contact(consent=None)
    await begin(site, journey, contact_id)
    assert not talks.begun
    assert await ended(site, contact_id) == "nobody"


async def test_another_talk_is_waited_for_as_long_as_the_patience_lasts(site, journey, talks):
    talks.busy.add("email")
    contact_id, patient = await site.contact(), await site.contact()
    await begin(site, journey, contact_id, channels=["email"], seconds=7_200)
    await site.go_on(minutes=30)
    assert await ended(site, contact_id) is None
    for _ in range(4):
        await site.go_on(minutes=30)
    assert await ended(site, contact_id) == "nobody"
    await site.enrol(patient, "follow_up")
    await site.go_on()
    talks.busy.clear()
    await site.go_on(minutes=30)
    assert [one.contact_id for one in talks.begun] == [patient]


async def test_where_the_first_channel_is_busy_the_talk_begins_on_the_next(site, journey, talks):
    talks.busy.add("web")
    contact_id = await site.contact()
    await site.talk(contact_id)
    await begin(site, journey, contact_id)
    assert [one.channel for one in talks.begun] == ["email"]


async def test_an_opening_that_did_not_leave_is_tried_on_the_next_channel(site, journey, talks):
    contact_id = await site.contact()
    talk = await site.talk(contact_id)
    await begin(site, journey, contact_id)
    assert [(one.channel, one.conversation_id) for one in talks.begun] == [("web", talk)]
    enrolment = await site.enrolment(contact_id)
    await site.put(
        contact_id, channel="web", state="skipped", reason_rule="consent", reason="No.", message_id=new_id(),
        enrolment_id=enrolment.id, step="ask", journey="follow_up",
    )  # fmt: skip
    await note(site, contact_id, "message_refused", channel="web", reason="No.")
    await site.go_on()
    assert [one.channel for one in talks.begun] == ["web", "email"]
    await site.go_on(days=3)
    assert await ended(site, contact_id) == "silent"


async def test_an_opening_that_still_waits_when_the_patience_is_over_is_taken_back(site, journey, talks):
    contact_id = await site.contact()
    await begin(site, journey, contact_id, seconds=3_600)
    enrolment = await site.enrolment(contact_id)
    outbox_id = await site.put(
        contact_id, state="deferred", due_at=site.clock.now() + timedelta(hours=9), message_id=new_id(),
        enrolment_id=enrolment.id, step="ask", journey="follow_up",
    )  # fmt: skip
    await site.go_on(hours=1)
    assert await ended(site, contact_id) == "silent"
    assert (await site.message(outbox_id)).state == "cancelled"


async def test_a_planner_without_a_bot_leaves_people_where_they_are(site, journey):
    contact_id = await site.contact()
    with capture_logs() as logs:
        await begin(site, journey, contact_id)
    assert "no_talks_here" in [line["event"] for line in logs]
    assert await ended(site, contact_id) is None


async def test_a_hundred_people_are_begun_with_in_a_bounded_number_of_statements(site, journey, talks):
    people = [await site.contact() for _ in range(100)]
    await site.publish(journey(STEPS, exit_when=[]))
    for contact_id in people:
        await site.enrol(contact_id, "follow_up")
    statements: list[str] = []

    def keep(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(site.engine.sync_engine, "before_cursor_execute", keep)
    await site.planner.advance_due(site.clock.now())
    event.remove(site.engine.sync_engine, "before_cursor_execute", keep)
    assert len(talks.begun) == 100
    assert len(statements) < 60
