"""`parley samples …`: made-up people to look around with, who are never written to, and their removal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import NotFound
from server.settings import read_settings

if TYPE_CHECKING:
    from server.wiring import Platform


@click.group()
def samples() -> None:
    """A sample workspace: made-up people to look around with. Nothing is ever sent to them."""


@samples.command()
@click.option("--owner", metavar="EMAIL", help="The user whom some of them are given to; else the first there is.")
def add(owner: str | None) -> None:
    """Fill the workspace now."""
    from admin.audit.service import record_command
    from crm.samples.service import ask_to_add

    async def ask(session: AsyncSession, platform: Platform) -> str:
        user_id = await find_owner(session, owner)
        workspace = await ask_to_add(session, made_by=user_id, now=platform.clock.now())
        await record_command(
            session, platform.clock, "add_sample_workspace",
            subject_kind="sample_workspace", subject_id=workspace.id,
        )  # fmt: skip
        return "made-up people"

    click.echo(asyncio.run(_do(ask)))


@samples.command()
def remove() -> None:
    """Remove the made-up people and all that is theirs now; real people stay as they are."""
    from admin.audit.service import record_command
    from crm.samples.service import ask_to_remove

    async def ask(session: AsyncSession, platform: Platform) -> str:
        workspace = await ask_to_remove(session)
        await record_command(
            session, platform.clock, "remove_sample_workspace",
            subject_kind="sample_workspace", subject_id=workspace.id,
        )  # fmt: skip
        return "made-up people are left"

    click.echo(asyncio.run(_do(ask)))


async def _do(ask: Callable[[AsyncSession, Platform], Awaitable[str]]) -> str:
    """Asks for it as the admin does, and does it here: no worker need be running."""
    from base.database import transaction
    from crm.samples.service import count_people
    from server.database_access import open_database
    from server.sample_jobs import create_sample_work

    async with open_database(read_settings()) as platform:
        async with transaction(platform.sessions) as session:
            what = await ask(session, platform)
        await create_sample_work(platform).do_all()
        async with platform.sessions() as session:
            return f"{await count_people(session)} {what}"


async def find_owner(session: AsyncSession, email: str | None) -> UUID:
    """The user of this address, as they sign in by it; the first there is, when none is named.

    Raises:
        NotFound: there is none who may sign in.
    """
    from admin.models import AdminUser
    from admin.sessions.sign_in import normalised

    found = select(AdminUser.id).where(AdminUser.deactivated_at.is_(None)).order_by(AdminUser.created_at)
    user_id = await session.scalar(found if email is None else found.where(AdminUser.email == normalised(email)))
    if user_id is None:
        raise NotFound("There is no such user: parley setup-link makes the first, parley users list shows them all.")
    return user_id
