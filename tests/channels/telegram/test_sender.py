"""What leaves: plain text whatever it looks like, pictures or their addresses; the token in no log and no error."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import structlog

from base.logging import configure_logging
from channels.telegram.api import Bots, NoAnswer, TurnedDown, Unreachable
from channels.telegram.sender import TelegramSender
from channels.telegram.settings import TelegramAccount
from channels.telegram.simulator import Answer, Person
from outreach.ports import Accepted, Envelope, InDoubt, Refused, RetryLater
from tests.bot.scripted_dialogue import say
from tests.channels.telegram.stage import TelegramStage, staged_bot
from tests.contracts.house import House, free_port

PICTURE = {"kind": "image", "url": "https://shop.example/plan.png", "alt": "A floor plan"}


def envelope(stage: TelegramStage, person: Person | None, text: str = "Hello", **content: Any) -> Envelope:
    return Envelope(
        outbox_id=uuid4(),
        contact_id=uuid4(),
        conversation_id=uuid4(),
        attempt=1,
        channel="telegram",
        purpose="answer",
        language="en",
        address=None if person is None else str(person.id),
        subject=None,
        text=text,
        account_id=stage.account.id,
        content=content,
    )


async def send(stage: TelegramStage, message: Envelope) -> object:
    assert stage.house.sender is not None
    return await stage.house.sender.send(message)


@pytest.fixture
async def ada(stage: TelegramStage) -> Person:
    person = stage.person()
    person.chat.started = True
    return person


def last_call(stage: TelegramStage) -> dict[str, Any]:
    return stage.bot.calls[-1][1]


@pytest.mark.parametrize(
    "text", ["*bold* _and_ `code`", "<b>bold</b> & more", "[a](https://evil.example)", "1. a\n2. b", "@channel #tag"]
)
async def test_a_text_arrives_as_it_is_and_nothing_in_it_is_markup(
    stage: TelegramStage, ada: Person, text: str
) -> None:
    assert isinstance(await send(stage, envelope(stage, ada, text)), Accepted)
    assert ada.sees == [text]
    assert "parse_mode" not in last_call(stage)


@pytest.mark.parametrize(("told", "shown"), [("no", False), ("yes", True)])
async def test_links_are_shown_as_cards_only_where_the_operator_wants_that(
    house: House, told: str, shown: bool
) -> None:
    async with staged_bot(house, link_preview=told) as stage:
        ada = stage.person()
        ada.chat.started = True
        await send(stage, envelope(stage, ada, "See https://shop.example"))
        assert ada.last.preview is shown


async def test_a_picture_goes_by_its_address_with_the_text_under_it_and_the_choices(
    stage: TelegramStage, ada: Person
) -> None:
    await send(stage, envelope(stage, ada, "The plan", media=PICTURE, buttons=["Yes"], of=str(uuid4())))
    assert ada.last.media == ("photo", "https://shop.example/plan.png")
    assert (ada.last.text, ada.last.labels) == ("The plan", ["Yes"])


@pytest.mark.parametrize(
    ("media", "words"),
    [
        (PICTURE, "The plan\nhttps://shop.example/plan.png"),
        (
            {"kind": "file", "url": "https://shop.example/plan.docx", "alt": ""},
            "The plan\nhttps://shop.example/plan.docx",
        ),
    ],
)
async def test_what_telegram_cannot_fetch_is_said_as_an_address(
    stage: TelegramStage, ada: Person, media: dict[str, str], words: str
) -> None:
    for method in ("sendPhoto", "sendDocument"):
        stage.bot.script[method] = [Answer(400, "Bad Request: failed to get HTTP URL content")]
    assert isinstance(await send(stage, envelope(stage, ada, "The plan", media=media)), Accepted)
    assert ada.sees == [words]


async def test_a_picture_alone_that_cannot_be_fetched_is_described(stage: TelegramStage, ada: Person) -> None:
    private = {**PICTURE, "url": "http://127.0.0.1/plan.png"}
    await send(stage, envelope(stage, ada, "", media=private))
    assert ada.sees == ["A floor plan\nhttp://127.0.0.1/plan.png"]


async def test_a_picture_for_somebody_who_blocked_us_is_not_tried_again_as_text(
    stage: TelegramStage, ada: Person
) -> None:
    ada.chat.blocked = True
    outcome = await send(stage, envelope(stage, ada, "The plan", media=PICTURE))
    assert isinstance(outcome, Refused)
    assert outcome.opted_out
    assert [method for method, _ in stage.bot.calls if method.startswith("send")] == ["sendPhoto"]


async def test_a_message_needs_an_address_and_a_bot_in_use(stage: TelegramStage, ada: Person) -> None:
    nowhere = await send(stage, envelope(stage, None))
    assert isinstance(nowhere, Refused)
    assert nowhere.rule == "no_address"
    gone = await send(stage, replace(envelope(stage, ada), account_id=uuid4()))
    assert isinstance(gone, Refused)
    assert gone.rule == "no_account"


async def test_without_a_bot_nothing_is_configured_and_the_command_is_named(house: House) -> None:
    await house.accounts.refresh(now=True)
    missing = TelegramSender(house.accounts, Bots()).configured()
    assert missing is not None
    assert "parley channels add telegram" in missing


async def test_a_flood_is_waited_out_and_everything_arrives_once(stage: TelegramStage) -> None:
    ada = stage.person()
    stage.bot.script["sendMessage"] = [Answer(429, "Too Many Requests: retry after 3", retry_after=3)]
    ada.says("hello")
    await stage.telegram.settled(stage.bot)
    await stage.house.settle()
    await stage.house.deliver()
    assert ada.sees == []
    stage.house.clock.move_seconds(2)
    await stage.house.deliver()
    assert ada.sees == []
    stage.house.clock.move_seconds(120)
    await stage.house.deliver()
    assert ada.sees == ["echo hello"]


async def test_the_pace_of_a_chat_keeps_to_what_telegram_asks(stage: TelegramStage) -> None:
    """The local Telegram counts by the clock on the wall; the house's is moved as much as is waited for."""
    stage.bot.keeps_limits = True
    stage.house.dialogue.script = lambda _body: say("one", "two", "three")
    ada = stage.person()
    ada.says("hello")
    await stage.telegram.settled(stage.bot)
    await stage.house.settle()
    for _ in range(3):
        await stage.house.deliver()
        await asyncio.sleep(1.05)
        stage.house.clock.move_seconds(1)
    assert ada.sees == ["one", "two", "three"]
    assert [method for method, _ in stage.bot.calls].count("sendMessage") == 3


# Errors, exactly


@pytest.fixture
def account() -> TelegramAccount:
    return TelegramAccount("7000000001:" + "s" * 35, "7000000001", api_url=f"http://127.0.0.1:{free_port()}")


async def test_a_telegram_that_is_not_there_was_not_reached(account: TelegramAccount) -> None:
    bots = Bots()
    with pytest.raises(Unreachable):
        await bots.of(account).get_me()
    await bots.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(hangs_up=True), NoAnswer),
        (Answer(200, body=b"<html>"), NoAnswer),
        (Answer(200, body=b'{"ok": true}'), NoAnswer),
        (Answer(200, body=b"[]"), NoAnswer),
        (Answer(502, body=b"<html>Bad Gateway</html>"), TurnedDown),
        (Answer(400, body=b'{"parameters": 5}'), TurnedDown),
        (Answer(429, body=b'{"parameters": {"retry_after": "soon"}}'), TurnedDown),
        (Answer(302, body=b""), TurnedDown),
    ],
)
async def test_each_end_of_a_call_is_told_apart(stage: TelegramStage, answer: Answer, error: type[Exception]) -> None:
    stage.bot.script["getMe"] = [answer]
    with pytest.raises(error):
        await stage.bots.of(stage.typed).get_me()


async def test_an_answer_that_takes_too_long_is_in_doubt(
    stage: TelegramStage, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.telegram.api._ANSWER", 0.3)
    await stage.bots.close()
    stage.bot.script["sendMessage"] = [Answer(delay=1)]
    assert isinstance(await send(stage, envelope(stage, ada)), InDoubt)


# The token


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything every library writes, as a process of ours writes it at its most talkative."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with redirect_stderr(written):
        configure_logging(level="DEBUG")
        yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_the_token_stands_in_no_log_no_error_and_no_outcome(house: House, logs: io.StringIO) -> None:
    async with staged_bot(house) as stage:
        token = stage.bot.token
        ada = stage.person()
        ada.chat.started = True
        echo = f"/bot{token}/sendMessage".encode()
        answers = [
            Answer(),
            Answer(404, body=b"no page " + echo),
            Answer(200, body=b"a proxy's page about " + echo),
            Answer(400, f"Bad Request: {token}"),
            Answer(502, body=echo),
            Answer(hangs_up=True),
            Answer(429, f"Too Many Requests {token}", retry_after=1),
        ]
        told: list[object] = []
        for answer in answers:
            stage.bot.script["sendMessage"] = [answer]
            told.append(await send(stage, envelope(stage, ada, "swordfish")))
        await stage.telegram.stop()
        told.append(await send(stage, envelope(stage, ada, "swordfish")))
        assert isinstance(told[-1], RetryLater)
        await stage.bots.close()
        broken = Bots().of(TelegramAccount(token, "7", api_url="http://[not an address"))
        with pytest.raises(Exception) as raised:
            await broken.get_me()
        told += [repr(raised.value), repr(raised.value.__cause__), repr(raised.value.__context__), repr(broken)]
        told += [repr(stage.account), repr(stage.typed)]
    structlog.get_logger().info("something_of_ours")
    written = logs.getvalue()
    assert "something_of_ours" in written, "nothing was written, so this proves nothing"
    for secret in (token, token.partition(":")[2]):
        assert secret not in written
        assert secret not in json.dumps([str(one) for one in told])
    assert "swordfish" not in written
