"""What a restore does once the data is in its place (F14): it finds out what may have been done since the back-up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from base.database import transaction
from base.encryption import KeyProblem, create_key_file, read_key_file
from base.ids import new_id
from crm.contacts.service import attach_address, create_contact
from crm.segments.service import create_segment
from crm.segments.tree import SegmentTree
from crm.segments.work import SegmentWork
from crm.timeline.models import TimelineEvent
from outreach.enrolment import publish_journeys
from outreach.models import Enrolment
from outreach.quarantine import NotInQuarantine, Quarantine, RestoreBrokeOff, get_quarantine, statement_of
from server.restore import begin
from server.settings import Settings
from tests.bot.stage import MovedClock

RUNNING = """
INSERT INTO journey_backfills (id, journey, segment_id, total, made_by, made_at)
VALUES (gen_random_uuid(), 'hello', gen_random_uuid(), 9, 'user:1', now());
INSERT INTO bulk_operations (id, operation, value, selection, state, total, made_by, made_at) VALUES
(gen_random_uuid(), 'enrol', 'hello', '{}', 'running', 9, gen_random_uuid(), now()),
(gen_random_uuid(), 'add_tag', 'vip', '{}', 'waiting', 9, gen_random_uuid(), now())
"""


@pytest.fixture
async def settings(database, tmp_path):
    """A site whose data was just put back, with an address in it."""
    settings = Settings(_env_file=None, data_dir=tmp_path / "var", database_url=database.url)
    create_key_file(settings.key_file)
    now = datetime.now(UTC)
    async with transaction(database.sessions) as session:
        await session.execute(text(statement_of(Quarantine(now - timedelta(hours=5), now, begun=False))))
        contact_id = await create_contact(session, language="en", time_zone=None, now=now)
        await attach_address(
            session, read_key_file(settings.key_file), contact_id, kind="email", value="ann@example.com", now=now
        )
    return settings


async def test_what_was_putting_people_into_journeys_is_cancelled_and_the_quarantine_may_be_lifted(database, settings):
    async with transaction(database.sessions) as session:
        for statement in RUNNING.split(";"):
            await session.execute(text(statement))
        with pytest.raises(RestoreBrokeOff):
            await get_quarantine(session)
    restored = await begin(settings, database.url)
    assert (restored.in_doubt, restored.calls, restored.cancelled) == (0, 0, 2)
    async with database.sessions() as session:
        assert await session.scalar(text("SELECT state FROM journey_backfills")) == "cancelled"
        states = await session.execute(text("SELECT operation, state FROM bulk_operations ORDER BY operation"))
        assert [tuple(row) for row in states] == [("add_tag", "waiting"), ("enrol", "cancelled")]
        assert (await get_quarantine(session)).begun


async def test_who_came_into_a_segment_in_the_time_between_by_time_alone_came_into_its_journey_then(database, settings):
    keys, now = read_key_file(settings.key_file), datetime.now(UTC)
    then, entered_at = now - timedelta(hours=6), now - timedelta(hours=3)
    tree = SegmentTree.model_validate({"date": "created_at", "is": "at_least_ago", "days": 2})
    steps = {
        "enter": {"step": "on_segment", "segment": "Two days here", "next": [{"to": "rest"}]},
        "rest": {"step": "wait_for", "seconds": 864_000, "next": []},
    }
    journey = {
        "journey": "after_two_days", "name": "Two days", "version": "v1", "purpose": "marketing", "re_entry": "always",
        "exit_when": [], "entries": ["enter"], "first": None, "steps": steps, "wording": {},
    }  # fmt: skip
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, time_zone=None, now=entered_at - timedelta(days=2))
        await create_segment(session, name="Two days here", tree=tree, by="test", now=then)
        await publish_journeys(session, {"after_two_days": journey}, then)
    await SegmentWork(database.sessions, keys, MovedClock(then)).do_all()
    async with transaction(database.sessions) as session:
        await session.execute(text("DELETE FROM event_queue"))
    await begin(settings, database.url)
    await SegmentWork(database.sessions, keys, MovedClock(now)).do_all()
    async with database.sessions() as session:
        (enrolment,) = await session.scalars(select(Enrolment))
        entered = await session.scalars(
            select(TimelineEvent.occurred_at).where(TimelineEvent.kind == "segment_entered")
        )  # fmt: skip
        assert enrolment.contact_id == contact_id
        assert timedelta() <= enrolment.entered_at - entered_at < timedelta(hours=1, minutes=1)
        assert list(entered) == [enrolment.entered_at], "and not once more"


async def test_a_segment_that_cannot_be_read_does_not_make_the_back_up_impossible_to_restore(database, settings):
    tree = SegmentTree.model_validate({"date": "created_at", "is": "at_least_ago", "days": 2})
    async with transaction(database.sessions) as session:
        await create_segment(session, name="Two days here", tree=tree, by="test", now=datetime.now(UTC))
        await session.execute(text("""UPDATE segments SET tree = '{"of": "another version"}'"""))
    restored = await begin(settings, database.url)
    assert restored.not_walked == ("segments",)
    async with database.sessions() as session:
        assert (await get_quarantine(session)).begun


async def test_a_key_file_that_does_not_fit_is_said_and_the_restore_counts_as_broken_off(database, settings):
    settings.key_file.unlink()
    create_key_file(settings.key_file)
    with pytest.raises(KeyProblem, match="restore the key file"):
        await begin(settings, database.url)
    async with database.sessions() as session:
        with pytest.raises(RestoreBrokeOff):
            await get_quarantine(session)


async def test_without_a_restore_nothing_is_begun(database, tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path / str(new_id()), database_url=database.url)
    create_key_file(settings.key_file)
    with pytest.raises(NotInQuarantine):
        await begin(settings, database.url)
