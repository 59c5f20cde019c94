"""Who is in a segment stays true: on each change, as time passes, and whatever comes in which order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

import server.web  # noqa: F401  # loads every room's tables
from base.database import Sessions, transaction
from base.encryption import KeyRing
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.consent.models import ConsentEvent, PrincipalLink
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, change_tags, create_contact, set_fields, set_stage
from crm.privacy.limits import set_mark, take_mark
from crm.profiling import rules
from crm.segments.building import build_anew, build_next
from crm.segments.counting import explain, find_first
from crm.segments.models import Segment, SegmentDue, SegmentLook, SegmentMember
from crm.segments.refreshing import refresh_due, refresh_for, refresh_noted
from crm.segments.service import change_segment, create_segment, delete_segment
from crm.segments.tree import SegmentTree
from crm.segments.work import SegmentWork
from crm.timeline.models import TimelineEvent
from crm.timeline.service import record
from tests.conftest import Database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIVES = {"country": "DE"}
VIEWED_TWICE = {"event": "page_viewed", "count": 2, "in_last": {"amount": 3, "unit": "days"}}
SILENT = {"event": "page_viewed", "times": "exactly", "count": 0, "in_last": {"amount": 2, "unit": "days"}}


@dataclass
class Desk:
    """A worker's segment work at a clock that tests move."""

    sessions: Sessions
    keys: KeyRing
    moment: datetime

    def now(self) -> datetime:
        return self.moment

    @property
    def work(self) -> SegmentWork:
        return SegmentWork(self.sessions, self.keys, self)

    async def add(self, name: str, tree: dict[str, Any]) -> UUID:
        async with transaction(self.sessions) as session:
            rule = SegmentTree.model_validate(tree)
            return (await create_segment(session, name=name, tree=rule, by="test", now=self.moment)).id

    async def person(self, **fields: str) -> UUID:
        async with transaction(self.sessions) as session:
            person = await create_contact(session, time_zone=None, now=self.moment)
            await set_fields(session, person, LIVES | fields, self.moment)
        return person

    async def happen(self, person: UUID, kind: str = "page_viewed", ago: timedelta = timedelta()) -> None:
        async with transaction(self.sessions) as session:
            await record(session, kind=kind, contact_id=person, conversation_id=None, data={}, now=self.moment - ago)

    async def say(
        self, person: UUID, event: Any, purpose: str = "marketing", channel: str = "email", **more: Any
    ) -> None:
        async with transaction(self.sessions) as session:
            await record_consent_event(session, fact(person, event, purpose, channel, self.moment, **more), self.moment)

    async def members(self, segment_id: UUID) -> set[UUID]:
        async with self.sessions() as session:
            inside = select(SegmentMember.contact_id).where(SegmentMember.segment_id == segment_id)
            return set(await session.scalars(inside))

    async def told(self, person: UUID) -> list[tuple[str, str]]:
        async with self.sessions() as session:
            kinds = ("segment_entered", "segment_left")
            rows = await session.scalars(
                select(TimelineEvent)
                .where(TimelineEvent.contact_id == person, TimelineEvent.kind.in_(kinds))
                .order_by(TimelineEvent.id)
            )
            return [(row.kind, row.data["segment"]) for row in rows]


def fact(person: UUID, event: Any, purpose: str, channel: str, now: datetime, **more: Any) -> ConsentFact:
    return ConsentFact(
        event=event, principal_ref=person, purpose=purpose, channel=channel, controller="Northwind", language="en",
        method="chat", actor="subject", effective_at=now, notice_text="May we?", **more,
    )  # fmt: skip


@pytest.fixture
async def desk(database: Database, keys: KeyRing, now: datetime) -> Desk:
    return Desk(database.sessions, keys, now)


async def test_who_fits_enters_and_who_no_longer_fits_leaves_each_told_once(desk):
    segment = await desk.add("Customers", {"fact": "stage", "op": "is", "value": "customer"})
    ann, ben = await desk.person(), await desk.person()
    await desk.work.do_all()
    assert await desk.members(segment) == set()
    async with transaction(desk.sessions) as session:
        await set_stage(session, ann, "customer", desk.moment)
    await desk.work.do_all()
    await desk.work.do_all()
    assert await desk.members(segment) == {ann}
    async with transaction(desk.sessions) as session:
        await session.execute(update(Contact).where(Contact.id == ann).values(stage="disqualified"))
    await desk.work.do_all()
    assert await desk.members(segment) == set()
    assert await desk.told(ann) == [("segment_entered", "Customers"), ("segment_left", "Customers")]
    assert await desk.told(ben) == []


async def test_a_refresh_for_some_people_leaves_what_happened_to_others_for_later(desk):
    segment = await desk.add("Viewers", {"event": "page_viewed"})
    ann, ben = await desk.person(), await desk.person()
    await desk.work.do_all()
    await desk.happen(ann)
    await desk.happen(ben)
    async with transaction(desk.sessions) as session:
        moves = await refresh_for(session, [ann], desk.moment, keys=desk.keys)
    assert (dict(moves.entered), dict(moves.left), len(moves)) == ({segment: {ann}}, {}, 1)
    assert await desk.members(segment) == {ann}
    async with transaction(desk.sessions) as session:
        assert len(await refresh_for(session, [ann], desk.moment, keys=desk.keys)) == 0
        assert await refresh_noted(session, desk.keys, desk.moment, 10) == 1
    assert await desk.members(segment) == {ann, ben}


async def test_what_no_segment_speaks_of_is_not_even_noted(desk):
    await desk.add("Viewers", {"event": "page_viewed"})
    ann = await desk.person()
    await desk.work.do_all()
    await desk.happen(ann, "link_clicked")
    async with desk.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(SegmentLook)) == 0
    await desk.happen(ann)
    async with desk.sessions() as session:
        assert (await session.scalars(select(SegmentLook.topic))).all() == ["event:page_viewed"]


async def test_a_window_that_closes_puts_somebody_out_when_it_is_due_and_not_before(desk):
    segment = await desk.add("Keen", VIEWED_TWICE)
    ann, ben = await desk.person(), await desk.person()
    for ago in (timedelta(), DAY, 2 * DAY):
        await desk.happen(ann, ago=ago)
    await desk.work.do_all()
    assert await desk.members(segment) == {ann}
    async with desk.sessions() as session:
        dues = (await session.execute(select(SegmentDue.contact_id, SegmentDue.due_at))).all()
    # The second newest decides: with it the count falls below two. Nothing is due for who did nothing.
    assert dues == [(ann, desk.moment + 2 * DAY)]
    assert ben not in dict(dues)
    desk.moment += 2 * DAY - timedelta(microseconds=1)
    async with transaction(desk.sessions) as session:
        assert await refresh_due(session, desk.keys, desk.moment, 10) == 0
    desk.moment += timedelta(microseconds=1)
    async with transaction(desk.sessions) as session:
        assert await refresh_due(session, desk.keys, desk.moment, 10) == 1
        assert await refresh_due(session, desk.keys, desk.moment, 10) == 0
    assert await desk.members(segment) == set()


async def test_who_was_silent_long_enough_enters_by_time_alone(desk):
    segment = await desk.add("Silent", SILENT)
    ann = await desk.person()
    await desk.happen(ann)
    await desk.work.do_all()
    assert await desk.members(segment) == set()
    desk.moment += 2 * DAY
    await desk.work.do_all()
    assert await desk.members(segment) == {ann}


async def test_who_objects_to_profiling_leaves_every_segment_that_profiles_and_it_is_said_why(desk):
    tree = {"event": "page_viewed"}
    profiling = await desk.add("Viewers", tree)
    reaching = await desk.add("English", {"fact": "language", "op": "is", "value": "en"})
    ann = await desk.person()
    await desk.happen(ann)
    await desk.work.do_all()
    assert await desk.members(profiling) == {ann}
    await desk.say(ann, "withdrawn", "profiling", "all")
    await desk.work.do_all()
    assert (await desk.members(profiling), await desk.members(reaching)) == (set(), {ann})
    async with desk.sessions() as session:
        standing = await explain(session, SegmentTree.model_validate(tree), ann, desk.moment)
    assert (standing.inside, standing.conditions) == (False, [True])
    assert standing.refusal == "In no segment: they objected to being profiled."


async def test_who_is_marked_or_signals_is_in_no_segment_that_profiles(desk):
    segment = await desk.add("Viewers", {"event": "page_viewed"})
    ann, ben = await desk.person(), await desk.person()
    for one in (ann, ben):
        await desk.happen(one)
    await desk.work.do_all()
    async with transaction(desk.sessions) as session:
        await set_mark(session, ann, "restricted", source="chat", now=desk.moment)
    await desk.happen(ben, "opt_out_signal_received")
    await desk.work.do_all()
    assert await desk.members(segment) == set()
    async with transaction(desk.sessions) as session:
        await take_mark(session, ann, "restricted")
    await desk.work.do_all()
    assert await desk.members(segment) == {ann}


async def test_where_the_law_wants_a_consent_to_it_somebody_is_in_until_that_runs_out(desk, tmp_path, monkeypatch):
    shipped = Path(rules.__file__).with_name("modes.yml").read_text()
    stricter = tmp_path / "modes.yml"
    stricter.write_text(shipped.replace("segmenting: objection", "segmenting: consent"))
    monkeypatch.setattr("crm.profiling.service.read_modes", lambda: rules.read_modes(stricter))
    segment = await desk.add("Tagged", {"tag": "vip"})
    ann = await desk.person()
    async with transaction(desk.sessions) as session:
        await change_tags(session, ann, add=["vip"], now=desk.moment)
    await desk.work.do_all()
    assert await desk.members(segment) == set()
    await desk.say(ann, "given", "profiling", "web", valid_until=desk.moment + DAY)
    await desk.work.do_all()
    assert await desk.members(segment) == {ann}
    desk.moment += DAY
    await desk.work.do_all()
    assert await desk.members(segment) == set()


async def test_a_phone_number_is_left_to_who_can_open_it(desk):
    segment = await desk.add("Reachable", {"all": [{"address": "phone"}, {"tag": "vip"}]})
    ann = await desk.person()
    async with transaction(desk.sessions) as session:
        await change_tags(session, ann, add=["vip"], now=desk.moment)
    await desk.work.do_all()
    async with transaction(desk.sessions) as session:
        await attach_address(session, desk.keys, ann, kind="phone", value="+4915123456789", now=desk.moment)
        assert len(await refresh_for(session, [ann], desk.moment)) == 0
        moves = await refresh_for(session, [ann], desk.moment, keys=desk.keys)
    assert moves.entered == {segment: {ann}}


async def test_of_merged_contacts_the_stricter_word_counts_as_the_ledger_folds_it(desk):
    given = await desk.add("Agreed", {"consent": "marketing", "channel": "email"})
    denied = await desk.add("Refused", {"consent": "marketing", "channel": "email", "is": "refused"})
    ann, other = await desk.person(), await desk.person()
    await desk.say(other, "refused")
    await desk.say(ann, "given")
    await desk.work.do_all()
    assert (await desk.members(given), await desk.members(denied)) == ({ann}, {other})
    async with transaction(desk.sessions) as session:
        last = await session.scalar(select(func.max(ConsentEvent.seq))) or 0
        session.add(
            PrincipalLink(principal_ref=other, contact_id=ann, joined_ref=ann, after_seq=last, linked_at=desk.moment)
        )
        await session.flush()
        await session.execute(delete(Contact).where(Contact.id == other))
    await desk.work.do_all()
    assert (await desk.members(given), await desk.members(denied)) == (set(), {ann})
    await desk.say(ann, "given")
    await desk.work.do_all()
    assert (await desk.members(given), await desk.members(denied)) == ({ann}, set())


async def test_a_segment_of_a_segment_follows_it_whatever_their_order(desk):
    inner = await desk.add("Viewers", {"event": "page_viewed", "in_last": {"amount": 1, "unit": "days"}})
    outer = await desk.add("Keen", {"all": [{"segment": str(inner)}, {"tag": "vip"}]})
    others = await desk.add("Others", {"not": {"segment": str(outer)}})
    ann = await desk.person()
    async with transaction(desk.sessions) as session:
        await change_tags(session, ann, add=["vip"], now=desk.moment)
    await desk.work.do_all()
    assert [await desk.members(one) for one in (inner, outer, others)] == [set(), set(), {ann}]
    await desk.happen(ann)
    await desk.work.do_all()
    assert [await desk.members(one) for one in (inner, outer, others)] == [{ann}, {ann}, set()]
    desk.moment += DAY
    await desk.work.do_all()
    assert [await desk.members(one) for one in (inner, outer, others)] == [set(), set(), {ann}]


async def test_members_of_a_new_rule_are_found_in_sets_and_it_is_said_how_far_it_is(desk):
    people = [await desk.person() for _ in range(5)]
    await desk.work.do_all()
    segment = await desk.add("All", {"fact": "language", "op": "is", "value": "en"})
    async with transaction(desk.sessions) as session:
        assert (await build_next(session, desk.moment, 2)).contacts == 2
    async with desk.sessions() as session:
        row = await session.get(Segment, segment)
        assert (row.state, row.built, row.built_to) == ("building", 2, people[1])
    # Who changes meanwhile is asked beside it, and who comes meanwhile, too.
    async with transaction(desk.sessions) as session:
        await session.execute(update(Contact).where(Contact.id == people[4]).values(language="de"))
        await session.execute(update(Contact).where(Contact.id == people[0]).values(language="de"))
    newcomer = await desk.person()
    await desk.work.do_all()
    assert await desk.members(segment) == {*people[1:4], newcomer}
    async with desk.sessions() as session:
        row = await session.get(Segment, segment)
        assert (row.state, row.built) == ("live", 6)


async def test_a_changed_rule_keeps_its_members_until_it_was_asked_of_them(desk):
    segment = await desk.add("Company", {"fact": "company", "op": "known"})
    ann, ben = await desk.person(company="A"), await desk.person(job_title="B")
    await desk.work.do_all()
    async with transaction(desk.sessions) as session:
        tree = SegmentTree.model_validate({"fact": "job_title", "op": "known"})
        await change_segment(session, segment, name="Job", tree=tree, version=1, now=desk.moment)
    assert await desk.members(segment) == {ann}
    await desk.work.do_all()
    assert await desk.members(segment) == {ben}
    assert await desk.told(ann) == [("segment_entered", "Company"), ("segment_left", "Job")]


async def test_a_removed_segment_leaves_nothing_and_tells_nobody_anything(desk):
    segment = await desk.add("Viewers", VIEWED_TWICE)
    ann = await desk.person()
    await desk.happen(ann)
    await desk.happen(ann)
    await desk.work.do_all()
    async with transaction(desk.sessions) as session:
        await delete_segment(session, segment, version=1)
    async with desk.sessions() as session:
        for table in (SegmentMember, SegmentDue):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
    assert await desk.told(ann) == [("segment_entered", "Viewers")]


people_of = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("happens"), people_of, st.sampled_from(["page_viewed", "order_placed"]), st.integers(0, 4)),
        st.tuples(st.just("stage"), people_of, st.sampled_from(["lead", "customer"])),
        st.tuples(st.just("field"), people_of, st.sampled_from(["company", "country", "renewal"]),
                  st.sampled_from(["DE", "XX", "2026-11-25", "soon"])),
        st.tuples(st.just("tag"), people_of, st.booleans()),
        st.tuples(st.just("says"), people_of, st.sampled_from(["given", "withdrawn", "refused"]),
                  st.sampled_from(["marketing", "profiling"]), st.sampled_from(["email", "sms"]),
                  st.sampled_from([None, 1, 3])),
        st.tuples(st.just("mark"), people_of, st.booleans()),
        st.tuples(st.just("forget"), people_of),
        st.tuples(st.just("score"), people_of, st.integers(0, 20)),
        st.tuples(st.just("time"), st.integers(1, 60)),
        st.tuples(st.just("look"), people_of),
        st.tuples(st.just("settle")),
    ),
    max_size=12,
)  # fmt: skip
RULES = {
    "Keen": VIEWED_TWICE,
    "Silent": SILENT,
    "Renewing": {"date": "renewal", "is": "in_next", "days": 1},
    "Agreed": {"all": [{"consent": "marketing", "channel": "email"}, {"not": {"tag": "vip"}}]},
    "Buyers": {
        "any": [{"event": "order_placed", "times": "exactly", "count": 1, "in_last": {"amount": 30, "unit": "hours"}},
                {"fact": "stage", "op": "is", "value": "customer"}],
    },
    "Hot": {"all": [{"score": "total", "op": "at_least", "value": 10}, {"fact": "company", "op": "known"}]},
}  # fmt: skip


async def _do(desk: Desk, people: list[UUID], step: tuple[Any, ...]) -> None:
    match step:
        case ("happens", who, kind, ago):
            await desk.happen(people[who], kind, ago * 12 * HOUR)
        case ("says", who, event, purpose, channel, days):
            until = {} if days is None or event != "given" else {"valid_until": desk.moment + days * DAY}
            await desk.say(people[who], event, purpose, channel, **until)
        case ("time", hours):
            desk.moment += hours * HOUR
        case ("look", who):
            async with transaction(desk.sessions) as session:
                await refresh_for(session, [people[who]], desk.moment)
        case ("settle",):
            await desk.work.do_all()
        case _:
            await _change(desk, people[step[1]], step)


async def _change(desk: Desk, person: UUID, step: tuple[Any, ...]) -> None:
    async with transaction(desk.sessions) as session:
        match step:
            case ("stage", _, stage):
                await set_stage(session, person, stage, desk.moment)
            case ("field", _, name, value):
                await set_fields(session, person, {name: value}, desk.moment)
            case ("tag", _, add):
                await change_tags(session, person, add=["vip"] * add, remove=["vip"] * (not add), now=desk.moment)
            case ("mark", _, on):
                if on:
                    await set_mark(session, person, "restricted", source="chat", now=desk.moment)
                else:
                    await take_mark(session, person, "restricted")
            case ("score", _, score):
                await session.execute(update(Contact).where(Contact.id == person).values(score=score))
            case ("forget", _):
                oldest = select(TimelineEvent.id).where(TimelineEvent.contact_id == person).order_by(TimelineEvent.id)
                await session.execute(
                    delete(TimelineEvent).where(TimelineEvent.id.in_(oldest.limit(1).scalar_subquery()))
                )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=steps)
async def test_after_whatever_happened_members_are_those_that_a_full_search_finds(desk, now, done):
    desk.moment = now
    async with transaction(desk.sessions) as session:
        there = {row.name: row.id for row in await session.execute(select(Segment.name, Segment.id))}
    segments = there or {name: await desk.add(name, tree) for name, tree in RULES.items()}
    if not there:
        segments["Both"] = await desk.add(
            "Both", {"all": [{"segment": str(segments["Keen"])}, {"not": {"segment": str(segments["Hot"])}}]}
        )
    people = [await desk.person() for _ in range(3)]
    for step in done:
        await _do(desk, people, step)
    await desk.work.do_all()
    live = {name: await desk.members(segment_id) for name, segment_id in segments.items()}
    async with transaction(desk.sessions) as session:
        for row in (await session.scalars(select(Segment))).all():
            tree = SegmentTree.model_validate(row.tree)
            assert live[row.name] == set(await find_first(session, tree, desk.moment, 100)), row.name
            await build_anew(session, row.id, desk.moment)
    told = [await desk.told(person) for person in people]
    await desk.work.do_all()
    assert {name: await desk.members(segment_id) for name, segment_id in segments.items()} == live
    assert [await desk.told(person) for person in people] == told, "who was in it already does not enter again"
    async with transaction(desk.sessions) as session:
        await session.execute(delete(Contact))


async def test_woken_work_is_done_beside_and_can_be_broken_off_and_gone_on_with(desk):
    segment = await desk.add("English", {"fact": "language", "op": "is", "value": "en"})
    people = {await desk.person() for _ in range(3)}
    work = desk.work
    work.wake()
    await work.stop()
    work.wake()
    work.wake()
    async with asyncio.timeout(30):
        while await desk.members(segment) != people:
            await asyncio.sleep(0.05)
    await work.stop()
    assert [told for one in people for told in await desk.told(one)] == [("segment_entered", "English")] * 3
