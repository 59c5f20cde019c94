"""Talks with a bot from end to end: a person on a local Telegram, the webhook, turns, the outbox and back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from base.database import transaction
from bot.conversations import start_conversation
from bot.files.models import ConversationFile
from bot.intake.models import InboundEvent
from bot.models import Conversation
from bot.needs import PlatformNeeds
from channels.telegram.settings import deep_link
from crm.consent.suppression import list_suppressions
from crm.contacts.models import Contact, ContactPoint
from crm.contacts.service import read_addresses
from tests.bot.scripted_dialogue import Answer, say
from tests.channels.telegram.stage import TelegramStage

SIZES = [{"value": "small", "label": "1 to 10"}, {"value": "large", "label": "More"}]
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"


def asking(**reply: Any) -> Answer:
    answer = say("How many are you?")
    answer["replies"][0] |= {"step": "demo/ask_size", **reply}
    return answer


def heard(stage: TelegramStage) -> list[tuple[str, Any]]:
    messages = [body["message"] for body in stage.house.dialogue.requests]
    return [(one["kind"], one.get("value") or one.get("text") or None) for one in messages]


async def talk_of(stage: TelegramStage) -> Conversation:
    (talk,) = [one for one in await stage.house.rows(Conversation) if one.channel == "telegram"]
    return talk


async def suppressed(stage: TelegramStage) -> dict[str, str]:
    contact_id = (await talk_of(stage)).contact_id
    assert contact_id is not None
    async with stage.house.sessions() as session:
        return (await list_suppressions(session, [contact_id]))[contact_id]


async def test_the_start_button_opens_the_talk_and_what_is_written_is_answered_in_order(stage: TelegramStage) -> None:
    ada = stage.person(language="de")
    stage.house.dialogue.script = lambda body: say(f"{body['message']['kind']} one", f"{body['message']['text']} two")
    ada.starts()
    await stage.settle()
    ada.says("a demo, please")
    await stage.settle()
    assert ada.sees == ["start one", "two", "text one", "a demo, please two"]
    talk = await talk_of(stage)
    assert talk.account_id == stage.account.id
    async with stage.house.sessions() as session:
        contact = await session.get(Contact, talk.contact_id)
        assert contact is not None
        assert contact.language == "de"
        addresses = await read_addresses(session, stage.house.keys, [talk.contact_id])  # type: ignore[list-item]
    assert addresses[talk.contact_id] == {"telegram": str(ada.id)}  # type: ignore[index]


async def test_a_burst_is_told_in_order_and_loses_nothing(stage: TelegramStage) -> None:
    people = [stage.person(f"Person {number}") for number in range(5)]
    for number in range(4):
        for person in people:
            person.says(f"{person.id} says {number}")
    await stage.settle()
    said = [value for _, value in heard(stage)]
    for person in people:
        assert [one for one in said if one.startswith(str(person.id))] == [
            f"{person.id} says {number}" for number in range(4)
        ]


async def test_a_button_is_tapped_once_shows_what_was_chosen_and_stops_waiting(stage: TelegramStage) -> None:
    ada = stage.person()

    def script(body: dict[str, Any]) -> Answer:
        return asking(input="choice", choices=SIZES) if body["message"]["kind"] == "start" else say("Thanks")

    stage.house.dialogue.script = script
    ada.starts()
    await stage.settle()
    question = ada.last
    assert question.labels == ["1 to 10", "More"]
    both = [button["callback_data"] for row in question.buttons for button in row]
    # As fast as nobody can: the second tap is on its way before the keyboard has changed.
    ada.taps_data(question, both[1])
    ada.taps_data(question, both[0])
    await stage.settle()
    assert heard(stage) == [("start", None), ("choice", "large")]
    assert question.labels == ["✓ More"]
    assert len(stage.bot.answered) == 2
    ada.taps("More")
    await stage.settle()
    assert len(stage.bot.answered) == 3
    assert len(heard(stage)) == 2
    assert ada.sees == ["How many are you?", "Thanks"]


async def test_a_tap_made_up_by_a_changed_program_is_nobodys_choice(stage: TelegramStage) -> None:
    ada, bob = stage.person(), stage.person("Bob")
    stage.house.dialogue.script = lambda _body: asking(input="choice", choices=SIZES)
    ada.starts()
    bob.starts()
    await stage.settle()
    stage.house.dialogue.requests.clear()
    adas = ada.last.buttons[0][0]["callback_data"]
    bob.taps_data(bob.last, adas)
    bob.taps_data(bob.last, "0" * 32 + ".0")
    await stage.settle()
    assert heard(stage) == []


async def test_a_number_is_shared_with_a_tap_and_counts_only_as_ones_own(stage: TelegramStage) -> None:
    ada = stage.person()
    stage.house.dialogue.script = lambda _body: asking(input="phone")
    ada.starts()
    await stage.settle()
    assert [[button["text"] for button in row] for row in ada.chat.keyboard] == [["Share my phone number"]]
    ada.shares_number("+14155550199", whose=4711, name="Somebody else")
    await stage.settle()
    assert heard(stage)[-1][0] == "file", "the dialogue says that it takes no such thing"
    assert [one.kind for one in await stage.house.rows(ContactPoint)] == ["telegram"]
    stage.house.dialogue.script = lambda _body: say("Thank you")
    ada.shares_number("+14155552671")
    await stage.settle()
    assert heard(stage)[-1] == ("text", "+14155552671")
    points = {one.kind: one.verified_at for one in await stage.house.rows(ContactPoint)}
    assert points["phone"] is not None
    assert ada.chat.keyboard == []


async def test_a_file_is_fetched_where_one_is_asked_for_within_its_bounds(stage: TelegramStage) -> None:
    ada = stage.person()
    ask = asking(input="file", limits={"accept": ["image"], "max_megabytes": 1})
    stage.house.dialogue.script = lambda _body: ask
    ada.sends_file("photo", PICTURE)
    await stage.settle()
    assert await stage.house.rows(ConversationFile) == [], "nobody had asked for it"
    ada.sends_file("photo", PICTURE, caption="our plan")
    await stage.settle()
    (kept,) = await stage.house.rows(ConversationFile)
    assert kept.data == PICTURE
    ada.sends_file("document", b"x" * (1024 * 1024 + 1), name="large.png")
    ada.sends_other("location", {"latitude": 1.0, "longitude": 2.0})
    await stage.settle()
    kinds = heard(stage)
    assert kinds[:2] == [("file", "photo.jpg"), ("text", "our plan")]
    assert kinds[2] == ("file", str(kept.id))
    assert kinds[3:] == [("file", "large.png"), ("file", "location")]
    assert len(await stage.house.rows(ConversationFile)) == 1


async def test_edited_messages_and_groups_are_passed_over(stage: TelegramStage) -> None:
    ada = stage.person()
    ada.says("hello")
    await stage.settle()
    before = await stage.house.count_rows()
    ada.edits("hallo")
    group = {"id": -1001, "type": "supergroup", "title": "Us"}
    stage.bot.tell("message", {"message_id": 1, "date": 1, "chat": group, "from": ada.chat.user, "text": "hi @bot"})
    await stage.settle()
    assert await stage.house.count_rows() == before


async def test_stop_help_and_start_work_as_commands(stage: TelegramStage) -> None:
    ada = stage.person()

    def script(body: dict[str, Any]) -> Answer:
        return say(f"echo {body['message']['text']}") if body["message"]["kind"] == "text" else say()

    stage.house.dialogue.script = script
    ada.says("hello")
    await stage.settle()
    ada.says("/help@northwind_bot")
    await stage.settle()
    ada.says("/stop")
    await stage.settle()
    assert await suppressed(stage) == {"all": "telegram_keyword"}
    ada.says("are you there?")
    await stage.settle()
    ada.starts()
    await stage.settle()
    assert "telegram" not in await suppressed(stage)
    assert ada.sees == ["echo hello", "<help_keyword en>", "<stopped en>", "<started_again en>"]
    ada.says("good")
    await stage.settle()
    assert ada.sees[-1] == "echo good"


async def test_blocking_the_bot_stops_the_channel_and_only_start_opens_it_again(stage: TelegramStage) -> None:
    ada = stage.person()
    ada.says("hello")
    await stage.settle()
    ada.blocks()
    await stage.telegram.settled(stage.bot)
    assert await suppressed(stage) == {"telegram": "telegram_provider_stop"}
    ada.unblocks()
    ada.says("hello again")
    await stage.settle()
    assert await suppressed(stage) == {"telegram": "telegram_provider_stop"}
    assert ada.sees == ["echo hello"]
    ada.starts()
    await stage.settle()
    assert await suppressed(stage) == {}
    assert ada.sees == ["echo hello", "<started_again en>"]


async def test_a_block_that_nobody_told_us_of_is_found_when_sending(stage: TelegramStage) -> None:
    ada = stage.person()
    ada.says("hello")
    await stage.telegram.settled(stage.bot)
    await stage.house.settle()
    ada.chat.blocked = True
    await stage.house.deliver()
    assert await suppressed(stage) == {"telegram": "telegram_provider_stop"}
    assert await stage.house.states() == ["failed"]


async def web_talk_with_code(stage: TelegramStage, effects: list[dict[str, Any]]) -> tuple[UUID, dict[str, Any]]:
    """A talk on the web in which the visitor leaves something and is told how to go on in Telegram."""
    told: dict[str, Any] = {}
    need = {"need": "resume_code", "step": "demo/move", "channels": ["telegram"]}

    def script(body: dict[str, Any]) -> Answer:
        if body["message"]["kind"] != "result":
            return say(state={"v": 2, "slots": {"goal": "demo"}}, need=need, effects=effects)
        told.update(body["message"]["value"])
        return say("Open the link", state={"v": 2, "slots": {"goal": "demo"}})

    async def link_to(channel: str, code: str) -> str | None:
        return deep_link(stage.account.address, code) if channel == "telegram" else None

    inner = stage.house.stage
    inner.turns._decider._needs = PlatformNeeds(
        inner.sessions, inner.keys, inner.clock, "https://shop.example", link_to=link_to
    )
    async with transaction(inner.sessions) as session:
        web_talk = await start_conversation(
            session, channel="web", language="en", time_zone=None, page_url=None, now=inner.clock.now(), opening=None
        )
    inner.conversation_id = web_talk
    stage.house.dialogue.script = script
    await inner.say("in Telegram, please")
    stage.house.dialogue.script = lambda body: say(f"{body['message']['kind']} {body['state']}")
    return web_talk, told


async def test_a_link_takes_a_visitor_of_the_web_chat_to_their_telegram_chat(stage: TelegramStage) -> None:
    email = {"effect": "capture_lead", "field": "email", "value": "ada@example.com", "slot": "email"}
    web_talk, told = await web_talk_with_code(stage, [email])
    assert told["link"] == f"https://t.me/northwind_bot?start={told['code']}"
    ada = stage.person(language=None)
    ada.starts(told["link"].partition("start=")[2])
    await stage.settle()
    assert ada.sees == ["resume {'v': 2, 'slots': {'goal': 'demo'}}"]
    talk = await talk_of(stage)
    async with stage.house.sessions() as session:
        left = (await session.scalars(select(Conversation).where(Conversation.id == web_talk))).one()
        addresses = await read_addresses(session, stage.house.keys, [talk.contact_id])  # type: ignore[list-item]
    assert (left.status, left.moved_to, left.contact_id) == ("closed", talk.id, talk.contact_id)
    assert addresses[talk.contact_id] == {"email": "ada@example.com", "telegram": str(ada.id)}  # type: ignore[index]
    ada.says("on we go")
    await stage.settle()
    assert ada.sees[-1].startswith("text ")


async def test_a_code_that_was_used_opens_nothing_for_the_next(stage: TelegramStage) -> None:
    _, told = await web_talk_with_code(stage, [])
    stage.person().starts(told["code"])
    await stage.settle()
    stage.house.dialogue.requests.clear()
    stage.person("Eve").starts(told["code"])
    await stage.settle()
    assert heard(stage) == [("text", told["code"])]


@pytest.mark.parametrize("told_again", [1, 3])
async def test_an_update_that_is_told_again_changes_nothing(stage: TelegramStage, told_again: int) -> None:
    ada = stage.person()
    update = ada.says("once")
    await stage.settle()
    before = await stage.house.count_rows()
    for _ in range(told_again):
        stage.bot.pending.append(update or {})
        stage.bot.news.set()
    await stage.settle()
    assert await stage.house.count_rows() == before


async def test_after_a_quiet_week_numbers_begin_anew_and_nothing_is_taken_for_old(stage: TelegramStage) -> None:
    ada = stage.person()
    first = ada.says("before")
    await stage.settle()
    assert first is not None
    stage.bot.count_updates_from(first["update_id"])
    ada.says("after")
    stage.bot.count_updates_from(5)
    ada.says("much later")
    await stage.settle()
    assert [value for _, value in heard(stage)] == ["before", "after", "much later"]


async def test_what_is_kept_of_an_update_shows_neither_number_nor_words(stage: TelegramStage) -> None:
    ada = stage.person()
    stage.house.dialogue.script = lambda _body: asking(input="choice", choices=SIZES)
    ada.starts()
    await stage.settle()
    ada.taps("More")
    await stage.settle()
    async with stage.house.sessions() as session:
        dump = str((await session.execute(text("SELECT * FROM inbound_events"))).all())
    assert len(await stage.house.rows(InboundEvent)) == 2
    assert str(ada.id) not in dump
    assert stage.bot.token not in dump
