"""Scores by what people did: counted in sets, faded, capped; the same in whatever order events came."""

from __future__ import annotations

import asyncio
import itertools
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import delete, select

from base.database import transaction
from base.ids import new_id
from crm.companies.service import create_company, set_company
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.service import create_contact, get_contact, lock_contact, set_fields
from crm.owners.service import assign_owner
from crm.privacy.limits import set_mark
from crm.scoring import service
from crm.scoring.accounts import AccountScore, read_account_scores
from crm.scoring.books import read_book, save_book
from crm.scoring.models import ContactScores, ScoreBookVersion
from crm.scoring.ports import Learned
from crm.scoring.preview import preview_book
from crm.scoring.rules import ScoreBook, load_rules
from crm.scoring.service import add_points, list_due, list_reasons, list_uncounted, recompute_for
from crm.scoring.sums import amount_at, next_change, scores_at
from crm.tasks.service import close_task, list_open_tasks
from crm.timeline.models import TimelineEvent
from crm.timeline.service import NewEvent, ingest, list_timeline
from tests.locks import until_a_lock_is_waited_for

DAYS = timedelta(days=1)


def book(*rules, stages=(), caps=None):
    scores = {"fit": {"title": "Fit"}, "intent": {"title": "Intent", "caps": caps or {"pages": 1_000}}}
    return ScoreBook.model_validate(
        {
            "version": "t", "bands": {"hot": 60, "warm": 30}, "scores": scores, "talks": "intent",
            "stages": list(stages), "rules": list(rules),
        }
    )  # fmt: skip


def rule(id_="pages", *, points=10, half_life=None, group="pages", **did):
    return {
        "id": id_, "score": "intent", "group": group, "points": points, "half_life": half_life,
        "did": {"event": "page_viewed", **did}, "reason": "Looked at pages",
    }  # fmt: skip


async def use(session, now, *rules, **more):
    based_on = (await read_book(session)).number
    await save_book(session, book(*rules, **more), based_on=based_on, made_by="user:1", now=now)


async def somebody(session, now):
    contact_id = await create_contact(session, time_zone=None, now=now)
    # Where nobody knows where somebody is, scoring wants consent.
    await set_fields(session, contact_id, {"country": "DE"}, now)
    return contact_id


async def saw(session, contact_id, now, *days, url="https://shop.example/", **data):
    events = [NewEvent("page_viewed", now - day * DAYS, "api", contact_id, data={"url": url, **data}) for day in days]
    await ingest(session, events, now)


async def scores_of(session, contact_id):
    return await session.scalar(select(ContactScores.scores).where(ContactScores.contact_id == contact_id))


async def test_each_event_gives_points_that_halve_with_its_age_and_the_reason_names_the_latest(
    database, keys, now
) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule(half_life=10))
        ann = await somebody(session, now)
        await saw(session, ann, now, 20, 0, 10)
        assert await recompute_for(session, keys, [ann], now) == {ann: round(10 + 5 + 2.5)}
        (entry,) = await list_reasons(session, ann)
        latest = await session.scalar(
            select(TimelineEvent.id).where(TimelineEvent.contact_id == ann).order_by(TimelineEvent.occurred_at.desc())
        )
    assert (entry.event_id, entry.reason, entry.valued_at) == (latest, "Looked at pages (3 times)", now)
    assert entry.amount == pytest.approx(17.5)


async def test_points_fade_without_anything_being_written_until_it_is_time_to_count_again(database, keys, now):
    async with transaction(database.sessions) as session:
        await use(session, now, rule(half_life=10))
        ann = await somebody(session, now)
        await saw(session, ann, now, 0, 0)
        await recompute_for(session, keys, [ann], now)
        entries = await list_reasons(session, ann)
        assert amount_at(entries[0], now + 10 * DAYS) == pytest.approx(10)
        due_at = await session.scalar(select(ContactScores.due_at))
        assert await list_due(session, due_at - timedelta(seconds=1), 10) == []
        assert await list_due(session, due_at, 10) == [ann]
        assert await recompute_for(session, keys, [ann], due_at) == {ann: 19}
        assert await recompute_for(session, keys, [ann], now + 400 * DAYS) == {ann: 0}
        assert await list_due(session, now + 9_999 * DAYS, 10) == []


async def test_what_is_too_long_ago_lapses_when_the_window_has_passed_it(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule(within=30), rule("often", within=7, at_least=2, times="once", points=5))
        ann = await somebody(session, now)
        await saw(session, ann, now, 29, 3, 1, 31)
        assert await recompute_for(session, keys, [ann], now) == {ann: 35}
        assert await list_due(session, now + 1 * DAYS, 10) == [ann]
        assert await recompute_for(session, keys, [ann], now + 1 * DAYS) == {ann: 25}
        assert await list_due(session, now + 3 * DAYS, 10) == []
        assert await recompute_for(session, keys, [ann], now + 4 * DAYS) == {ann: 20}


async def test_only_so_many_count_and_only_those_whose_properties_fit(database, keys, now) -> None:
    pricing = {"property": "url", "op": "contains", "value": "/PRICING"}
    long = {"property": "seconds", "op": "at_least", "value": 10}
    async with transaction(database.sessions) as session:
        await use(
            session, now, rule(at_most=2), rule("prices", where=[pricing], points=100, group=None),
            rule("long", where=[long], points=1_0, group=None),
            rule("is", where=[{"property": "n", "op": "is", "value": 1}], points=1, group=None),
            rule("not", where=[{"property": "n", "op": "is_not", "value": 1}], points=2, group=None),
            rule("in", where=[{"property": "n", "op": "in", "value": [1, "x"]}], points=3, group=None),
            rule("known", where=[{"property": "n", "op": "known"}], points=4, group=None),
        )  # fmt: skip
        ann = await somebody(session, now)
        await saw(session, ann, now, 1, 2, 3)
        await saw(session, ann, now, 4, url="https://shop.example/pricing_now", seconds=12, n=1)
        await saw(session, ann, now, 5, url="https://shop.example/100%25", seconds="90", n=True)
        await recompute_for(session, keys, [ann], now)
        given_points = {entry.rule: entry.points for entry in await list_reasons(session, ann)}
    assert given_points == {"pages": 20, "prices": 100, "long": 10, "is": 1, "not": 8, "in": 3, "known": 8}


async def test_groups_are_capped_up_and_down_and_scores_add_up_to_the_total(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(
            session, now, rule(points=50, group="pages"), rule("more", points=9, group="pages"),
            rule("bad", points=-40, group="bad"), rule("free", points=3, group=None), caps={"pages": 25, "bad": 15},
        )  # fmt: skip
        ann = await somebody(session, now)
        await saw(session, ann, now, 0)
        await add_points(session, ann, rule="a/b/0", points=7, reason="Said so", message_id=new_id(), now=now)
        assert await recompute_for(session, keys, [ann], now) == {ann: 25 - 15 + 3 + 7}
        assert await scores_of(session, ann) == {"fit": 0, "intent": 20, "total": 20}
        assert (await get_contact(session, ann)).score == 20


_events = st.lists(
    st.tuples(st.floats(0, 60, allow_nan=False), st.sampled_from(["page_viewed", "order_placed"])), max_size=12
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=_events, order_of=st.tuples(st.integers(0, 9), st.lists(st.integers(0, 12), max_size=3)))
async def test_the_total_is_the_sum_of_capped_faded_points_whatever_the_order_and_counting_twice_changes_nothing(
    database, keys, now, events, order_of
) -> None:
    rules = [
        rule(half_life=7, within=40, at_most=5),
        {**rule("orders", half_life=20, points=-3), "did": {"event": "order_placed"}},
        rule("often", at_least=3, times="once", points=8, within=20, group=None),
    ]
    seed, cuts = order_of
    shuffled = list(events)
    random.Random(seed).shuffle(shuffled)
    async with transaction(database.sessions) as session:
        if (await read_book(session)).number == 1:
            await use(session, now, *rules, caps={"pages": 25})
        ann, bob = await somebody(session, now), await somebody(session, now)
        bounds = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
        for contact_id, order, counted_between in ((ann, events, False), (bob, shuffled, True)):
            for start, end in itertools.pairwise(bounds):
                some = [NewEvent(kind, now - day * DAYS, "api", contact_id) for day, kind in order[start:end]]
                await ingest(session, some, now)
                if counted_between:
                    await recompute_for(session, keys, [contact_id], now)
        totals = await recompute_for(session, keys, [ann, bob], now)
        wrote = select(TimelineEvent.id).where(TimelineEvent.contact_id == bob)
        before = len((await session.scalars(wrote)).all())
        entries = {one.id: (one.amount, one.points, one.created_at) for one in await list_reasons(session, bob)}
        assert await recompute_for(session, keys, [ann, bob], now) == totals
        assert {one.id: (one.amount, one.points, one.created_at) for one in await list_reasons(session, bob)} == entries
        assert len((await session.scalars(wrote)).all()) == before
    pages = sorted(day for day, kind in events if kind == "page_viewed" and day < 40)[:5]
    group = sum(10 * 0.5 ** (day / 7) for day in pages)
    group += sum(-3 * 0.5 ** (day / 20) for day, kind in events if kind == "order_placed")
    often = 8 if sum(kind == "page_viewed" and day < 20 for day, kind in events) >= 3 else 0
    expected = round(round(max(-25, min(25, group)) + often, 6))
    assert totals == {ann: expected, bob: expected}


async def test_a_total_that_changed_is_an_event_and_one_that_did_not_is_none(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule())
        ann = await somebody(session, now)
        await saw(session, ann, now, 0)
        for _ in range(2):
            await recompute_for(session, keys, [ann], now)
        told = [event.data for event in await list_timeline(session, ann) if event.kind == "score_changed"]
        assert told == [{"before": 0, "after": 10}]
        stamp = (await get_contact(session, ann)).updated_at
        await saw(session, ann, now, 0)
        await recompute_for(session, keys, [ann], now + DAYS)
        assert (await get_contact(session, ann)).updated_at == stamp, "counting is no change of the contact"


async def test_points_of_a_talk_are_told_of_once_at_the_end_of_the_turn(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await somebody(session, now)
        for number in range(3):
            rule_ = f"a/b/{number}"
            await add_points(session, ann, rule=rule_, points=10, reason="Said", message_id=new_id(), now=now)
        await service.rescore(session, keys, ann, message_id=new_id(), now=now, facts={})
        told = [event.data for event in await list_timeline(session, ann) if event.kind == "score_changed"]
    assert told == [{"before": 0, "after": 30}]


async def test_a_turn_leaves_what_people_did_as_it_was_counted(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule(within=30))
        ann = await somebody(session, now)
        await saw(session, ann, now, 1)
        await recompute_for(session, keys, [ann], now)
        due_at = await session.scalar(select(ContactScores.due_at))
        assert await service.rescore(session, keys, ann, message_id=new_id(), now=now, facts={}) == 10
        assert await session.scalar(select(ContactScores.due_at)) == due_at


async def test_who_reaches_a_threshold_moves_on_once_and_a_colleague_gets_a_task(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        stages = [{"stage": "mql", "at_least": 20}, {"stage": "sql", "score": "intent", "at_least": 40}]
        await use(session, now, rule(), stages=stages)
        ann, bob = await somebody(session, now), await somebody(session, now)
        await saw(session, ann, now, 0, 0)
        await saw(session, bob, now, 0, 0, 0, 0)
        for _ in range(2):
            await recompute_for(session, keys, [ann, bob], now)
        assert (await get_contact(session, ann)).stage == "mql"
        assert (await get_contact(session, bob)).stage == "sql"
        told = [event.data for event in await list_timeline(session, bob) if event.kind == "stage_changed"]
        assert told == [{"stage": "sql", "before": "visitor", "reason": "score"}]
        (task,) = await list_open_tasks(session, contact_id=bob)
        assert (task.kind, task.title) == ("stage_reached", "Became sales qualified: intent 40 of 40")
        assert [one.kind for one in await list_timeline(session, bob)].count("task_made") == 1
        await close_task(session, task.id, by="user:1", now=now)
        assert await list_open_tasks(session, contact_id=bob) == []
        # A score that falls again takes no stage back: that is for a person.
        await recompute_for(session, keys, [bob], now + 400 * DAYS)
        assert (await get_contact(session, bob)).stage == "sql"


async def test_who_asked_that_a_person_decides_is_not_moved_but_proposed_once(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule(points=50), stages=[{"stage": "mql", "at_least": 20}])
        ann = await somebody(session, now)
        await set_mark(session, ann, "human_review", source="chat", now=now)
        await saw(session, ann, now, 0)
        for _ in range(2):
            await recompute_for(session, keys, [ann], now)
        assert (await get_contact(session, ann)).stage == "visitor"
        (task,) = await list_open_tasks(session, contact_id=ann)
    assert task.kind == "stage_proposed"


async def test_who_objected_to_profiling_has_no_points_for_what_they_do(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule(points=50), stages=[{"stage": "mql", "at_least": 20}])
        ann = await somebody(session, now)
        await saw(session, ann, now, 0)
        fact = ConsentFact(
            event="withdrawn", principal_ref=ann, purpose="profiling", channel="all", controller="Northwind Ledger",
            language="en", method="chat_choice", actor="subject", effective_at=now, notice_text="OK?",
        )  # fmt: skip
        await record_consent_event(session, fact, now)
        assert await recompute_for(session, keys, [ann], now) == {ann: 0}
        assert [entry.rule for entry in await list_reasons(session, ann)] == [service.NOT_SCORED]
        assert (await get_contact(session, ann)).stage == "visitor"
        assert await scores_of(session, ann) == {}


async def test_contacts_that_are_gone_or_named_twice_do_no_harm_in_a_set(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await somebody(session, now)
        assert await recompute_for(session, keys, [ann, new_id(), ann], now) == {ann: 0}
        assert await recompute_for(session, keys, [], now) == {}


async def test_after_an_edit_everybody_is_due_until_they_are_counted_by_it(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule())
        people = [await somebody(session, now) for _ in range(3)]
        for contact_id in people:
            await saw(session, contact_id, now, 0)
        await recompute_for(session, keys, people, now)
        assert await list_due(session, now, 10) == []
        await use(session, now, rule(points=7))
        due = await list_due(session, now, 2)
        assert len(due) == 2
        assert set((await recompute_for(session, keys, due, now)).values()) == {7}
        assert set(await list_due(session, now, 10)) == set(people) - set(due)


async def test_who_was_never_counted_is_found_and_counted_without_an_event(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await somebody(session, now)
        await set_fields(session, ann, {"company": "Example GmbH"}, now)
        assert await list_uncounted(session, 10) == [ann]
        assert await recompute_for(session, keys, [ann], now, quietly=True) == {ann: 5}
        assert await list_uncounted(session, 10) == []
        assert await list_timeline(session, ann) == []


async def test_a_companys_facts_count_for_its_people_whose_scores_add_up_to_its_own(database, keys, now) -> None:
    large = {
        "id": "large", "score": "fit", "points": 30, "reason": "Works at a large company",
        "when": {"fact": "company_employees", "op": "at_least", "value": 500},
    }  # fmt: skip
    async with transaction(database.sessions) as session:
        await use(session, now, rule(group=None), large)
        company = await create_company(session, keys, now, name="Example GmbH", fields={"employees": 800})
        people = [await somebody(session, now) for _ in range(3)]
        for contact_id in people[:2]:
            await set_company(session, contact_id, company.id, by="user:1", now=now)
        await saw(session, people[0], now, 0)
        assert await recompute_for(session, keys, people, now) == dict(zip(people, (40, 30, 0), strict=True))
        scores = await read_account_scores(session, [company.id, new_id()])
    assert scores == {
        company.id: {"fit": AccountScore(60, 30), "intent": AccountScore(10, 10), "total": AccountScore(70, 40)}
    }


async def test_a_task_is_for_who_looks_after_the_person(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule(points=50), stages=[{"stage": "mql", "at_least": 20}])
        ann, bob = await somebody(session, now), await somebody(session, now)
        colleague = new_id()
        await assign_owner(session, ann, colleague, by="user:1", now=now)
        for contact_id in (ann, bob):
            await saw(session, contact_id, now, 0)
        await recompute_for(session, keys, [ann, bob], now)
        tasks = await list_open_tasks(session, owner_id=colleague)
        assert {task.contact_id: task.owner_id for task in tasks} == {ann: colleague, bob: None}
        assert await list_open_tasks(session, owner_id=new_id(), contact_id=ann) == []


class Model:
    """Judges by the length of an id, and says so."""

    name, score = "length", "fit"

    async def judge(self, session, contact_ids, now):
        return {contact_id: Learned(len(str(contact_id)), "Has an id of this length") for contact_id in contact_ids}


async def test_a_learned_score_counts_with_the_rules_and_says_why_until_it_is_taken_away(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await somebody(session, now)
        assert await recompute_for(session, keys, [ann], now, learned=Model()) == {ann: 36}
        assert [entry.rule for entry in await list_reasons(session, ann)] == ["learned:length"]
        assert await recompute_for(session, keys, [ann], now) == {ann: 0}


async def test_a_preview_says_who_would_move_and_writes_nothing(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule())
        people = [await somebody(session, now) for _ in range(4)]
        for number, contact_id in enumerate(people):
            await saw(session, contact_id, now, *[0] * number)
        await recompute_for(session, keys, people, now)
        counted = (await session.execute(select(ContactScores.contact_id, ContactScores.scores))).all()
        draft = book(rule(points=25), stages=[{"stage": "mql", "at_least": 70}])
        preview = await preview_book(session, keys, draft, now)
        assert (preview.contacts, preview.looked_at, preview.up, preview.down) == (4, 4, 3, 0)
        assert preview.stages == {"mql": 1}
        # From 20 to 50 and from 30 to 75: of 10 to 25 nothing is seen in the bands.
        assert preview.bands == {"warm": 1, "hot": 1}
        first = preview.examples[0]
        assert (first.contact_id, first.before["total"], first.after["total"], first.stage) == (
            people[3],
            30,
            75,
            "mql",
        )
        assert (await session.execute(select(ContactScores.contact_id, ContactScores.scores))).all() == counted
        again = await preview_book(session, keys, book(rule()), now)
        assert (again.up, again.down, again.examples) == (0, 0, [])


async def test_rules_that_are_remembered_are_not_taken_for_others_of_their_number(database, now) -> None:
    async with transaction(database.sessions) as session:
        await use(session, now, rule())
    async with database.sessions() as session:
        first = await read_book(session)
        assert (await read_book(session)).book is first.book
    # A backup with other rules was brought back; even the moment they were made at may be the same.
    async with transaction(database.sessions) as session:
        await session.execute(delete(ScoreBookVersion))
        await use(session, now, rule(points=7))
    async with database.sessions() as session:
        second = await read_book(session)
    assert (second.number, second.made_at) == (first.number, first.made_at)
    assert [one.points for one in second.book.rules] == [7]


async def test_rules_that_are_saved_while_somebody_waits_for_a_contact_count_for_it(database, keys, now) -> None:
    async with transaction(database.sessions) as session:
        ann = await somebody(session, now)
        await ingest(session, [NewEvent("page_viewed", now, "web", ann, data={"url": "x"})], now)
        await use(session, now, rule(points=10))

    async def count() -> int:
        async with transaction(database.sessions) as session:
            return (await recompute_for(session, keys, [ann], now))[ann]

    async with transaction(database.sessions) as session:
        await lock_contact(session, ann)
        counting = asyncio.create_task(count())
        await until_a_lock_is_waited_for(database.sessions)
        await use(session, now, rule(points=30))
    assert await counting == 30


async def test_of_two_who_edit_the_rules_at_once_one_is_told(database, now) -> None:
    async with transaction(database.sessions) as session:
        assert (await read_book(session)).book == load_rules()
        await use(session, now, rule())
        with pytest.raises(Exception, match="changed the rules"):
            await save_book(session, book(), based_on=1, made_by="user:2", now=now)
        live = await read_book(session)
    assert (live.number, live.made_by, [one.id for one in live.book.rules]) == (2, "user:1", ["pages"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": 1, "reason": "x", "id": "a"},
        {**rule(), "when": {"fact": "x", "op": "known"}},
        {"id": "a", "points": 1, "reason": "x", "when": {"fact": "x", "op": "known"}, "half_life": 3},
        {**rule(), "score": "charm"},
        rule(group="nowhere"),
        rule(at_least=3, at_most=2),
        rule(where=[{"property": "a", "op": "at_least", "value": "1"}]),
        rule(where=[{"property": "a", "op": "contains", "value": ""}]),
        rule(half_life=0),
    ],
)
def test_a_rule_that_means_nothing_is_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        book(wrong)


@given(st.lists(st.tuples(st.floats(-200, 200), st.integers(3_600, 90 * 86_400)), min_size=1, max_size=4))
def test_between_two_countings_no_score_is_more_than_a_point_behind(points) -> None:
    """But for what fades by more than a point within the hour in which nothing is counted again."""
    from datetime import UTC, datetime

    from crm.scoring.rules import Points

    at = datetime(2026, 11, 28, tzinfo=UTC)
    entries = [Points("r", 0, "x", "intent", None, amount, half, at) for amount, half in points]
    due_at = next_change(entries, at)
    if due_at is None:
        assert abs(sum(amount_at(one, at) for one in entries)) < 0.5
    elif due_at > at + timedelta(hours=1):
        whole = [((one, None) for one in entries) for _ in range(2)]
        before = scores_at(whole[0], book(), at)["total"]
        after = scores_at(whole[1], book(), due_at - timedelta(seconds=1))["total"]
        assert abs(before - after) <= 1
