"""Checks of this machine: disk, files, limits, zone data. They ask nobody."""

from __future__ import annotations

import re
import resource
import shutil
import stat
import zoneinfo
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path

from base.encryption import read_key_file
from base.errors import ParleyError
from server.doctor.findings import Finding, fine, skipped, worth_a_look, wrong
from server.settings import Settings

LEAST_FREE = 2 * 2**30
"""Bytes; below these a back-up or a busy day may fill the disk."""
_HARDLY_FREE = 2**29
OPEN_FILES = 65_536
"""Each chat that is open in a browser is an open file of a web process."""
_ZONES_ARE_OLD = 2
"""Years; rules of clocks change several times a year somewhere."""


def check_disk(settings: Settings, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> Finding:
    """Room for the database's log, the log files and what people send."""
    if not settings.data_dir.exists():
        return skipped("disk", f"There is no data folder yet ({settings.data_dir}).")
    left = free(settings.data_dir)
    says = f"{left / 2**30:.1f} GiB are free where {settings.data_dir} lies."
    remedy = "Make room: old back-ups, log files, or a larger disk. PostgreSQL stops when there is none."
    if left < _HARDLY_FREE:
        return wrong("disk", says, remedy)
    return worth_a_look("disk", says, remedy) if left < LEAST_FREE else fine("disk", says)


def check_key_file(settings: Settings) -> Finding:
    """Readable by its owner only, and readable at all."""
    path = settings.key_file
    if not path.exists():
        return wrong("key file", f"{path} is missing.", "Put the key file of this site there: `parley restore` has it.")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return wrong("key file", f"Others may read {path} ({mode:04o}).", f"chmod 600 {path}")
    try:
        count = len(read_key_file(path).roots)
    except (ParleyError, OSError, ValueError, KeyError) as error:
        said = error.message if isinstance(error, ParleyError) else type(error).__name__
        return wrong("key file", f"{path} cannot be read: {said}", "Restore it from a back-up.")
    return fine("key file", f"{count} keys, readable by their owner only.")


def check_open_files(
    limits: Callable[[], tuple[int, int]] = lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
) -> Finding:
    """Web processes raise their own limit as far as they may (`raise_open_files`)."""
    soft, hard = limits()
    if hard == resource.RLIM_INFINITY or hard >= OPEN_FILES:
        return fine("open files", f"A process may open {_told(hard)} files ({_told(soft)} unless it raises that).")
    return worth_a_look(
        "open files",
        f"A process may open {hard} files, which is as many chats at once, about.",
        f"LimitNOFILE={OPEN_FILES} in the unit, or `ulimit -Hn {OPEN_FILES}` before `parley up`.",
    )


def raise_open_files() -> None:
    """Lets this process open as many files as it may, up to what is ever needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def check_zone_data(today: date, paths: Iterator[str] | tuple[str, ...] = zoneinfo.TZPATH) -> Finding:
    """Hours in which one may write are reckoned by it."""
    tested: str = import_module("tzdata").IANA_VERSION
    version, source = tested, "the package tzdata"
    for folder in map(Path, paths):
        # Python takes the machine's before the package.
        if (found := _version_in(folder)) is not None:
            version, source = found, str(folder)
            break
        if (folder / "Europe" / "Berlin").exists():
            version, source = "", str(folder)
            break
    if not version:
        return skipped("zone data", f"{source} does not say which version it is.")
    says = f"Version {version} of {source}."
    if version < tested:
        return worth_a_look("zone data", f"{says} This version of Parley was tested with {tested}.", "Update tzdata.")
    if today.year - int(version[:4]) >= _ZONES_ARE_OLD:
        return worth_a_look("zone data", says, "Update Parley, or the machine's tzdata.")
    return fine("zone data", says)


def _version_in(folder: Path) -> str | None:
    for name, pattern in (("tzdata.zi", r"# version (\d{4}[a-z]+)"), ("+VERSION", r"(\d{4}[a-z]+)")):
        path = folder / name
        if path.exists():
            with path.open(encoding="utf-8", errors="replace") as file:
                found = re.match(pattern, file.readline())
            if found is not None:
                return found[1]
    return None


def _told(limit: int) -> str:
    return "any number of" if limit == resource.RLIM_INFINITY else str(limit)
