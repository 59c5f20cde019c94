"""Files that were sent to be imported: kept in one folder, under names of ours, until they are imported or too old.

Nothing that whoever sends says names a file here, and nobody but the owner of the processes can read them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from base.errors import ParleyError
from crm.contacts.cleansing import clean_text
from crm.imports.files import FORMATS, Headings, UnreadableFile, read_headings

MOST_BYTES = 200_000_000
"""Of a file that is sent. Larger ones are imported by command."""
_LONGEST_NAME = 100


class FileTooLarge(ParleyError):
    """The file is too large to be sent: divide it, or have it imported by `parley contacts import`."""

    code = "file_too_large"
    status = 413


@dataclass(frozen=True)
class SavedFile:
    """A file as it came: where it is, and how many rows it may have (None: that shows only when it is read)."""

    path: Path
    sha256: str
    headings: Headings
    rows_expected: int | None


async def save_upload(folder: Path, pieces: AsyncIterator[bytes], suffix: str, encoding: str) -> SavedFile:
    """Writes the file down as it comes; one that cannot be read leaves nothing behind.

    Raises:
        FileTooLarge: it has more than `MOST_BYTES`.
        UnreadableFile: it is no table.
    """
    if suffix not in FORMATS:
        raise UnreadableFile("Only .csv and .xlsx files are read: save the table as one of them.")
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(16)}{suffix}"
    try:
        sha256, lines = await _write(path, pieces)
        headings = await asyncio.to_thread(_read_names, path, encoding)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    rows = lines - headings.row if suffix == ".csv" and lines > headings.row else None
    return SavedFile(path, sha256, headings, rows)


def shown_name(name: str) -> str:
    """The last part of a file's name as whoever sent it has it, to be shown."""
    return clean_text(name.replace("\\", "/").rpartition("/")[2])[:_LONGEST_NAME]


def _read_names(path: Path, encoding: str) -> Headings:
    headings = read_headings(path, encoding)
    if not headings.names:
        raise UnreadableFile("The file has no row at all: its first row must name the columns.")
    return headings


async def _write(path: Path, pieces: AsyncIterator[bytes]) -> tuple[str, int]:
    digest, size, lines = hashlib.sha256(), 0, 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        async for piece in pieces:
            size += len(piece)
            if size > MOST_BYTES:
                raise FileTooLarge
            digest.update(piece)
            lines += piece.count(b"\n")
            file.write(piece)
    return digest.hexdigest(), lines
