"""`parley backup` and `parley restore`: everything there is to know in a folder, and back again in quarantine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from server.settings import read_settings

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--without-keys", is_flag=True, help="Leave the key file out; keep a copy of it elsewhere.")
def backup(folder: Path, *, without_keys: bool) -> None:
    """Copy database, keys, content and files into FOLDER, while everything runs (needs pg_dump for DATABASE_URL).

    Who has the folder has everything: keep it as you keep the machine itself, and encrypted when it leaves it.
    """
    from server.backup import check_folder, make_backup
    from server.database_access import check_database_exists, name_database, open_database
    from server.wiring import database_url

    settings = read_settings()
    # Before a database is started for it.
    check_folder(settings, folder)
    check_database_exists(settings)

    async def run() -> None:
        async with open_database(settings) as platform:
            click.echo(f"Database: {name_database(platform.settings)}")
            manifest = await asyncio.to_thread(
                make_backup, platform.settings, database_url(platform.settings), folder, click.echo,
                with_keys=not without_keys,
            )  # fmt: skip
        count, size = len(manifest.files), manifest.size / 2**20
        click.echo(f"{folder}: {count} files, {size:.1f} MiB, as of {manifest.database_at:%Y-%m-%d %H:%M:%S} UTC")

    asyncio.run(run())


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--replace", is_flag=True, help="Put it in the place of what is there.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(folder: Path, *, replace: bool, yes: bool) -> None:
    """Put the back-up in FOLDER in its place. Nothing is sent afterwards until `parley quarantine lift`.

    Every process of Parley must be stopped. The digests are checked before anything is changed.
    """
    from server.database_access import hold_database, name_database
    from server.restore import begin, check_restorable, own_content
    from server.restore import restore as run

    settings = read_settings()
    manifest = check_restorable(settings, folder, replace=replace)
    where = name_database(settings)
    click.echo(f"Database: {where}")
    if not yes:
        made = f"{manifest.database_at:%Y-%m-%d %H:%M:%S} UTC"
        click.confirm(f"What happened since {made} will be gone from the database {where}. Restore?", abort=True)
    with hold_database(settings) as url:
        run(settings, url, folder, manifest, click.echo, replace=replace)
        restored = asyncio.run(begin(settings, url))
    click.echo(f"Restored, as of {manifest.database_at:%Y-%m-%d %H:%M:%S} UTC. It is in quarantine: nothing is sent.")
    if restored.in_doubt:
        click.echo(f"{restored.in_doubt} messages were due since: they may have been sent and will not be sent again.")
    if restored.calls:
        click.echo(f"{restored.calls} calls of connectors may have been made: journeys go on as where a call failed.")
    if restored.cancelled:
        click.echo(
            f"{restored.cancelled} backfills or bulk operations that put people into journeys were cancelled: "
            "they may have been done to their end before."
        )
    if restored.not_walked:
        click.echo(
            f"Journeys' entries by {' and '.join(restored.not_walked)} broke off (see above): what they would have "
            "sent since is not in doubt, and may be sent a second time."
        )
    for content in own_content(settings, folder):
        click.echo(f"Files of the content were left where they are: {content}. What is live is in the database.")
    click.echo("Start Parley, then see what would go out: parley quarantine show")


@click.group()
def quarantine() -> None:
    """After a restore nothing is sent: see what would be, and lift it."""


@quarantine.command()
def show() -> None:
    """Show what waits to go out, and what of it may have been sent before (needs DATABASE_URL)."""
    click.echo(asyncio.run(_show()))


@quarantine.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def lift(*, yes: bool) -> None:
    """Have messages sent again, once you have seen what would be (needs DATABASE_URL)."""
    click.echo(asyncio.run(_show()))
    if not yes:
        click.confirm("Send what is due, from now on?", abort=True)
    asyncio.run(_lift())
    click.echo("The quarantine is lifted: workers send what is due.")


async def _show() -> str:
    from outreach.quarantine import count_waiting, doubt_what_was_due, get_quarantine
    from server.database_access import open_database

    async with open_database(read_settings()) as platform:
        now = platform.clock.now()
        async with platform.sessions() as session, session.begin():
            held = await get_quarantine(session)
            await doubt_what_was_due(session, held, now)
            waiting = await count_waiting(session, now)
    since, known = (f"{moment:%Y-%m-%d %H:%M} UTC" for moment in (held.restored_at, held.backup_at))
    lines = [
        f"In quarantine since {since}, with what was known at {known}.",
        "Stops and consents that came in between are not known here.",
        "channel    purpose         waiting   due now   maybe sent   found at the provider",
    ]
    lines += [
        f"{one.channel:10} {one.purpose:14} {one.waiting:8} {one.due:9} {one.maybe_sent:12} {one.found:23}"
        for one in waiting
    ]
    if not waiting:
        lines.append("Nothing waits.")
    if any(one.maybe_sent for one in waiting):
        lines.append("What may have been sent is never sent again; workers ask providers that list what they took.")
    return "\n".join(lines)


async def _lift() -> None:
    from admin.audit.service import record_command
    from base.database import transaction
    from outreach.alarm import create_alarm, create_connector, wake
    from outreach.quarantine import lift_quarantine
    from server.database_access import open_database
    from server.wiring import database_url

    async with open_database(read_settings()) as platform:
        async with transaction(platform.sessions) as session:
            held = await lift_quarantine(session, platform.clock.now())
            before = {"restored_at": held.restored_at, "backup_at": held.backup_at}
            await record_command(
                session, platform.clock, "lift_quarantine", subject_kind="site", subject_id=None, before=before
            )
        alarm = create_alarm(create_connector(database_url(platform.settings)))
        async with alarm.open_async():
            await wake(alarm)
