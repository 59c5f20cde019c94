"""Effects: what a turn decided happens whole or not at all, and Rasa is believed in nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from base.database import transaction
from base.encryption import KeyRing
from bot.effects import FIELD_LIMIT
from bot.models import Conversation
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import read_addresses
from crm.scoring.models import ScoreEntry
from crm.scoring.service import list_reasons
from crm.timeline.models import TimelineEvent
from crm.timeline.service import take_unreacted
from tests.bot.happenings import Effect, contact_of, count, happen, kinds
from tests.bot.stage import Stage

EMAIL = {"effect": "capture_lead", "field": "email", "value": "Ada.Lovelace@Example.COM ", "slot": "email"}
PHONE = {"effect": "capture_lead", "field": "phone", "value": "+1 (415) 555-2671", "slot": "phone"}


def capture(field: str, value: Any) -> Effect:
    return {"effect": "capture_lead", "field": field, "value": value, "slot": field}


def points(rule: str, amount: Any, reason: Any = "Asked for a demo") -> Effect:
    return {"effect": "add_points", "points": amount, "reason": reason, "rule": rule}


async def test_a_captured_address_is_kept_in_one_form_and_sealed(stage: Stage, keys: KeyRing) -> None:
    await happen(stage, EMAIL, PHONE)
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        known = (await read_addresses(session, keys, [contact.id]))[contact.id]
        sealed = list(await session.scalars(select(ContactPoint.value_sealed)))
    assert known == {"email": "ada.lovelace@example.com", "phone": "+14155552671"}
    assert contact.stage == "lead"
    assert not any(b"lovelace" in value.lower() or b"4155552671" in value for value in sealed)


async def test_captured_facts_stand_in_the_contact_and_on_the_timeline_without_their_values(stage: Stage) -> None:
    await happen(stage, capture("company", "Analytical Engines"), capture("seats", 12), capture("urgent", True))
    assert (await contact_of(stage)).fields == {"company": "Analytical Engines", "seats": 12, "urgent": True}
    async with stage.sessions() as session:
        told = list(await session.scalars(select(TimelineEvent.data).where(TimelineEvent.kind == "lead_captured")))
    assert [data["field"] for data in told] == ["company", "seats", "urgent"]
    assert "Analytical" not in str(told)


async def test_a_very_long_fact_is_cut(stage: Stage) -> None:
    await happen(stage, capture("company", "x" * (FIELD_LIMIT + 1)))
    assert (await contact_of(stage)).fields["company"] == "x" * FIELD_LIMIT


@pytest.mark.parametrize(
    "wrong",
    [
        capture("email", "not an address"),
        capture("email", ""),
        capture("phone", "+1 000"),
        capture("email", 7),
        capture("email", "a\x00b@example.com"),
        capture("company", None),
        capture("company", {"name": "nested"}),
        capture("company", ["a", "list"]),
        capture("company", "a NUL \x00 inside"),
        capture("company", float("nan")),
        capture("seats", float("inf")),
        capture("Company Name", "no field is called so"),
        capture("consent_marketing_email", "given"),
        capture("fields'; drop table contacts; --", "x"),
        {"effect": "capture_lead", "field": "company"},
        {"effect": "capture_lead", "value": "x"},
        {"effect": "capture_lead", "field": ["company"], "value": "x"},
        points("demo/qualify/0", 10**30),
        points("demo/qualify/0", "12"),
        points("demo/qualify/0", 1.5),
        points("demo/qualify/0", True),
        points("demo/qualify/0", None),
        points("no slash", 5),
        points("demo/qualify/\x00", 5),
        points("demo/qualify/0", 5, reason=None),
        points("demo/qualify/0", 5, reason="a NUL \x00"),
        {"effect": "set_outcome", "field": "qualification", "value": "scorching", "points": 99},
        {"effect": "set_outcome", "field": "qualification", "value": ["hot"], "points": 99},
        {"effect": "enrol_in_journey"},
        {"effect": "enrol_in_journey", "journey": {"name": "x"}},
        {"effect": "privacy_request", "kind": "sell_my_data"},
        {"effect": "privacy_request"},
        {"effect": "end_flow", "flow": "demo", "outcome": "a NUL \x00"},
        {"effect": "hand_off", "team": "a NUL \x00", "reason": "asked"},
        {"effect": "record_consent", "purpose": "marketing", "channels": 5, "decision": "given", "step": "a/b"},
        {"effect": "record_consent", "purpose": "marketing", "channels": ["email"], "decision": "yes", "step": "a/b"},
    ],
    ids=lambda effect: f"{effect['effect']}-{str(list(effect.values())[1:])[:40]!a}",
)  # fmt: skip
async def test_a_wrong_effect_is_logged_leaves_nothing_behind_and_the_others_happen(
    stage: Stage, wrong: Effect
) -> None:
    logged = await happen(stage, wrong)
    assert [entry["effect"] for entry in logged if entry["event"] == "effect_refused"] == [wrong["effect"]]
    assert await count(stage, Contact) == 0
    assert await kinds(stage) == ["conversation_started"]
    await happen(stage, capture("first_name", "Ada"), wrong, points("demo/qualify/1", 5))
    contact = await contact_of(stage)
    assert contact.fields == {"first_name": "Ada"}
    assert contact.stage == "visitor"
    async with stage.sessions() as session:
        assert "demo/qualify/1" in [entry.rule for entry in await list_reasons(session, contact.id)]
        assert await session.scalar(select(Conversation.status)) == "open"
    assert stage.follow_ups.enrolled == []


async def test_what_is_refused_is_not_written_into_the_log(stage: Stage) -> None:
    logged = await happen(stage, capture("email", "someone secret"))
    assert "secret" not in str(logged)


async def test_an_effect_nobody_knows_is_logged_and_harmless(stage: Stage) -> None:
    logged = await happen(stage, {"effect": "format_disk"}, {"no": "name"}, {"effect": ["list"]}, EMAIL)
    assert [entry["event"] for entry in logged] == ["effect_unknown"] * 3
    assert await count(stage, ContactPoint) == 1


async def test_a_second_conversation_with_the_same_address_joins_the_contact_and_overwrites_nothing(
    stage: Stage,
) -> None:
    await happen(stage, EMAIL, capture("company", "Analytical Engines"))
    first = await contact_of(stage)
    await stage.begin_again()
    await happen(stage, capture("company", "Somebody Else"), capture("role", "Poet"))
    await happen(stage, EMAIL, capture("company", "Impostor & Sons"), capture("country", "GB"))
    joined = await contact_of(stage)
    assert joined.id == first.id
    assert joined.fields == {"company": "Analytical Engines", "role": "Poet", "country": "GB"}
    assert await count(stage, ContactPoint) == 1
    assert (await kinds(stage)).count("fact_kept") == 2


async def test_what_is_known_of_a_contact_is_never_given_to_the_chat_that_typed_its_address(stage: Stage) -> None:
    await happen(stage, EMAIL, capture("company", "Analytical Engines"))
    await stage.begin_again()
    await happen(stage, EMAIL)
    stage.dialogue.requests.clear()
    await happen(stage, text="who am I?")
    (asked,) = stage.dialogue.requests
    assert asked["facts"] == {}
    assert "Analytical" not in str(asked)


async def test_another_persons_address_after_ones_own_is_refused_and_noted(stage: Stage) -> None:
    await happen(stage, EMAIL)
    await stage.begin_again()
    await happen(stage, capture("email", "charles@example.com"), capture("phone", "+14155552671"))
    own = await contact_of(stage)
    await happen(stage, EMAIL)
    assert (await contact_of(stage)).id == own.id
    told = [kind for kind in await kinds(stage) if kind != "score_changed"]
    assert told[-1] == "address_refused"


async def test_a_corrected_address_replaces_the_mistyped_one(stage: Stage, keys: KeyRing) -> None:
    await happen(stage, capture("email", "ada@exmaple.com"))
    await happen(stage, capture("email", "ada@example.com"))
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        assert (await read_addresses(session, keys, [contact.id]))[contact.id] == {"email": "ada@example.com"}
    assert await count(stage, ContactPoint) == 1


async def test_the_score_is_the_sum_of_its_reasons_and_each_dialogue_reason_names_its_turn(stage: Stage) -> None:
    await happen(stage, EMAIL, points("demo/qualify/0", 30), points("demo/qualify/1", -5, "Far away"))
    await happen(stage, points("demo/qualify/0", 10, "Asked again"))
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        entries = await list_reasons(session, contact.id)
        assert contact.score == sum(entry.points for entry in entries)
        given = {entry.rule: entry for entry in entries if "/" in entry.rule}
    assert {rule: (entry.points, entry.reason) for rule, entry in given.items()} == {
        "demo/qualify/0": (10, "Asked again"),
        "demo/qualify/1": (-5, "Far away"),
    }
    assert all(entry.message_id is not None for entry in given.values())
    assert await count(stage, ScoreEntry) == len(entries)


async def test_a_lost_turns_points_do_not_count_twice(stage: Stage) -> None:
    for _ in range(2):
        await happen(stage, points("demo/qualify/0", 30))
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        dialogue_points = [entry.points for entry in await list_reasons(session, contact.id) if "/" in entry.rule]
    assert dialogue_points == [30]


@pytest.mark.parametrize(("outcome", "stage_reached"), [("hot", "mql"), ("warm", "mql"), ("cold", "visitor")])
async def test_an_outcome_qualifies_the_contact(stage: Stage, outcome: str, stage_reached: str) -> None:
    await happen(stage, {"effect": "set_outcome", "field": "qualification", "value": outcome, "points": 60})
    contact = await contact_of(stage)
    assert (contact.qualification, contact.stage) == (outcome, stage_reached)
    assert "qualified" in await kinds(stage)


async def test_a_journey_is_entered_in_the_turn_and_looked_at_after_its_commit(stage: Stage) -> None:
    await happen(stage, {"effect": "enrol_in_journey", "journey": "demo_follow_up"})
    contact = await contact_of(stage)
    assert stage.follow_ups.enrolled == [("demo_follow_up", contact.id)]
    assert stage.follow_ups.wake_ups == 1


async def test_a_hand_off_gives_the_conversation_to_a_person_who_finds_a_contact(stage: Stage) -> None:
    await happen(stage, {"effect": "hand_off", "team": "sales", "reason": "asked"})
    await contact_of(stage)
    async with stage.sessions() as session:
        assert await session.scalar(select(Conversation.status)) == "handed_off"
        event = await session.scalar(select(TimelineEvent.data).where(TimelineEvent.kind == "handed_off"))
    assert event == {"team": "sales", "reason": "asked"}


async def test_a_privacy_request_is_noted_for_a_person_to_act_on(stage: Stage) -> None:
    await happen(stage, {"effect": "privacy_request", "kind": "erase"})
    assert (await kinds(stage))[-1] == "privacy_requested"


async def test_the_end_of_a_dialogue_makes_no_contact_of_a_visitor_who_said_nothing(stage: Stage) -> None:
    await happen(stage, {"effect": "end_flow", "flow": "demo_request", "outcome": "completed"})
    assert (await kinds(stage))[-1] == "flow_ended"
    assert await count(stage, Contact) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"effect": "add_points", "points": 1, "reason": "r", "rule": "x" * 20_000},
        {"effect": "assign_variant", "step": "x" * 20_000, "variant": "a"},
        {"effect": "end_flow", "flow": "demo", "outcome": "x" * 20_000},
        {"effect": "enrol_in_journey", "journey": "x" * 20_000},
    ],
)
async def test_a_text_longer_than_any_flow_says_is_refused(stage: Stage, wrong: Effect) -> None:
    logged = await happen(stage, wrong)
    assert [entry["event"] for entry in logged] == ["effect_refused"]


async def test_what_was_done_before_the_contact_was_known_is_reacted_to_once_it_is(stage: Stage) -> None:
    await happen(stage, {"effect": "end_flow", "flow": "demo", "outcome": "completed"})
    async with transaction(stage.sessions) as session:
        assert await take_unreacted(session, 10) == []
    await happen(stage, EMAIL)
    contact = await contact_of(stage)
    async with transaction(stage.sessions) as session:
        taken = await take_unreacted(session, 10)
    assert {one.contact_id for one in taken} == {contact.id}
    assert "flow_ended" in {one.kind for one in taken}
    assert len({one.event_id for one in taken}) == len(taken)
