"""A talk goes to a person and back: nobody speaks over anybody, and nothing of it is lost."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from base.database import transaction
from bot.handoff.models import Handoff
from bot.handoff.service import (
    GoesOnElsewhere,
    NotWithPerson,
    WithColleague,
    answer,
    assign,
    close,
    hand_back,
    take_over,
)
from bot.models import Conversation
from bot.resume_codes import issue_code
from bot.timers import fire_due
from tests.bot.happenings import happen
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage

ADA, GRACE = uuid4(), uuid4()
ASKED = {"effect": "hand_off", "team": "sales", "reason": "asked"}


async def handoffs(stage: Stage) -> list[Handoff]:
    async with stage.sessions() as session:
        return list(await session.scalars(select(Handoff).order_by(Handoff.asked_at, Handoff.id)))


async def talk_of(stage: Stage) -> Conversation:
    async with stage.sessions() as session:
        talk = await session.get(Conversation, stage.conversation_id)
        assert talk is not None
        return talk


async def takes(stage: Stage, user_id: UUID = ADA) -> None:
    async with transaction(stage.sessions) as session:
        await take_over(session, stage.conversation_id, user_id, stage.clock.now())


async def answers(stage: Stage, text: str, user_id: UUID = ADA, client_id: UUID | None = None) -> bool:
    async with transaction(stage.sessions) as session:
        said = await answer(
            session,
            stage.conversation_id,
            user_id=user_id,
            text=text,
            client_id=client_id or uuid4(),
            now=stage.clock.now(),
        )
    return said is not None


async def gives_back(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await hand_back(session, stage.conversation_id, stage.clock.now())


async def test_who_asks_for_a_person_waits_for_one_and_is_answered_once_by_whoever_takes_it(stage: Stage) -> None:
    await happen(stage, ASKED)
    (waiting,) = await handoffs(stage)
    assert (waiting.state, waiting.user_id, waiting.reason) == ("waiting", None, "asked")

    stage.clock.move_seconds(90)
    client_id = uuid4()
    assert await answers(stage, "Hello, this is Ada", client_id=client_id)
    assert not await answers(stage, "Hello, this is Ada", client_id=client_id), "the same again is said once"

    (taken,) = await handoffs(stage)
    assert (taken.state, taken.user_id) == ("taken", ADA)
    assert taken.answered_at - taken.asked_at == timedelta(seconds=90)
    assert (await stage.transcript())[-1] == ("person", "Hello, this is Ada")


async def test_the_bot_says_nothing_while_a_person_has_the_talk_and_goes_on_when_it_is_given_back(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("What is your name?", state={"v": 2, "stack": ["asks"]})
    await stage.say("hello")
    await takes(stage)
    asked_before = len(stage.dialogue.requests)
    await stage.say("is anybody there?")
    assert len(stage.dialogue.requests) == asked_before

    await gives_back(stage)
    stage.dialogue.script = lambda body: say(f"Thanks, {body['message']['text']}")
    await stage.say("Eve")
    assert (await stage.transcript())[-1] == ("bot", "Thanks, Eve")
    state = stage.dialogue.requests[-1]["state"]
    assert state["stack"] == ["asks"], "the question that was open still is"
    assert (state["handed_off"], state["noticed"]) == (False, False), "and the bot says anew what it is"


async def test_a_turn_that_is_under_way_when_a_person_takes_over_says_nothing(stage: Stage) -> None:
    taken = await stage.turns.take(stage.inbound("hello"))
    await takes(stage)
    await stage.turns.answer(taken.claim)
    assert await stage.transcript() == [("visitor", "hello")]
    await stage.turns.resume_waiting()
    assert await stage.transcript() == [("visitor", "hello")], "it is left to the person"


async def test_nobodys_silence_is_answered_while_a_person_has_the_talk(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say(
        "And your name?", timer={"kind": "no_reply", "seconds": 60, "step": "a/b"}
    )
    await stage.say("hello")
    await takes(stage)
    stage.clock.move_seconds(120)
    async with transaction(stage.sessions) as session:
        assert await fire_due(session, stage.clock.now()) == 0


async def test_two_colleagues_do_not_both_have_a_talk(stage: Stage) -> None:
    await happen(stage, ASKED)
    await takes(stage, ADA)
    with pytest.raises(WithColleague):
        await takes(stage, GRACE)
    with pytest.raises(WithColleague):
        await answers(stage, "me, too", GRACE)

    async with transaction(stage.sessions) as session:
        await assign(session, stage.conversation_id, team_id=None, user_id=GRACE, now=stage.clock.now())
    await answers(stage, "now it is mine", GRACE)
    (handoff,) = await handoffs(stage)
    assert (handoff.state, handoff.user_id) == ("taken", GRACE)


async def test_only_what_a_person_has_can_be_given_back(stage: Stage) -> None:
    with pytest.raises(NotWithPerson):
        await gives_back(stage)


async def test_a_talk_that_went_on_elsewhere_is_not_taken(stage: Stage) -> None:
    async with transaction(stage.sessions) as session:
        await session.execute(update(Conversation).values(status="closed"))
    with pytest.raises(GoesOnElsewhere):
        await takes(stage)


async def test_at_the_close_the_visitor_is_asked_how_it_was_and_the_tap_is_kept(stage: Stage) -> None:
    await happen(stage, ASKED)
    await answers(stage, "Done!")
    async with transaction(stage.sessions) as session:
        asked = await close(session, stage.conversation_id, stage.clock.now(), ask_rating=True)
    assert asked is not None
    assert [choice["value"] for choice in asked.data["choices"]] == ["1", "2", "3", "4", "5"]

    before = len(stage.dialogue.requests)
    await stage.say("Good", step=asked.data["step"], value="4")
    (handoff,) = await handoffs(stage)
    assert (handoff.state, handoff.ended_how, handoff.rating) == ("done", "closed", 4)
    assert (await stage.transcript())[-1] == ("bot", "Thank you for telling us.")
    assert len(stage.dialogue.requests) == before, "the dialogue knows no such question"


async def test_somebody_elses_help_cannot_be_rated(stage: Stage) -> None:
    await happen(stage, ASKED)
    await answers(stage, "Done!")
    async with transaction(stage.sessions) as session:
        asked = await close(session, stage.conversation_id, stage.clock.now(), ask_rating=True)
    assert asked is not None
    await stage.begin_again()
    await stage.say("Very bad", step=asked.data["step"], value="1")
    (handoff,) = await handoffs(stage)
    assert handoff.rating is None


async def test_nobody_is_asked_how_the_help_was_that_nobody_gave(stage: Stage) -> None:
    await happen(stage, ASKED)
    async with transaction(stage.sessions) as session:
        assert await close(session, stage.conversation_id, stage.clock.now(), ask_rating=True) is None


async def test_a_talk_that_a_person_has_takes_them_along_to_another_channel(stage: Stage) -> None:
    await happen(stage, ASKED)
    async with transaction(stage.sessions) as session:
        code = await issue_code(
            session,
            stage.keys,
            conversation_id=stage.conversation_id,
            channels=["telegram"],
            attempt_key="1",
            now=stage.clock.now(),
        )
    moved_to = await stage.turns.resume_by_code(code, channel="telegram", language="en")
    (handoff,) = await handoffs(stage)
    assert (handoff.conversation_id, handoff.state) == (moved_to, "waiting")


async def test_the_same_talk_can_be_with_a_person_again_and_each_time_is_kept(stage: Stage) -> None:
    await happen(stage, ASKED)
    await answers(stage, "hello")
    await gives_back(stage)
    stage.clock.move_seconds(60)
    await happen(stage, ASKED)
    assert [one.state for one in await handoffs(stage)] == ["done", "waiting"]
    assert (await talk_of(stage)).status == "handed_off"
