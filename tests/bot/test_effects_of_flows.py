"""Effects of tags, stages, variants, meetings, preferences and hand-offs: whole or not at all, and once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from crm.consent.ledger import consent_for, consent_states
from crm.consent.models import Suppression
from crm.timeline.models import TimelineEvent
from tests.bot.happenings import Effect, contact_of, count, happen, kinds
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

WITHDRAW: Effect = {
    "effect": "record_consent", "purpose": "marketing", "channels": ["email"], "decision": "withdrawn",
    "step": "centre/list",
}  # fmt: skip
VARIANT: Effect = {"effect": "assign_variant", "step": "demo/which", "variant": "short", "goal": "booked"}
MEETING: Effect = {
    "effect": "confirm_meeting", "hold": "h1", "starts_at": "2026-11-24T10:00:00+01:00", "calendar": "sales",
}  # fmt: skip


async def data_of(stage: Stage, kind: str) -> list[dict[str, Any]]:
    async with stage.sessions() as session:
        told = select(TimelineEvent.data).where(TimelineEvent.kind == kind).order_by(TimelineEvent.id)
        return list(await session.scalars(told))


async def standing(stage: Stage, purpose: str, channel: str) -> str:
    contact = await contact_of(stage)
    async with stage.sessions() as session:
        states = (await consent_states(session, [contact.id], stage.clock.now()))[contact.id]
    return consent_for(states, purpose, channel).state


async def agree(stage: Stage, *channels: str) -> None:
    """Shows a consent notice and taps yes."""
    consent = {"purpose": "marketing", "channels": list(channels), "slot": "consent"}
    shown = {"text": "May we write to you?", "step": "centre/list", "input": "consent", "consent": consent}
    stage.dialogue.script = lambda _body: say() | {"replies": [shown]}
    await stage.say("show me")
    given = {**WITHDRAW, "channels": list(channels), "decision": "given"}
    await happen(stage, given, text="Yes", step="centre/list", value="yes")


async def test_tags_come_and_go_and_the_timeline_says_so_once(stage: Stage) -> None:
    await happen(stage, {"effect": "tag", "add": ["pilot", "vip"], "remove": ["cold"]})
    await happen(stage, {"effect": "tag", "add": ["pilot"], "remove": ["vip"]})
    assert (await contact_of(stage)).tags == ["pilot"]
    assert await data_of(stage, "tag_added") == [{"tag": "pilot"}, {"tag": "vip"}]
    assert await data_of(stage, "tag_removed") == [{"tag": "vip"}]


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        (["mql"], "mql"),
        (["sql", "lead"], "sql"),
        (["lead", "disqualified"], "disqualified"),
        (["disqualified", "customer"], "disqualified"),
    ],
)
async def test_a_stage_only_goes_forward_but_for_disqualification(stage: Stage, steps: list[str], ends: str) -> None:
    for step in steps:
        await happen(stage, {"effect": "set_stage", "stage": step})
    assert (await contact_of(stage)).stage == ends
    assert (await data_of(stage, "stage_changed"))[-1] == {"stage": ends}


async def test_a_variant_is_assigned_once_in_a_conversation(stage: Stage) -> None:
    await happen(stage, VARIANT)
    await happen(stage, VARIANT | {"variant": "long"})
    await happen(stage, VARIANT | {"step": "demo/other"})
    assigned = await data_of(stage, "variant_assigned")
    assert [(data["step"], data["variant"]) for data in assigned] == [("demo/which", "short"), ("demo/other", "short")]


async def test_a_meeting_is_confirmed_in_the_turn_for_the_contact(stage: Stage) -> None:
    await happen(stage, MEETING)
    contact = await contact_of(stage)
    assert stage.meetings.confirmed == [("h1", contact.id)]


async def test_a_meeting_whose_time_has_gone_is_shown_to_a_colleague(stage: Stage) -> None:
    await happen(stage, MEETING | {"hold": "gone"})
    assert await data_of(stage, "meeting_refused") == [{"calendar": "sales"}]


async def test_taking_back_a_consent_takes_back_that_one_and_stops_nothing_else(stage: Stage) -> None:
    await agree(stage, "email", "sms")
    await happen(stage, WITHDRAW)
    assert await standing(stage, "marketing", "email") == "withdrawn"
    assert await standing(stage, "marketing", "sms") == "given"
    assert stage.follow_ups.stopped == []
    assert await count(stage, Suppression) == 0
    assert await data_of(stage, "consent_withdrawn") == [{"purpose": "marketing", "channel": "email"}]


async def test_a_consent_that_was_taken_back_can_be_given_again(stage: Stage) -> None:
    await agree(stage, "email")
    await happen(stage, WITHDRAW)
    await agree(stage, "email")
    assert await standing(stage, "marketing", "email") == "given"


async def test_taking_back_is_believed_from_a_chat_that_only_typed_the_address(stage: Stage) -> None:
    email = {"effect": "capture_lead", "field": "email", "value": "ada@example.com", "slot": "email"}
    await happen(stage, email)
    await agree(stage, "email")
    await stage.begin_again()
    await happen(stage, email)
    await happen(stage, WITHDRAW)
    assert await standing(stage, "marketing", "email") == "withdrawn"


async def test_a_hand_off_tells_whether_the_team_is_there(stage: Stage) -> None:
    await happen(stage, {"effect": "hand_off", "team": "sales", "reason": "flow", "open": False})
    assert await data_of(stage, "handed_off") == [{"team": "sales", "reason": "flow", "open": False}]


@pytest.mark.parametrize(
    "wrong",
    [
        {"effect": "tag", "add": ["Not A Tag"]},
        {"effect": "tag", "add": "pilot"},
        {"effect": "tag", "add": [1]},
        {"effect": "tag", "add": [f"t{number}" for number in range(101)]},
        {"effect": "set_stage", "stage": "emperor"},
        {"effect": "set_stage"},
        {"effect": "assign_variant", "step": "demo/which"},
        {"effect": "confirm_meeting"},
        WITHDRAW | {"channels": ["all"]},
        WITHDRAW | {"purpose": "all"},
        WITHDRAW | {"channels": None},
    ],
)
async def test_what_is_wrong_is_refused_and_changes_nothing(stage: Stage, wrong: Effect) -> None:
    logged = await happen(stage, wrong)
    assert [entry["event"] for entry in logged] == ["effect_refused"]
    assert await kinds(stage) == ["conversation_started"]
    assert stage.meetings.confirmed == []
