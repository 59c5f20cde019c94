"""`parley privacy …`: a person's data in a zip, erasing a person, the record of processing, what is kept too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from sqlalchemy import text

from server.settings import read_settings

if TYPE_CHECKING:
    from server.wiring import Platform

_OUT = click.Path(path_type=Path, dir_okay=False)


@click.group()
def privacy() -> None:
    """People's data: find, export, erase, record, retain."""


@privacy.command()
@click.argument("address")
@click.option("--kind", type=click.Choice(["email", "phone", "telegram"]), default="email", show_default=True)
def find(address: str, kind: Any) -> None:
    """Print the id of the person who has ADDRESS."""
    from crm.contacts.service import find_contact_by_address

    async def run(platform: Platform) -> UUID | None:
        async with platform.sessions() as session:
            return await find_contact_by_address(session, platform.keys, kind, address)

    found = _run(run)
    if found is None:
        raise click.ClickException("Nobody has this address.")
    click.echo(found)


@privacy.command()
@click.argument("contact_id", type=click.UUID)
@click.argument("file", type=_OUT)
def export(contact_id: UUID, file: Path) -> None:
    """Write all that is held of the person CONTACT_ID into FILE, a zip for them."""
    from base.database import transaction
    from bot.intake.sealing import sender_index_of
    from crm.privacy.exporting import export_person, to_zip

    async def run(platform: Platform) -> bytes:
        async with transaction(platform.sessions) as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            index = sender_index_of(platform.keys)
            return to_zip(await export_person(session, platform.keys, contact_id, index, platform.clock.now()))

    content = _run(run)
    file.write_bytes(content)
    file.chmod(0o600)
    click.echo(f"{len(content)} bytes in {file}")


@privacy.command()
@click.argument("contact_id", type=click.UUID)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(contact_id: UUID, *, yes: bool) -> None:
    """Erase the person CONTACT_ID everywhere, at once, and print the signed receipt. It cannot be undone."""
    from base.database import repeat_on_deadlock, transaction
    from bot.intake.sealing import sender_index_of
    from crm.privacy.erasing import Erased
    from crm.privacy.files import FiledMails
    from crm.privacy.requests import Filing, Hands, carry_out, file_request
    from outreach.follow_ups import JourneyFollowUps

    if not yes:
        click.confirm(f"Erase {contact_id}? Nothing can bring them back", abort=True)

    async def run(platform: Platform) -> Erased | None:
        index, settings = sender_index_of(platform.keys), platform.settings
        hands = Hands(platform.keys, JourneyFollowUps(), index, settings.company_name, settings.mail_folder)
        mails = FiledMails(settings.mail_folder)

        async def once() -> Erased | None:
            async with mails.read_first(), transaction(platform.sessions) as session:
                now = platform.clock.now()
                filing = Filing(contact_id, "erase", "staff", "operator", verified=True)
                request = await file_request(session, hands, filing, now)
                _, erased = await carry_out(
                    session, hands, request.id, by="operator", outcome="Erased by parley privacy erase.", now=now,
                    mails=mails,
                )  # fmt: skip
                return erased

        return await repeat_on_deadlock(once)

    erased = _run(run)
    if erased is not None:
        click.echo(erased.receipt)
        click.echo(f"rows erased: {sum(erased.counts.values())}", err=True)
        for one in erased.recipients:
            click.echo(f"also tell: {one}", err=True)


@privacy.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of Markdown.")
def record(*, as_json: bool) -> None:
    """Print the record of processing activities (GDPR Art. 30)."""
    import json

    from crm.privacy.record import Controller, describe_processing, print_processing
    from crm.privacy.registry import read_registry

    settings, registry = read_settings(), read_registry()
    controller = Controller(settings.company_name, settings.postal_address)
    if as_json:
        click.echo(json.dumps(describe_processing(registry, controller), ensure_ascii=False, indent=1))
    else:
        click.echo(print_processing(registry, controller), nl=False)


@privacy.command()
def retain() -> None:
    """Remove now what the nightly job would: all that was kept as long as the record says."""
    from server.privacy_jobs import retain_all

    removed = _run(retain_all)
    for name, count in sorted(removed.items()):
        click.echo(f"{name}: {count}")
    if not removed:
        click.echo("nothing is older than it may be")


def _run(work: Callable[[Platform], Coroutine[Any, Any, Any]]) -> Any:
    # Loads every room's tables: the registry speaks of all of them.
    import server.web  # noqa: F401
    from server.database_access import open_database

    async def run() -> Any:
        async with open_database(read_settings()) as platform:
            return await work(platform)

    return asyncio.run(run())
