"""Texts from end to end but for the dialogue: carriers' words, pictures, retries, reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text as sql

from base.database import transaction
from bot.files.models import ConversationFile
from bot.intake.models import InboundEvent
from bot.models import Message
from channels.sms.simulator import Answer, Service
from channels.sms.webhook import OVERRIDES, inbound_url
from crm.consent.models import Suppression
from outreach.accounts.book import AccountBook
from tests.bot.scripted_dialogue import say
from tests.bot.stage import Stage
from tests.channels.sms.contract_bench import OURS, PEOPLE, Bench
from tests.conftest import Database
from tests.contracts.house import House, free_port

PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


@pytest.fixture
async def house(database: Database, keys: Any, stage: Stage) -> House:
    return House(stage, AccountBook(database.sessions, keys, fresh_for=0), free_port())


@pytest.fixture
async def bench(house: House) -> AsyncIterator[Bench]:
    async with Bench.put_up(house) as ready:
        yield ready


async def in_a_service_that_answers(house: House, bench: Bench) -> Service:
    """The number moves into a messaging service with Advanced Opt-Out, and the account with it."""
    service = Service([bench.number], advanced_opt_out=True)
    service.inbound_request_url = inbound_url(house.public_url, bench.account_id) + OVERRIDES
    bench.twilio.state.services.append(service)
    async with transaction(house.sessions) as session:
        await session.execute(sql("UPDATE channel_accounts SET address = :sid"), {"sid": service.sid})
    return service


async def said_by_the_bot(house: House) -> list[str]:
    return [one.text for one in await house.rows(Message) if one.author == "bot"]


async def test_a_stop_that_twilio_answered_holds_and_is_not_confirmed_a_second_time(house: House, bench: Bench) -> None:
    shown: list[str] = []
    bench.twilio.on_text = lambda _phone, words: shown.append(words)
    await bench.twilio.text(PEOPLE[0], bench.number, "STOP")
    await house.settle()
    await house.deliver()
    assert {one.channel for one in await house.rows(Suppression)} == {"all"}
    assert await said_by_the_bot(house) == []
    assert len(shown) == 1  # Twilio's own


@pytest.mark.parametrize("word", ["STOP", "NOMORE"])
async def test_what_advanced_opt_out_read_as_a_stop_is_one_here_too(house: House, bench: Bench, word: str) -> None:
    await in_a_service_that_answers(house, bench)
    form = {**bench.twilio.inbound_form(PEOPLE[0], bench.number, word), "OptOutType": "STOP"}
    called = await bench.twilio.bring(bench.number, form)
    assert called is not None
    assert called.was_taken
    await house.settle()
    assert {one.channel for one in await house.rows(Suppression)} == {"all"}
    assert await said_by_the_bot(house) == []
    assert house.dialogue.requests == []


async def test_a_stop_in_other_words_is_confirmed_by_us_once(house: House, bench: Bench) -> None:
    for _ in range(2):
        await bench.say("please stop texting me")
        await house.settle()
    await house.deliver()
    assert bench.arrived() == ["<stopped en>"]


async def test_help_is_answered_with_who_we_are_unless_the_operators_own_words_went_out(
    house: House, bench: Bench
) -> None:
    await bench.say("HELP")
    await house.settle()
    await house.deliver()
    assert bench.arrived() == ["<help_keyword en>"]
    await in_a_service_that_answers(house, bench)
    form = {**bench.twilio.inbound_form(PEOPLE[1], bench.number, "HELP"), "OptOutType": "HELP"}
    await bench.twilio.bring(bench.number, form)
    await house.settle()
    await house.deliver()
    assert bench.arrived() == ["<help_keyword en>"]


async def test_start_opens_what_stop_closed_at_twilio_and_here(house: House, bench: Bench) -> None:
    await bench.twilio.text(PEOPLE[0], bench.number, "STOP")
    await house.settle()
    await bench.twilio.text(PEOPLE[0], bench.number, "START")
    await house.settle()
    assert {one.channel for one in await house.rows(Suppression)}.isdisjoint({"sms", "all"})
    await bench.say("hello again")
    await house.settle()
    await house.deliver()
    assert bench.arrived() == ["echo hello again"]
    # Twilio has answered START itself.
    assert "<started_again en>" not in await said_by_the_bot(house)


async def test_a_stop_that_twilio_knew_and_we_did_not_is_kept_for_good(house: House, bench: Bench) -> None:
    await bench.say("hello")
    await house.settle()
    bench.twilio.state.blocked.add((OURS, PEOPLE[0]))
    await house.deliver()
    assert bench.arrived() == []
    bench.twilio.state.blocked.clear()
    await bench.say("one more")
    await house.settle()
    await house.deliver()
    assert await house.states() == ["failed", "skipped"]
    assert {one.reason for one in await house.rows(Suppression)} == {"sms_provider_stop"}


async def test_a_picture_is_fetched_from_twilio_where_a_question_asks_for_one(house: House, bench: Bench) -> None:
    def ask(_body: dict[str, Any]) -> dict[str, Any]:
        answer = say("Please send a picture.")
        limits = {"accept": ["image"], "max_megabytes": 1}
        answer["replies"][0] |= {"step": "demo/ask_plan", "input": "file", "limits": limits}
        return answer

    house.dialogue.script = ask
    await bench.say("I have a plan")
    await house.settle()
    name = bench.twilio.keep_media("image/png", PICTURE)
    called = await bench.twilio.text(PEOPLE[0], bench.number, "see attached", media=(name,))
    assert called is not None
    assert called.was_taken
    await house.settle()
    (kept,) = await house.rows(ConversationFile)
    assert kept.data == PICTURE
    messages = [body["message"] for body in house.dialogue.requests[1:]]
    assert [(one["kind"], one["text"]) for one in messages] == [("text", "see attached"), ("file", "file-1.png")]


async def test_while_the_database_is_away_twilio_tells_it_again_and_it_is_one_message(
    house: House, bench: Bench
) -> None:
    async with transaction(house.sessions) as session:
        await session.execute(sql("ALTER TABLE inbound_events RENAME TO away"))
    called = await bench.twilio.text(PEOPLE[0], bench.number, "are you there?")
    assert called is not None
    assert called.statuses == (500,) * 4
    async with transaction(house.sessions) as session:
        await session.execute(sql("ALTER TABLE away RENAME TO inbound_events"))
    form = bench.twilio.inbound_form(PEOPLE[0], bench.number, "are you there?")
    for _ in range(2):
        called = await bench.twilio.bring(bench.number, form)
        assert called is not None
        assert called.statuses == (200,)
    await house.settle()
    assert await house.heard() == ["are you there?"]


async def test_an_acknowledgement_says_nothing_by_itself(house: House, bench: Bench) -> None:
    called = await bench.twilio.text(PEOPLE[0], bench.number, "hello")
    assert called is not None
    assert called.body == '<?xml version="1.0" encoding="UTF-8"?><Response />'


async def test_a_text_from_what_is_no_phone_is_acknowledged_and_left_alone(house: House, bench: Bench) -> None:
    called = await bench.twilio.text("12345", bench.number, "WIN A PRIZE")
    assert called is not None
    assert called.statuses == (200,)
    assert await house.rows(InboundEvent) == []


async def test_reports_come_while_the_answer_is_still_awaited_and_nothing_goes_out_twice(
    house: House, bench: Bench
) -> None:
    """Twilio takes the message, the line breaks, and the report is the first that is heard of it."""
    bench.twilio.reports_by_itself = True
    bench.twilio.state.script = lambda _sent: Answer("take and break", statuses=("sent", "delivered"))
    await bench.say("hello")
    await house.settle()
    await house.deliver()
    await bench.twilio.drain()
    for _ in range(3):
        house.clock.move_seconds(3600)
        await house.deliver()
    assert await house.states() == ["delivered"]
    assert bench.arrived() == ["echo hello"]
