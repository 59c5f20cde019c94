"""The webhook through which the operator's mail server hands over mail: POST of the raw mail with a bearer token."""

from __future__ import annotations

import hmac
from uuid import UUID

from aiohttp import web

from base.errors import InvalidInput, Malformed, NotAllowed, NotFound, ParleyError
from channels.email.arrivals import MailArrivals
from channels.email.inbox import Inbox, read_inbox
from channels.email.reading import LONGEST
from outreach.accounts.book import AccountBook

PATH = "/hooks/email/{account}/mail"


class MailTooLarge(ParleyError):
    """This mail is too large to be taken in: 20 MB at most."""

    code = "mail_too_large"
    status = 413


class MailHook:
    """Takes mails that a mail server posts."""

    def __init__(self, accounts: AccountBook, arrivals: MailArrivals) -> None:
        self._accounts = accounts
        self._arrivals = arrivals

    async def handle_mail(self, request: web.Request) -> web.Response:
        """One raw mail (message/rfc822) as the body."""
        account_id, inbox = await self._inbox(request)
        raw = await _read_body(request)
        outcome = await self._arrivals.take(account_id, inbox, raw)
        return web.json_response({"outcome": outcome})

    async def _inbox(self, request: web.Request) -> tuple[UUID, Inbox]:
        try:
            account_id = UUID(request.match_info["account"])
        except ValueError as error:
            raise NotFound("There is no such mailbox.") from error
        account = await self._accounts.get(account_id)
        if account is None or account.channel != "email":
            raise NotFound("There is no such mailbox.")
        try:
            inbox = read_inbox(account)
        except InvalidInput as error:
            raise NotFound("There is no such mailbox.") from error
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ").encode("utf-8", "surrogateescape")
        if inbox.hook_token is None or not hmac.compare_digest(shown, inbox.hook_token.encode()):
            raise NotAllowed("The token of this mailbox is missing or wrong.")
        return account_id, inbox


def routes(hook: MailHook) -> list[web.RouteDef]:
    """The route."""
    return [web.post(PATH, hook.handle_mail)]


async def _read_body(request: web.Request) -> bytes:
    """The body, which may be larger than what the site takes otherwise."""
    if (request.content_length or 0) > LONGEST:
        raise MailTooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_chunked(65_536):
        size += len(part)
        if size > LONGEST:
            raise MailTooLarge
        parts.append(part)
    if not size:
        raise Malformed("The body must be the raw e-mail.")
    return b"".join(parts)
