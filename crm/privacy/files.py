"""Erases files that hold a person's addresses: mails filed on this machine. Reads headers, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.utils import getaddresses
from itertools import takewhile
from pathlib import Path

_HEADERS = ("To", "Cc", "Bcc", "From", "Reply-To", "Sender")
_WHOLE = ".eml"


class FiledMails:
    """The mails in a folder, if anywhere, and whom each names. One is read once: what is filed does not change.

    For one erasure at a time.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._named: dict[Path, frozenset[str]] = {}
        self._wanted: set[str] = set()

    @asynccontextmanager
    async def read_first(self) -> AsyncIterator[FiledMails]:
        """Reads them before the caller's transaction: a large folder takes longer than locks may be held.

        Behind it those go that were filed meanwhile to whoever was erased in it.
        """
        self._wanted = set()
        await asyncio.to_thread(self._read)
        yield self
        await asyncio.to_thread(self._remove)

    async def erase(self, addresses: Iterable[str]) -> None:
        """Removes every mail that went to or came from one of the addresses."""
        self._wanted |= {address.casefold() for address in addresses}
        await asyncio.to_thread(self._remove)

    def _read(self) -> None:
        """Reads what is new."""
        if self._folder is None or not self._folder.is_dir():
            return
        there = {*self._folder.glob(f"*{_WHOLE}"), *self._folder.glob("*.part")}
        self._named = {path: named for path, named in self._named.items() if path in there and path.suffix == _WHOLE}
        self._named |= {path: _addresses_of(path) for path in sorted(there - self._named.keys())}

    def _remove(self) -> None:
        if not self._wanted:
            return
        self._read()
        for path, named in self._named.items():
            if self._wanted & named:
                path.unlink(missing_ok=True)


def _addresses_of(path: Path) -> frozenset[str]:
    try:
        with path.open("rb") as mail:
            head = b"".join(takewhile(lambda line: line not in (b"\n", b"\r\n"), mail))
    except FileNotFoundError:
        return frozenset()
    message = message_from_bytes(head, policy=policy.default)
    values = [str(value) for header in _HEADERS for value in message.get_all(header, [])]
    return frozenset(_unicode_domain(address).casefold() for _, address in getaddresses(values))


def _unicode_domain(address: str) -> str:
    """The address as it is stored: a mail may name its domain in the ASCII form."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return address
