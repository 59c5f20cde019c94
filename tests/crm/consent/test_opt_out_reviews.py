"""Scoped opt-outs and the list of doubtful ones: what is stopped, what is left, and what a reversal opens again."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.database import transaction
from base.errors import NotFound
from base.ids import new_id
from crm.consent.ledger import (
    ConsentFact,
    consent_for,
    consent_states,
    list_consent_events,
    record_consent_event,
    verify_chain,
)
from crm.consent.opt_out_reviews import (
    AlreadyReviewed,
    OptedOutSince,
    Reading,
    ask_for_review,
    confirm,
    list_reviews,
    reverse,
)
from crm.consent.opting_out import OptOutRequest, is_stopped_already, opt_out
from crm.consent.stop_scope import CHANNELS, StopScope
from crm.consent.suppression import list_suppressions, reopen_channel, suppress
from crm.contacts.service import attach_address, create_contact
from crm.timeline.service import list_timeline
from flows.parts import Channel

EVERYTHING = StopScope()
MARKETING = StopScope("marketing")
TEXTS = StopScope("all", ("sms",))


@pytest.fixture
async def ann(database, keys, now):
    """A contact with two addresses who agreed to marketing e-mail."""
    async with transaction(database.sessions) as session:
        contact_id = await create_contact(session, language="de", time_zone=None, now=now)
        await attach_address(session, keys, contact_id, kind="email", value="ann@example.com", now=now)
        await attach_address(session, keys, contact_id, kind="phone", value="+14155552671", now=now)
        fact = ConsentFact(
            event="given",
            principal_ref=contact_id,
            purpose="marketing",
            channel="email",
            controller="Northwind Ledger",
            language="de",
            method="chat_choice",
            actor="subject",
            effective_at=now,
            notice_text="Ja?",
        )
        await record_consent_event(session, fact, now)
    return contact_id


async def _stop(database, contact_id, now, scope=EVERYTHING, *, doubtful: bool = True):
    """One opt-out; returns the id of its review."""
    message_id = new_id()
    request = OptOutRequest(
        contact_id=contact_id,
        scope=scope,
        method="sms_words",
        evidence={"id": str(message_id)},
        controller="Northwind Ledger",
        language="de",
        conversation_id=None,
    )
    async with transaction(database.sessions) as session:
        done = await opt_out(session, request, now)
        if not doubtful:
            return None
        await ask_for_review(session, request, done, Reading(message_id, "sms", "classifier", 0.6), now)
        (latest, *_) = await list_reviews(session, status="open", after=None, limit=1)
        return latest.id


async def _suppressed(database, contact_id) -> dict[str, str]:
    async with database.sessions() as session:
        return (await list_suppressions(session, [contact_id]))[contact_id]


async def _standing(database, contact_id, now, channel="email", purpose="marketing") -> str:
    async with database.sessions() as session:
        return consent_for((await consent_states(session, [contact_id], now))[contact_id], purpose, channel).state


async def test_to_stop_one_channel_leaves_the_others(database, now, ann) -> None:
    await _stop(database, ann, now, TEXTS)
    assert set(await _suppressed(database, ann)) == {"sms"}
    assert await _standing(database, ann, now) == "given"
    assert await _standing(database, ann, now, "sms") == "withdrawn"


async def test_to_stop_two_channels_makes_an_event_for_each(database, now, ann) -> None:
    await _stop(database, ann, now, StopScope("all", ("email", "sms")))
    assert set(await _suppressed(database, ann)) == {"email", "sms"}
    async with database.sessions() as session:
        events = [event for event, _ in await list_consent_events(session, ann)]
    assert [(one.event, one.channel) for one in events[1:]] == [("withdrawn", "email"), ("withdrawn", "sms")]


async def test_to_stop_marketing_leaves_service(database, now, ann) -> None:
    await _stop(database, ann, now, MARKETING)
    assert await _suppressed(database, ann) == {}
    assert await _standing(database, ann, now) == "withdrawn"
    assert await _standing(database, ann, now, purpose="service") == "none"


async def test_whoever_stopped_everything_has_stopped_each_part_of_it(database, now, ann) -> None:
    for scope in (EVERYTHING, MARKETING, TEXTS):
        async with database.sessions() as session:
            assert not await is_stopped_already(session, ann, scope, now)
    await _stop(database, ann, now, TEXTS)
    async with database.sessions() as session:
        assert await is_stopped_already(session, ann, TEXTS, now)
        assert not await is_stopped_already(session, ann, MARKETING, now)
        assert not await is_stopped_already(session, ann, EVERYTHING, now)
    await _stop(database, ann, now, EVERYTHING)
    async with database.sessions() as session:
        for scope in (EVERYTHING, MARKETING, TEXTS):
            assert await is_stopped_already(session, ann, scope, now)


async def test_a_reversal_gives_back_what_was_taken_with_its_proof(database, now, ann) -> None:
    review_id = await _stop(database, ann, now)
    assert await _standing(database, ann, now) == "withdrawn"
    async with transaction(database.sessions) as session:
        review = await reverse(session, review_id, user="user:7", now=now)
        assert (review.status, review.reviewed_by, review.reviewed_at) == ("reversed", "user:7", now)
    assert await _suppressed(database, ann) == {}
    assert await _standing(database, ann, now) == "given"
    async with database.sessions() as session:
        first, _, (again, text) = await list_consent_events(session, ann)
        assert (again.event, again.method, again.actor, text) == ("given", "opt_out_review", "user:7", "Ja?")
        assert again.evidence["review_id"] == str(review_id)
        assert again.evidence["original_event_id"] == str(first[0].id)
        assert (await verify_chain(session)).is_intact
        assert "opt_out_reversed" in [event.kind for event in await list_timeline(session, ann)]


async def test_a_reversal_leaves_what_was_stopped_before_by_another_cause(database, now, ann) -> None:
    async with transaction(database.sessions) as session:
        await suppress(session, [ann], "sms", "complaint", now)
    review_id = await _stop(database, ann, now, StopScope("all", ("email", "sms")))
    async with transaction(database.sessions) as session:
        await reverse(session, review_id, user="user:7", now=now)
    assert await _suppressed(database, ann) == {"sms": "complaint"}


async def test_what_was_confirmed_stays_and_cannot_be_reversed(database, now, ann) -> None:
    review_id = await _stop(database, ann, now)
    async with transaction(database.sessions) as session:
        await confirm(session, review_id, user="user:7", now=now)
    for decision in (confirm, reverse):
        with pytest.raises(AlreadyReviewed):
            async with transaction(database.sessions) as session:
                await decision(session, review_id, user="user:8", now=now)
    assert set(await _suppressed(database, ann)) == {"all"}
    assert await _standing(database, ann, now) == "withdrawn"


@pytest.mark.parametrize("scope", [EVERYTHING, MARKETING, TEXTS])
async def test_nothing_is_opened_for_who_opted_out_again(database, now, ann, scope) -> None:
    review_id = await _stop(database, ann, now)
    await _stop(database, ann, now, scope, doubtful=False)
    with pytest.raises(OptedOutSince):
        async with transaction(database.sessions) as session:
            await reverse(session, review_id, user="user:7", now=now)
    assert set(await _suppressed(database, ann)) >= {"all"}


async def test_two_doubtful_ones_can_be_reversed_the_later_first(database, now, ann) -> None:
    first = await _stop(database, ann, now)
    second = await _stop(database, ann, now)
    assert first != second
    async with transaction(database.sessions) as session:
        await reverse(session, second, user="user:7", now=now)
    assert set(await _suppressed(database, ann)) == {"all"}, "the first still holds"
    async with transaction(database.sessions) as session:
        await reverse(session, first, user="user:7", now=now)
    assert await _suppressed(database, ann) == {}
    assert await _standing(database, ann, now) == "given"


async def test_an_unknown_review_is_not_found(database, now) -> None:
    for decision in (confirm, reverse):
        with pytest.raises(NotFound):
            async with transaction(database.sessions) as session:
                await decision(session, new_id(), user="user:7", now=now)


async def test_reopening_a_channel_keeps_every_other_one_stopped_for_the_address_too(database, now, ann) -> None:
    await _stop(database, ann, now, doubtful=False)
    others = [name for name in CHANNELS if name != "sms"]
    async with transaction(database.sessions) as session:
        lifted = await reopen_channel(session, ann, "sms", others=others, reasons=["sms_words"])
    assert lifted == 3, "the contact and its two addresses"
    assert set(await _suppressed(database, ann)) == set(others)


def test_the_channels_are_those_that_flows_name() -> None:
    assert set(CHANNELS) == set(get_args(Channel))


_anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*CHANNELS, "fax", "all", "marketing"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["purpose", "channels"]), inner),
    max_leaves=6,
)


@given(_anything)
def test_any_scope_can_be_read_and_is_read_back_as_it_was(content: Any) -> None:
    scope = StopScope.read(content)
    assert StopScope.read(scope.told()) == scope
    assert scope.channels is None or set(scope.channels) <= set(CHANNELS)


@given(st.builds(StopScope, st.sampled_from(["all", "marketing"]), st.none() | st.just(("sms",))))
def test_a_scope_is_covered_once_everything_is_suppressed(scope: StopScope) -> None:
    assert scope.is_covered({"all"}, {})
    assert not scope.is_covered(set(), {})
