"""What every channel with a provider behind it keeps to, tried on each of them in the same words.

A channel joins by one line in `BENCHES`.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
import structlog
from sqlalchemy import text as sql

from base.database import transaction
from base.delivery_states import further
from base.ids import new_id
from bot.intake.models import InboundEvent
from bot.models import Message
from bot.rendering.capabilities import get_capabilities
from crm.consent.models import Suppression
from outreach.accounts.book import AccountBook
from outreach.models import GateDecision
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.conftest import Database
from tests.contracts.channel_bench import ChannelBench
from tests.contracts.house import House, free_port

BENCHES = (
    "tests.channels.sms.contract_bench",
    "tests.channels.email.contract_bench",
    "tests.channels.telegram.contract_bench",
    "tests.channels.voice.contract_bench",
)  # fmt: skip

CHANNELS: dict[str, type[ChannelBench]] = {
    module.split(".")[2]: import_module(module).Bench for module in BENCHES
}  # fmt: skip
SENDING = [name for name, bench in CHANNELS.items() if bench.answers_by_outbox]
REPORTING = [name for name, bench in CHANNELS.items() if bench.reports]
FORGERIES = [(name, how) for name, bench in CHANNELS.items() for how in bench.forgeries]
BEHAVIOURS = [(name, how) for name, bench in CHANNELS.items() for how in bench.behaviours]


@pytest.fixture
async def house(database: Database, keys: Any, stage: Stage) -> House:
    return House(stage, AccountBook(database.sessions, keys, fresh_for=0), free_port())


@pytest.fixture
async def bench(house: House, channel: str) -> AsyncIterator[ChannelBench]:
    async with CHANNELS[channel].put_up(house) as ready:
        yield ready


# What comes in


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_somebody_says_is_kept_by_its_providers_id_and_becomes_one_message(
    house: House, bench: ChannelBench
) -> None:
    assert 200 <= await bench.say("I would like a demo") < 300
    await house.settle()
    (event,) = await house.rows(InboundEvent)
    assert (event.channel, event.state) == (bench.channel, "done")
    assert event.provider_id
    assert await house.heard() == ["I would like a demo"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_same_message_told_again_changes_nothing(house: House, bench: ChannelBench) -> None:
    await bench.say("once")
    await house.settle()
    before = await house.count_rows()
    assert 200 <= await bench.repeat() < 300
    await house.settle()
    assert await house.count_rows() == before
    assert len(house.dialogue.requests) == 1


@pytest.mark.parametrize("channel", ["sms", "telegram"])
async def test_a_flood_that_comes_from_the_provider_is_kept_and_never_answered_429(
    house: House, bench: ChannelBench
) -> None:
    # Far above what a visitor of the web may say in a minute: a provider takes a 429 for a failure.
    statuses = {await bench.say(f"flood {number}", person=number % 2) for number in range(60)}
    assert all(200 <= status < 300 for status in statuses)
    await house.settle()
    assert len(await house.rows(InboundEvent)) == 60


@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_same_message_told_several_times_at_once_is_one(house: House, bench: ChannelBench) -> None:
    await bench.say("once")
    statuses = await asyncio.gather(*(bench.repeat() for _ in range(5)))
    await house.settle()
    assert all(200 <= status < 300 for status in statuses)
    assert await house.heard() == ["once"]
    assert len(house.dialogue.requests) == 1


@pytest.mark.parametrize("channel", SENDING)
async def test_a_message_is_acknowledged_before_its_turn_is_done(house: House, bench: ChannelBench) -> None:
    house.dialogue.may_answer.clear()
    assert 200 <= await asyncio.wait_for(bench.say("hello"), 60) < 300
    assert len(await house.rows(InboundEvent)) == 1
    assert [one for one in await house.rows(Message) if one.author == "bot"] == []
    house.dialogue.may_answer.set()
    await house.settle()
    assert [one.text for one in await house.rows(Message) if one.author == "bot"] == ["echo hello"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_one_person_says_is_answered_in_the_order_it_came(house: House, bench: ChannelBench) -> None:
    said = [f"question {number}" for number in range(6)]
    for one in said:
        await bench.say(one)
        await bench.say(f"{one} please", person=1)
    await house.settle()
    answered = [body["message"]["text"] for body in house.dialogue.requests]
    assert [one for one in answered if one in said] == said
    assert [one for one in answered if one not in said] == [f"{one} please" for one in said]


@pytest.mark.parametrize(("channel", "how"), FORGERIES)
async def test_what_does_not_come_from_the_provider_is_refused_and_leaves_no_row(
    house: House, bench: ChannelBench, how: str
) -> None:
    before = await house.count_rows()
    status = await bench.forge(how)
    await house.settle()
    assert 400 <= status < 500
    assert status != 429
    assert await house.count_rows() == before
    assert house.dialogue.requests == []


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_refused_request_takes_nothing_away_from_the_next_genuine_one(
    house: House, bench: ChannelBench
) -> None:
    await bench.forge(bench.forgeries[0])
    assert 200 <= await bench.say("I am real") < 300
    await house.settle()
    assert await house.heard() == ["I am real"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_stop_has_taken_effect_when_it_is_acknowledged(house: House, bench: ChannelBench) -> None:
    await bench.say("hello")
    await house.settle()
    await bench.say("STOP")
    stopped = {one.channel for one in await house.rows(Suppression)}
    assert stopped & {"all", bench.channel}


# What goes out


@pytest.mark.parametrize("channel", SENDING)
async def test_an_answer_leaves_through_the_outbox_with_the_gates_leave(house: House, bench: ChannelBench) -> None:
    await bench.say("hello")
    await house.settle()
    assert bench.arrived() == []
    await house.deliver()
    assert bench.arrived() == ["echo hello"]
    (row,) = await house.outbox()
    assert (row.state, row.purpose) == ("accepted", "answer")
    assert row.provider_id
    assert {one.answer for one in await house.rows(GateDecision) if one.outbox_id == row.id} == {"allow"}


@pytest.mark.parametrize("channel", SENDING)
async def test_several_things_said_arrive_in_their_order(house: House, bench: ChannelBench) -> None:
    house.dialogue.script = lambda _body: say("one", "two", "three")
    await bench.say("hello")
    await house.settle()
    for _ in range(10):
        await house.deliver()
        house.clock.move_seconds(5)
    # By mail, what is said in one turn is one mail.
    assert re.findall(r"one|two|three", "\n".join(bench.arrived())) == ["one", "two", "three"]


@pytest.mark.parametrize("channel", SENDING)
async def test_choices_can_be_seen_whatever_the_channel_shows_them_as(house: House, bench: ChannelBench) -> None:
    def ask(_body: dict[str, Any]) -> dict[str, Any]:
        answer = say("How many are you?")
        choices = [{"value": "small", "label": "1 to 10"}, {"value": "large", "label": "More than 10"}]
        answer["replies"][0] |= {"step": "demo/ask_size", "input": "choice", "choices": choices}
        return answer

    house.dialogue.script = ask
    await bench.say("hello")
    await house.settle()
    await house.deliver()
    shown = "\n".join(bench.arrived())
    assert all(words in shown for words in ("How many are you?", "1 to 10", "More than 10"))


@pytest.mark.parametrize("channel", SENDING)
async def test_a_long_text_arrives_whole_in_parts_that_the_channel_can_carry(house: House, bench: ChannelBench) -> None:
    comfortable = min(get_capabilities(bench.channel).comfortable, 8_000)
    words = [f"word{number}" for number in range(comfortable // 5)]
    house.dialogue.script = lambda _body: say(" ".join(words))
    await bench.say("hello")
    await house.settle()
    for _ in range(12):
        await house.deliver()
        house.clock.move_seconds(5)
    assert " ".join(bench.arrived()).split() == words
    assert all(len(one) <= get_capabilities(bench.channel).limit for one in bench.arrived())


@pytest.mark.parametrize(("channel", "how"), BEHAVIOURS)
async def test_what_the_provider_does_with_a_message_comes_to_what_the_table_says(
    house: House, bench: ChannelBench, how: str
) -> None:
    expected = bench.behaviours[how]
    await bench.say("hello")
    await house.settle()
    bench.play(how)
    await house.deliver()
    (row,) = await house.outbox()
    assert row.state == expected.state, row.reason
    assert (bench.arrived() == ["echo hello"]) == expected.took_it
    reasons = {(one.contact_id is not None, one.reason) for one in await house.rows(Suppression)}
    assert bool(reasons) == (expected.stops is not None)
    if expected.stops == "opted out":
        assert {reason for _, reason in reasons} == {f"{bench.channel}_provider_stop"}
        assert (True, f"{bench.channel}_provider_stop") in reasons
    if expected.stops == "dead address":
        assert not any(of_contact for of_contact, _ in reasons)
    assert await _is_held(house) == expected.holds_account


@pytest.mark.parametrize("channel", SENDING)
async def test_nothing_more_is_sent_to_somebody_who_stopped_but_that_it_was_understood(
    house: House, bench: ChannelBench
) -> None:
    house.dialogue.script = lambda _body: say("a long talk")
    await bench.say("hello")
    await bench.say("please stop sending me messages")
    await house.settle()
    for _ in range(4):
        await house.deliver()
        house.clock.move_seconds(5)
    assert "a long talk" not in bench.arrived()
    assert len(bench.arrived()) <= 1


# What is reported


@pytest.mark.parametrize("channel", REPORTING)
async def test_reports_in_any_order_and_twice_end_in_the_furthest_state(house: House, bench: ChannelBench) -> None:
    outbox_id = await _send_one(house, bench)
    for order in itertools.permutations(bench.reports, min(3, len(bench.reports))):
        async with transaction(house.sessions) as session:
            await session.execute(sql("UPDATE outbox SET state = 'accepted'"))
        reached = "accepted"
        for status in (*order, *reversed(order)):
            assert 200 <= await bench.report(outbox_id, status) < 300
            reached = further(reached, bench.reports[status])  # type: ignore[arg-type]
            assert await house.states() == [reached]


@pytest.mark.parametrize("channel", REPORTING)
async def test_a_report_about_nothing_of_ours_is_acknowledged_and_changes_nothing(
    house: House, bench: ChannelBench
) -> None:
    await _send_one(house, bench)
    before = await house.count_rows()
    assert 200 <= await bench.report(new_id(), next(iter(bench.reports))) < 300
    assert await house.count_rows() == before
    assert await house.states() == ["accepted"]


@pytest.mark.parametrize("channel", REPORTING)
async def test_a_forged_report_is_refused(house: House, bench: ChannelBench) -> None:
    outbox_id = await _send_one(house, bench)
    for status in bench.reports:
        assert 400 <= await bench.forge_report(outbox_id, status) < 500
    assert await house.states() == ["accepted"]


# What is kept to oneself


@pytest.mark.parametrize("channel", CHANNELS)
async def test_no_log_holds_a_credential_an_address_or_what_was_said(
    house: House, bench: ChannelBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as ours:
        await bench.say("my secret is swordfish")
        for how in bench.forgeries:
            await bench.forge(how)
        await house.settle()
        for how in ("take", *bench.behaviours):
            bench.play(how)
            await bench.say("swordfish again")
            await house.settle()
            if bench.answers_by_outbox:
                await house.deliver()
            house.clock.move_seconds(3600)
        for status in bench.reports:
            await bench.report((await house.outbox())[0].id, status)
            await bench.forge_report((await house.outbox())[0].id, status)
    everything = f"{ours}\n{caplog.text}"
    assert ours, "nothing was logged, so this proves nothing"
    for secret in (*bench.secrets, "swordfish"):
        assert secret not in everything


async def _send_one(house: House, bench: ChannelBench) -> UUID:
    await bench.say("hello")
    await house.settle()
    await house.deliver()
    (row,) = await house.outbox()
    assert row.state == "accepted"
    return row.id


async def _is_held(house: House) -> bool:
    async with house.sessions() as session:
        held = await session.scalar(
            sql("SELECT count(*) FROM send_buckets WHERE held_until > :now"), {"now": house.clock.now()}
        )
    return bool(held)
