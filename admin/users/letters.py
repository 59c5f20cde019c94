"""What users are mailed about their account, in words. Pure."""

from __future__ import annotations

from admin.task_mails.letter import Letter, one_line


def write_invitation(name: str, by: str, company: str, link: str) -> Letter:
    """The mail that makes somebody a user."""
    return Letter(
        one_line(f"{by} invites you to {company or 'Parley'}"),
        f"Hello {one_line(name)},\n\n"
        f"{one_line(by)} invites you to work with Parley for {company or 'your company'}.\n"
        f"Choose your password here within seven days:\n\n  {link}\n\n"
        "The link works once. If you do not know what this is about, ignore it.\n",
    )


def write_reset(name: str, link: str) -> Letter:
    """The mail with a link to a new password."""
    return Letter(
        "Your new Parley password",
        f"Hello {one_line(name)},\n\nset a new password here within an hour:\n\n  {link}\n\n"
        "The link works once. If you did not ask for it, ignore this mail: nothing has changed.\n",
    )
