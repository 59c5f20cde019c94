"""The opt-out words of the carriers: carried out whatever the dialogue does, and nothing stays open behind them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from structlog.testing import capture_logs

from base.database import transaction
from bot.conversations import start_conversation
from bot.deciding import STOP_PATIENCE
from bot.models import Conversation, Message
from bot.publishing.live import NothingPublished
from bot.stopping import close_state, is_stopped_state
from bot.turns import MAX_ATTEMPTS
from crm.timeline.models import TimelineEvent
from tests.bot.happenings import kinds
from tests.bot.scripted_dialogue import STATE_TOO_NEW, Answer, say
from tests.bot.stage import Stage

OPEN: dict[str, Any] = {
    "v": 2, "slots": {"goal": "demo"}, "stack": [{"flow": "demo", "step": "ask_size"}], "ended": None,
    "awaits": None, "clarify": None, "handed_off": False,
}  # fmt: skip
CLOSED = {**OPEN, "stack": [], "ended": "opted_out"}
TIMER = {"kind": "no_reply", "step": "demo/ask_size", "seconds": 60}


async def conversation(stage: Stage) -> Conversation:
    async with stage.sessions() as session:
        return (await session.scalars(select(Conversation))).one()


async def test_the_dialogue_ends_its_flows_and_says_nothing_of_its_own(stage: Stage) -> None:
    def script(body: dict[str, Any]) -> Answer:
        if body["message"]["kind"] != "stopped":
            return say("how many are you?", state=OPEN, timer=TIMER)
        ends = {"effect": "end_flow", "flow": "demo", "outcome": "opted_out"}
        return say("but wait", state=CLOSED, effects=[ends, {"effect": "enrol_in_journey", "journey": "win_back"}])

    stage.dialogue.script = script
    await stage.say("hello")
    await stage.say("STOP")
    assert (await stage.transcript())[-2:] == [("visitor", "STOP"), ("bot", "<stopped en>")]
    row = await conversation(stage)
    assert (row.state, row.timer, row.timer_due_at, row.debounce_ms) == (CLOSED, None, None, 0)
    assert stage.follow_ups.enrolled == []
    assert (await kinds(stage))[-2:] == ["opted_out", "flow_ended"]


@pytest.mark.parametrize(
    "answer", [503, 500, STATE_TOO_NEW, {"nothing": 1}, say("no", state=OPEN), say(state={"v": 2, "ended": None})]
)
async def test_whatever_the_dialogue_answers_the_person_is_stopped_and_nothing_stays_open(
    stage: Stage, answer: Any
) -> None:
    stage.dialogue.script = lambda _body: say("how many are you?", state=OPEN, timer=TIMER)
    await stage.say("hello")
    stage.dialogue.script = lambda _body: answer
    await stage.say("unsubscribe")
    assert len(stage.follow_ups.stopped) == 1
    row = await conversation(stage)
    assert (row.state, row.timer_due_at) == (CLOSED, None)
    async with stage.sessions() as session:
        assert await session.scalar(select(TimelineEvent.id).where(TimelineEvent.kind == "opted_out")) is not None


async def test_a_dialogue_that_hangs_holds_no_opt_out_up(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("how many are you?", state=OPEN)
    await stage.say("hello")
    stage.dialogue.delay = STOP_PATIENCE + 20
    with capture_logs() as logged:
        await stage.say("STOP")
    stage.dialogue.delay = 0
    assert [entry["error"] for entry in logged] == ["TimeoutError"], "its own, much longer, time was not waited for"
    assert len(stage.follow_ups.stopped) == 1


async def test_an_opt_out_before_the_opening_was_answered_leaves_nothing_to_open(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: 503
    async with transaction(stage.sessions) as session:
        stage.conversation_id = await start_conversation(
            session, channel="web", language="en", time_zone=None, page_url=None, now=stage.clock.now()
        )
    await stage.say("STOP")
    stage.dialogue.script = lambda _body: say("welcome!")
    await stage.turns.resume_waiting()
    assert await stage.transcript() == [("visitor", "STOP"), ("bot", "<stopped en>")]


async def test_an_opt_out_whose_turns_broke_is_carried_out_and_not_handed_over(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("how many are you?", state=OPEN)
    await stage.say("hello")
    taken = await stage.turns.take(stage.inbound("STOP"))
    async with transaction(stage.sessions) as session:
        # Its process died with it again and again.
        await session.execute(update(Message).where(Message.id == taken.message_id).values(turn_attempts=MAX_ATTEMPTS))
        await session.execute(update(Conversation).values(turn_claimed_until=None))
    await stage.turns.resume_waiting()
    assert (await stage.transcript())[-1] == ("bot", "<stopped en>")
    assert len(stage.follow_ups.stopped) == 1
    assert (await conversation(stage)).status == "open"


async def test_an_opt_out_needs_no_words_of_ours(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_live(_name: str, _language: str, _channel: str) -> str:
        raise NothingPublished

    monkeypatch.setattr(stage.turns._decider, "_wording", nothing_live)
    await stage.say("STOP")
    assert await stage.transcript() == [("visitor", "STOP")]
    assert len(stage.follow_ups.stopped) == 1


async def test_a_state_that_cannot_be_kept_holds_no_opt_out_up(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("how many are you?", state=OPEN)
    await stage.say("hello")
    stage.dialogue.script = lambda _body: say(state={**CLOSED, "slots": {"goal": float("nan"), "size": "\0"}})
    await stage.say("STOP")
    assert len(stage.follow_ups.stopped) == 1
    assert (await conversation(stage)).state == CLOSED


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.none() | st.dictionaries(st.sampled_from([*OPEN, "declined", "facts"]), _json))
def test_a_closed_state_is_closed_keeps_what_was_told_and_stays_as_it_is(state: dict[str, Any] | None) -> None:
    closed = close_state(state)
    assert is_stopped_state(closed)
    assert closed.get("slots") == ({} if state is None else state.get("slots"))
    assert close_state(closed) == closed
