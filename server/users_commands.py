"""`parley users …` and `parley audit-log …`: first aid for people who cannot sign in, and the check of the log."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from server.settings import read_settings

if TYPE_CHECKING:
    from admin.models import AdminUser
    from server.wiring import Platform

    Act = Callable[[AsyncSession, Platform, AdminUser], Awaitable[str]]


@click.group()
def users() -> None:
    """People who sign in to the admin: list them, and help those who cannot."""


@users.command(name="list")
def list_() -> None:
    """Print everybody who has, or had, access."""
    from admin.second_step.service import users_with_code_app
    from admin.users.service import list_users
    from server.database_access import open_database

    async def run() -> list[str]:
        async with open_database(read_settings()) as platform, platform.sessions() as session:
            two_steps = await users_with_code_app(session)
            return [
                "  ".join(
                    [
                        user.email,
                        user.role,
                        "active" if user.deactivated_at is None else "deactivated",
                        "two steps" if user.id in two_steps else "one step",
                        f"seen {seen_at:%Y-%m-%d %H:%M} UTC" if seen_at else "not signed in",
                    ]
                )
                for user, seen_at in await list_users(session)
            ]

    for line in asyncio.run(run()):
        click.echo(line)


@users.command(name="new-password")
@click.argument("email")
def new_password(email: str) -> None:
    """Print a one-time link by which EMAIL sets a new password within an hour."""
    from admin.users.passwords import create_reset
    from admin.users.posting import link_of

    async def act(session: AsyncSession, platform: Platform, user: AdminUser) -> str:
        token = await create_reset(session, user.id, platform.clock.now())
        return link_of(platform.settings.site_url, "new-password", token)

    click.echo(_act(email, "reset_user_password", act))


@users.command(name="remove-second-step")
@click.argument("email")
def remove_second_step(email: str) -> None:
    """Let EMAIL sign in by password alone again, after they lost their device."""
    from admin.second_step.service import remove

    async def act(session: AsyncSession, _platform: Platform, user: AdminUser) -> str:
        return "removed" if await remove(session, user.id) else "there was none"

    click.echo(_act(email, "remove_user_second_step", act))


@users.command(name="sign-out")
@click.argument("email")
def sign_out(email: str) -> None:
    """End all sessions of EMAIL."""
    from admin.models import AdminSession

    async def act(session: AsyncSession, _platform: Platform, user: AdminUser) -> str:
        ended = delete(AdminSession).where(AdminSession.user_id == user.id).returning(AdminSession.id)
        return f"{len((await session.scalars(ended)).all())} sessions ended"

    click.echo(_act(email, "end_user_sessions", act))


@users.command(name="set-role")
@click.argument("email")
@click.argument("role")
def set_role(email: str, role: str) -> None:
    """Give EMAIL the role ROLE, as `owner`."""
    from admin.api.permissions import PERMISSIONS
    from admin.users import service

    async def act(session: AsyncSession, _platform: Platform, user: AdminUser) -> str:
        await service.set_role(session, user, role, held=PERMISSIONS)
        user.version += 1
        return f"{email} is {role}"

    click.echo(_act(email, "change_user", act))


@users.command()
@click.argument("email")
def deactivate(email: str) -> None:
    """Let EMAIL out: sessions end at once, API tokens for good."""
    click.echo(_act(email, "change_user", _set_active(active=False)))


@users.command()
@click.argument("email")
def activate(email: str) -> None:
    """Let EMAIL in again."""
    click.echo(_act(email, "change_user", _set_active(active=True)))


def _set_active(*, active: bool) -> Act:
    from admin.users import service

    async def act(session: AsyncSession, platform: Platform, user: AdminUser) -> str:
        await service.set_active(session, user, platform.clock.now(), active=active)
        user.version += 1
        return "may sign in" if active else "may not sign in any more"

    return act


def _act(email: str, action: str, act: Act) -> str:
    """Does it to the user with this address, in one transaction with its entry in the audit log."""
    from admin.audit.service import record_command
    from admin.models import AdminUser
    from base.database import transaction
    from crm.contacts.addresses import normalise_email
    from server.database_access import open_database

    async def run() -> str:
        async with open_database(read_settings()) as platform, transaction(platform.sessions) as session:
            found = select(AdminUser).where(AdminUser.email == normalise_email(email)).with_for_update()
            user = await session.scalar(found)
            if user is None:
                raise click.ClickException("There is no user with this address: `parley users list` shows all.")
            told = await act(session, platform, user)
            await session.flush()
            after = {"role": user.role, "is_active": user.deactivated_at is None}
            await record_command(session, platform.clock, action, subject_kind="user", subject_id=user.id, after=after)
            return told

    return asyncio.run(run())


@click.group(name="audit-log")
def audit_log() -> None:
    """The log of who changed what: head, verify."""


@audit_log.command()
def head() -> None:
    """Sign how long the audit log is and its last hash, and write that into the folder of heads."""
    from admin.audit.heads import AUDIT_LOG
    from server.database_access import open_database
    from server.ledger_jobs import sign_and_save

    async def run() -> str:
        async with open_database(read_settings()) as platform:
            return await sign_and_save(platform, AUDIT_LOG)

    click.echo(asyncio.run(run()))


_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@audit_log.command()
@click.option("--head", "heads", type=_FILE, multiple=True, help="A signed head that was kept elsewhere.")
@click.option("--keys", type=_FILE, help="The site's jwks.json, kept from before. Without it: the keys of this site.")
def verify(heads: tuple[Path, ...], keys: Path | None) -> None:
    """Check every entry of the audit log, what is kept of its details, and that it goes on from every signed head.

    Exit code 1 when something was changed.
    """
    from admin.audit.chain import verify as check
    from admin.audit.heads import AUDIT_LOG
    from crm.consent.heads import find_head_breaks, find_kept_head_breaks
    from crm.consent.signing import jwks_of, read_public_keys
    from server.database_access import open_database

    kept = [_read_json(path).get("jws") for path in heads]

    async def run() -> bool:
        async with open_database(read_settings()) as platform, platform.sessions() as session:
            await session.execute(text("SET LOCAL statement_timeout = 0"))
            length, breaks = await check(session)
            breaks += await find_head_breaks(session, AUDIT_LOG)
            trusted = jwks_of(await read_public_keys(session)) if keys is None else _read_json(keys)
            breaks += await find_kept_head_breaks(session, AUDIT_LOG, kept, trusted)
        for one in breaks:
            click.echo(f"entry {one.seq}: {one.what}" if one.seq else one.what)
        if not breaks:
            click.echo(f"intact: {length} entries")
        return not breaks

    if not asyncio.run(run()):
        sys.exit(1)


def _read_json(path: Path) -> dict[str, Any]:
    """What stands in a file of JSON.

    Raises:
        UsageError: no object of JSON does.
    """
    try:
        held = json.loads(path.read_bytes())
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise click.UsageError(f"{path} is no file of a signed head, nor of keys.")
    return held
