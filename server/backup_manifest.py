"""What lies in a back-up's folder: every file with its digest, and of which moment and schema the database is."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from base.errors import ParleyError

NAME = "manifest.json"
FORMAT = 1
DUMP = "database.dump"


class BackupProblem(ParleyError):
    """The back-up cannot be used."""

    code = "backup_problem"
    status = 500


class KeptFile(BaseModel):
    """A file of the back-up, by its path in the folder."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What the folder holds. Written last: a folder without it is no back-up."""

    model_config = ConfigDict(frozen=True)

    format: int
    schema_revision: str
    postgres_version: int
    database_at: AwareDatetime
    """No later than the moment that the database's copy is of, by its own clock."""
    finished_at: AwareDatetime
    with_keys: bool
    files: list[KeptFile]

    @property
    def size(self) -> int:
        """Bytes of everything."""
        return sum(file.size for file in self.files)


def list_files(folder: Path) -> list[KeptFile]:
    """Every file of a folder with its digest, but for the manifest itself."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / NAME)
    return [
        KeptFile(path=path.relative_to(folder).as_posix(), size=path.stat().st_size, sha256=_digest(path))
        for path in paths
    ]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Makes the folder a back-up; a power cut leaves either all of it or none."""
    draft = folder / f"{NAME}.draft"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(manifest.model_dump_json(indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NAME)


def read_manifest(folder: Path) -> Manifest:
    """The manifest, once everything in the folder is as it says.

    Raises:
        BackupProblem: it is none, is of a newer Parley, or something in it is missing or was changed.
    """
    try:
        manifest = Manifest.model_validate_json((folder / NAME).read_bytes())
    except OSError as error:
        raise BackupProblem(f"{folder} is no finished back-up: it has no {NAME}.") from error
    except ValidationError as error:
        raise BackupProblem(f"{folder / NAME} cannot be read.") from error
    if manifest.format > FORMAT:
        raise BackupProblem("This back-up was made by a newer version of Parley: restore it with that.")
    there = {file.path: file for file in list_files(folder)}
    for file in manifest.files:
        if file.path not in there:
            raise BackupProblem(f"{file.path} is missing from the back-up.")
        if there[file.path] != file:
            raise BackupProblem(f"{file.path} is not what was backed up: its digest differs.")
    if more := sorted(set(there) - {file.path for file in manifest.files}):
        raise BackupProblem(f"{more[0]} was added to the back-up afterwards.")
    return manifest


def restored_at(clock_now: datetime, manifest: Manifest) -> datetime:
    """The later of now and the back-up's moment: the clocks of two machines may be apart."""
    return max(clock_now, manifest.database_at)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
