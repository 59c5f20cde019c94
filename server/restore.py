"""Puts a back-up in the place of what is there, in quarantine: nothing is sent until `parley quarantine lift`.

The database is replaced by one transaction, the quarantine included: there is no moment at which somebody could send.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from admin.bulk.service import cancel_enrolling
from base.database import libpq_url, transaction
from base.encryption import KeyRing
from base.migrate import migrate
from base.schema_version import needed_revision
from crm.contacts.models import ContactPoint
from crm.contacts.points import read_points
from crm.segments.work import SegmentWork
from outreach.accounts.book import AccountBook
from outreach.backfilling import cancel_backfills
from outreach.dates import DateEntries
from outreach.library import Library
from outreach.planning import Planner
from outreach.quarantine import (
    NotInQuarantine,
    Quarantine,
    doubt_what_was_due,
    find_quarantine,
    note_begun,
    statement_of,
)
from outreach.time_between import Entries, walk_through
from server.backup import KEYS, Say, copy_file
from server.backup_manifest import DUMP, BackupProblem, Manifest, read_manifest, restored_at
from server.channels import channel_senders
from server.gate import create_gatekeeper
from server.postgres_programs import environment_of, find_program, say_what_failed, server_version
from server.reactions import create_reactor
from server.settings import ROOT, Settings
from server.talks import JourneyTalks
from server.wiring import create_senders, open_platform

_EMPTY = "BEGIN;\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"


@dataclass(frozen=True)
class Restored:
    """What came of it: the quarantine, and how much may have happened before.

    `in_doubt` are messages, `calls` those of connectors that journeys waited for, `cancelled` backfills and bulk
    operations that were putting people into journeys. `not_walked` names what broke off when it was walked through the
    time between.
    """

    quarantine: Quarantine
    in_doubt: int
    calls: int
    cancelled: int
    not_walked: tuple[str, ...]


def check_restorable(settings: Settings, folder: Path, *, replace: bool) -> Manifest:
    """Everything that can be looked at before anything is changed.

    Raises:
        BackupProblem: it is damaged, of a newer Parley, or would replace something that nobody said should be.
    """
    manifest = read_manifest(folder)
    if manifest.schema_revision > needed_revision():
        raise BackupProblem(
            f"The back-up has the schema {manifest.schema_revision}, and this version of Parley knows up to "
            f"{needed_revision()}: restore it with the version that made it, or a newer one."
        )
    if not manifest.with_keys and not settings.key_file.exists():
        raise BackupProblem(
            f"The back-up was made without keys: put the key file in its place first, {settings.key_file}."
        )
    if not replace:
        for source, target in _files(settings, folder):
            if target.exists() and not _same(source, target):
                raise BackupProblem(
                    f"{target} is there already and differs: --replace puts the back-up's in its place."
                )
    return manifest


def restore(
    settings: Settings, database_url: str, folder: Path, manifest: Manifest, say: Say, *, replace: bool
) -> None:
    """Replaces the database and puts files in their places.

    Raises:
        BackupProblem: the database is in use, or holds something that nobody said should be replaced.
        ProgramMissing, ProgramRefused: the database was not replaced; it is as it was.
    """
    _check_database(database_url, replace=replace)
    say("putting the database back …")
    _replace_database(database_url, folder / DUMP, manifest)
    say("putting files back …")
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for source, target in _files(settings, folder):
        if KEYS in target.parts and target.exists() and not _same(source, target):
            # What was sealed by it since can be read by nothing else.
            target.rename(target.with_name(f"{target.name}.before-{stamp}"))
        copy_file(source, target, settings.data_dir)
    migrate(database_url)


async def begin(settings: Settings, database_url: str) -> Restored:
    """Puts in doubt what may have been sent since the back-up; the quarantine itself came with the data.

    Journeys are walked to this moment first: they plan, and nothing leaves. Who breaks this off has to restore again.

    Raises:
        NotInQuarantine: no back-up was put in its place.
        KeyProblem: the key file is not the one that the back-up's addresses were sealed with.
    """
    platform = open_platform(settings.model_copy(update={"database_url": SecretStr(database_url)}))
    try:
        async with transaction(platform.sessions) as session:
            quarantine = await find_quarantine(session)
            if quarantine is None:
                raise NotInQuarantine
            await _try_keys(session, platform.keys)
            now = quarantine.restored_at
            cancelled = await cancel_backfills(session, now) + await cancel_enrolling(session, now)
        accounts, library = AccountBook(platform.sessions, platform.keys), Library()
        every = (*create_senders(platform, accounts), *channel_senders(platform, accounts))
        gatekeeper = create_gatekeeper(platform, accounts, every)
        planner = Planner(platform.sessions, gatekeeper, library, talks=JourneyTalks(accounts))
        dates = DateEntries(platform.sessions, library, settings.default_time_zone)
        segments = SegmentWork(platform.sessions, platform.keys, platform.clock)
        entries: dict[str, Entries] = {
            "segments": segments.follow_changes,
            "events": create_reactor(platform, library).react,
            "dates": dates.do_due,
        }
        found = await walk_through(platform.sessions, planner, entries, quarantine)
        async with transaction(platform.sessions) as session:
            in_doubt = found.messages + await doubt_what_was_due(session, quarantine, now)
            await note_begun(session)
        return Restored(quarantine, in_doubt, found.calls, cancelled, tuple(sorted(found.not_walked)))
    finally:
        await platform.engine.dispose()


async def _try_keys(session: AsyncSession, keys: KeyRing) -> None:
    """Opens an address, so that a wrong key file is found before anything is planned."""
    newest = await session.scalar(select(ContactPoint.id).order_by(ContactPoint.id.desc()).limit(1))
    if newest is not None:
        await read_points(session, keys, [newest])


def own_content(settings: Settings, folder: Path) -> list[Path]:
    """Folders of the back-up whose content belongs into the checkout, where nothing is written over by itself."""
    pairs = (("content", settings.content_dir), ("nlu", settings.nlu_dir))
    return [folder / name for name, there in pairs if _is_of_checkout(there) and (folder / name).exists()]


def _check_database(database_url: str, *, replace: bool) -> None:
    with psycopg.connect(libpq_url(database_url), connect_timeout=5) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchone()
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        ).fetchone()
    if tables is not None and tables[0] and not replace:
        raise BackupProblem("The database is not empty: --replace puts the back-up in the place of what it holds.")
    if others is not None and others[0]:
        raise BackupProblem(f"{others[0]} others are connected to the database: stop every process of Parley first.")


def _replace_database(database_url: str, dump: Path, manifest: Manifest) -> None:
    version = max(server_version(database_url), manifest.postgres_version)
    pg_restore, psql = (find_program(name, at_least=version) for name in ("pg_restore", "psql"))
    quarantine = statement_of(Quarantine(manifest.database_at, restored_at(datetime.now(UTC), manifest), begun=False))
    reading = [str(pg_restore), "--no-owner", "--no-privileges", "--file=-", str(dump)]
    writing = [str(psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", "-"]
    environment = environment_of(database_url)
    with tempfile.TemporaryFile() as trouble, tempfile.TemporaryFile() as said:
        source = subprocess.Popen(reading, env=environment, stdout=subprocess.PIPE, stderr=trouble)  # noqa: S603
        target = subprocess.Popen(writing, env=environment, stdin=subprocess.PIPE, stderr=said)  # noqa: S603
        assert source.stdout is not None
        assert target.stdin is not None
        with source.stdout, contextlib.suppress(BrokenPipeError), target.stdin:
            # Without the last line nothing of it has happened: whoever breaks off leaves the database as it was.
            target.stdin.write(_EMPTY.encode())
            shutil.copyfileobj(source.stdout, target.stdin)
            if source.wait() == 0:
                target.stdin.write(f"{quarantine};\nCOMMIT;\n".encode())
        source.kill()
        for name, process, file in (("psql", target, said), ("pg_restore", source, trouble)):
            if process.wait() != 0:
                file.seek(0)
                raise say_what_failed(name, process.returncode, file.read())


def _files(settings: Settings, folder: Path) -> list[tuple[Path, Path]]:
    """What is put where: files of the data folder, and content where it has a folder of its own."""
    places = [("files", settings.data_dir)]
    places += [
        (name, there)
        for name, there in (("content", settings.content_dir), ("nlu", settings.nlu_dir))
        if not _is_of_checkout(there)
    ]
    return [
        (source, there / source.relative_to(folder / name))
        for name, there in places
        for source in sorted((folder / name).rglob("*"))
        if source.is_file()
    ]


def _is_of_checkout(folder: Path) -> bool:
    return folder.resolve().is_relative_to(ROOT) and not folder.resolve().is_relative_to(ROOT / "var")


def _same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)
