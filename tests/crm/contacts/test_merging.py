"""Merging two contacts: what the one they become knows, agreed to and is stopped for, and what stays when they part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text, update

from base.database import Sessions, transaction
from base.encryption import KeyRing
from base.errors import InvalidInput, NotFound
from base.ids import new_id
from bot.intake.sealing import sender_index_of
from bot.models import Conversation
from crm.consent.ledger import consent_for, consent_states, list_consent_events, verify_chain
from crm.consent.models import ConsentEvent, PrincipalLink
from crm.consent.suppression import lift, list_suppressions, suppress
from crm.consent.withdrawal import withdraw, withdraw_purpose
from crm.contacts.merged_rows import follow_links
from crm.contacts.merging import merge_contacts, preview_merge
from crm.contacts.models import Contact, ContactMerge, ContactPoint, MergedRow
from crm.contacts.records import ContactMerged
from crm.contacts.service import attach_address, get_contact, lock_contact, set_fields
from crm.contacts.unmerging import AlreadyUndone, LaterMerge, unmerge
from crm.privacy.erasing import erase_person
from crm.privacy.exporting import export_person
from crm.privacy.files import FiledMails
from crm.privacy.limits import list_marks, set_mark
from crm.scoring.models import ScoreEntry
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record
from outreach.models import Enrolment, OutboxMessage
from outreach.people_known import read_people
from tests.admin.people import consent, make_contact, make_talk, outbox_row
from tests.base.test_migrations import ROOMS

assert ROOMS  # every room's tables are loaded
BY = "user:1"
MAIL = ("marketing", "email")


@dataclass
class Two:
    """Two contacts, and what is asked of them most."""

    sessions: Sessions
    keys: KeyRing
    now: datetime
    ann: UUID
    bob: UUID

    async def merge(self, **options: Any) -> UUID:
        async with transaction(self.sessions) as session:
            return await merge_contacts(session, self.ann, self.bob, BY, self.now, **options)

    async def unmerge(self, merge_id: UUID) -> None:
        async with transaction(self.sessions) as session:
            await unmerge(session, merge_id, BY, self.now + timedelta(hours=1))

    async def consent_of(self, contact_id: UUID, scope: tuple[str, str] = MAIL) -> str:
        """As the ledger's readers see it; the gate's own reading must say the same."""
        async with self.sessions() as session:
            states = (await consent_states(session, [contact_id], self.now))[contact_id]
            people = await read_people(
                session, [contact_id], self.now, keys=None, machine=None, remember=timedelta(days=7)
            )
        state = consent_for(states, *scope).state
        assert consent_for(people.by_id[contact_id].consents, *scope).state == state
        assert bool(people.by_id[contact_id].bases.get(scope)) == (state == "given")
        return state

    async def stops_of(self, contact_id: UUID) -> set[str]:
        async with self.sessions() as session:
            stopped = (await list_suppressions(session, [contact_id]))[contact_id]
            people = await read_people(
                session, [contact_id], self.now, keys=None, machine=None, remember=timedelta(days=7)
            )
        assert set(people.by_id[contact_id].suppressed) == set(stopped)
        return set(stopped)

    async def contact(self, contact_id: UUID) -> Contact:
        async with self.sessions() as session:
            return await get_contact(session, contact_id)


@pytest.fixture
async def two(database, keys, now) -> Two:
    async with transaction(database.sessions) as session:
        ann = await make_contact(
            session, keys, now, email="ann@example.com", fields={"first_name": "Ann", "city": "Graz"}
        )
        bob = await make_contact(
            session, keys, now, phone="+14155552671", fields={"first_name": "Bob", "company": "Vex"}
        )
    return Two(database.sessions, keys, now, ann, bob)


# Refusals


async def test_a_contact_is_not_merged_with_itself_nor_one_that_is_gone_or_merged_already(two) -> None:
    async with transaction(two.sessions) as session:
        with pytest.raises(InvalidInput, match="name two"):
            await merge_contacts(session, two.ann, two.ann, BY, two.now)
        with pytest.raises(NotFound, match="gone"):
            await merge_contacts(session, two.ann, new_id(), BY, two.now)
        await merge_contacts(session, two.ann, two.bob, BY, two.now)
        with pytest.raises(ContactMerged, match=str(two.ann)):
            await merge_contacts(session, two.ann, two.bob, BY, two.now)
        with pytest.raises(ContactMerged, match="use that one"):
            await lock_contact(session, two.bob)
        with pytest.raises(ContactMerged):
            await set_fields(session, two.bob, {"a": 1}, two.now)


async def test_a_merge_is_undone_once_and_after_those_that_came_later(two) -> None:
    async with transaction(two.sessions) as session:
        carl = await make_contact(session, two.keys, two.now)
        first = await merge_contacts(session, two.ann, two.bob, BY, two.now)
        second = await merge_contacts(session, carl, two.ann, BY, two.now)
        with pytest.raises(LaterMerge, match=str(second)):
            await unmerge(session, first, BY, two.now)
        await unmerge(session, second, BY, two.now)
        await unmerge(session, first, BY, two.now)
        with pytest.raises(AlreadyUndone):
            await unmerge(session, first, BY, two.now)
        with pytest.raises(NotFound):
            await unmerge(session, new_id(), BY, two.now)
        assert await session.scalar(select(func.count()).select_from(MergedRow)) == 0
        assert await session.scalar(select(func.count()).select_from(PrincipalLink)) == 0
        again = await merge_contacts(session, two.bob, two.ann, BY, two.now)
        assert (await session.get(ContactMerge, again)).survivor_id == two.bob


# What is known


async def test_the_survivor_keeps_what_it_knows_and_learns_the_rest(two) -> None:
    async with transaction(two.sessions) as session:
        await session.execute(update(Contact).where(Contact.id == two.ann).values(stage="lead", tags=["vip"]))
        await session.execute(
            update(Contact)
            .where(Contact.id == two.bob)
            .values(stage="sql", tags=["vip", "fair"], time_zone="Europe/Vienna", qualification="warm")
        )
        preview = await preview_merge(session, two.ann, two.bob)
    assert preview.conflicts == {"first_name": ("Ann", "Bob")}
    assert preview.rows["contact_points"] == 1
    await two.merge()
    merged = await two.contact(two.ann)
    assert merged.fields == {"first_name": "Ann", "city": "Graz", "company": "Vex"} == preview.becomes["fields"]
    assert (merged.stage, merged.qualification, merged.time_zone) == ("sql", "warm", "Europe/Vienna")
    assert merged.tags == ["vip", "fair"]
    async with two.sessions() as session:
        points = await session.scalars(select(ContactPoint.contact_id))
        assert set(points) == {two.ann}


async def test_the_merged_one_may_be_right_in_some_fields(two) -> None:
    await two.merge(take=["first_name", "no_such_field"])
    assert (await two.contact(two.ann)).fields["first_name"] == "Bob"


async def test_what_was_learnt_since_stays_with_the_survivor_and_the_rest_parts(two) -> None:
    merge_id = await two.merge()
    async with transaction(two.sessions) as session:
        await set_fields(session, two.ann, {"city": "Linz", "job_title": "CTO"}, two.now)
    await two.unmerge(merge_id)
    assert (await two.contact(two.ann)).fields == {"first_name": "Ann", "city": "Linz", "job_title": "CTO"}
    assert (await two.contact(two.bob)).fields == {"first_name": "Bob", "company": "Vex"}


async def test_points_are_summed_and_one_rule_counts_once(two) -> None:
    async with transaction(two.sessions) as session:
        for contact_id, rule, points in ((two.ann, "a/b/0", 5), (two.bob, "a/b/0", 7), (two.bob, "c/d/0", 3)):
            entry = ScoreEntry(
                id=new_id(), contact_id=contact_id, rule=rule, points=points, reason="r", created_at=two.now
            )
            session.add(entry)
        await session.execute(update(Contact).where(Contact.id == two.ann).values(score=5))
        await session.execute(update(Contact).where(Contact.id == two.bob).values(score=10))
    merge_id = await two.merge(keys=two.keys)
    assert (await two.contact(two.ann)).score == 8
    await two.unmerge(merge_id)
    assert ((await two.contact(two.ann)).score, (await two.contact(two.bob)).score) == (5, 10)


async def test_whoever_may_not_be_profiled_is_not_as_part_of_another_either(two) -> None:
    async with transaction(two.sessions) as session:
        session.add(ScoreEntry(id=new_id(), contact_id=two.ann, rule="a/b/0", points=5, reason="r", created_at=two.now))
        await session.execute(update(Contact).where(Contact.id == two.ann).values(score=5))
        await withdraw_purpose(
            session,
            contact_id=two.bob,
            purpose="profiling",
            method="m",
            evidence={"id": "1"},
            controller="N",
            language="en",
            conversation_id=None,
            now=two.now,
        )
    merge_id = await two.merge(keys=two.keys)
    async with two.sessions() as session:
        assert list(await session.scalars(select(ScoreEntry.rule))) == []
    assert (await two.contact(two.ann)).score == 0
    await two.unmerge(merge_id)
    assert (await two.contact(two.ann)).score == 5


# Consent and stops


@pytest.mark.parametrize("first", ["ann", "bob"])
async def test_a_no_of_either_holds_for_both_until_they_say_yes_again(two, first) -> None:
    says_no, says_yes = (two.ann, two.bob) if first == "ann" else (two.bob, two.ann)
    async with transaction(two.sessions) as session:
        await consent(session, says_no, "withdrawn", two.now, notice_text=None)
        await consent(session, says_yes, "given", two.now)
    merge_id = await two.merge()
    assert await two.consent_of(two.ann) == "withdrawn"
    async with transaction(two.sessions) as session:
        await consent(session, two.ann, "given", two.now)
    assert await two.consent_of(two.ann) == "given"
    await two.unmerge(merge_id)
    assert await two.consent_of(says_yes) == "given"
    async with two.sessions() as session:
        assert (await verify_chain(session)).is_intact


async def test_a_stop_of_either_stops_both_and_outlives_a_merge_and_its_end(two) -> None:
    async with transaction(two.sessions) as session:
        await suppress(session, [two.bob], "sms", "stop_word", two.now)
    merge_id = await two.merge()
    assert await two.stops_of(two.ann) == {"sms"}
    await two.unmerge(merge_id)
    assert (await two.stops_of(two.ann), await two.stops_of(two.bob)) == (set(), {"sms"})


async def test_a_stop_said_while_they_were_one_holds_for_both_when_they_part(two) -> None:
    async with transaction(two.sessions) as session:
        await consent(session, two.ann, "given", two.now)
        await consent(session, two.bob, "given", two.now)
    merge_id = await two.merge()
    assert await two.consent_of(two.ann) == "given"
    async with transaction(two.sessions) as session:
        # A link in an old mail still names the contact that was merged.
        await withdraw(session, contact_id=two.bob, method="link", evidence={"id": "7"}, actor="subject", now=two.now)
        await set_mark(session, two.ann, "restricted", source="web", now=two.now + timedelta(minutes=1))
    assert await two.consent_of(two.ann) == "withdrawn"
    assert await two.stops_of(two.ann) == {"all"}
    await two.unmerge(merge_id)
    for contact_id in (two.ann, two.bob):
        assert await two.consent_of(contact_id) == "withdrawn"
        assert await two.stops_of(contact_id) == {"all"}
    async with two.sessions() as session:
        marks = await list_marks(session, [two.ann, two.bob])
        assert marks == {two.ann: {"restricted"}, two.bob: {"restricted"}}
        assert (await verify_chain(session)).is_intact


async def test_a_stop_is_lifted_for_the_whole_person(two) -> None:
    async with transaction(two.sessions) as session:
        await suppress(session, [two.bob], "sms", "stop_word", two.now)
        await merge_contacts(session, two.ann, two.bob, BY, two.now)
        assert await lift(session, two.ann, "sms") == 1
    assert await two.stops_of(two.ann) == set()


async def test_a_yes_said_in_the_talk_of_the_one_goes_with_them_and_leaves_the_other(two) -> None:
    async with transaction(two.sessions) as session:
        talk = await make_talk(session, two.bob, two.now)
    merge_id = await two.merge()
    async with transaction(two.sessions) as session:
        await consent(session, two.ann, "given", two.now, evidence={"conversation_id": str(talk)})
    assert await two.consent_of(two.ann) == "given"
    await two.unmerge(merge_id)
    assert (await two.consent_of(two.ann), await two.consent_of(two.bob)) == ("expired", "given")
    async with two.sessions() as session:
        events = [(event.event, shown) for event, shown in await list_consent_events(session, two.bob)]
        assert events == [("given", "May we e-mail you about new features?")]
        assert (await verify_chain(session)).is_intact


async def test_a_yes_that_was_the_survivor_s_own_before_is_not_ended_with_the_other_s(two) -> None:
    async with transaction(two.sessions) as session:
        talk = await make_talk(session, two.bob, two.now)
        await consent(session, two.ann, "given", two.now)
    merge_id = await two.merge()
    async with transaction(two.sessions) as session:
        await consent(session, two.ann, "given", two.now, evidence={"conversation_id": str(talk)})
    await two.unmerge(merge_id)
    assert (await two.consent_of(two.ann), await two.consent_of(two.bob)) == ("given", "given")


# What is under way


async def test_of_the_same_journey_twice_the_survivor_s_goes_on_and_the_other_s_mail_does_not_leave(two) -> None:
    async with transaction(two.sessions) as session:
        for contact_id, journey in ((two.ann, "demo"), (two.bob, "demo"), (two.bob, "news")):
            enrolment = Enrolment(
                id=new_id(),
                journey=journey,
                version="1",
                contact_id=contact_id,
                step="s",
                due_at=two.now,
                entered_at=two.now,
                updated_at=two.now,
            )
            session.add(enrolment)
            session.add(outbox_row(contact_id, two.now, journey=journey, enrolment_id=enrolment.id))

    async def standing() -> dict[tuple[UUID, str, str], str]:
        async with two.sessions() as session:
            rows = await session.execute(
                select(Enrolment.contact_id, Enrolment.journey, Enrolment.state, OutboxMessage.state)
                .join(OutboxMessage, OutboxMessage.enrolment_id == Enrolment.id)
                .order_by(Enrolment.id)
            )
            return {(contact_id, journey, state): sent for contact_id, journey, state, sent in rows}

    before = await standing()
    merge_id = await two.merge()
    assert await standing() == {
        (two.ann, "demo", "active"): "planned",
        (two.ann, "demo", "exited"): "cancelled",
        (two.ann, "news", "active"): "planned",
    }
    await two.unmerge(merge_id)
    assert await standing() == before


async def test_what_happened_since_goes_to_whom_it_was_about(two) -> None:
    async with transaction(two.sessions) as session:
        talk = await make_talk(session, two.bob, two.now)
        point = await session.scalar(select(ContactPoint.id).where(ContactPoint.contact_id == two.bob))
    merge_id = await two.merge()
    async with transaction(two.sessions) as session:
        later = new_id()
        values = {"channel": "sms", "language": "en", "contact_id": two.ann, "created_at": two.now}
        await session.execute(insert(Conversation).values(id=later, contact_point_id=point, **values))
        for kind, conversation_id in (("in_old_talk", talk), ("in_new_talk", later), ("elsewhere", None)):
            await record(session, kind=kind, contact_id=two.ann, conversation_id=conversation_id, data={}, now=two.now)
        session.add(outbox_row(two.ann, two.now, contact_point_id=point, text="to Bob's number"))
        session.add(outbox_row(two.ann, two.now, text="to anyone"))
    await two.unmerge(merge_id)
    async with two.sessions() as session:
        rows = await session.execute(
            select(TimelineEvent.kind, TimelineEvent.contact_id).where(
                TimelineEvent.kind.in_(["in_old_talk", "in_new_talk", "elsewhere"])
            )
        )
        assert dict(rows.all()) == {"in_old_talk": two.bob, "in_new_talk": two.bob, "elsewhere": two.ann}
        sent = await session.execute(select(OutboxMessage.text, OutboxMessage.contact_id))
        assert dict(sent.all()) == {"to Bob's number": two.bob, "to anyone": two.ann}
        assert await session.scalar(select(Conversation.contact_id).where(Conversation.id == later)) == two.bob


async def test_rows_that_were_written_for_the_merged_one_too_late_are_the_survivor_s(two) -> None:
    await two.merge()
    async with transaction(two.sessions) as session:
        await record(session, kind="late", contact_id=two.bob, conversation_id=None, data={}, now=two.now)
        for contact_id, mark in ((two.ann, "minor"), (two.bob, "minor"), (two.bob, "restricted")):
            await set_mark(session, contact_id, mark, source="web", now=two.now)
        assert await follow_links(session, two.now - timedelta(days=1)) >= 1
        assert await follow_links(session, two.now - timedelta(days=1)) == 0
        late = select(TimelineEvent.contact_id).where(TimelineEvent.kind == "late")
        assert await session.scalar(late) == two.ann
        assert await list_marks(session, [two.ann, two.bob]) == {two.ann: {"minor", "restricted"}, two.bob: set()}


# Rights


async def test_both_are_erased_when_the_one_they_became_is(two, database) -> None:
    async with transaction(two.sessions) as session:
        await consent(session, two.bob, "given", two.now)
        await make_talk(session, two.bob, two.now, texts=("I am Bob from Vex",))
    merge_id = await two.merge()
    async with transaction(two.sessions) as session:
        export = await export_person(session, two.keys, two.ann, sender_index_of(two.keys), two.now)
        assert {point["value"] for point in export.tables["contact_points"]} == {"ann@example.com", "+14155552671"}
        assert len(export.tables["consent_events"]) == 1
        assert "Vex" in str(export.tables["merged_rows"])
        index = sender_index_of(two.keys)
        await erase_person(session, two.keys, two.ann, index, mails=FiledMails(None), reason="request", now=two.now)
    async with two.sessions() as session:
        for name in ("contacts", "contact_points", "contact_merges", "merged_rows", "messages", "timeline_events"):
            assert await session.scalar(text(f"SELECT count(*) FROM {name}")) == 0, name
        with pytest.raises(NotFound):
            await unmerge(session, merge_id, BY, two.now)
        assert await session.scalar(select(func.count()).select_from(ConsentEvent)) == 2
    assert "all" in await two.stops_of(two.ann)
    async with transaction(two.sessions) as session:
        newcomer = await make_contact(session, two.keys, two.now)
        await attach_address(session, two.keys, newcomer, kind="phone", value="+14155552671", now=two.now)
    assert "all" in await two.stops_of(newcomer), "the merged one's number stays stopped"
