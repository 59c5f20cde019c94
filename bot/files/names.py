"""Makes the name a file came with safe to show and to save under. Pure."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_LONGEST = 100
"""Characters; with the ending it fits every file system."""
_FORBIDDEN = re.compile(r'[<>:"|?*]')


def clean_name(name: str, extension: str) -> str:
    """The last part of the name, without what could mislead, with the ending its bytes deserve."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    # Control and format characters go: one of the latter turns the reading direction, so that gpj.exe reads exe.jpg.
    visible = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in last)
    plain = " ".join(_FORBIDDEN.sub("_", visible).split()).strip(". ")
    ending = PurePosixPath(plain).suffix
    stem = plain.removesuffix(ending) if len(ending) <= 6 else plain
    return (stem[:_LONGEST].strip(". ") or "file") + extension
