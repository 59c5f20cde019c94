"""The mail about tasks, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

_LISTED = 30


@dataclass(frozen=True, slots=True)
class ToDo:
    """A task as its mail names it."""

    id: UUID
    contact_id: UUID
    kind: str
    title: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to a colleague."""

    subject: str
    text: str


def write_letter(name: str, tasks: Sequence[ToDo], site_url: str) -> Letter:
    """One mail about all of them, in their order; of very many the first are listed."""
    first, count = one_line(tasks[0].title), len(tasks)
    subject = f"To do: {first}" if count == 1 else f"{count} things to do: {first} …"
    lines = [line for task in tasks[:_LISTED] for line in _lines(task, site_url)]
    if count > _LISTED:
        lines += [f"… and {count - _LISTED} more.", ""]
    text = "\n".join([f"Hello {one_line(name)},", "", *lines, "-- ", _FOOTER.format(site=site_url.rstrip("/")), ""])
    return Letter(subject if len(subject) <= _LONGEST else f"{subject[: _LONGEST - 1]}…", text)


_LONGEST = 120  # letters of a subject
_FOOTER = (
    "You get this because you sign in at {site}/admin/ and have tasks mailed to you.\n"
    "The bell beside your name there turns that off."
)


def _lines(task: ToDo, site_url: str) -> list[str]:
    due = f" (until {task.due_at:%d %B %Y, %H:%M} UTC)" if task.due_at is not None else ""
    return [f"* {one_line(task.title)}{due}", f"  {site_url.rstrip('/')}/admin/leads/{task.contact_id}", ""]


def one_line(text: str) -> str:
    """The text without breaks, which a subject cannot have and by which names could add lines to a mail."""
    return " ".join(text.split())
