"""Keeps a data folder to one `parley up` at a time. The kernel lets go of it, however that process ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from base.errors import ParleyError


class DataFolderInUse(ParleyError):
    """Another `parley up` runs on this data folder."""

    code = "data_folder_in_use"
    status = 500


@contextmanager
def hold_data_folder(folder: Path) -> Iterator[None]:
    """Has the folder to itself for as long as the block runs.

    Raises:
        DataFolderInUse: somebody else has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "up.lock"
    new = not lock.exists()
    with lock.open("a") as file:
        if new:
            give_to_owner_of(folder, lock)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderInUse(
                f"Another `parley up` runs on {folder}: stop it first, or give this one a folder of its own with "
                "PARLEY_DATA_DIR."
            ) from error
        yield


def give_to_owner_of(folder: Path, made: Path) -> None:
    """Has what root made belong to whom the folder belongs: processes that run as a user of their own must read it.

    Follows no link. Anybody but root makes files of their own, and nothing is done.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(made, owner.st_uid, owner.st_gid, follow_symlinks=False)
