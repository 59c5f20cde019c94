"""A set counted at once is each of its people counted alone, and comes to what the sums in Python say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from base.ids import new_id
from crm.consent.ledger import ConsentFact, record_consent_event
from crm.contacts.models import Contact
from crm.contacts.service import attach_address, create_contact, set_fields
from crm.scoring import preview as previews
from crm.scoring.books import read_book, save_book
from crm.scoring.models import ContactScores, ScoreEntry
from crm.scoring.preview import preview_book
from crm.scoring.rules import ScoreBook, load_rules
from crm.scoring.service import NOT_SCORED, add_points, recompute_for
from crm.scoring.sums import next_change, scores_at
from crm.timeline.service import NewEvent, ingest

KINDS = ("page_viewed", "link_clicked", "order_placed")
FIT = [rule for rule in load_rules().rules if rule.when is not None]


def _rule(number, drawn):
    kind, half_life, within, least, most, times, points, group = drawn
    return {
        "id": f"r{number}", "score": "intent", "group": group, "points": points, "half_life": half_life,
        "reason": f"Did {kind}",
        "did": {"event": kind, "within": within, "at_least": min(least, most), "at_most": most, "times": times},
    }  # fmt: skip


_rules = st.lists(
    st.tuples(
        st.sampled_from(KINDS), st.sampled_from([None, 0.5, 7, 20.25]), st.sampled_from([None, 5, 40]),
        st.integers(1, 3), st.sampled_from([1, 2, 1_000]), st.sampled_from(["each", "once"]), st.integers(-30, 60),
        st.sampled_from([None, "one", "two"]),
    ),
    max_size=6,
).map(lambda drawn: [_rule(number, one) for number, one in enumerate(drawn)])  # fmt: skip
_people = st.lists(
    st.fixed_dictionaries(
        {
            "country": st.sampled_from(["DE", "US", "BR", ""]),
            "profiling": st.sampled_from(["", "given", "withdrawn"]),
            "email": st.sampled_from(["", "ann@example.com", "ann@gmail.com"]),
            "company": st.booleans(),
            "talked": st.booleans(),
            "did": st.lists(st.tuples(st.floats(0, 60), st.sampled_from(KINDS)), max_size=8),
        }
    ),
    min_size=1,
    max_size=4,
)


def _book(rules):
    scores = {
        "fit": {"title": "Fit"},
        "engagement": {"title": "Engagement"},
        "intent": {"title": "Intent", "caps": {"one": 25, "two": 40}},
    }
    return ScoreBook.model_validate(
        {
            "version": "t", "bands": {"hot": 60, "warm": 30}, "scores": scores, "talks": "intent", "stages": [],
            "rules": [*(rule.model_dump(by_alias=True) for rule in FIT), *rules],
        }
    )  # fmt: skip


async def _make(session, keys, drawn, now):
    contact_id = await create_contact(session, time_zone=None, now=now)
    fields = {"country": drawn["country"]} if drawn["country"] else {}
    await set_fields(session, contact_id, fields | ({"company": "Example GmbH"} if drawn["company"] else {}), now)
    if drawn["email"]:
        email = drawn["email"].replace("ann", f"ann.{contact_id.hex}")
        await attach_address(session, keys, contact_id, kind="email", value=email, now=now)
    if drawn["talked"]:
        await add_points(session, contact_id, rule="a/b/0", points=7, reason="Said so", message_id=new_id(), now=now)
    if drawn["profiling"]:
        fact = ConsentFact(
            event=drawn["profiling"], principal_ref=contact_id, purpose="profiling", channel="web",
            controller="Northwind Ledger", language="en", method="chat_choice", actor="subject", effective_at=now,
            notice_text="OK?",
        )  # fmt: skip
        await record_consent_event(session, fact, now)
    await ingest(
        session, [NewEvent(kind, now - timedelta(days=day), "api", contact_id) for day, kind in drawn["did"]], now
    )
    return contact_id


async def _all(session, people):
    """All that is stored of them, but for ids."""
    entries = await session.execute(
        select(
            ScoreEntry.contact_id, ScoreEntry.rule, ScoreEntry.score, ScoreEntry.cap_group, ScoreEntry.points,
            ScoreEntry.amount, ScoreEntry.half_life, ScoreEntry.valued_at, ScoreEntry.reason, ScoreEntry.message_id,
            ScoreEntry.event_id,
        )
        .where(ScoreEntry.contact_id.in_(people))
        .order_by(ScoreEntry.contact_id, ScoreEntry.rule)
    )  # fmt: skip
    sums = await session.execute(
        select(ContactScores.contact_id, ContactScores.scores, ContactScores.due_at, ContactScores.book, Contact.score)
        .join(Contact, Contact.id == ContactScores.contact_id)
        .where(Contact.id.in_(people))
        .order_by(Contact.id)
    )
    return entries.all(), sums.all()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rules=_rules, drawn=_people)
async def test_a_set_counted_at_once_is_each_counted_alone_and_comes_to_what_the_sums_say(
    database, keys, now, rules, drawn
) -> None:
    book = _book(rules)
    async with database.sessions() as session:
        await save_book(session, book, based_on=(await read_book(session)).number, made_by="user:1", now=now)
        people = [await _make(session, keys, one, now) for one in drawn]
        before = await session.begin_nested()
        together = await recompute_for(session, keys, people, now)
        stored = await _all(session, people)
        await before.rollback()
        alone = {}
        for contact_id in people:
            alone |= await recompute_for(session, keys, [contact_id], now)
        assert alone == together
        assert await _all(session, people) == stored
        assert await recompute_for(session, keys, people, now) == together
        assert await _all(session, people) == stored
        entries = (await session.scalars(select(ScoreEntry).where(ScoreEntry.contact_id.in_(people)))).all()
        session.expunge_all()
        await session.rollback()
    lapse = any(rule["did"]["within"] for rule in rules)
    for contact_id, scores, due_at, _, _ in stored[1]:
        own = [entry for entry in entries if entry.contact_id == contact_id]
        if any(entry.rule == NOT_SCORED for entry in own):
            assert (len(own), scores, due_at) == (1, {}, None)
            continue
        # To the millionth of a point Python and PostgreSQL add up alike.
        assert scores == scores_at(((entry, entry.cap_group) for entry in own), book, now)
        expected = next_change(own, now)
        if not lapse:
            assert (due_at is None) == (expected is None)
            assert due_at is None or abs(due_at - expected) < timedelta(seconds=1)
        facts = {"company": "Example GmbH"} if drawn[people.index(contact_id)]["company"] else {}
        email = drawn[people.index(contact_id)]["email"]
        facts |= {"email_kind": "private" if "gmail" in email else "business"} if email else {}
        assert {one.id for one in FIT if one.when.holds(facts)} == {entry.rule for entry in own} & {
            one.id for one in FIT
        }


@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_a_preview_in_parts_says_what_one_in_one_go_says(database, keys, now, monkeypatch, size) -> None:
    page = _rule(0, ("page_viewed", None, None, 1, 1_000, "each", 10, None))
    async with database.sessions() as session:
        await save_book(session, _book([page]), based_on=1, made_by="user:1", now=now)
        nobody = {"country": "DE", "profiling": "", "email": "", "company": False, "talked": False}
        drawn = [nobody | {"did": [(1.0, "page_viewed")] * number} for number in range(5)]
        drawn.append(nobody | {"profiling": "withdrawn", "did": [(1.0, "page_viewed")]})
        people = [await _make(session, keys, one, now) for one in drawn]
        draft = _book([page | {"points": 25}])
        whole = await preview_book(session, keys, draft, now)
        assert (whole.contacts, whole.looked_at, whole.up, whole.is_whole) == (6, 6, 4, True)
        monkeypatch.setattr(previews, "SET", size)
        parts, looked = None, []
        while parts is None or not parts.is_whole:
            parts = await preview_book(session, keys, draft, now, preview=parts, goes_on=lambda: False)
            looked.append(parts.looked_at)
        await session.rollback()
    assert sorted(set(looked)) == [*range(size, 6, size), 6]
    assert (parts.up, parts.down, parts.bands, parts.examples) == (whole.up, whole.down, whole.bands, whole.examples)
    assert [one.contact_id for one in parts.examples] == people[4:0:-1]
