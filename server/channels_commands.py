"""`parley channels …`: bring in numbers, bots and mailboxes, see what is missing, tell providers where to reach us."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from server.settings import Settings, read_settings

if TYPE_CHECKING:
    from admin.channels.ports import ChannelSetup
    from base.channel_contract import AccountField, Finding
    from outreach.accounts.service import Account

_SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "missing": ("✗", "red")}


@click.group()
def channels() -> None:
    """Numbers, bots and mailboxes: add, list, check, webhook, simulate, remove."""


@channels.command()
@click.argument("channel")
@click.option("--name", default="main", show_default=True, help="What you call it, when there are several.")
@click.option("--set", "told", multiple=True, metavar="FIELD=VALUE", help="A field that is no secret.")
@click.option(
    "--set-from", "files", multiple=True, metavar="FIELD=FILE", help="A field whose value stands in a file: secrets."
)
@click.option("--no-check", is_flag=True, help="Keep it without asking the provider whether it works.")
def add(channel: str, *, name: str, told: Sequence[str], files: Sequence[str], no_check: bool) -> None:
    """Bring in an account of CHANNEL (sms, telegram, voice or email), or change the one of this name.

    What is not told by options is asked for at a terminal; without one, only what must be told has to be.
    Secrets are sealed, and never shown again.
    """
    setup = _setup_of(channel)
    given = {**dict(_pair(one) for one in told), **{key: _read_file(path) for key, path in map(_pair, files)}}
    if unknown := sorted(set(given) - {field.name for field in setup.fields}):
        names = ", ".join(field.name for field in setup.fields)
        raise click.UsageError(f"{channel} has no field {unknown[0]}: it has {names}.")
    values = {field.name: given.get(field.name) or _ask(field) for field in setup.fields}
    asyncio.run(_add(read_settings(), setup, name, {key: value for key, value in values.items() if value}, no_check))


@channels.command(name="list")
def list_command() -> None:
    """Show all accounts and what their last check came to; never their secrets."""

    async def run() -> None:
        for account in await _accounts(read_settings(), None, enabled_only=False):
            click.echo(f"{account.channel:9} {account.name:16} {account.address:32} {_standing(account)}")

    asyncio.run(run())


@channels.command()
@click.argument("channel", required=False)
@click.option("--name", help="Only the one of this name.")
def check(channel: str | None, *, name: str | None) -> None:
    """Try everything that must be in place, and say in plain words what is missing. Changes nothing outside."""

    async def run() -> bool:
        settings = read_settings()
        accounts = [one for one in await _accounts(settings, channel) if name in (None, one.name)]
        if not accounts:
            click.echo("There is no such account. Add one: parley channels add sms|telegram|voice|email")
        results = [await _check(settings, account) for account in accounts]
        return all(results)

    if not asyncio.run(run()):
        raise SystemExit(1)


@channels.command()
@click.argument("channel")
@click.option("--name", default="main", show_default=True)
def webhook(channel: str, *, name: str) -> None:
    """Tell the provider where to reach this site. Safe to do again."""

    async def run() -> bool:
        settings = read_settings()
        account = await _account(settings, channel, name)
        findings = await _setup_of(channel).set_webhook(account, public_url=settings.site_url)
        return _show(findings)

    if not asyncio.run(run()):
        raise SystemExit(1)


@channels.command()
@click.argument("channel")
@click.option("--name", default="main", show_default=True)
def remove(channel: str, *, name: str) -> None:
    """Send nothing from it and take nothing in for it any more; what it did stays on record."""
    from base.database import transaction
    from outreach.accounts.service import disable_account
    from server.database_access import open_database

    async def run() -> None:
        async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
            await disable_account(session, channel=channel, name=name, now=platform.clock.now())

    asyncio.run(run())
    click.echo(f"{channel} {name} is used no more. Add it again to bring it back.")


@channels.command()
@click.argument("channel")
@click.option("--phone", default="+14155552671", show_default=True, help="The number that texts or calls.")
def simulate(channel: str, *, phone: str) -> None:
    """Try CHANNEL (sms, telegram or voice) on this machine without any account. Needs a running `parley up`."""
    from server.channels_simulating import simulate as run

    asyncio.run(run(read_settings(), channel, phone))


async def _add(settings: Settings, setup: ChannelSetup, name: str, values: Mapping[str, str], no_check: bool) -> None:  # noqa: FBT001
    from base.database import transaction
    from outreach.accounts.service import save_account
    from server.database_access import open_database

    secret = {field.name for field in setup.fields if field.secret}
    plain = {key: value for key, value in values.items() if key not in secret}
    async with open_database(settings) as platform, transaction(platform.sessions) as session:
        address, more = await setup.prepare(values, public_url=settings.site_url)
        await save_account(
            session,
            platform.keys,
            channel=setup.channel,
            name=name,
            address=address,
            settings={**{key: value for key, value in plain.items() if key != "address"}, **more},
            secrets={key: value for key, value in values.items() if key in secret},
            now=platform.clock.now(),
        )
    click.echo(f"{setup.channel} {name} ({address}) is kept.")
    if no_check:
        return
    findings = await setup.set_webhook(await _account(settings, setup.channel, name), public_url=settings.site_url)
    webhook_set = _show(findings)
    checked = await _check(settings, await _account(settings, setup.channel, name))
    if not (webhook_set and checked):
        raise SystemExit(1)


async def _check(settings: Settings, account: Account) -> bool:
    from base.database import transaction
    from outreach.accounts.service import note_check
    from server.database_access import open_database

    click.echo(f"{account.channel} {account.name} ({account.address})")
    findings = await _setup_of(account.channel).check(account, public_url=settings.site_url)
    problem = next((one.text for one in findings if one.level == "missing"), None)
    async with open_database(settings) as platform, transaction(platform.sessions) as session:
        await note_check(session, account.id, problem, platform.clock.now())
    return _show(findings)


def _show(findings: Sequence[Finding]) -> bool:
    for finding in findings:
        sign, colour = _SIGNS[finding.level]
        click.echo(f"  {click.style(sign, fg=colour)} {finding.text}")
        if finding.remedy:
            click.echo(f"    {finding.remedy}")
    return all(finding.level != "missing" for finding in findings)


async def _accounts(settings: Settings, channel: str | None, *, enabled_only: bool = True) -> Sequence[Account]:
    from outreach.accounts.service import list_accounts
    from server.database_access import open_database

    async with open_database(settings) as platform, platform.sessions() as session:
        return await list_accounts(session, platform.keys, channel=channel, enabled_only=enabled_only)


async def _account(settings: Settings, channel: str, name: str) -> Account:
    from outreach.accounts.service import get_account
    from server.database_access import open_database

    async with open_database(settings) as platform, platform.sessions() as session:
        return await get_account(session, platform.keys, channel=channel, name=name)


def _setup_of(channel: str) -> ChannelSetup:
    from server.channels import channel_setups

    setups = channel_setups()
    if channel not in setups:
        raise click.UsageError(f"There is no channel {channel} to set up; there are {', '.join(sorted(setups))}.")
    return setups[channel]


def _ask(field: AccountField) -> str:
    if not sys.stdin.isatty():
        if field.required and field.default is None:
            option = f"--set-from {field.name}=FILE" if field.secret else f"--set {field.name}=VALUE"
            raise click.UsageError(f"{field.name} is missing, and there is no terminal to ask for it: {option}")
        return field.default or ""
    click.echo(f"\n{field.help}")
    default = field.default or ("" if not field.required else None)
    answer: str = click.prompt(field.label, default=default, hide_input=field.secret, show_default=bool(field.default))
    return answer.strip()


def _pair(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not value:
        raise click.UsageError("Fields are written FIELD=VALUE.")
    return key.strip(), value.strip()


def _read_file(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _standing(account: Account) -> str:
    if not account.enabled:
        return "removed"
    if account.checked_at is None:
        return "not checked yet"
    return account.problem or f"in order on {_date(account.checked_at)}"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
