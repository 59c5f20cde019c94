"""Gives users their links: by mail if there is a mail server, or else to whoever asked, to hand over themselves."""

from __future__ import annotations

from admin.context import AdminContext
from admin.task_mails.letter import Letter
from outreach.ports import Accepted


async def post(context: AdminContext, to: str, letter: Letter) -> bool:
    """Mails it, once; whether the mail server took it."""
    if context.colleague_mail is None or context.colleague_mail.configured() is not None:
        return False
    return isinstance(await context.colleague_mail.send(to, letter.subject, letter.text), Accepted)


def link_of(public_url: str, page: str, token: str) -> str:
    """The address of a page of ours that takes a token. Behind `#`, it reaches no server's log."""
    return f"{public_url.rstrip('/')}/admin/{page}#{token}"
