"""How an operator brings a bot in: what is asked and set, and what a check says in plain words."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from base.channel_contract import Finding
from base.errors import InvalidInput
from channels.telegram.settings import can_be_called, deep_link, read_told, settings_that_follow, webhook_secret
from channels.telegram.setup import TelegramSetup
from channels.telegram.simulator import Answer
from channels.telegram.simulator.state import Webhook
from channels.telegram.webhook import webhook_url
from outreach.accounts.service import Account
from tests.channels.telegram.stage import TelegramStage, staged_bot
from tests.contracts.house import House

SETUP = TelegramSetup()
TOKEN = "7000000001:" + "s" * 35


def texts(findings: list[Finding], level: str) -> str:
    return " ".join(one.text for one in findings if one.level == level)


async def check(stage: TelegramStage, account: Account | None = None) -> list[Finding]:
    return await SETUP.check(account or stage.account, public_url=stage.house.public_url)


async def test_the_bots_name_is_asked_of_telegram_and_its_pace_is_kept(stage: TelegramStage) -> None:
    told = {"token": stage.bot.token, "api_url": stage.telegram.url}
    address, settings = await SETUP.prepare(told, public_url="https://shop.example")
    assert address == "northwind_bot"
    assert settings == {"mode": "webhook", "per_second": 30.0, "seconds_apart": 1.0}
    account = replace(stage.account, settings=settings)
    assert account.per_second == 30.0
    assert account.apart is not None
    assert account.apart.total_seconds() == 1


@pytest.mark.parametrize(
    ("public_url", "mode"),
    [
        ("https://shop.example", "webhook"),
        ("https://shop.example:8443", "webhook"),
        ("https://shop.example:8080", "polling"),
        ("http://shop.example", "polling"),
        ("http://127.0.0.1:8080", "polling"),
        ("https://localhost", "polling"),
        ("https://[not", "polling"),
    ],
)
def test_updates_come_by_webhook_only_where_telegram_can_call_the_site(public_url: str, mode: str) -> None:
    assert settings_that_follow({}, public_url=public_url)["mode"] == mode
    assert can_be_called(public_url) == (mode == "webhook")
    assert settings_that_follow({"mode": "polling"}, public_url=public_url)["mode"] == "polling"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "BotFather"),
        ({"token": "abc"}, "BotFather"),
        ({"token": TOKEN + " x"}, "BotFather"),
        ({"token": TOKEN, "mode": "carrier pigeon"}, "webhook"),
        ({"token": TOKEN, "link_preview": "sometimes"}, "yes or no"),
        ({"token": TOKEN, "api_url": "https://evil.example"}, "simulator"),
        ({"token": TOKEN, "api_url": "http://10.0.0.1:80"}, "simulator"),
        ({"token": TOKEN, "api_url": "http://127.0.0.1:80/elsewhere"}, "simulator"),
    ],
)
def test_what_cannot_be_right_is_said_so_without_the_token(told: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_told(told)
    assert words in refused.value.message
    assert TOKEN not in refused.value.message


@pytest.mark.parametrize("told", ["0", "-1", "fast", "1001"])
def test_a_pace_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(InvalidInput):
        settings_that_follow({"per_second": told}, public_url="https://shop.example")


async def test_a_token_that_telegram_does_not_know_is_not_kept(stage: TelegramStage) -> None:
    with pytest.raises(InvalidInput, match="does not know this token"):
        await SETUP.prepare({"token": TOKEN, "api_url": stage.telegram.url}, public_url="https://shop.example")


async def test_the_webhook_is_set_with_a_secret_and_one_connection_and_nothing_that_waits_is_dropped(
    stage: TelegramStage,
) -> None:
    stage.bot.webhook = None
    stage.person().says("I wrote before")
    findings = await stage.set_webhook()
    assert {one.level for one in findings} == {"ok"}
    call = next(call for method, call in reversed(stage.bot.calls) if method == "setWebhook")
    assert call["url"] == webhook_url(stage.house.public_url, stage.account.id)
    assert call["secret_token"] == webhook_secret(stage.account.id, stage.bot.token)
    assert call["max_connections"] == "1"
    await stage.settle()
    assert await stage.house.heard() == ["I wrote before"]


def test_the_secret_is_of_the_account_and_the_token_and_tells_neither() -> None:
    account = uuid4()
    one = webhook_secret(account, TOKEN)
    assert one == webhook_secret(account, TOKEN)
    assert len({one, webhook_secret(uuid4(), TOKEN), webhook_secret(account, TOKEN + "x")}) == 3
    assert 1 <= len(one) <= 256
    assert set(one) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert not any(part in one for part in TOKEN.split(":"))


async def test_the_menu_is_set_in_four_languages(stage: TelegramStage) -> None:
    private = {language: menu for (scope, language), menu in stage.bot.commands.items() if scope == "all_private_chats"}
    assert set(private) == {"", "de", "es", "fr"}
    assert {tuple(one["command"] for one in menu) for menu in private.values()} == {("start", "help", "stop")}
    assert len({str(menu) for menu in private.values()}) == 4


async def test_a_bot_in_order_is_found_in_order(stage: TelegramStage) -> None:
    stage.bot.can_join_groups = False
    assert {one.level for one in await check(stage)} == {"ok"}
    assert not any(method.startswith(("set", "delete")) for method, _ in stage.bot.calls[-3:]), (
        "a check changes nothing"
    )


async def test_everything_that_is_amiss_is_said_with_what_to_do(stage: TelegramStage) -> None:
    assert "groups" in texts(await check(stage), "warning")
    renamed = replace(stage.account, address="old_name_bot")
    assert "@old_name_bot" in texts(await check(stage, renamed), "warning")
    stage.bot.commands.clear()
    assert "menu" in texts(await check(stage), "warning")
    assert stage.bot.webhook is not None
    stage.bot.webhook.max_connections = 40
    assert "out of order" in texts(await check(stage), "warning")
    stage.bot.allowed = ["message"]
    assert "kinds of updates" in texts(await check(stage), "missing")
    stage.bot.webhook.url = "https://elsewhere.example/hook"
    assert "another address" in texts(await check(stage), "missing")
    stage.bot.webhook = None
    findings = await check(stage)
    assert "no address" in texts(findings, "missing")
    remedies = [one.remedy for one in findings if one.level == "missing"]
    assert remedies == ["Run `parley channels webhook telegram --name main`."]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Wrong response from the webhook: 403 Forbidden", "refused it"),
        ("Wrong response from the webhook: 503 Service Unavailable", "log"),
        ("Connection timed out", "in time"),
        ("SSL error {error:0A000086:SSL routines::certificate verify failed}", "certificate"),
        ("Failed to resolve host: Name or service not known", "not known"),
        ("Something nobody has seen", "Something nobody has seen"),
    ],
)
async def test_what_telegram_says_went_wrong_is_put_in_plain_words(stage: TelegramStage, said: str, words: str) -> None:
    stage.bot.last_error = (int(time.time()), said)
    assert words in texts(await check(stage), "warning")
    stage.bot.last_error = (int(time.time()) - 90_000, said)
    assert words not in texts(await check(stage), "warning")


async def test_updates_that_pile_up_are_seen(stage: TelegramStage) -> None:
    stage.bot.webhook = None
    for number in range(21):
        stage.person().says(f"message {number}")
    assert "21 updates wait" in texts(await check(stage), "warning")
    stage.bot.pending.clear()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(401, "Unauthorized"), "does not know this token"),
        (Answer(502, "Bad Gateway"), "502"),
        (Answer(hangs_up=True), "no answer"),
    ],
)
async def test_a_telegram_that_does_not_answer_as_it_should_is_a_finding_not_an_error(
    stage: TelegramStage, answer: Answer, words: str
) -> None:
    stage.bot.script["getMe"] = [answer]
    assert words in texts(await check(stage), "missing")
    stage.bot.script["setWebhook"] = [answer]
    assert words in texts(list(await stage.set_webhook()), "missing")


async def test_a_telegram_that_cannot_be_reached_is_a_finding(stage: TelegramStage) -> None:
    await stage.telegram.stop()
    assert "could not be reached" in texts(await check(stage), "missing")


async def test_a_webhook_that_telegram_turns_down_points_to_the_sites_address(stage: TelegramStage) -> None:
    stage.bot.script["setWebhook"] = [Answer(400, "Bad Request: bad webhook: IP address 10.0.0.1 is reserved")]
    (finding,) = await stage.set_webhook()
    assert finding.level == "missing"
    assert "PARLEY_PUBLIC_URL" in (finding.remedy or "")


async def test_a_real_bot_on_a_site_that_cannot_be_called_is_told_what_to_do() -> None:
    settings: dict[str, Any] = {"mode": "webhook"}
    account = Account(uuid4(), "telegram", "main", "a_bot", settings, {"token": TOKEN})
    (finding,) = await SETUP.set_webhook(account, public_url="http://127.0.0.1:8080")
    assert finding.level == "missing"
    assert "mode=polling" in (finding.remedy or "")


async def test_a_bot_that_is_asked_for_updates_has_no_webhook(house: House) -> None:
    async with staged_bot(house, mode="polling") as stage:
        stage.bot.can_join_groups = False
        stage.bot.webhook = Webhook("https://old.example/hook", None, [], 40)
        assert "this account asks for them" in texts(await check(stage), "missing")
        findings = await stage.set_webhook()
        assert "until the running site asks" in texts(list(findings), "ok")
        assert stage.bot.webhook is None
        assert {one.level for one in await check(stage)} == {"ok"}


def test_the_link_of_a_talk_opens_the_bot_with_its_code() -> None:
    assert deep_link("northwind_bot", "K7M2QX") == "https://t.me/northwind_bot?start=K7M2QX"
