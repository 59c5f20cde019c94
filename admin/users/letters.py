"""What users are mailed about their account, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail."""

    subject: str
    text: str


def write_invitation(name: str, by: str, company: str, link: str) -> Letter:
    """The mail that makes somebody a user."""
    return Letter(
        _one_line(f"{by} invites you to {company or 'Parley'}"),
        f"Hello {_one_line(name)},\n\n"
        f"{_one_line(by)} invites you to work with Parley for {company or 'your company'}.\n"
        f"Choose your password here within seven days:\n\n  {link}\n\n"
        "The link works once. If you do not know what this is about, ignore it.\n",
    )


def write_reset(name: str, link: str) -> Letter:
    """The mail with a link to a new password."""
    return Letter(
        "Your new Parley password",
        f"Hello {_one_line(name)},\n\nset a new password here within an hour:\n\n  {link}\n\n"
        "The link works once. If you did not ask for it, ignore this mail: nothing has changed.\n",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
