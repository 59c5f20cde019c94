"""What users are mailed about their account, in their language. Pure. The words stand in words.yml."""

from __future__ import annotations

from pathlib import Path

from admin.task_mails.letter import Letter, one_line
from base.wording import Sentences

_FILE = Path(__file__).with_name("words.yml")


def write_invitation(name: str, by: str, company: str, link: str, language: str) -> Letter:
    """The mail that makes somebody a user, in the language of who invites them."""
    words, by = Sentences(_FILE, language), one_line(by)
    return Letter(
        one_line(words.say("invitation_subject", by=by, company=company or "Parley")),
        words.say("invitation", name=one_line(name), by=by, company=company or words.say("your_company"), link=link),
    )


def write_reset(name: str, link: str, language: str) -> Letter:
    """The mail with a link to a new password."""
    words = Sentences(_FILE, language)
    return Letter(words.say("reset_subject"), words.say("reset", name=one_line(name), link=link))
