"""What of an e-mail somebody wrote themselves: without the quoted original, what is below it, and the signature."""

from __future__ import annotations

import re2

_LONGEST_LINE = 300  # characters; a longer line introduces no quote
_QUOTED = re2.compile(r"^\s*(?:>|&gt;)")
_ORIGINAL = re2.compile(
    r"(?i)^\s*(?:-{2,} ?(?:original message|forwarded message|mensaje original|mensaje reenviado|message d.origine"
    r"|message transféré|ursprüngliche nachricht|weitergeleitete nachricht) ?-{2,}|_{10,}"
    r"|(?:on|le|el|am) .{4,120}(?:wrote|a écrit|escribió|schrieb).{0,80}:)\s*$"
)
_SIGNATURE = re2.compile(r"^-- ?$")
_DEVICE = re2.compile(
    r"(?i)^\s*(?:sent from my|get outlook for|sent via|enviado desde mi|envoyé de(?:puis)? mon|von meine[mr]? .{1,40}"
    r" gesendet)"
)


def own_words(text: str) -> str:
    """The text as far as its writer wrote it; the whole text where nothing is quoted or signed."""
    kept: list[str] = []
    for line in text.splitlines():
        if len(line) <= _LONGEST_LINE and (_SIGNATURE.search(line) or _ORIGINAL.search(line)):
            break
        if not _QUOTED.search(line) and not names_device(line):
            kept.append(line)
    return "\n".join(kept).strip()


def names_device(line: str) -> bool:
    """Whether a mail program put the line there to say what it runs on."""
    return _DEVICE.search(line) is not None


def quotes_something(text: str) -> bool:
    """Whether it answers a message that stands below it."""
    return any(
        _QUOTED.search(line) or (len(line) <= _LONGEST_LINE and _ORIGINAL.search(line)) for line in text.splitlines()
    )
