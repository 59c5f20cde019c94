"""Consents run out: the fold knows at once, and the ledger says so after the night."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from base.database import transaction
from base.ids import new_id
from crm.consent.expiry import expire_due
from crm.consent.ledger import ConsentFact, consent_states, record_consent_events, verify_chain
from crm.consent.models import ConsentEvent
from crm.consent.parting import link_principals

_NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
_EVENTS = ("requested", "given", "confirmed", "refused", "withdrawn", "expired", "superseded", "imported")
_said = st.tuples(
    st.integers(0, 2),
    st.sampled_from(_EVENTS),
    st.sampled_from(("marketing", "profiling", "all")),
    st.sampled_from(("email", "sms", "all")),
    st.none() | st.integers(-3, 3),
    st.sampled_from((None, "main", "outlet", "all")),
).filter(lambda one: one[1] not in ("given", "confirmed", "imported") or "all" not in (one[2], one[3], one[5]))


def _fact(contact_id, event, purpose, channel, *, days=None, brand=None):
    return ConsentFact(
        event=event,
        principal_ref=contact_id,
        purpose=purpose,
        channel=channel,
        controller="Northwind",
        language="en",
        method="chat_choice",
        actor="subject",
        effective_at=_NOW,
        notice_text="May we?",
        valid_until=None if days is None else _NOW + timedelta(days=days),
        brand=brand,
    )


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_said, max_size=8), st.lists(_said, max_size=6))
async def test_nor_does_it_change_what_contacts_that_were_merged_agreed_to(database, before_merge, since) -> None:
    people = [new_id() for _ in range(3)]
    async with transaction(database.sessions) as session:
        said = [_fact(people[person], *rest, days=days, brand=brand) for person, *rest, days, brand in before_merge]
        await record_consent_events(session, said, _NOW)
        await link_principals(session, people[0], people[1], _NOW)
        # An old link may still name who is no contact any more.
        said = [_fact(people[person], *rest, days=days, brand=brand) for person, *rest, days, brand in since]
        await record_consent_events(session, said, _NOW)
        holders = [people[0], people[2]]
        before = await consent_states(session, holders, _NOW)
        while await expire_due(session, _NOW, limit=2):
            pass
        after = await consent_states(session, holders, _NOW)
        for person in holders:
            assert {scope: one.state for scope, one in before[person].items()} == {
                scope: one.state for scope, one in after[person].items() if scope in before[person]
            }
        await session.rollback()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_said, max_size=14))
async def test_what_is_written_down_at_night_changes_no_state_and_nothing_is_left(database, said) -> None:
    people = [new_id() for _ in range(3)]
    facts = [_fact(people[person], *rest, days=days, brand=brand) for person, *rest, days, brand in said]
    async with transaction(database.sessions) as session:
        await record_consent_events(session, facts, _NOW)
        before = {
            brand: await consent_states(session, people, _NOW, brand=brand) for brand in ("main", "outlet", "other")
        }
        while await expire_due(session, _NOW, limit=2):
            pass
        after = {brand: await consent_states(session, people, _NOW, brand=brand) for brand in before}
        for brand, states in before.items():
            for person in people:
                assert {scope: one.state for scope, one in states[person].items()} == {
                    scope: one.state for scope, one in after[brand][person].items() if scope in states[person]
                }
                # What ran out is now said by an event, not only by the clock.
                for scope, one in states[person].items():
                    if one.state == "expired":
                        own = await session.scalar(
                            select(func.count())
                            .select_from(ConsentEvent)
                            .where(
                                ConsentEvent.principal_ref == person, ConsentEvent.event.in_(("expired", "superseded"))
                            )
                        )
                        assert own, scope
        assert (await verify_chain(session)).is_intact


async def test_a_consent_that_was_given_anew_does_not_run_out(database) -> None:
    person = new_id()
    old, new = (
        _fact(person, "given", "marketing", "email", days=-1),
        _fact(person, "given", "marketing", "email", days=9),
    )
    async with transaction(database.sessions) as session:
        await record_consent_events(session, [old, new], _NOW)
        assert await expire_due(session, _NOW) == 0
        assert await expire_due(session, _NOW + timedelta(days=9)) == 1
        last = (await session.scalars(select(ConsentEvent).order_by(ConsentEvent.seq.desc()).limit(1))).one()
    assert (last.event, last.actor, last.effective_at) == ("expired", "system", new.valid_until)
    assert last.notice_sha256 is None


async def test_the_night_looks_only_at_what_has_an_end(database) -> None:
    async with database.sessions() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await session.scalars(
            text("EXPLAIN SELECT 1 FROM consent_events WHERE valid_until <= now() ORDER BY valid_until LIMIT 5")
        )
        assert "ix_consent_events_valid_until" in "\n".join(plan)
