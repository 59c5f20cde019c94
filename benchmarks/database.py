"""A PostgreSQL of a benchmark's own, with every migration and a file of keys; stopped at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from base.encryption import KeyRing, create_key_file, read_key_file
from base.migrate import migrate
from base.postgres import EmbeddedPostgres, start_embedded


@dataclass(frozen=True)
class Database:
    """Where it runs. `folder` also is the place of whatever else a run writes."""

    url: str
    folder: Path
    server: EmbeddedPostgres

    def restart(self) -> None:
        """For settings that need it."""
        self.server.stop()
        self.server.start()

    @property
    def key_file(self) -> Path:
        return self.folder / "keys.json"

    @property
    def keys(self) -> KeyRing:
        return read_key_file(self.key_file)

    def fill_once(self, fill: Callable[[], float]) -> float | None:
        """The seconds that filling took; None where a kept folder was found filled."""
        mark = self.folder / "filled"
        if mark.exists():
            return None
        took = fill()
        mark.touch()
        return took


@contextmanager
def started(name: str, kept: Path | None = None) -> Iterator[Database]:
    """Runs it in a temporary folder, or in one that is kept and found again."""
    with ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"parley-{name}-")))
        folder.mkdir(parents=True, exist_ok=True)
        server = start_embedded(folder / "pg")
        stack.callback(server.stop)
        migrate(server.url)
        database = Database(server.url, folder, server)
        if not database.key_file.exists():
            create_key_file(database.key_file)
        yield database
