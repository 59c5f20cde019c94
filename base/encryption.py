"""Encrypted columns and blind indexes.

Values are sealed with AES-256-GCM; the row they belong to is associated data, so a ciphertext moved to another
row does not open. Keys are derived from root keys by HKDF (RFC 5869), one per purpose. Must not log or cache values.

What seals columns has a root of its own beside the one that signs links and receipts: it can be destroyed as soon as no
row needs it (`retire_column_root`), and with it every copy of what it sealed, in backups too, while links stay valid.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from base.errors import ParleyError

_NONCE = 12  # bytes, the size GCM is specified for


class KeyProblem(ParleyError):
    """The key file does not fit the data: restore the key file that was in use when the data was written."""

    code = "key_problem"
    status = 500


@lru_cache(maxsize=256)
def _derive(root: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"parley", info=purpose.encode()).derive(root)


@lru_cache(maxsize=256)
def _cipher(root: bytes, column: str) -> AESGCM:
    """Kept, as imports seal by the thousand and making one costs more than sealing an address."""
    return AESGCM(_derive(root, f"column:{column}"))


@dataclass(frozen=True)
class KeyRing:
    """Root keys by id. The newest encrypts, every one decrypts; `index_root` never rotates (see `blind_index`)."""

    newest: str
    roots: dict[str, bytes]
    index_root: bytes
    column_roots: Mapping[str, bytes] | None = None
    """What seals columns, by key; a key that is absent here is retired. None: the roots do."""

    @property
    def _sealing(self) -> Mapping[str, bytes]:
        return self.roots if self.column_roots is None else self.column_roots

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (tokens, cookies, receipts), from the newest root."""
        return _derive(self.roots[self.newest], purpose)

    def derive_all(self, purpose: str) -> list[bytes]:
        """The same for every root, newest first, to check what an older root signed."""
        ordered = sorted(self.roots, key=lambda key_id: key_id != self.newest)
        return [_derive(self.roots[key_id], purpose) for key_id in ordered]

    def seal(self, value: str, *, column: str, row: UUID) -> bytes:
        """`value` encrypted for one `table.column` and row: key id, NUL, nonce, ciphertext."""
        nonce = os.urandom(_NONCE)
        cipher = _cipher(self._sealing[self.newest], column)
        sealed = cipher.encrypt(nonce, value.encode(), _associated(column, row, self.newest))
        return self.newest.encode() + b"\0" + nonce + sealed

    def unseal(self, sealed: bytes, *, column: str, row: UUID) -> str:
        """The value again.

        Raises:
            KeyProblem: the key is not in the ring, or the bytes were altered or belong to another row.
        """
        key_id, rest = key_id_of(sealed), sealed[sealed.index(b"\0") + 1 :]
        if key_id not in self._sealing:
            raise KeyProblem(f"Key {key_id} is not in the key file: add it again, rows still use it.")
        cipher = _cipher(self._sealing[key_id], column)
        try:
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], _associated(column, row, key_id)).decode()
        except InvalidTag as error:
            raise KeyProblem from error

    def blind_index(self, value: str, *, kind: str) -> bytes:
        """A keyed hash to find `value` by, without being able to read it: HMAC-SHA256 under a key of its own.

        Its key does not rotate: changing it means rebuilding the index column.
        """
        return hmac.digest(_derive(self.index_root, f"index:{kind}"), value.encode(), "sha256")


def key_id_of(sealed: bytes) -> str:
    """Which root key a sealed value needs."""
    head, found, _ = sealed.partition(b"\0")
    if not found:
        raise KeyProblem
    return head.decode("ascii", "replace")


def _associated(column: str, row: UUID, key_id: str) -> bytes:
    return f"{column}|{row}|{key_id}".encode()


def create_key_file(path: Path) -> None:
    """Writes a fresh key file, readable by its owner only, unless there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "newest": "k1",
        "roots": {"k1": _fresh()},
        "column_roots": {"k1": _fresh()},
        "added_on": {"k1": _today()},
        "index_root": _fresh(),
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=1)


def add_root_key(path: Path) -> str:
    """Adds a root key to the file and makes it the one that encrypts; returns its id."""
    content = json.loads(path.read_text())
    key_id = f"k{max(int(name[1:]) for name in content['roots']) + 1}"
    # A file of before had one root for both: what it sealed opens with that until the rows are sealed anew.
    content.setdefault("column_roots", dict(content["roots"]))[key_id] = _fresh()
    content.setdefault("added_on", {})[key_id] = _today()
    content["roots"][key_id] = _fresh()
    content["newest"] = key_id
    _replace(path, content)
    return key_id


@dataclass(frozen=True, slots=True)
class RootKey:
    """A key of the file as an operator sees it.

    Attributes:
        added_on, retired_on: days as YYYY-MM-DD; None where the file does not say, or it is not retired.
    """

    key_id: str
    is_newest: bool
    added_on: str | None
    retired_on: str | None


def list_root_keys(path: Path) -> list[RootKey]:
    """The keys of a file, oldest first.

    Raises:
        KeyProblem: as `read_key_file`.
    """
    read_key_file(path)
    content = json.loads(path.read_text())
    added, retired = content.get("added_on", {}), content.get("retired_on", {})
    ids = sorted(content["roots"], key=lambda key_id: int(key_id[1:]))
    return [RootKey(one, one == content["newest"], added.get(one), retired.get(one)) for one in ids]


def retire_column_root(path: Path, key_id: str) -> None:
    """Destroys what a key sealed columns with; it goes on signing what it signed. Ask the database for rows first.

    Where it lay in the file is written over, as far as the disk lets a program do that.

    Raises:
        KeyProblem: it is the newest, not in the file, retired already, or of a time when one root did both.
    """
    read_key_file(path)
    content = json.loads(path.read_text())
    columns = content.get("column_roots", {})
    if key_id == content["newest"]:
        raise KeyProblem(f"{key_id} is the key that encrypts: run `parley keys rotate` first.")
    if key_id not in columns:
        raise KeyProblem(f"{key_id} seals nothing: `parley keys list` shows the keys there are.")
    if columns[key_id] == content["roots"].get(key_id):
        raise KeyProblem(f"{key_id} is of a time when one key did both: it also signs links that people still have.")
    del columns[key_id]
    content.setdefault("retired_on", {})[key_id] = _today()
    _replace(path, content)


def _replace(path: Path, content: Mapping[str, object]) -> None:
    """Puts a new file in the place of the old one, whose bytes are then written over."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    with path.open("r+b") as old:
        fresh.replace(path)
        length = os.fstat(old.fileno()).st_size
        old.write(b"\0" * length)
        old.flush()
        os.fsync(old.fileno())


def read_key_file(path: Path) -> KeyRing:
    """The ring in a key file.

    Raises:
        KeyProblem: no such file, not ours, or readable by other users.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise KeyProblem(f"The key file {path.name} can be read by other users: run chmod 600 on it.")
        content = json.loads(path.read_text())
        roots = {key_id: base64.b64decode(value) for key_id, value in content["roots"].items()}
        columns = content.get("column_roots")
        column_roots = columns and {key_id: base64.b64decode(value) for key_id, value in columns.items()}
        ring = KeyRing(content["newest"], roots, base64.b64decode(content["index_root"]), column_roots)
    except FileNotFoundError as error:
        raise KeyProblem(f"There is no key file at {path}: restore it, or run parley setup on a new site.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise KeyProblem(f"The key file {path.name} cannot be read: restore it from your back-up.") from error
    sealing = roots if column_roots is None else column_roots
    every = (*roots.values(), *sealing.values(), ring.index_root)
    if ring.newest not in roots or ring.newest not in sealing or any(len(root) != 32 for root in every):
        raise KeyProblem(f"The key file {path.name} is incomplete: restore it from your back-up.")
    return ring


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
