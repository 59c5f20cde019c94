"""A message that was not understood is on the list when its turn is committed, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update

from base.database import transaction
from bot.models import Conversation, Message
from bot.understanding.gaps import SeenGap, read_gap
from bot.understanding.models import Gap
from bot.understanding.words import read_words
from bot.vectors import write_vector
from crm.consent.ledger import ConsentFact, record_consent_event
from tests.bot.scripted_dialogue import Answer, say
from tests.bot.stage import Stage

VECTOR = write_vector([0.6, 0.8])


def missed(text: str = "Sorry?", *, reason: str = "missed", **answer: Any) -> Answer:
    """A turn's answer with a gap."""
    ranking = [["out_of_scope", 0.5], ["ask_pricing", 0.25]]
    gap = {"reason": reason, "vector": VECTOR, "encoder": "words/1"}
    return {**say(text, **answer), "understood": {"intent": "out_of_scope", "ranking": ranking, "gap": gap}}


async def gaps(stage: Stage) -> list[Gap]:
    async with stage.sessions() as session:
        return list(await session.scalars(select(Gap).order_by(Gap.created_at)))


async def test_a_message_that_was_missed_is_on_the_list_with_what_it_may_have_meant(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: missed()
    await stage.say("do you ship to the moon")
    (gap,) = await gaps(stage)
    assert (gap.reason, gap.status, gap.language, gap.encoder) == ("missed", "open", "en", "words/1")
    assert (gap.intent, gap.confidence, gap.created_at) == ("ask_pricing", 0.25, stage.clock.now())
    assert gap.embedding == pytest.approx([0.6, 0.8])
    async with stage.sessions() as session:
        assert await read_words(session, [gap.message_id]) == {gap.message_id: "do you ship to the moon"}


async def test_a_thought_in_several_messages_is_one_gap_with_all_its_words(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: say("Go on.", debounce=3)
    await stage.say("hello")
    stage.dialogue.script = lambda _body: missed()
    await stage.say("do you ship")
    await stage.say("to the moon")
    stage.clock.move(timedelta(seconds=20))
    await stage.turns.resume(stage.conversation_id)
    (gap,) = await gaps(stage)
    async with stage.sessions() as session:
        assert list((await read_words(session, [gap.message_id])).values()) == ["do you ship\nto the moon"]


async def test_a_message_that_was_understood_costs_no_statement_more(stage: Stage) -> None:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    engine = stage.sessions.kw["bind"].sync_engine
    await stage.say("hello")
    event.listen(engine, "before_cursor_execute", note)
    await stage.say("hello again")
    understood = len(statements)
    stage.dialogue.script = lambda _body: missed()
    await stage.say("do you ship to the moon")
    event.remove(engine, "before_cursor_execute", note)
    assert [one for one in statements if "understanding_gaps" in one] == statements[understood:][-2:-1], (
        "one statement, in the turn that has a gap"
    )
    assert understood == 2, "it is stored, and its turn ends"
    assert len(statements) == understood + 4, "stored, held, noted as a gap, ended"


@pytest.mark.parametrize(
    "effect",
    [{"effect": "opt_out", "scope": "everything"}, {"effect": "privacy_request", "kind": "erase"}],
)
async def test_opt_outs_and_privacy_requests_are_never_on_the_list(stage: Stage, effect: dict[str, Any]) -> None:
    stage.dialogue.script = lambda _body: missed(effects=[effect])
    await stage.say("take me out of that thing")
    assert await gaps(stage) == []


async def test_an_opt_out_that_the_platform_reads_itself_is_none(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: missed()
    await stage.say("stop")
    assert await gaps(stage) == []


async def test_nothing_is_learned_from_who_objected_to_being_profiled(stage: Stage) -> None:
    captured = {"effect": "capture_lead", "field": "email", "value": "ada@example.com", "slot": "email"}
    stage.dialogue.script = lambda _body: missed(effects=[captured])
    await stage.say("gibberish one")
    stage.dialogue.script = lambda _body: missed()
    await stage.say("gibberish two")
    assert len(await gaps(stage)) == 2
    async with stage.sessions() as session:
        contact_id = await session.scalar(select(Conversation.contact_id))
    assert contact_id is not None
    fact = ConsentFact(
        event="withdrawn", principal_ref=contact_id, purpose="profiling", channel="all", controller="Northwind",
        language="en", method="chat", actor="subject", effective_at=stage.clock.now(),
    )  # fmt: skip
    async with transaction(stage.sessions) as session:
        await record_consent_event(session, fact, stage.clock.now())
    await stage.say("gibberish three")
    assert len(await gaps(stage)) == 2


async def test_a_gap_seen_before_something_was_needed_is_kept(stage: Stage) -> None:
    """A question below the bar goes on with a step that needs facts: the gap is told before the turn is over."""
    need = {"need": "facts", "step": "hello/branch"}
    stage.dialogue.script = lambda body: (
        say("A colleague knows.") if body["message"]["kind"] == "result" else missed(reason="below_bar", need=need)
    )
    await stage.say("who painted this ceiling")
    assert [gap.reason for gap in await gaps(stage)] == ["below_bar"]


async def test_a_turn_that_lost_its_claim_leaves_nothing(stage: Stage) -> None:
    async def steal() -> None:
        async with transaction(stage.sessions) as session:
            await session.execute(update(Conversation).values(turn_fence=Conversation.turn_fence + 1))

    stage.system.meanwhile = steal
    need = {"need": "http", "step": "hello/call", "connector": "crm", "method": "GET", "path": "/"}
    stage.dialogue.script = lambda body: missed(need=None if body["message"]["kind"] == "result" else need)
    await stage.say("do you ship to the moon")
    assert await gaps(stage) == []


async def test_a_gap_is_erased_with_its_message(stage: Stage) -> None:
    stage.dialogue.script = lambda _body: missed()
    await stage.say("do you ship to the moon")
    async with transaction(stage.sessions) as session:
        await session.execute(delete(Message).where(Message.text == "do you ship to the moon"))
        assert await session.scalar(select(func.count()).select_from(Gap)) == 0


@pytest.mark.parametrize(
    ("understood", "gap"),
    [
        ({}, None),
        ({"gap": None}, None),
        ({"gap": {"reason": "bored", "vector": VECTOR, "encoder": "e"}}, None),
        ({"gap": {"reason": "missed"}}, SeenGap("missed", None, 0.0)),
        ({"gap": {"reason": "missed", "vector": "?", "encoder": "e"}}, SeenGap("missed", None, 0.0)),
        ({"gap": {"reason": "missed", "vector": VECTOR, "encoder": "e\0"}}, SeenGap("missed", None, 0.0)),
        (
            {"gap": {"reason": "clarified"}, "ranking": [["a\0", 0.9], "b", ["c", float("nan")], ["d", 7]]},
            SeenGap("clarified", "d", 1.0),
        ),
    ],
)
def test_nothing_malformed_is_believed(understood: dict[str, Any], gap: SeenGap | None) -> None:
    assert read_gap(understood) == gap
