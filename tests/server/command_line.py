"""Runs commands as their users do: as processes of their own, on a data folder of the test's own.

The processes are forked from one that has the programs loaded already, which saves a second or two each.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.settings import ROOT

_LOADED = (
    "server.cli",
    "server.publishing",
    "server.flows_tests",
    "server.flows_import",
    "bot.publishing.bundle_import",
)

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(list(_LOADED))


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass
class CommandLine:
    """A terminal with these settings and no others; the commands of a group write into `folder`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    group: str = "flows"

    async def __call__(self, *arguments: str, typed: str = "") -> Done:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "DATABASE_URL"))}
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name) / one for one in ("in", "out", "err")]
            files[0].write_text(typed)
            process = _processes.Process(
                target=_run, args=((self.group, *arguments), self.folder, {**kept, **self.settings}, files)
            )
            process.start()
            await asyncio.to_thread(process.join)
            done = Done(process.exitcode or 0, files[1].read_text(), files[2].read_text())
        assert "Traceback" not in done.err, done.err
        return done


def _run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], files: Sequence[Path]) -> None:
    """In the new process: the command, with its input and output in files."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in enumerate(files):
        os.dup2(os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT), number)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process lives
        for number, mode in enumerate("rww")
    )
    sys.argv = ["parley", *arguments]
    from server.cli import main

    main()


def data_folder(folder: Path) -> Path:
    """A data folder with the encoder and the models of this checkout, so that nothing has to be trained."""
    folder.mkdir()
    for name in ("encoder", "models"):
        (folder / name).symlink_to(ROOT / "var" / name)
    return folder
