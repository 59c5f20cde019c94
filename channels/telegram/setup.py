"""How an operator brings a bot in: Telegram tells its name, webhook and menu are set, all of it is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from telegram import BotCommand, BotCommandScopeAllPrivateChats, User, WebhookInfo
from telegram.error import TelegramError

from base.channel_contract import AccountField, Finding
from base.errors import InvalidInput
from channels.telegram.api import BotAPI, Bots, TurnedDown, Unreachable
from channels.telegram.settings import (
    PER_SECOND,
    WEBHOOK_PORTS,
    TelegramAccount,
    can_be_called,
    read_account,
    read_told,
    settings_that_follow,
    webhook_secret,
)
from channels.telegram.updates import UPDATE_KINDS
from channels.telegram.webhook import webhook_url
from outreach.accounts.service import Account

_COMMANDS = Path(__file__).with_name("commands.yml")
_MAX_CONNECTIONS = 1
"""Telegram then brings one update after the other, so that nobody's messages overtake each other."""
_LATELY = timedelta(hours=1)
_MANY_WAIT = 20
_AGAIN = "parley channels webhook telegram --name {name}"


class TelegramSetup:
    """Fulfils the server's port `ChannelSetup`."""

    channel = "telegram"
    fields: Sequence[AccountField] = (
        AccountField(
            "token",
            "Bot token",
            "In Telegram, send @BotFather /newbot (or /token for a bot that you have) and copy what it gives.",
            secret=True,
        ),
        AccountField(
            "mode",
            "How updates come",
            "webhook: Telegram calls this site, which needs a public https address. polling: we ask Telegram, from "
            "anywhere. Left empty: webhook where the site's address allows it.",
            required=False,
        ),
        AccountField(
            "per_second",
            "Messages a second",
            "How many messages may leave in a second. Telegram takes about 30 of a bot, more only of those who pay.",
            required=False,
            default=str(PER_SECOND),
        ),
        AccountField(
            "link_preview",
            "Show links as cards",
            "yes: under a message with a link Telegram shows a card of the page. no: the link alone.",
            required=False,
            default="no",
        ),
    )

    async def prepare(self, told: Mapping[str, str], *, public_url: str) -> tuple[str, Mapping[str, Any]]:
        """The bot's name, asked of Telegram, and the settings that follow.

        Raises:
            InvalidInput: the token is none, or Telegram does not know it.
        """
        typed, settings = read_told(told), settings_that_follow(told, public_url=public_url)
        bots = Bots()
        try:
            me = await bots.of(typed).get_me()
        except TelegramError as error:
            raise InvalidInput(_in_words(error).text) from None
        finally:
            await bots.close()
        return _name_of(me), settings

    async def check(self, account: Account, *, public_url: str) -> list[Finding]:
        """Whether Telegram knows the bot, and whether updates come as they should."""
        typed, bots = read_account(account), Bots()
        bot = bots.of(typed)
        try:
            me = await bot.get_me()
            info = await bot.get_webhook_info()
            commands = await bot.get_my_commands(scope=BotCommandScopeAllPrivateChats())
        except TelegramError as error:
            return [_in_words(error)]
        finally:
            await bots.close()
        again = _AGAIN.format(name=account.name)
        findings = [*_check_bot(me, account), *_check_way(typed, account, info, public_url), *_check_trouble(info)]
        if not commands:
            findings.append(Finding("warning", "The bot's menu of commands is empty.", f"Run `{again}`."))
        return findings

    async def set_webhook(self, account: Account, *, public_url: str) -> list[Finding]:
        """Has Telegram bring updates here, or keep them until we ask; sets the menu. What waits is not dropped."""
        typed, bots = read_account(account), Bots()
        if typed.mode == "webhook" and not (can_be_called(public_url) or typed.is_simulated):
            return [_cannot_be_called(public_url)]
        bot = bots.of(typed)
        try:
            if typed.mode == "webhook":
                await bot.set_webhook(
                    webhook_url(public_url, account.id),
                    secret_token=webhook_secret(account.id, typed.token),
                    allowed_updates=list(UPDATE_KINDS),
                    max_connections=_MAX_CONNECTIONS,
                    drop_pending_updates=False,
                )
                done = f"Telegram brings updates to {webhook_url(public_url, account.id)}."
            else:
                await bot.delete_webhook(drop_pending_updates=False)
                done = "Telegram keeps updates until the running site asks for them."
            await _set_commands(bot)
        except TelegramError as error:
            return [_in_words(error)]
        finally:
            await bots.close()
        return [Finding("ok", done), Finding("ok", "The menu has /start, /help and /stop in four languages.")]


def _name_of(me: User) -> str:
    return me.username or str(me.id)


def _in_words(error: TelegramError) -> Finding:
    if isinstance(error, Unreachable):
        return Finding("missing", "Telegram could not be reached.", "Check that this machine may reach the internet.")
    if isinstance(error, TurnedDown) and error.status in (401, 404):
        return Finding("missing", "Telegram does not know this token.", "Ask @BotFather for it with /token.")
    if isinstance(error, TurnedDown) and error.status == 400:
        return Finding(
            "missing",
            "Telegram does not take the site's address as webhook.",
            "PARLEY_PUBLIC_URL must be an https address that the internet can reach, with a valid certificate.",
        )
    return Finding("missing", str(error), "Try again in a moment.")


def _check_bot(me: User, account: Account) -> list[Finding]:
    name = _name_of(me)
    findings = [Finding("ok", f"Telegram knows the bot @{name}.")]
    if name.lower() != account.address.lower():
        findings.append(
            Finding(
                "warning",
                f"The bot was called @{account.address} when it was added: links of talks still name that.",
                f"Add it again: `parley channels add telegram --name {account.name}`.",
            )
        )
    if me.can_join_groups:
        findings.append(
            Finding(
                "warning",
                "The bot can be added to groups, where it says nothing.",
                "Turn that off: @BotFather, /setjoingroups, Disable.",
            )
        )
    return findings


def _check_way(typed: TelegramAccount, account: Account, info: WebhookInfo, public_url: str) -> list[Finding]:
    """Whether updates come the way the account says."""
    again = f"Run `{_AGAIN.format(name=account.name)}`."
    if typed.mode == "polling":
        if info.url:
            return [Finding("missing", "Updates go to a webhook, but this account asks for them.", again)]
        return [Finding("ok", "Updates are asked for by the running site.")]
    if not (can_be_called(public_url) or typed.is_simulated):
        return [_cannot_be_called(public_url)]
    if info.url != webhook_url(public_url, account.id):
        told = "another address" if info.url else "no address"
        return [Finding("missing", f"Telegram was told {told} for updates.", again)]
    findings = [Finding("ok", f"Telegram brings updates to {info.url}.")]
    if set(info.allowed_updates or ()) != set(UPDATE_KINDS):
        findings.append(Finding("missing", "Telegram does not bring all kinds of updates that are needed.", again))
    if info.max_connections != _MAX_CONNECTIONS:
        findings.append(
            Finding("warning", "Telegram brings several updates at once: messages may be answered out of order.", again)
        )
    return findings


def _check_trouble(info: WebhookInfo) -> list[Finding]:
    """What Telegram says of its own attempts."""
    findings: list[Finding] = []
    waiting = info.pending_update_count
    if waiting > _MANY_WAIT:
        findings.append(
            Finding(
                "warning", f"{waiting} updates wait at Telegram.", "They come as soon as they are taken; look again."
            )
        )
    if info.last_error_date is not None and datetime.now(UTC) - info.last_error_date < _LATELY:
        when = f"{info.last_error_date:%Y-%m-%d %H:%M} UTC"
        findings.append(
            Finding(
                "warning",
                f"The last attempt to bring an update failed ({when}): {_explain(info.last_error_message or '')}",
                "If updates wait, this is why. An error that is over stays listed for an hour.",
            )
        )
    return findings


_TROUBLE = (
    ("wrong response from the webhook: 403", "this site refused it; set the webhook again."),
    ("wrong response from the webhook: 404", "there is no such page; something before this site sends it elsewhere."),
    ("wrong response from the webhook: 5", "this site could not keep it; look at its log."),
    ("connection timed out", "this site did not answer in time."),
    ("read timeout", "this site did not answer in time."),
    ("connection refused", "nothing answers at the site's address."),
    ("ssl", "the certificate of the site's address is not valid for it."),
    ("certificate", "the certificate of the site's address is not valid for it."),
    ("resolve", "the name in the site's address is not known to the internet."),
    ("ip address", "the name in the site's address leads to an address that Telegram may not call."),
)


def _explain(message: str) -> str:
    """What Telegram says, in words an operator can act on."""
    lowered = message.lower()
    return next((words for sign, words in _TROUBLE if sign in lowered), f"“{message[:200]}”.")


def _cannot_be_called(public_url: str) -> Finding:
    ports = ", ".join(str(port) for port in sorted(WEBHOOK_PORTS))
    return Finding(
        "missing",
        f"Telegram cannot call {public_url}.",
        f"Set PARLEY_PUBLIC_URL to the site's https address (port {ports}), or add the bot with --set mode=polling.",
    )


async def _set_commands(bot: BotAPI) -> None:
    scope = BotCommandScopeAllPrivateChats()
    for number, (language, texts) in enumerate(_commands().items()):
        commands = [BotCommand(name, text) for name, text in texts.items()]
        await bot.set_my_commands(commands, scope=scope, language_code=None if number == 0 else language)


@cache
def _commands() -> dict[str, dict[str, str]]:
    return dict(yaml.safe_load(_COMMANDS.read_text("utf-8")))
