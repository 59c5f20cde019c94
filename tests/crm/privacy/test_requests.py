"""Privacy requests: their clock, who may make them where, and what carrying them out does."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

import server.web  # noqa: F401  # loads every room's tables
from base.database import transaction
from base.errors import Conflict, InvalidInput
from bot.intake.sealing import sender_index_of
from bot.models import Conversation
from crm.consent.ledger import consent_for, consent_states
from crm.consent.models import ConsentEvent
from crm.consent.suppression import list_suppressions, suppress
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import get_contact
from crm.privacy.exporting import export_person, summarise, to_zip
from crm.privacy.files import FiledMails
from crm.privacy.limits import list_marks
from crm.privacy.models import PrivacyRequest
from crm.privacy.requests import Filing, Hands, carry_out, file_request, list_requests, put_off, refuse, verify
from crm.privacy.rules import due_of, extended, is_verified
from tests.bot.happenings import contact_of, happen
from tests.bot.stage import Stage

EMAIL = "ada@customer.example"


def hands(stage: Stage) -> Hands:
    return Hands(stage.keys, stage.follow_ups, sender_index_of(stage.keys), "Northwind Ledger", None)


async def ada(stage: Stage) -> UUID:
    await happen(
        stage,
        {"effect": "capture_lead", "field": "first_name", "value": "Ada"},
        {"effect": "capture_lead", "field": "country", "value": "US"},
        {"effect": "capture_lead", "field": "email", "value": EMAIL},
        {"effect": "add_points", "rule": "a/b/0", "points": 5, "reason": "asked for a demo"},
    )
    return (await contact_of(stage)).id


async def file(stage: Stage, contact_id: UUID, kind: Any, *, verified: bool = True, **rest: Any) -> PrivacyRequest:
    async with transaction(stage.sessions) as session:
        filing = Filing(contact_id, kind, "web", "subject", verified, **rest)
        return await file_request(session, hands(stage), filing, stage.clock.now())


async def do(stage: Stage, request: PrivacyRequest, **rest: Any) -> PrivacyRequest:
    async with transaction(stage.sessions) as session:
        done, _ = await carry_out(
            session, hands(stage), request.id, by="user:1", outcome="Done.", now=stage.clock.now(),
            mails=FiledMails(None), **rest,
        )  # fmt: skip
    return done


async def filed(stage: Stage) -> list[tuple[str, str]]:
    async with stage.sessions() as session:
        rows = await session.scalars(select(PrivacyRequest).order_by(PrivacyRequest.id))
        return [(row.kind, row.status) for row in rows]


@given(
    st.integers(0, 20 * 366 * 86_400).map(lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
)
def test_the_clock_runs_for_a_calendar_month_and_never_into_the_one_after(received_at: datetime) -> None:
    due_at = due_of(received_at)
    months = (due_at.year - received_at.year) * 12 + due_at.month - received_at.month
    assert months == 1
    if due_at.day != received_at.day:
        assert (due_at + timedelta(days=1)).day == 1, "the month has no such day: its last one"
    assert timedelta(days=28) <= due_at - received_at <= timedelta(days=31)
    assert due_at < extended(received_at) <= received_at + timedelta(days=92)


def test_the_thirty_first_of_january_is_due_on_the_last_of_february() -> None:
    assert due_of(datetime(2027, 1, 31, 9, tzinfo=UTC)) == datetime(2027, 2, 28, 9, tzinfo=UTC)


def test_a_typed_address_verifies_nobody() -> None:
    assert is_verified(proven_sender=True, speaks_for_contact=False, only_talk=False)
    assert is_verified(proven_sender=False, speaks_for_contact=True, only_talk=True)
    assert not is_verified(proven_sender=False, speaks_for_contact=True, only_talk=False)
    assert not is_verified(proven_sender=False, speaks_for_contact=False, only_talk=True)


async def test_a_request_in_the_only_talk_of_a_visitor_is_theirs(stage: Stage) -> None:
    await ada(stage)
    await happen(stage, {"effect": "privacy_request", "kind": "erase"})
    assert await filed(stage) == [("erase", "open")]


async def test_a_request_of_somebody_who_typed_anothers_address_waits_to_be_verified(stage: Stage) -> None:
    owner = await ada(stage)
    await stage.begin_again()
    await happen(stage, {"effect": "capture_lead", "field": "email", "value": EMAIL})
    assert (await contact_of(stage)).id == owner
    await happen(stage, {"effect": "privacy_request", "kind": "access"})
    assert await filed(stage) == [("access", "unverified")]


async def test_a_request_from_an_address_that_a_provider_vouches_for_is_theirs(stage: Stage) -> None:
    contact_id = await ada(stage)
    await stage.begin_again()
    async with transaction(stage.sessions) as session:
        point = await session.scalar(select(ContactPoint.id))
        await session.execute(update(ContactPoint).values(verified_at=stage.clock.now()))
        await session.execute(
            update(Conversation)
            .where(Conversation.id == stage.conversation_id)
            .values(contact_id=contact_id, contact_point_id=point)
        )
    await happen(stage, {"effect": "privacy_request", "kind": "erase"})
    assert await filed(stage) == [("erase", "open")]


async def test_asking_twice_is_one_request_and_a_verified_one_verifies_the_first(stage: Stage) -> None:
    contact_id = await ada(stage)
    first = await file(stage, contact_id, "erase", verified=False)
    stage.clock.move(timedelta(days=1))
    again = await file(stage, contact_id, "erase")
    assert (again.id, again.status, again.due_at) == (first.id, "open", first.due_at)


async def test_an_objection_to_marketing_holds_at_once_whoever_makes_it(stage: Stage) -> None:
    contact_id = await ada(stage)
    request = await file(stage, contact_id, "object_marketing", verified=False)
    assert request.status == "done"
    assert stage.follow_ups.stopped == [(contact_id, "opted_out")]
    async with stage.sessions() as session:
        states = (await consent_states(session, [contact_id], stage.clock.now()))[contact_id]
        assert {consent_for(states, "marketing", channel).state for channel in ("email", "sms", "voice")} == {
            "withdrawn"
        }
        assert (await list_suppressions(session, [contact_id]))[contact_id] == {}, "what was asked for still goes"


async def test_an_objection_to_profiling_takes_the_score(stage: Stage) -> None:
    contact_id = await ada(stage)
    await file(stage, contact_id, "object_profiling")
    async with stage.sessions() as session:
        assert (await get_contact(session, contact_id)).score == 0
    await happen(stage, {"effect": "add_points", "rule": "a/b/1", "points": 7, "reason": "came back"})
    async with stage.sessions() as session:
        assert (await get_contact(session, contact_id)).score == 0


async def test_a_restriction_stops_every_use_until_it_is_lifted_and_lifts_nothing_else(stage: Stage) -> None:
    contact_id = await ada(stage)
    now = stage.clock.now()
    async with transaction(stage.sessions) as session:
        await suppress(session, [contact_id], "sms", "complaint", now)
    await file(stage, contact_id, "restrict")
    async with stage.sessions() as session:
        assert (await list_suppressions(session, [contact_id]))[contact_id]["all"] == "restricted"
        assert (await list_marks(session, [contact_id]))[contact_id] == {"restricted"}
        assert (await get_contact(session, contact_id)).score == 0
    await do(stage, await file(stage, contact_id, "unrestrict"))
    async with stage.sessions() as session:
        assert (await list_suppressions(session, [contact_id]))[contact_id] == {"sms": "complaint"}
        assert (await list_marks(session, [contact_id]))[contact_id] == set()


async def test_who_wants_a_person_to_decide_is_qualified_by_one(stage: Stage) -> None:
    contact_id = await ada(stage)
    await happen(stage, {"effect": "privacy_request", "kind": "human_review"})
    await happen(stage, {"effect": "set_outcome", "field": "qualification", "value": "cold", "points": 3})
    assert (await contact_of(stage)).qualification is None
    async with stage.sessions() as session:
        (request,) = (await session.scalars(select(PrivacyRequest))).all()
    assert (request.status, request.detail) == ("open", {"proposed": "cold"})
    with pytest.raises(InvalidInput):
        await do(stage, request)
    await do(stage, request, decision="hot")
    assert (await contact_of(stage)).qualification == "hot"
    await happen(stage, {"effect": "set_outcome", "field": "qualification", "value": "cold", "points": 3})
    assert (await contact_of(stage)).qualification == "hot", "the next decision is a person's, too"
    assert await filed(stage) == [("human_review", "done"), ("human_review", "open")]
    assert (await get_score(stage, contact_id)) >= 5


async def get_score(stage: Stage, contact_id: UUID) -> int:
    async with stage.sessions() as session:
        return (await get_contact(session, contact_id)).score


async def test_nothing_is_given_out_or_destroyed_before_it_is_verified(stage: Stage) -> None:
    contact_id = await ada(stage)
    request = await file(stage, contact_id, "erase", verified=False)
    with pytest.raises(Conflict):
        await do(stage, request)
    async with transaction(stage.sessions) as session:
        await verify(session, request.id, stage.clock.now())
    done = await do(stage, request)
    assert (done.status, done.detail) == ("done", {})
    assert stage.follow_ups.stopped == [(contact_id, "erased")]
    async with stage.sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Contact)) == 0
        assert await session.scalar(select(func.count()).select_from(ConsentEvent)) == 1
    with pytest.raises(Conflict):
        await do(stage, request)


async def test_a_correction_changes_the_fields_and_its_words_are_not_kept_twice(stage: Stage) -> None:
    contact_id = await ada(stage)
    request = await file(stage, contact_id, "rectify", detail={"first_name": "Augusta", "country": None})
    done = await do(stage, request)
    assert done.detail == {}
    async with stage.sessions() as session:
        assert (await get_contact(session, contact_id)).fields == {"first_name": "Augusta"}


async def test_a_request_is_put_off_once_and_within_its_month(stage: Stage) -> None:
    contact_id = await ada(stage)
    late = await file(stage, contact_id, "access")
    other = await file(stage, contact_id, "why_contacted")
    async with transaction(stage.sessions) as session:
        longer = await put_off(session, late.id, reason="Many talks.", now=stage.clock.now())
        assert longer.due_at == extended(late.received_at)
        with pytest.raises(Conflict):
            await put_off(session, late.id, reason="Again.", now=stage.clock.now())
        with pytest.raises(Conflict):
            await put_off(session, other.id, reason="Too late.", now=other.due_at)


async def test_an_objection_cannot_be_refused_but_an_unfounded_request_can(stage: Stage) -> None:
    contact_id = await ada(stage)
    erase = await file(stage, contact_id, "erase", verified=False)
    objection = await file(stage, contact_id, "object_marketing")
    async with transaction(stage.sessions) as session:
        refused = await refuse(session, erase.id, by="user:1", why="Not the person.", now=stage.clock.now())
        assert (refused.status, refused.outcome) == ("refused", "Not the person.")
        with pytest.raises(Conflict):
            await refuse(session, objection.id, by="user:1", why="No.", now=stage.clock.now())


async def test_pages_of_requests_show_each_once(stage: Stage) -> None:
    contact_id = await ada(stage)
    for kind in ("access", "erase", "why_contacted", "rectify"):
        await file(stage, contact_id, kind)
    seen: list[str] = []
    after = None
    async with stage.sessions() as session:
        while rows := await list_requests(session, statuses=("open",), after=after, limit=3):
            seen += [row.kind for row in rows]
            after = (rows[-1].received_at, rows[-1].id)
    assert seen == ["rectify", "why_contacted", "erase", "access"]


async def test_an_export_holds_what_the_person_said_and_never_what_a_stranger_did(stage: Stage) -> None:
    contact_id = await ada(stage)
    await happen(stage, text="=HYPERLINK(1) is my company")
    await stage.begin_again()
    await happen(
        stage, {"effect": "capture_lead", "field": "email", "value": EMAIL}, text="strange words of a stranger"
    )
    async with stage.sessions() as session:
        export = await export_person(session, stage.keys, contact_id, sender_index_of(stage.keys), stage.clock.now())
    with ZipFile(io.BytesIO(to_zip(export))) as archive:
        data = json.loads(archive.read("data.json"))
        sheet = archive.read("csv/messages.csv").decode()
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert archive.read("summary.txt").decode() == summarise(export)
    assert data["tables"]["contact_points"]["rows"][0]["value"] == EMAIL
    assert data["tables"]["contacts"]["rows"][0]["fields"]["first_name"] == "Ada"
    assert [row["reason"] for row in data["tables"]["score_entries"]["rows"] if row["rule"] == "a/b/0"] == [
        "asked for a demo"
    ]
    assert '"\'=HYPERLINK(1) is my company"' in sheet
    assert "strange words" not in everything
    assert f"email: {EMAIL}" in summarise(export)
