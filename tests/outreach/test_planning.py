"""Journeys advance in sets, once, and leave with a reason."""

from __future__ import annotations

from sqlalchemy import event, insert, text, update
from structlog.testing import capture_logs

from base.database import transaction
from base.ids import new_id
from outreach.follow_ups import JourneyFollowUps
from outreach.models import Enrolment


async def test_a_contact_goes_all_the_way_of_a_journey(site, long_journey):
    await site.publish(long_journey)
    contact_id = await site.contact(qualification="hot", fields={"first_name": "Ada"})
    assert await site.enrol(contact_id, "follow_up")

    assert (await site.pump.run_once()).advanced == 0
    site.clock.forward(minutes=10)
    await site.pump.run_once()
    (first,) = await site.outbox()
    assert (first.state, first.step, first.text) == ("accepted", "hot_mail", "Hello Ada, hot_mail")
    assert first.provider_id == f"provider-{first.id}"

    site.clock.forward(days=2)
    await site.pump.run_once()
    assert [one.step for one in await site.outbox()] == ["hot_mail", "last_mail"]
    (enrolment,) = await site.enrolments()
    assert (enrolment.state, enrolment.exit_reason, enrolment.due_at) == ("exited", "completed", None)
    kinds = [kind for kind, _ in await site.timeline(contact_id)]
    assert kinds.count("message_sent") == 2
    assert kinds[-1] in ("journey_exited", "message_sent")


async def test_a_wait_lasts_until_its_time_and_not_longer(site, long_journey):
    await site.publish(long_journey)
    await site.enrol(await site.contact(), "follow_up")
    site.clock.forward(minutes=9, seconds=59)
    assert (await site.pump.run_once()).advanced == 0
    site.clock.forward(seconds=1)
    assert (await site.pump.run_once()).advanced == 1


async def test_a_second_planner_run_makes_no_second_row(site, journey):
    await site.publish(
        journey(
            {
                "mail": {"step": "send", "channels": ["email"], "next": [{"to": "pause"}]},
                "pause": {"step": "wait_for", "seconds": 60, "next": []},
            }
        )
    )
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    (before,) = await site.enrolments()
    await site.planner.advance_due(site.clock.now())
    async with transaction(site.sessions) as session:
        # As after a restore, or a planner whose commit was not seen: the enrolment stands where it stood before.
        await session.execute(
            update(Enrolment).values(step=before.step, arrivals=before.arrivals, due_at=before.due_at)
        )
    again = await site.planner.advance_due(site.clock.now())
    assert (again.advanced, again.messages) == (1, 0)
    assert len(await site.outbox()) == 1


async def test_coming_back_to_a_step_is_another_occurrence(site, journey):
    await site.publish(
        journey(
            {
                "mail": {"step": "send", "channels": ["email"], "next": [{"to": "pause"}]},
                "pause": {"step": "wait_for", "seconds": 60, "next": [{"to": "mail"}]},
            }
        )
    )
    await site.enrol(await site.contact(), "follow_up")
    await site.planner.advance_due(site.clock.now())
    site.clock.forward(minutes=1)
    await site.planner.advance_due(site.clock.now())
    assert len({one.occurrence for one in await site.outbox()}) == 2


async def test_a_journey_that_goes_round_without_waiting_is_stopped(site, journey):
    steps = {"a": {"step": "branch", "next": [{"to": "b"}]}, "b": {"step": "branch", "next": [{"to": "a"}]}}
    await site.publish(journey(steps))
    await site.enrol(await site.contact(), "follow_up")
    assert (await site.planner.advance_due(site.clock.now())).advanced == 1
    (enrolment,) = await site.enrolments()
    assert enrolment.state == "active"
    assert enrolment.due_at > site.clock.now()


async def test_a_denied_channel_is_stored_with_its_reason_and_the_next_one_is_used(site, journey):
    await site.publish(journey({"say": {"step": "send", "channels": ["email", "web"], "next": []}}))
    contact_id = await site.contact(consent=None)
    await site.enrol(contact_id, "follow_up", await site.talk(contact_id))
    await site.planner.advance_due(site.clock.now())
    by_channel = {one.channel: one for one in await site.outbox()}
    assert (by_channel["email"].state, by_channel["email"].reason_rule) == ("skipped", "consent")
    assert "never agreed" in by_channel["email"].reason
    assert by_channel["web"].state == "planned"
    assert [one.stage for one in await site.decisions(by_channel["email"].id)] == ["plan"]
    refused = [data for kind, data in await site.timeline(contact_id) if kind == "message_refused"]
    assert [one["rule"] for one in refused] == ["consent"]


async def test_a_message_planned_at_night_waits_for_the_morning(site, journey, now):
    await site.publish(journey({"say": {"step": "send", "channels": ["email"], "next": []}}))
    await site.enrol(await site.contact(time_zone="Pacific/Honolulu"), "follow_up")  # five in the morning there
    await site.planner.advance_due(now)
    (row,) = await site.outbox()
    assert (row.state, row.reason_rule) == ("deferred", "quiet_hours")
    assert row.due_at == row.deferred_until == now.replace(hour=17)  # 07:00 in Honolulu


async def test_contacts_who_opted_out_or_talk_to_a_person_leave_with_the_reason(site, long_journey):
    await site.publish(long_journey)
    stopped, withdrawn, handed_off, stays = [await site.contact() for _ in range(4)]
    for contact_id in (stopped, withdrawn, handed_off, stays):
        await site.enrol(contact_id, "follow_up")
    async with transaction(site.sessions) as session:
        await session.execute(
            text(
                "INSERT INTO suppressions (id, contact_id, channel, reason, created_at) "
                "VALUES (:id, :contact, 'all', 'stop', now())"
            ),
            {"id": new_id(), "contact": stopped},
        )
    await site.consent(withdrawn, "withdrawn")
    await site.talk(handed_off, status="handed_off")
    site.clock.forward(minutes=10)
    await site.pump.run_once()
    reasons = {one.contact_id: one.exit_reason for one in await site.enrolments()}
    assert reasons == {stopped: "opted_out", withdrawn: "consent_withdrawn", handed_off: "handed_off", stays: None}
    assert [one.contact_id for one in await site.outbox()] == [stays]


async def test_a_reply_ends_a_journey_that_asks_for_it(site, long_journey):
    await site.publish(long_journey | {"exit_when": ["replied"]})
    contact_id = await site.contact()
    conversation_id = await site.talk(contact_id)
    await site.enrol(contact_id, "follow_up", conversation_id)
    site.clock.forward(minutes=10)
    await site.pump.run_once()
    site.clock.forward(hours=1)
    async with transaction(site.sessions) as session:
        await session.execute(
            text(
                "INSERT INTO messages (id, conversation_id, seq, author, kind, text, created_at) "
                "VALUES (:id, :conversation, 1, 'visitor', 'text', 'hi', :at)"
            ),
            {"id": new_id(), "conversation": conversation_id, "at": site.clock.now()},
        )
    site.clock.forward(days=2)
    await site.pump.run_once()
    (enrolment,) = await site.enrolments()
    assert enrolment.exit_reason == "replied"


async def test_an_enrolment_whose_version_is_gone_leaves_and_the_others_go_on(site, long_journey):
    await site.publish(long_journey)
    lost, fine = await site.contact(), await site.contact()
    await site.enrol(lost, "follow_up")
    await site.enrol(fine, "follow_up")
    async with transaction(site.sessions) as session:
        await session.execute(update(Enrolment).where(Enrolment.contact_id == lost).values(version="gone"))
    site.clock.forward(minutes=10)
    assert (await site.planner.advance_due(site.clock.now())).messages == 1
    reasons = {one.contact_id: one.exit_reason for one in await site.enrolments()}
    assert reasons == {lost: "step_missing", fine: None}


async def test_one_row_that_breaks_a_batch_is_put_aside_and_the_others_go_on(site, long_journey):
    await site.publish(long_journey)
    poisoned, fine = await site.contact(), await site.contact()
    await site.enrol(poisoned, "follow_up")
    await site.enrol(fine, "follow_up")
    async with transaction(site.sessions) as session:
        # A trigger stands for whatever makes a statement fail for one row only.
        await session.execute(
            text(
                "CREATE FUNCTION break_one() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF NEW.contact_id = '{poisoned}' THEN RAISE division_by_zero; END IF; RETURN NEW; END $$"
            )
        )
        await session.execute(
            text("CREATE TRIGGER break_one BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION break_one()")
        )
    site.clock.forward(minutes=10)
    with capture_logs() as logs:
        assert (await site.planner.advance_due(site.clock.now())).messages == 1
    assert [one["event"] for one in logs] == ["planning_batch_failed", "enrolment_pushed_back"]
    assert [one.contact_id for one in await site.outbox()] == [fine]
    due = {one.contact_id: one.due_at for one in await site.enrolments()}
    assert due[poisoned] > site.clock.now()


async def test_five_thousand_enrolments_advance_in_a_bounded_number_of_statements(site, long_journey, now):
    await site.publish(long_journey)
    people = 5_000
    ids = [new_id() for _ in range(people)]
    async with transaction(site.sessions) as session:
        await session.execute(
            text(
                "INSERT INTO contacts (id, qualification, time_zone, created_at, updated_at) "
                "SELECT id, (ARRAY['hot','warm','cold'])[1 + n % 3], 'Europe/London', now(), now() "
                "FROM unnest(cast(:ids AS uuid[])) WITH ORDINALITY AS one(id, n)"
            ),
            {"ids": ids},
        )
        rows = [
            {
                "id": new_id(),
                "journey": "follow_up",
                "version": "v1",
                "contact_id": contact_id,
                "step": "settle",
                "arrivals": 1,
                "due_at": now,
                "entered_at": now,
                "updated_at": now,
            }
            for contact_id in ids
        ]
        await session.execute(insert(Enrolment), rows)
    statements = []

    def count(*args):
        statements.append(args[2])

    event.listen(site.engine.sync_engine, "before_cursor_execute", count)
    try:
        planned = await site.planner.advance_due(now)
    finally:
        event.remove(site.engine.sync_engine, "before_cursor_execute", count)
    assert planned.advanced == people
    # Nobody agreed to anything: 5,000 rows, each skipped with its reason.
    states = {(one.state, one.reason_rule) for one in await site.outbox()}
    assert states == {("skipped", "consent")}
    batches = people // 500
    assert len(statements) <= batches * 60


async def test_an_opt_out_ends_journeys_and_withdraws_what_was_planned(site, journey):
    await site.publish(
        journey(
            {
                "say": {"step": "send", "channels": ["email"], "next": [{"to": "pause"}]},
                "pause": {"step": "wait_for", "seconds": 60, "next": []},
            }
        )
    )
    contact_id = await site.contact()
    await site.enrol(contact_id, "follow_up")
    await site.planner.advance_due(site.clock.now())
    async with transaction(site.sessions) as session:
        await JourneyFollowUps().stop(session, contact_id=contact_id, reason="opted_out", now=site.clock.now())
    (row,) = await site.outbox()
    assert (row.state, row.reason_rule) == ("cancelled", "opted_out")
    (enrolment,) = await site.enrolments()
    assert (enrolment.state, enrolment.exit_reason) == ("exited", "opted_out")
