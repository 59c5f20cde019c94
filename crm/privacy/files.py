"""Erases files that hold a person's addresses: mails filed on this machine. Reads headers, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from email import message_from_bytes, policy
from email.utils import getaddresses
from pathlib import Path

_HEADERS = ("To", "Cc", "Bcc", "From", "Reply-To", "Sender")


def erase_mails(folder: Path | None, addresses: Iterable[str]) -> int:
    """Removes every mail in the folder that went to or came from one of the addresses; returns how many."""
    wanted = {address.casefold() for address in addresses}
    if folder is None or not folder.is_dir() or not wanted:
        return 0
    gone = 0
    for path in sorted({*folder.glob("*.eml"), *folder.glob("*.part")}):
        if wanted & _addresses_of(path):
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _addresses_of(path: Path) -> set[str]:
    try:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
    except FileNotFoundError:
        return set()
    values = [str(value) for header in _HEADERS for value in message.get_all(header, [])]
    return {_unicode_domain(address).casefold() for _, address in getaddresses(values)}


def _unicode_domain(address: str) -> str:
    """The address as it is stored: a mail may name its domain in the ASCII form."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return address
