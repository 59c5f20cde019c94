"""Looks for a site's own secrets in logs, dumps and other files (I13). Says where, never what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import SecretStr

from server.audit.oracle import Violation
from server.settings import Settings

NAME = "I13 no secret in files"
_SHORTEST = 8
"""What is shorter would be found everywhere."""
_PIECE = 1 << 20
"""Bytes read at once."""


def list_secrets(settings: Settings) -> dict[str, bytes]:
    """The site's secrets by what they are: of the settings, and the root keys in the form of their file."""
    found: dict[str, bytes] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            found[f"setting {name}"] = value.get_secret_value().encode()
    if settings.key_file.exists():
        keys = json.loads(settings.key_file.read_text())
        found |= {f"root key {key_id}": value.encode() for key_id, value in keys["roots"].items()}
        found["index key"] = keys["index_root"].encode()
    return {name: value for name, value in found.items() if len(value) >= _SHORTEST}


def find_secrets(places: Iterable[Path], secrets: Mapping[str, bytes]) -> list[Violation]:
    """Every file at or below the places that holds one of the secrets."""
    return [
        Violation(NAME, str(path), f"holds the {name}")
        for place in places
        for path in _files(place)
        for name in _find_in(path, secrets)
    ]


def _files(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.is_file())


def _find_in(path: Path, secrets: Mapping[str, bytes]) -> list[str]:
    found: set[str] = set()
    longest = max(map(len, secrets.values()), default=0)
    kept = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            window = kept + piece
            found |= {name for name, value in secrets.items() if value in window}
            # What lies across two pieces is found, too.
            kept = window[-longest:]
    return sorted(found)
