"""What a check found: one line, and what to do where it is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "wrong", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `remedy` is empty where there is nothing to do."""

    check: str
    level: Level
    says: str
    remedy: str = ""


def fine(check: str, says: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", says)


def worth_a_look(check: str, says: str, remedy: str) -> Finding:
    """It works, but not as it should, or not for long."""
    return Finding(check, "warning", says, remedy)


def wrong(check: str, says: str, remedy: str) -> Finding:
    """Something does not work."""
    return Finding(check, "wrong", says, remedy)


def skipped(check: str, says: str) -> Finding:
    """It could not be looked at, or is not set up."""
    return Finding(check, "skipped", says)
