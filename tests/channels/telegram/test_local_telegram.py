"""The local Telegram as python-telegram-bot's own client sees it: the protocol is not as we alone read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import (
    Bot,
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError

from channels.telegram.simulator import Answer, LocalTelegram, Person, SimulatedBot

BUTTONS = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Yes", callback_data="y"), InlineKeyboardButton("No", callback_data="n")]]
)


@pytest.fixture(autouse=True)
def durations_of_the_future(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library warns of durations as numbers unless it is told so."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def telegram() -> AsyncIterator[LocalTelegram]:
    local = LocalTelegram()
    await local.start()
    yield local
    await local.stop()


@pytest.fixture
async def simulated(telegram: LocalTelegram) -> SimulatedBot:
    return telegram.add_bot("northwind_bot")


@pytest.fixture
async def ada(telegram: LocalTelegram, simulated: SimulatedBot) -> Person:
    return telegram.person(simulated, "Ada", language="de")


@pytest.fixture
async def bot(telegram: LocalTelegram, simulated: SimulatedBot) -> AsyncIterator[Bot]:
    client = Bot(simulated.token, base_url=f"{telegram.url}/bot", base_file_url=f"{telegram.url}/file/bot")
    async with client:
        yield client


async def test_a_bot_is_who_it_was_made(bot: Bot, simulated: SimulatedBot) -> None:
    me = await bot.get_me()
    assert (me.id, me.username, me.is_bot, me.can_join_groups) == (simulated.id, "northwind_bot", True, True)


async def test_a_wrong_token_is_turned_away(telegram: LocalTelegram, bot: Bot) -> None:
    stranger = Bot("123456:nobodys", base_url=f"{telegram.url}/bot")
    with pytest.raises(InvalidToken):
        await stranger.get_me()


async def test_updates_are_told_until_the_next_are_asked_for(bot: Bot, ada: Person) -> None:
    ada.starts("K7M2QX")
    ada.says("hello")
    first = await bot.get_updates(timeout=0)
    assert [one.message.text for one in first if one.message] == ["/start K7M2QX", "hello"]
    (command,) = first[0].message.entities  # type: ignore[union-attr]
    assert (command.type, command.length) == ("bot_command", 6)
    assert await bot.get_updates(timeout=0) == first
    assert await bot.get_updates(offset=first[0].update_id + 1, timeout=0) == first[1:]
    assert await bot.get_updates(offset=first[1].update_id + 1, timeout=0) == ()
    assert await bot.get_updates(timeout=0) == ()
    sender = first[0].effective_user
    assert sender is not None
    assert (sender.first_name, sender.language_code) == ("Ada", "de")


async def test_a_question_for_updates_waits_for_one(bot: Bot, ada: Person) -> None:
    asked = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    assert not asked.done()
    ada.says("here I am")
    (update,) = await asyncio.wait_for(asked, 2)
    assert update.message is not None
    assert update.message.text == "here I am"


async def test_of_two_questions_for_updates_the_older_is_ended(telegram: LocalTelegram, bot: Bot, ada: Person) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=5))
    await asyncio.sleep(0.1)
    async with Bot(bot.token, base_url=f"{telegram.url}/bot") as other_process:
        newer = asyncio.create_task(other_process.get_updates(timeout=5))
        with pytest.raises(Conflict):
            await older
        ada.says("hello")
        assert len(await newer) == 1


async def test_kinds_that_are_not_wanted_are_not_told(bot: Bot, ada: Person) -> None:
    await bot.get_updates(timeout=0, allowed_updates=["message"])
    ada.says("hello")
    ada.edits("hallo")
    ada.blocks()
    assert [one.message is not None for one in await bot.get_updates(timeout=0)] == [True]


async def test_what_a_bot_sends_is_shown_and_taps_come_back(bot: Bot, ada: Person, simulated: SimulatedBot) -> None:
    ada.starts()
    sent = await bot.send_message(ada.id, "Shall we?", reply_markup=BUTTONS)
    assert (ada.sees, ada.last.labels) == (["Shall we?"], ["Yes", "No"])
    ada.taps("No")
    query = (await bot.get_updates(timeout=0))[-1].callback_query
    assert query is not None
    assert (query.data, query.message.message_id) == ("n", sent.message_id)  # type: ignore[union-attr]
    assert await bot.answer_callback_query(query.id)
    assert simulated.answered == [query.id]
    only = InlineKeyboardMarkup([[InlineKeyboardButton("No", callback_data="x")]])
    await bot.edit_message_reply_markup(ada.id, sent.message_id, reply_markup=only)
    assert ada.last.labels == ["No"]
    with pytest.raises(BadRequest, match=r"(?i)not modified"):
        await bot.edit_message_reply_markup(ada.id, sent.message_id, reply_markup=only)
    with pytest.raises(BadRequest, match=r"(?i)query is too old"):
        await bot.answer_callback_query("1")


async def test_a_keyboard_to_share_ones_number_comes_and_goes(bot: Bot, ada: Person) -> None:
    ada.starts()
    share = ReplyKeyboardMarkup([[KeyboardButton("Share", request_contact=True)]], one_time_keyboard=True)
    await bot.send_message(ada.id, "Your number?", reply_markup=share)
    assert [button["text"] for row in ada.chat.keyboard for button in row] == ["Share"]
    ada.shares_number("+14155552671")
    contact = (await bot.get_updates(timeout=0))[-1].message.contact  # type: ignore[union-attr]
    assert contact is not None
    assert (contact.phone_number, contact.user_id) == ("14155552671", ada.id)
    await bot.send_message(ada.id, "Thanks", reply_markup=ReplyKeyboardRemove())
    assert ada.chat.keyboard == []


async def test_files_go_both_ways(bot: Bot, ada: Person, simulated: SimulatedBot) -> None:
    ada.sends_file("document", b"%PDF-1.4 plan", name="plan.pdf", mime="application/pdf", caption="the plan")
    ada.sends_file("photo", b"a picture")
    first, second = await bot.get_updates(timeout=0)
    document = first.message.document  # type: ignore[union-attr]
    assert document is not None
    assert (document.file_name, document.mime_type, first.message.caption) == (
        "plan.pdf",
        "application/pdf",
        "the plan",
    )  # type: ignore[union-attr]
    assert bytes(await (await document.get_file()).download_as_bytearray()) == b"%PDF-1.4 plan"
    largest = second.message.photo[-1]  # type: ignore[union-attr]
    assert bytes(await (await largest.get_file()).download_as_bytearray()) == b"a picture"
    await bot.send_photo(ada.id, b"\x89PNG of ours", caption="See?")
    kind, file_id = ada.last.media or ("", "")
    assert (kind, simulated.files[file_id][1]) == ("photo", b"\x89PNG of ours")
    await bot.send_document(ada.id, "https://shop.example/terms.pdf")
    assert ada.last.media == ("document", "https://shop.example/terms.pdf")
    for url in ("http://127.0.0.1/plan.png", "http://10.0.0.1/plan.png", "http://printer/plan.png"):
        with pytest.raises(BadRequest, match=r"(?i)failed to get http url content"):
            await bot.send_photo(ada.id, url)


@pytest.mark.parametrize(
    ("text", "words"), [("", "text is empty"), ("x" * 4097, "too long"), ("🙂" * 2049, "too long")]
)
async def test_a_text_that_cannot_be_shown_is_refused(bot: Bot, ada: Person, text: str, words: str) -> None:
    ada.starts()
    with pytest.raises(BadRequest, match=words):
        await bot.send_message(ada.id, text)
    await bot.send_message(ada.id, "🙂" * 2048)


async def test_who_cannot_be_written_to_is_named_as_telegram_names_it(bot: Bot, ada: Person) -> None:
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(ada.id, "hello")
    ada.starts()
    ada.blocks()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(ada.id, "hello")
    ada.chat.deactivated = True
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(ada.id, "hello")
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(1, "hello")
    standings = [one.my_chat_member for one in await bot.get_updates(timeout=0) if one.my_chat_member]
    assert [one.new_chat_member.status for one in standings] == ["kicked"]


async def test_floods_are_held_back_by_chat(bot: Bot, ada: Person, simulated: SimulatedBot) -> None:
    ada.starts()
    simulated.keeps_limits = True
    await bot.send_message(ada.id, "one")
    with pytest.raises(RetryAfter) as refused:
        await bot.send_message(ada.id, "two")
    assert refused.value.retry_after == timedelta(seconds=1)
    await asyncio.sleep(1)
    await bot.send_message(ada.id, "two")


async def test_a_button_that_carries_too_much_is_refused(bot: Bot, ada: Person) -> None:
    ada.starts()
    with pytest.raises(BadRequest, match=r"(?i)button_data_invalid"):
        await bot.send_message(
            ada.id, "?", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="x" * 65)]])
        )


async def test_the_menu_of_commands_is_kept_by_language(bot: Bot) -> None:
    await bot.set_my_commands([BotCommand("start", "Begin")])
    await bot.set_my_commands([BotCommand("start", "Beginnen")], language_code="de")
    assert [one.description for one in await bot.get_my_commands()] == ["Begin"]
    assert [one.description for one in await bot.get_my_commands(language_code="de")] == ["Beginnen"]
    with pytest.raises(BadRequest):
        await bot.set_my_commands([BotCommand("start", "")])


class Receiver:
    """Somebody's webhook."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.told: list[tuple[str | None, Any]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        status = self.statuses.pop(0) if self.statuses else 200
        self.told.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), await request.json()))
        return web.Response(status=status)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    ready = Receiver()
    app = web.Application()
    app.router.add_post("/hook", ready.handle)
    server = TestServer(app)
    await server.start_server()
    ready.url = str(server.make_url("/hook"))
    yield ready
    await server.close()


async def test_updates_are_brought_with_the_secret_in_order_and_again_until_they_are_taken(
    telegram: LocalTelegram, bot: Bot, simulated: SimulatedBot, ada: Person, receiver: Receiver
) -> None:
    receiver.statuses = [500, 503]
    ada.says("one")
    await bot.set_webhook(receiver.url, secret_token="a-Secret_1", allowed_updates=["message"], max_connections=1)
    ada.says("two")
    await telegram.settled(simulated)
    assert [content["message"]["text"] for _, content in receiver.told] == ["one", "one", "one", "two"]
    assert {secret for secret, _ in receiver.told} == {"a-Secret_1"}
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (receiver.url, 0, 1)
    assert info.last_error_message == "Wrong response from the webhook: 503 Service Unavailable"
    with pytest.raises(Conflict):
        await bot.get_updates(timeout=0)
    await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("http://shop.example/hook", "ok"),
        ("https://shop.example:8080/hook", "ok"),
        ("https://shop.example/hook", "not allowed!"),
    ],
)
async def test_a_webhook_that_telegram_would_not_take_is_refused(bot: Bot, url: str, secret: str) -> None:
    with pytest.raises(BadRequest):
        await bot.set_webhook(url, secret_token=secret)


async def test_what_is_scripted_comes_once(bot: Bot, simulated: SimulatedBot) -> None:
    simulated.script["getMe"] = [Answer(502, "Bad Gateway")]
    with pytest.raises(TelegramError):
        await bot.get_me()
    assert (await bot.get_me()).id == simulated.id
