"""The mail about tasks, in its reader's language. Pure. The words stand in words.yml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from babel.dates import format_datetime

from base.wording import FALLBACK, Sentences

_FILE = Path(__file__).with_name("words.yml")
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
    """One mail to a colleague. `html` says the same as `text`; empty: there is only text."""

    subject: str
    text: str
    html: str = ""


def write_letter(name: str, tasks: Sequence[ToDo], site_url: str, language: str = FALLBACK) -> Letter:
    """One mail about all of them, in their order; of very many the first are listed."""
    words, site = Sentences(_FILE, language), site_url.rstrip("/")
    first, count = one_line(tasks[0].title), len(tasks)
    subject = words.say("one" if count == 1 else "several", first=first, count=count)
    lines = [line for task in tasks[:_LISTED] for line in _lines(task, site, words, language)]
    if count > _LISTED:
        lines += [words.say("more", count=count - _LISTED), ""]
    hello = words.say("hello", name=one_line(name))
    text = "\n".join([hello, "", *lines, "-- ", words.say("footer", site=site), ""])
    return Letter(subject if len(subject) <= _LONGEST else f"{subject[: _LONGEST - 1]}…", text)


_LONGEST = 120  # letters of a subject


def _lines(task: ToDo, site: str, words: Sentences, language: str) -> list[str]:
    due = ""
    if task.due_at is not None:
        at = format_datetime(task.due_at.astimezone(UTC), "dd MMMM yyyy, HH:mm", locale=language)
        due = f" ({words.say('until', at=at)})"
    return [f"* {one_line(task.title)}{due}", f"  {site}/admin/leads/{task.contact_id}", ""]


def one_line(text: str) -> str:
    """The text without breaks, which a subject cannot have and by which names could add lines to a mail."""
    return " ".join(text.split())
