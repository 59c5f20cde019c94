"""Keeps a data folder to one `parley up` at a time. The kernel lets go of it, however that process ends."""

from __future__ import annotations

import fcntl
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
    with (folder / "up.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataFolderInUse(
                f"Another `parley up` runs on {folder}: stop it first, or give this one a folder of its own with "
                "PARLEY_DATA_DIR."
            ) from error
        yield
