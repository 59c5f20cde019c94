"""Tells of long work on the error stream: in a terminal on one line that is written over. Keeps no record."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

import click


class Progress:
    """Lines of progress, as long as the block runs."""

    def __enter__(self) -> Self:
        self._over = sys.stderr.isatty()
        return self

    def say(self, line: str) -> None:
        """Shows a line."""
        click.echo(f"\r\x1b[2K{line} …" if self._over else line, nl=not self._over, err=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over:
            click.echo("\r\x1b[2K", nl=False, err=True)
