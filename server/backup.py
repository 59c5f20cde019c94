"""Makes a back-up: the database as of one moment, keys, content and files, in a folder with a manifest of digests.

Nothing has to be stopped for it. The folder holds everything there is to know: keep it as you keep the machine itself.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from base.database import libpq_url
from server.backup_manifest import DUMP, FORMAT, BackupProblem, Manifest, list_files, write_manifest
from server.data_folder import give_to_owner_of
from server.postgres_programs import environment_of, find_program, say_what_failed, server_version
from server.settings import Settings

Say = Callable[[str], None]

LEFT_OUT = frozenset({
    "postgres", "log", "encoder", "setup", "reports", "vectors.bin", "vectors.lock", "running.json", "up.lock",
})  # fmt: skip
"""What of the data folder is made anew, or belongs to what runs; the embedded database is in the dump."""
CONTENT = ("library", "journeys", "jurisdictions", "prices.yml")
"""What of the content folder is content."""
KEYS = "keys"


def make_backup(settings: Settings, database_url: str, folder: Path, say: Say, *, with_keys: bool = True) -> Manifest:
    """Writes a back-up into a folder that is empty or does not exist yet.

    Raises:
        BackupProblem: there is something in the folder, or it lies where it would be copied itself.
        ProgramMissing, ProgramRefused: the database could not be copied.
    """
    check_folder(settings, folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    version = server_version(database_url)
    dump = find_program("pg_dump", at_least=version)
    database_at, revision = _look(database_url)
    say("copying the database …")
    # What is unlogged counts network addresses, and is gone after a crash anyway.
    without = ("--no-owner", "--no-privileges", "--no-unlogged-table-data")
    command = [str(dump), "--format=custom", *without, "--file", str(folder / DUMP)]
    result = subprocess.run(command, env=environment_of(database_url), capture_output=True, check=False)  # noqa: S603
    if result.returncode != 0:
        raise say_what_failed("pg_dump", result.returncode, result.stderr)
    (folder / DUMP).chmod(0o600)
    say("copying files …")
    left_out = LEFT_OUT if with_keys else LEFT_OUT | {KEYS}
    _copy(settings.data_dir, folder / "files", (one for one in _names(settings.data_dir) if one not in left_out))
    _copy(settings.content_dir, folder / "content", (one for one in CONTENT if (settings.content_dir / one).exists()))
    _copy(settings.nlu_dir, folder / "nlu", _names(settings.nlu_dir))
    manifest = Manifest(
        format=FORMAT,
        schema_revision=revision,
        postgres_version=version,
        database_at=database_at,
        finished_at=datetime.now(UTC),
        with_keys=with_keys,
        files=list_files(folder),
    )
    write_manifest(folder, manifest)
    _note(database_url, manifest)
    return manifest


def check_folder(settings: Settings, folder: Path) -> None:
    """Whether a back-up can be made into a folder. Makes nothing.

    Raises:
        BackupProblem: there is something in it, or it lies in a folder that is copied, and so would copy itself.
    """
    for copied in (settings.data_dir, settings.content_dir, settings.nlu_dir):
        if folder.resolve().is_relative_to(copied.resolve()):
            raise BackupProblem(f"{folder} lies in {copied}, which is copied itself: name a folder outside of it.")
    if folder.exists() and any(folder.iterdir()):
        raise BackupProblem(f"{folder} is not empty: name a folder that is, such as one by today's date.")


def _look(database_url: str) -> tuple[datetime, str]:
    """The moment before the copy, by the database's clock, and the schema."""
    with psycopg.connect(libpq_url(database_url), connect_timeout=5) as connection:
        row = connection.execute("SELECT clock_timestamp(), version_num FROM alembic_version").fetchone()
        assert row is not None
        return row[0].astimezone(UTC), row[1]


def _note(database_url: str, manifest: Manifest) -> None:
    """Tells the database that there is one, for `parley doctor`."""
    value = {"database_at": manifest.database_at.isoformat(), "bytes": manifest.size}
    with psycopg.connect(libpq_url(database_url), connect_timeout=5) as connection:
        connection.execute(
            "INSERT INTO site_facts (name, value, set_at) VALUES ('backup', %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_at = excluded.set_at",
            (Jsonb(value), manifest.finished_at),
        )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _copy(source: Path, target: Path, names: Iterable[str]) -> None:
    """Copies by content: where a link leads elsewhere, what is there is what is backed up."""
    for name in names:
        target.mkdir(exist_ok=True)
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("*.draft", "__pycache__"))
        else:
            shutil.copy2(source / name, target / name)
    for path in target.rglob("*") if target.exists() else ():
        path.chmod(0o700 if path.is_dir() else 0o600)


def copy_file(source: Path, target: Path, data_dir: Path) -> None:
    """Puts one file in its place, readable only by whom the data folder belongs, all at once."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        give_to_owner_of(data_dir, folder)
    draft = target.with_name(f"{target.name}.draft")
    draft.unlink(missing_ok=True)
    with (
        source.open("rb") as read,
        os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as write,
    ):
        shutil.copyfileobj(read, write)
    give_to_owner_of(data_dir, draft)
    draft.replace(target)
